"""Each change counts once: repeated deliveries, growing batches, writers that die, lost answers."""

from collections import Counter as Tally
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import StoreUnavailableError
from actionrelay.statistics.counters import Change, Counter
from actionrelay.statistics.counting import CountChanges
from actionrelay.statistics.journal import JOURNALS, MOST_COUNTERS, Journal, journal_of, name_of
from actionrelay.statistics.tally import TOTAL, Counts
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.counters import InMemoryCounters
from tests.fakes.recorded_telemetry import RecordedTelemetry

PART = "stream/shard"
HOUR_MS = 3_600_000


def change(number: int, action: str = "action", at: int = NOON) -> Change:
    return Change(number, action, at, {TOTAL: 1})


def counting(store: InMemoryCounters, telemetry: RecordedTelemetry | None = None) -> CountChanges:
    return CountChanges(lambda record: record["change"], store, telemetry or RecordedTelemetry(), SettableClock())


def records(*changes: Change | None) -> list[Mapping[str, Any]]:
    return [{"change": each} for each in changes]


def totals(store: InMemoryCounters) -> dict[str, int]:
    return {counter.action_id: counts[TOTAL] for counter, counts in store.totals("", 1_000)}


@pytest.mark.parametrize("small_rows", [0, 10])
def test_a_change_counts_for_its_action_day_and_hour(small_rows: int) -> None:
    store = InMemoryCounters(small_rows=small_rows)
    counting(store).count(PART, records(change(1)))
    assert store.counted == {
        Counter("total", "", "action"): {TOTAL: 1},
        Counter("day", "2026-11-24", "action"): {TOTAL: 1},
        Counter("day", "2026-11-24", ""): {TOTAL: 1},
        Counter("hour", "2026-11-24T12", ""): {TOTAL: 1},
    }


@given(
    st.lists(st.integers(0, 400), max_size=120),
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["before", "after", ""]), st.booleans()), min_size=1),
    st.integers(0, 30),
)
def test_failing_and_growing_batches_count_each_change_once(
    actions: list[int], deliveries: list[tuple[int, str, bool]], small_rows: int
) -> None:
    changes = [change(number, f"action-{action}") for number, action in enumerate(actions)]
    store = InMemoryCounters(small_rows=small_rows)
    process = counting(store)
    done = 0
    turn = 0
    while done < len(changes):
        size, fails, another = deliveries[turn % len(deliveries)] if turn < 3 * len(deliveries) else (60, "", False)
        turn += 1
        if fails:
            getattr(store.trouble, fails)("write", StoreUnavailableError("lost"))
        if another:
            process = counting(store)
        try:
            process.count(PART, records(*changes[done : done + size]))
        except StoreUnavailableError:
            continue
        done += size
    assert totals(store) == Tally(f"action-{action}" for action in actions)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5)), max_size=40), st.integers(0, 5))
def test_processes_that_meet_at_a_journal_count_each_once(turns: list[tuple[str, int]], small_rows: int) -> None:
    meeting = [part for part in map(str, range(100)) if journal_of(part) == 0]
    parts = dict(zip("abc", meeting, strict=False))
    store = InMemoryCounters(small_rows=small_rows)
    processes = {name: counting(store) for name in parts}
    counted = dict.fromkeys(parts, 0)
    for name, size in turns:
        numbers = range(counted[name], counted[name] + size)
        processes[name].count(parts[name], records(*(change(number, f"{name}-{number}") for number in numbers)))
        counted[name] += size
    assert sum(totals(store).values()) == sum(counted.values())
    assert len(totals(store)) == sum(counted.values())


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
    for number, part in enumerate(map(str, range(2 * JOURNALS))):
        counting(store).count(part, records(change(100 - number)))
    assert totals(store) == {"action": 2 * JOURNALS}


def test_few_actions_cost_one_write_for_each_batch() -> None:
    written: list[int] = []

    class Watched(InMemoryCounters):
        def write(self, number: int, journal: Journal, sums: Mapping[Counter, Counts]) -> bool:
            written.append(len(sums))
            return InMemoryCounters.write(self, number, journal, sums)

    process = counting(Watched())
    for number in range(50):
        process.count(PART, records(change(2 * number), change(2 * number + 1)))
    assert written == [0] * 50


def test_one_transaction_never_has_too_many_counters() -> None:
    written: list[int] = []

    class Watched(InMemoryCounters):
        def write(self, number: int, journal: Journal, sums: Mapping[Counter, Counts]) -> bool:
            written.append(len(sums))
            return InMemoryCounters.write(self, number, journal, sums)

    store = Watched(small_rows=1_000)
    hours = [change(number, f"action-{number}", NOON + number * HOUR_MS) for number in range(200)]
    counting(store).count(PART, records(*hours))
    assert 0 < max(written) <= MOST_COUNTERS
    assert len(totals(store)) == 200


def test_changes_that_cancel_out_leave_only_the_mark() -> None:
    store = InMemoryCounters()
    back = Change(2, "action", NOON, {TOTAL: -1})
    counting(store).count(PART, records(change(1), back))
    [journal] = store.journals.values()
    assert (store.counted, journal.rows) == ({}, {})
    assert journal.marks[name_of(PART)].sequence == 2


def test_marks_go_when_their_stream_has_forgotten() -> None:
    journal = Journal().with_changes("closed", [change(1)], NOON).with_changes("open", [change(5)], NOON + 25 * HOUR_MS)
    assert journal.marks.keys() == {name_of("closed"), name_of("open")}
    later = journal.with_changes("open", [change(6)], NOON + 26 * HOUR_MS)
    assert later.marks.keys() == {name_of("open")}


def test_a_journal_that_others_keep_writing_to_is_reported() -> None:
    class Contended(InMemoryCounters):
        def write(self, number: int, journal: Journal, sums: Mapping[Counter, Counts]) -> bool:
            return False

    with pytest.raises(StoreUnavailableError):
        counting(Contended()).count(PART, records(change(1)))


def test_an_unreadable_record_leaves_the_others_counted() -> None:
    store, telemetry = InMemoryCounters(), RecordedTelemetry()

    def read(record: Mapping[str, Any]) -> Change | None:
        if record["change"] is None:
            raise ValueError("a change that can't be read: KeyError")
        found: Change = record["change"]
        return found

    CountChanges(read, store, telemetry, SettableClock()).count(
        PART, [*records(change(1)), {"eventID": "odd", "change": None}, *records(change(3))]
    )
    assert totals(store) == {"action": 2}
    assert telemetry.counts["ChangesNotCounted"] == 1
    [(name, fields)] = telemetry.events
    assert (name, fields["event_id"]) == ("change_not_counted", "odd")


def test_an_unavailable_store_makes_the_batch_repeat() -> None:
    store = InMemoryCounters()
    store.trouble.before("write", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        counting(store).count(PART, records(change(1)))
    counting(store).count(PART, records(change(1)))
    assert totals(store) == {"action": 1}
