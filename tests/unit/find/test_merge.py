"""Candidates: every position of every stream, newest first and once, however many are taken at a time."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from actionrelay.find.merge import SHORTEST_PAGE, Budget, Candidates, Part, Stream
from actionrelay.find.ports import IndexPage, Position, Span

RANGES = st.lists(st.lists(st.integers(0, 60), max_size=15), min_size=1, max_size=4)
AMOUNTS = st.lists(st.integers(1, 40), min_size=80, max_size=80)
AMPLE = Budget(entries=10_000, requests=10_000, parts=10)


class Range:
    """A range of an index: gives pages, and counts them."""

    def __init__(self, moments: Sequence[int]) -> None:
        self.positions = sorted({Position(moment, "id") for moment in moments}, reverse=True)
        self.pages = 0

    def read(self, span: Span, limit: int) -> IndexPage:
        self.pages += 1
        below = [position for position in self.positions if position < span.before]
        return IndexPage(tuple(below[:limit]), more=len(below) > limit)


def candidates(ranges: Sequence[Range], budget: Budget = AMPLE) -> Candidates:
    start = Position(100, "")
    part = Part([Stream(each.read, Span(0, start)) for each in ranges], Position(0, ""))
    return Candidates(iter([part]), budget, start)


@given(RANGES, AMOUNTS)
def test_all_positions_come_once_and_newest_first(moments: list[list[int]], amounts: list[int]) -> None:
    ranges = [Range(each) for each in moments]
    found = candidates(ranges)
    taken = [position for amount in amounts for position in found.take(amount)]
    assert taken == sorted({position for each in ranges for position in each.positions}, reverse=True)
    assert not found.is_cut_off


@given(RANGES, AMOUNTS, st.integers(1, 10), st.integers(1, 4))
def test_a_budget_cuts_off_a_head_in_order(
    moments: list[list[int]], amounts: list[int], entries: int, requests: int
) -> None:
    ranges = [Range(each) for each in moments]
    found = candidates(ranges, Budget(entries, requests, parts=1))
    taken = [position for amount in amounts for position in found.take(amount)]
    everything = sorted({position for each in ranges for position in each.positions}, reverse=True)
    assert taken == everything[: len(taken)]
    assert found.is_cut_off or taken == everything
    assert sum(each.pages for each in ranges) <= len(ranges) + requests, "each its first page, and what was left then"


def test_no_more_parts_are_begun_than_the_budget_has() -> None:
    ranges = [Range([moment]) for moment in (30, 20, 10)]
    parts = (Part([Stream(each.read, Span(0, Position(100, "")))], Position(0, "")) for each in ranges)
    found = Candidates(parts, Budget(entries=100, requests=100, parts=2), Position(100, ""))
    assert [position.created_at for position in found.take(10)] == [30, 20]
    assert found.is_cut_off
    assert ranges[2].pages == 0


def test_no_more_is_read_than_what_is_wanted_needs() -> None:
    busy, quiet = Range(range(40)), Range([])
    assert len(candidates([busy]).take(5)) == 5
    assert busy.pages == 1
    assert candidates([quiet]).take(SHORTEST_PAGE) == []
    assert quiet.pages == 1
