"""Reads ``actionReferences``, which come in two forms, into one graph."""

from actionrelay.errors import Fault
from actionrelay.strict_json import Json, canonical, pointer
from actionrelay.submit.graph import Cycle, find_cycles

_ROOT = "actionReferences"
_MAX_NAMES_SPELLED = 50


def read_references(references: dict[str, Json]) -> tuple[dict[str, list[str]], list[Fault]]:
    """Return which names depend on which, and what is wrong with how that is written.

    ``{name: [names]}`` and ``{name: {dependency: …}}`` may be mixed. What stands behind a dependency in the second
    form is read the same way: ``{"a": {"b": {"c": {}}}}`` says that ``a`` needs ``b`` and ``b`` needs ``c``.
    """
    graph: dict[str, list[str]] = {}
    faults: list[Fault] = []
    pending: list[tuple[tuple[str | int, ...], str, Json]] = [
        ((_ROOT, name), name, value) for name, value in reversed(references.items())
    ]
    for name in references:
        graph[name] = []
    while pending:
        path, name, value = pending.pop()
        dependencies = graph.setdefault(name, [])
        if isinstance(value, dict):
            dependencies.extend(value)
            pending.extend(
                ((*path, key), key, child) for key, child in reversed(value.items()) if isinstance(child, dict | list)
            )
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, str) and item:
                    dependencies.append(item)
                else:
                    faults.append(Fault(pointer(*path, index), "schema", "must be the name of a dependency"))
        else:
            faults.append(Fault(pointer(*path), "schema", "must be a list of names, or an object whose keys are names"))
    return graph, faults


def cycle_faults(graph: dict[str, list[str]]) -> list[Fault]:
    """Report each cycle with its path, at the name where it starts."""
    return [
        Fault(pointer(_ROOT, cycle[0]), "cycle", f"depends on itself: {_spelled(cycle)}", path=cycle)
        for cycle in find_cycles(graph)
    ]


def _spelled(cycle: Cycle) -> str:
    if len(cycle) <= _MAX_NAMES_SPELLED:
        return canonical(list(cycle)).decode()
    return f"a cycle of {len(cycle) - 1} names"
