"""Reads ``actionReferences``, which have two forms, into one graph."""

from collections.abc import Iterator

from actionrelay.faults import Faults
from actionrelay.strict_json import Json

REFERENCES = "actionReferences"

type _Path = tuple["_Path | None", str | int]
"""The path to a place: the path of its parent, and the last step. So each place costs one pair, however deep it is."""


def read_references(references: dict[str, Json]) -> tuple[dict[str, list[str]], Faults]:
    """Return the dependencies of each name, and the faults of the document.

    ``{name: [names]}`` and ``{name: {dependency: …}}`` may be mixed. The value of a dependency in the second form is
    read the same way: ``{"a": {"b": {"c": {}}}}`` means that ``a`` needs ``b`` and ``b`` needs ``c``.
    """
    graph: dict[str, list[str]] = {}
    faults = Faults()
    root: _Path = (None, REFERENCES)
    pending: list[tuple[_Path, str, Json]] = [
        ((root, name), name, value) for name, value in reversed(references.items())
    ]
    for name in references:
        graph[name] = []
    while pending:
        path, name, value = pending.pop()
        dependencies = graph.setdefault(name, [])
        if isinstance(value, dict):
            dependencies.extend(value)
            pending.extend(
                ((path, key), key, child)
                for key, child in reversed(value.items())
                if child and (child.__class__ is dict or child.__class__ is list)
            )
        elif isinstance(value, list):
            names = [item for item in value if item and isinstance(item, str)]
            dependencies.extend(names)
            if len(names) < len(value):
                nameless = (index for index, item in enumerate(value) if not item or not isinstance(item, str))
                places = (_steps((path, index)) for index in nameless)
                faults.add_each(places, len(value) - len(names), "schema", "must be the name of a dependency")
        else:
            faults.add(_steps(path), "schema", "must be a list of names, or an object whose keys are names")
    return graph, faults


def _steps(path: _Path) -> Iterator[str | int]:
    """Yield the steps of a path from the top; lazily, since most faults are only counted."""
    steps: list[str | int] = []
    here: _Path | None = path
    while here is not None:
        here, step = here
        steps.append(step)
    yield from reversed(steps)
