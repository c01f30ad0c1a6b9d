"""The demo's view of a status over time."""

from collections.abc import Iterator
from itertools import count

import pytest

from local.demo.expectations import UnexpectedError
from local.demo.following import Bar, Change, Watch, timeline


def watch(statuses: list[str], seconds: float = 100) -> Watch:
    """A watch over these answers, the last one for ever, on a clock that ticks once per look."""
    answers = iter(statuses)
    ticks: Iterator[int] = count()
    return Watch(
        read=lambda: {"status": next(answers, statuses[-1])},
        clock=lambda: float(next(ticks)),
        pause=lambda: None,
        seconds=seconds,
    )


class TestWatch:
    def test_each_status_is_seen_once_with_its_time(self) -> None:
        changes = list(watch(["queued", "queued", "running", "running", "completed"]).changes("queued"))

        assert changes == [Change("queued", 0), Change("running", 3), Change("completed", 5)]

    def test_a_status_between_two_looks_is_not_made_up(self) -> None:
        changes = list(watch(["completed"]).changes("queued"))

        assert [change.status for change in changes] == ["queued", "completed"]

    def test_an_execution_that_has_ended_is_not_read_again(self) -> None:
        assert [change.status for change in watch([]).changes("completed")] == ["completed"]

    @pytest.mark.parametrize("end", ["completed", "failed", "unknown", "cancelled"])
    def test_it_stops_at_every_end(self, end: str) -> None:
        assert [change.status for change in watch(["running", end]).changes("queued")][-1] == end

    def test_an_execution_that_never_ends_is_given_up(self) -> None:
        with pytest.raises(UnexpectedError) as raised:
            list(watch(["running"], seconds=10).changes("queued"))

        assert raised.value.came == "running"


class TestTimeline:
    def test_bars_follow_each_other_in_proportion(self) -> None:
        changes = [Change("queued", 0), Change("running", 1), Change("completed", 4)]

        assert timeline(changes, width=40) == [Bar("queued", 1, 0, 10), Bar("running", 3, 10, 30)]

    def test_what_was_short_is_still_visible_and_inside(self) -> None:
        changes = [Change("queued", 0), Change("running", 9.999), Change("completed", 10)]

        bars = timeline(changes, width=20)

        assert [bar.length for bar in bars] == [20, 1]
        assert all(bar.start + bar.length <= 20 for bar in bars)

    def test_no_time_at_all_is_no_division(self) -> None:
        assert timeline([Change("queued", 0), Change("completed", 0)], width=20) == [Bar("queued", 0, 0, 1)]

    def test_one_status_has_no_length(self) -> None:
        assert timeline([Change("completed", 0)], width=20) == []
