"""Reads ``actionReferences``, which come in two forms, into one graph."""

from collections.abc import Iterator

from actionrelay.errors import Fault, cut
from actionrelay.faults import Faults
from actionrelay.strict_json import MAX_STEP_LENGTH, Json, canonical, pointer
from actionrelay.submit.graph import Cycle, find_cycles

_ROOT = "actionReferences"
MAX_NAMES_SPELLED = 50
"""Names of one cycle in an answer, the last one included."""
MAX_PATH_LENGTH = 1_000
"""Characters of all of them together."""

type _Path = tuple["_Path | None", str | int]
"""What leads to a place: the way to the one above it, and the last step. So a place below many costs one pair."""


def read_references(references: dict[str, Json]) -> tuple[dict[str, list[str]], Faults]:
    """Return which names depend on which, and what is wrong with how that is written.

    ``{name: [names]}`` and ``{name: {dependency: …}}`` may be mixed. What is behind a dependency in the second
    form is read the same way: ``{"a": {"b": {"c": {}}}}`` says that ``a`` needs ``b`` and ``b`` needs ``c``.
    """
    graph: dict[str, list[str]] = {}
    faults = Faults()
    root: _Path = (None, _ROOT)
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
                ((path, key), key, child) for key, child in reversed(value.items()) if isinstance(child, dict | list)
            )
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, str) and item:
                    dependencies.append(item)
                else:
                    faults.add(_steps((path, index)), "schema", "must be the name of a dependency")
        else:
            faults.add(_steps(path), "schema", "must be a list of names, or an object whose keys are names")
    return graph, faults


def cycle_faults(graph: dict[str, list[str]]) -> list[Fault]:
    """Report each cycle with its path, at the name where it starts."""
    return [
        Fault(pointer(_ROOT, cycle[0]), "cycle", f"depends on itself: {_spelled(cycle)}", path=_shown(cycle))
        for cycle in find_cycles(graph)
    ]


def _steps(path: _Path) -> Iterator[str | int]:
    """Give the steps of a path, from the top; lazily, since most faults are only counted."""
    steps: list[str | int] = []
    here: _Path | None = path
    while here is not None:
        here, step = here
        steps.append(step)
    yield from reversed(steps)


def _spelled(cycle: Cycle) -> str:
    if len(cycle) <= MAX_NAMES_SPELLED:
        return canonical([cut(name, MAX_STEP_LENGTH) for name in cycle]).decode()
    return f"a cycle of {len(cycle) - 1} names"


def _shown(cycle: Cycle) -> Cycle:
    """Cut a cycle to what an answer has room for: its beginning, an ellipsis for the rest, and its last name."""
    names = [cut(name, MAX_STEP_LENGTH) for name in cycle[:MAX_NAMES_SPELLED]]
    room = MAX_PATH_LENGTH - len(names[0])
    for count, name in enumerate(names):
        room -= len(name)
        if room < 0:
            return (*names[:count], "…", names[0])
    return tuple(names) if len(names) == len(cycle) else (*names[:-1], "…", names[0])
