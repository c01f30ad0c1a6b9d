"""Dependency graphs, compared with an exhaustive search."""

import time
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.fault import MAX_DETAIL_LENGTH, MAX_POINTER_LENGTH
from actionrelay.graph import (
    MAX_CYCLES_REPORTED,
    MAX_NAMES_LISTED,
    MAX_PATH_LENGTH,
    Cycle,
    cycle_faults,
    find_cycles,
)
from actionrelay.submit.references import REFERENCES, read_references

NAMES = "abcdef"
graphs = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.sampled_from([*NAMES, "leaf"]), max_size=4), max_size=len(NAMES)
)


def every_cycle(graph: dict[str, list[str]]) -> set[Cycle]:
    """Try each sequence of names, starting at its smallest."""
    found: set[Cycle] = set()
    for length in range(1, len(graph) + 1):
        for names in permutations(sorted(graph), length):
            closed = (*names, names[0])
            if names[0] == min(names) and all(after in graph[before] for before, after in pairwise(closed)):
                found.add(closed)
    return found


@given(graphs)
def test_only_real_cycles_are_found_and_at_least_one(
    graph: dict[str, list[str]],
) -> None:
    found, real = set(find_cycles(graph)), every_cycle(graph)
    assert found <= real
    assert bool(found) == bool(real)


@given(graphs, st.randoms(use_true_random=False))
def test_the_order_of_names_does_not_matter(graph: dict[str, list[str]], chance: object) -> None:
    names = list(graph)
    chance.shuffle(names)  # type: ignore[attr-defined]
    assert bool(find_cycles({name: graph[name] for name in names})) == bool(find_cycles(graph))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60))
def test_edges_that_lead_upwards_make_no_cycle(edges: list[tuple[int, int]]) -> None:
    graph: dict[str, list[str]] = {}
    for one, other in edges:
        if one != other:
            graph.setdefault(f"n{min(one, other)}", []).append(f"n{max(one, other)}")
    assert find_cycles(graph) == ()


@pytest.mark.parametrize(
    ("graph", "cycles"),
    [
        ({}, ()),
        ({"a": []}, ()),
        ({"a": ["unknown"]}, ()),
        ({"a": ["a"]}, (("a", "a"),)),
        ({"a": ["b"], "b": ["a"]}, (("a", "b", "a"),)),
        ({"b": ["a"], "a": ["b"]}, (("a", "b", "a"),)),
        ({"x": ["a"], "a": ["c"], "c": ["b"], "b": ["a"]}, (("a", "c", "b", "a"),)),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, ()),
        ({"a": ["a"], "b": ["b"]}, (("a", "a"), ("b", "b"))),
        ({"a": ["b", "b"], "b": ["a", "a"]}, (("a", "b", "a"),)),
    ],
)
def test_a_small_cycle_starts_at_its_smallest_name(graph: dict[str, list[str]], cycles: tuple[Cycle, ...]) -> None:
    assert find_cycles(graph) == cycles


def test_a_cycle_of_ten_thousand_names_is_found_whole() -> None:
    names = [f"n{number:05d}" for number in range(10_000)]
    graph = {name: [following] for name, following in zip(names, [*names[1:], names[0]], strict=True)}
    [cycle] = find_cycles(graph)
    assert cycle == (*names, names[0])


def test_a_chain_of_ten_thousand_names_is_acyclic() -> None:
    assert find_cycles({str(number): [str(number + 1)] for number in range(10_000)}) == ()


def test_a_repeated_back_edge_is_followed_once() -> None:
    names = [f"n{number:05d}" for number in range(3_000)]
    graph = {one: [following] for one, following in pairwise(names)} | {names[-1]: [names[0]] * 200_000}
    begun = time.process_time()
    assert find_cycles(graph) == ((*names, names[0]),)
    assert time.process_time() - begun < 3


def test_cycles_beyond_the_limit_are_left_out() -> None:
    assert len(find_cycles({str(number): [str(number)] for number in range(50)})) == MAX_CYCLES_REPORTED


def test_given_both_forms_when_read_then_they_make_one_graph() -> None:
    graph, faults = read_references({"a": ["b"], "b": {"c": {}}, "c": {}})
    assert (graph, faults.kept) == ({"a": ["b"], "b": ["c"], "c": []}, [])


def test_the_nested_form_reads_only_its_own_dependency() -> None:
    graph, faults = read_references({"a": {"b": {"c": {"a": {}}}}})
    assert not faults
    assert graph == {"a": ["b"], "b": ["c"], "c": ["a"]}
    assert find_cycles(graph) == (("a", "b", "c", "a"),)


def test_a_list_in_the_nested_form_is_read_like_any() -> None:
    graph, faults = read_references({"a": {"b": ["c"]}})
    assert (graph, faults.kept) == ({"a": ["b"], "b": ["c"]}, [])


def test_a_reference_of_another_form_is_a_fault() -> None:
    graph, faults = read_references({"a": 5, "b": ["ok", 7, ""], "c/d": {"x": [None]}})
    assert [fault.pointer for fault in faults.kept] == [
        "/actionReferences/a",
        "/actionReferences/b/1",
        "/actionReferences/b/2",
        "/actionReferences/c~1d/x/0",
    ]
    assert graph["b"] == ["ok"]


def test_a_reported_cycle_carries_its_path() -> None:
    [fault] = cycle_faults({"b": ["a"], "a": ["b"]}, REFERENCES)
    assert (fault.pointer, fault.code, fault.path) == ("/actionReferences/a", "cycle", ("a", "b", "a"))
    assert fault.detail == 'depends on itself: ["a","b","a"]'


def test_a_very_long_cycle_is_reported_by_its_length() -> None:
    graph = {str(number): [str((number + 1) % 60)] for number in range(60)}
    [fault] = cycle_faults(graph, REFERENCES)
    assert fault.detail == "depends on itself: a cycle of 60 names"


@given(st.lists(st.text(max_size=200), min_size=1, max_size=120, unique=True))
def test_a_cycle_of_any_names_is_shown_within_bounds(names: list[str]) -> None:
    ring = {name: [following] for name, following in zip(names, [*names[1:], names[0]], strict=True)}
    [fault] = cycle_faults(ring, REFERENCES)
    assert fault.path is not None
    assert len(fault.path) <= MAX_NAMES_LISTED + 1
    assert sum(map(len, fault.path)) <= MAX_PATH_LENGTH + 1
    assert fault.path[0] == fault.path[-1]
    assert len(fault.pointer) <= MAX_POINTER_LENGTH
    assert len(fault.detail) <= MAX_DETAIL_LENGTH


def test_a_cycle_of_fifty_names_is_shown_whole() -> None:
    names = [f"n{number:02}" for number in range(MAX_NAMES_LISTED - 1)]
    ring = {name: [following] for name, following in zip(names, [*names[1:], names[0]], strict=True)}
    [fault] = cycle_faults(ring, REFERENCES)
    assert fault.path == (*names, names[0])
