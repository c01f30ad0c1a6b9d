"""The plan of a workflow: what can run together, the longest chain, and the number of executions."""

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from typing import TypedDict

from actionrelay.strict_json import Json
from actionrelay.workflows.definition import Definition

type Graph = Mapping[str, Sequence[str]]


class PlanDocument(TypedDict):
    """The response to a dry run."""

    workflow: dict[str, Json]
    """The definition, with every default filled in."""
    waves: list[list[str]]
    """Steps that can run together, in order; each step is in the earliest possible wave."""
    criticalPath: list[str]
    """The longest chain of steps that wait for each other."""
    executions: int
    """The most executions it can have; a `forEach` over a result counts as 100."""


def plan(definition: Definition) -> PlanDocument:
    """Plan a workflow; its graph must have no cycle."""
    graph = definition.graph
    return {
        "workflow": dict(definition.document),
        "waves": waves(graph),
        "criticalPath": list(longest_path(graph, dict.fromkeys(graph, 1))),
        "executions": sum(step.executions for step in definition.steps.values()),
    }


def waves(graph: Graph) -> list[list[str]]:
    """Group steps by the longest chain that leads to each, in the order of the definition."""
    depth: dict[str, int] = {}
    for name in in_order(graph):
        depth[name] = max((depth[each] + 1 for each in graph[name]), default=0)
    found: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in graph:
        found[depth[name]].append(name)
    return found


def longest_path(graph: Graph, length: Mapping[str, int]) -> tuple[str, ...]:
    """Return the chain of dependencies with the largest sum of lengths; of equal ones, the first in the definition.

    A chain does not pass through a name without a length.
    """
    total: dict[str, int] = {}
    before: dict[str, str | None] = {}
    for name in in_order(graph):
        if name in length:
            reached = [each for each in graph[name] if each in total]
            best = max(reached, key=total.__getitem__, default=None)
            before[name] = best
            total[name] = length[name] + (total[best] if best is not None else 0)
    here = max((name for name in graph if name in total), key=total.__getitem__, default=None)
    path: list[str] = []
    while here is not None:
        path.append(here)
        here = before[here]
    return tuple(reversed(path))


def in_order(graph: Graph) -> tuple[str, ...]:
    """Return the steps in an order in which each follows its dependencies."""
    return tuple(TopologicalSorter(graph).static_order())


def descendants(graph: Graph, roots: Sequence[str]) -> frozenset[str]:
    """Return some steps and all their direct and indirect dependents."""
    found = set(roots)
    for name in in_order(graph):
        if found.intersection(graph[name]):
            found.add(name)
    return frozenset(found)
