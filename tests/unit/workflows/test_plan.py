"""What can run in parallel, the longest chain, and the rest of a graph after a name."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actionrelay.strict_json import canonical
from actionrelay.workflows.definition import read_definition
from actionrelay.workflows.plan import descendants, in_order, longest_path, plan, waves
from tests.unit.workflows.test_rules import a_step, accepted, from_step

type Graph = Mapping[str, Sequence[str]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs without a cycle, their names in any order."""
    names = [f"s{number}" for number in range(draw(st.integers(1, 12)))]
    graph = {
        name: draw(st.lists(st.sampled_from(names[:place]), unique=True, max_size=4)) if place else []
        for place, name in enumerate(names)
    }
    return {name: graph[name] for name in draw(st.permutations(names))}


@given(graphs())
def test_a_step_is_in_the_wave_after_its_last_dependency(graph: Graph) -> None:
    wave = {name: number for number, names in enumerate(waves(graph)) for name in names}
    assert wave.keys() == graph.keys()
    for name, needs in graph.items():
        assert wave[name] == max((wave[each] + 1 for each in needs), default=0)


@given(graphs(), st.data())
def test_no_chain_is_longer_than_the_longest(graph: Graph, data: st.DataObject) -> None:
    length = {name: data.draw(st.integers(0, 9)) for name in graph}
    path = longest_path(graph, length)
    assert all(before in graph[name] for before, name in pairwise(path))
    best: dict[str, int] = {}
    for name in in_order(graph):
        best[name] = length[name] + max((best[each] for each in graph[name]), default=0)
    assert sum(length[name] for name in path) == max(best.values())


@given(graphs(), st.data())
def test_descendants_are_what_leads_back_to_a_root(graph: Graph, data: st.DataObject) -> None:
    root = data.draw(st.sampled_from(sorted(graph)))

    def leads_back(name: str) -> bool:
        return name == root or any(leads_back(each) for each in graph[name])

    assert descendants(graph, [root]) == {name for name in graph if leads_back(name)}


def test_a_plan_of_a_fan_out() -> None:
    steps: dict[str, Any] = {
        "look": a_step(),
        "fan": a_step(forEach=from_step("look", "orders")),
        "total": a_step(inputs={"all": from_step("fan")}),
        "apart": a_step(forEach=[1, 2]),
    }
    planned = plan(accepted(steps).definition)
    assert planned["waves"] == [["look", "apart"], ["fan"], ["total"]]
    assert planned["criticalPath"] == ["look", "fan", "total"]
    assert planned["executions"] == 1 + 100 + 1 + 2


def test_a_definition_is_what_its_document_says() -> None:
    definition = accepted({"a": a_step(), "b": a_step(when=from_step("a"), maxConcurrency=2)}).definition
    assert read_definition(definition.document) == definition
    assert canonical(dict(definition.document))
