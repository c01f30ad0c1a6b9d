"""Each change counts once: streams that send twice, batches that grow, writers that die, answers that get lost."""

from collections import Counter as Tally
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import StoreUnavailableError
from actionrelay.statistics.counters import Change, Counter
from actionrelay.statistics.counting import MOST_COUNTERS, CountChanges
from actionrelay.statistics.tally import TOTAL
from tests.fakes.chance import NOON
from tests.fakes.counters import InMemoryCounters
from tests.fakes.recorded_telemetry import RecordedTelemetry

PART = "stream/shard"


def change(number: int, action: str = "action", at: int = NOON) -> Change:
    return Change(number, action, at, {TOTAL: 1})


def counting(store: InMemoryCounters, telemetry: RecordedTelemetry | None = None) -> CountChanges:
    return CountChanges(lambda record: record["change"], store, telemetry or RecordedTelemetry())


def records(*changes: Change | None) -> list[Mapping[str, Any]]:
    return [{"change": each} for each in changes]


def totals(store: InMemoryCounters) -> dict[str, int]:
    return {counter.action_id: counts[TOTAL] for counter, counts in store.totals("", 1_000)}


def test_a_change_counts_for_its_action_day_and_hour() -> None:
    store = InMemoryCounters()
    counting(store).count(PART, records(change(1)))
    assert store.kept == {
        Counter("total", "", "action"): {TOTAL: 1},
        Counter("day", "2026-11-24", "action"): {TOTAL: 1},
        Counter("day", "2026-11-24", ""): {TOTAL: 1},
        Counter("hour", "2026-11-24T12", ""): {TOTAL: 1},
    }


@given(
    st.lists(st.integers(0, 400), max_size=120),
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["before", "after", ""])), min_size=1),
)
def test_failing_and_growing_batches_count_each_change_once(
    actions: list[int], deliveries: list[tuple[int, str]]
) -> None:
    changes = [change(number, f"action-{action}") for number, action in enumerate(actions)]
    store = InMemoryCounters()
    done = 0
    turn = 0
    while done < len(changes):
        size, fails = deliveries[turn % len(deliveries)] if turn < 3 * len(deliveries) else (60, "")
        turn += 1
        if fails:
            getattr(store.trouble, fails)("add", StoreUnavailableError("lost"))
        try:
            counting(store).count(PART, records(*changes[done : done + size]))
        except StoreUnavailableError:
            continue
        done += size
    assert totals(store) == Tally(f"action-{action}" for action in actions)


@pytest.mark.parametrize("again", [(1,), (1, 2), (1, 2, 3), (2, 3)])
def test_a_batch_cut_differently_counts_only_the_rest(
    again: tuple[int, ...],
) -> None:
    store = InMemoryCounters()
    counting(store).count(PART, records(change(1), change(2)))
    counting(store).count(PART, records(*map(change, again)))
    assert totals(store) == {"action": max(2, *again)}


def test_each_part_of_a_stream_has_its_own_order() -> None:
    store = InMemoryCounters()
    counting(store).count("stream/one", records(change(7)))
    counting(store).count("stream/another", records(change(3)))
    assert totals(store) == {"action": 2}


def test_many_counters_take_several_transactions() -> None:
    store = InMemoryCounters()
    most: list[int] = []
    add = store.add

    class Watched(InMemoryCounters):
        def add(self, part: str, first: int, last: int, tally: Mapping[Counter, Any]) -> int:
            most.append(len(tally))
            return add(part, first, last, tally)

    counting(Watched()).count(PART, records(*(change(number, f"action-{number}") for number in range(200))))
    assert max(most) <= MOST_COUNTERS
    assert len(totals(store)) == 200


def test_changes_that_cancel_out_leave_only_the_mark() -> None:
    store = InMemoryCounters()
    back = Change(2, "action", NOON, {TOTAL: -1})
    counting(store).count(PART, records(change(1), back))
    assert (store.kept, store.marks) == ({}, {PART: 2})


def test_an_unreadable_record_leaves_the_others_counted() -> None:
    store, telemetry = InMemoryCounters(), RecordedTelemetry()

    def read(record: Mapping[str, Any]) -> Change | None:
        if record["change"] is None:
            raise ValueError("a change that can't be read: KeyError")
        found: Change = record["change"]
        return found

    CountChanges(read, store, telemetry).count(
        PART, [*records(change(1)), {"eventID": "odd", "change": None}, *records(change(3))]
    )
    assert totals(store) == {"action": 2}
    assert telemetry.counts["ChangesNotCounted"] == 1
    [(name, fields)] = telemetry.events
    assert (name, fields["event_id"]) == ("change_not_counted", "odd")


def test_an_unavailable_store_makes_the_batch_repeat() -> None:
    store = InMemoryCounters()
    store.trouble.before("add", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        counting(store).count(PART, records(change(1)))
    counting(store).count(PART, records(change(1)))
    assert totals(store) == {"action": 1}
