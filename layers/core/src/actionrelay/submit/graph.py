"""The dependency graph of a request's ``actionReferences``: which names depend on which, and whether that can end.

Pure graph rules, iterative so that a caller's chain of any length can't exhaust the stack.
"""

from collections.abc import Mapping, Sequence

type Graph = Mapping[str, Sequence[str]]
type Cycle = tuple[str, ...]

# Copying a path for each of many back edges would be quadratic in what a caller sends.
MAX_CYCLES_REPORTED = 10


def find_cycles(graph: Graph) -> tuple[Cycle, ...]:
    """Return the cycles that a depth-first walk meets, each closed: ``("a", "b", "a")``; none means acyclic.

    Names may be declared in any order, and a dependency that is no key is a leaf. At least one cycle is
    returned whenever the graph has one, and never one that is not there; after ``MAX_CYCLES_REPORTED`` the rest
    are left out. Each cycle starts at its smallest name. Time is linear in names and edges.
    """
    finished: set[str] = set()
    cycles: dict[Cycle, None] = {}
    for start in graph:
        if start not in finished:
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
            elif dependency in graph and dependency not in finished:
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
