"""Finds cycles in graphs of names, and reports them as faults.

Iterative, so that a chain of any length can't exhaust the stack.
"""

from collections.abc import Mapping, Sequence

from actionrelay.fault import Fault, cut
from actionrelay.strict_json import MAX_STEP_LENGTH, canonical, pointer

type Graph = Mapping[str, Sequence[str]]
type Cycle = tuple[str, ...]

# Copying a path for each of many back edges would be quadratic in the size of a request.
MAX_CYCLES_REPORTED = 10
MAX_NAMES_LISTED = 50
"""Names of one cycle in an answer, the last one included."""
MAX_PATH_LENGTH = 1_000
"""Characters of all these names together."""


def find_cycles(graph: Graph) -> tuple[Cycle, ...]:
    """Return the cycles that a depth-first walk meets, each closed: ``("a", "b", "a")``.

    Names may be declared in any order, and a dependency that is no key is a leaf. If the graph has cycles, at least one
    is returned, and at most ``MAX_CYCLES_REPORTED``. Each starts at its smallest name. Time is linear in names and
    edges.
    """
    finished: set[str] = set()
    cycles: dict[Cycle, None] = {}
    for start, dependencies in graph.items():
        if dependencies and start not in finished:
            _walk(graph, start, finished, cycles)
    return tuple(cycles)


def _walk(graph: Graph, start: str, finished: set[str], cycles: dict[Cycle, None]) -> None:
    """Walk everything reachable from ``start``; a back edge to a name on the current path closes a cycle."""
    path: dict[str, int] = {start: 0}
    stack = [(start, iter(dict.fromkeys(graph[start])))]
    while stack:
        name, remaining = stack[-1]
        for dependency in remaining:
            if dependency in path:
                if len(cycles) < MAX_CYCLES_REPORTED:
                    cycles[_closed(list(path)[path[dependency] :])] = None
            elif dependency not in finished and graph.get(dependency):
                path[dependency] = len(stack)
                stack.append((dependency, iter(dict.fromkeys(graph[dependency]))))
                break
        else:
            stack.pop()
            del path[name]
            finished.add(name)


def _closed(cycle: list[str]) -> Cycle:
    first = cycle.index(min(cycle))
    return (*cycle[first:], *cycle[:first], cycle[first])


def cycle_faults(graph: Graph, root: str) -> list[Fault]:
    """Report each cycle with its path, at the name where it starts; the names are members of ``root``."""
    return [
        Fault(pointer(root, cycle[0]), "cycle", f"depends on itself: {_described(cycle)}", path=_shown(cycle))
        for cycle in find_cycles(graph)
    ]


def _described(cycle: Cycle) -> str:
    if len(cycle) <= MAX_NAMES_LISTED:
        return canonical([cut(name, MAX_STEP_LENGTH) for name in cycle]).decode()
    return f"a cycle of {len(cycle) - 1} names"


def _shown(cycle: Cycle) -> Cycle:
    """Cut a cycle to fit an answer: its beginning, an ellipsis for the rest, and its last name."""
    names = [cut(name, MAX_STEP_LENGTH) for name in cycle[:MAX_NAMES_LISTED]]
    room = MAX_PATH_LENGTH - len(names[0])
    for count, name in enumerate(names):
        room -= len(name)
        if room < 0:
            return (*names[:count], "…", names[0])
    return tuple(names) if len(names) == len(cycle) else (*names[:-1], "…", names[0])
