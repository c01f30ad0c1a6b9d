"""The rate gate's rule: what no minute may ever see, and who waits how long."""

import math
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import StoreUnavailableError
from actionrelay.gate.rate import (
    MAX_BURST,
    MAX_LINE_MS,
    RETURN_PERCENT,
    BatchPermits,
    Crowd,
    Decision,
    GateState,
    Rate,
    Share,
    pause,
)
from tests.fakes.chance import NOON

LARGEST_BATCH = 10
MINUTE_MS = 60_000
TEN_SECONDS_MS = 10_000

type Question = tuple[int, int]
"""When it is asked, and for how many."""

rates = st.integers(1, 10_000).map(Rate)
fast_rates = st.integers(1_200, 10_000).map(Rate)
sizes = st.integers(1, LARGEST_BATCH)


@st.composite
def crowds(draw: st.DrawFn, longest_gap_ms: int = 20_000) -> list[Question]:
    """Ask as a crowd does: bursts, pauses, and now and then by a clock that is behind."""
    gaps = st.one_of(st.integers(0, 5), st.integers(0, 700), st.integers(-500, longest_gap_ms))
    now, questions = NOON, []
    for gap, count in draw(st.lists(st.tuples(gaps, sizes), min_size=1, max_size=80)):
        now += gap
        questions.append((now, count))
    return questions


def let_through(rate: Rate, questions: Sequence[Question], state: GateState | None = None) -> list[int]:
    """Ask each question in order, and return when each permit was given out."""
    state, given_at = state or GateState(), []
    for now, count in questions:
        state, granted = rate.take(state, now, count)
        given_at += [now] * granted
    return given_at


def most_in_any(window_ms: int, given_at: Sequence[int]) -> int:
    """Count the permits of the fullest window, both its ends included; it begins with one of them."""
    times = sorted(given_at)
    first, most = 0, 0
    for last, now in enumerate(times):
        while times[first] < now - window_ms:
            first += 1
        most = max(most, last - first + 1)
    return most


def greedy(rate: Rate, every_ms: int, lasts_ms: int, begins: int = NOON) -> list[Question]:
    """Always ask for more than there can be."""
    return [(begins + tick, LARGEST_BATCH) for tick in range(0, lasts_ms, every_ms)]


# -- How much gets through --


@given(rates, crowds())
def test_no_minute_exceeds_the_rate_for_any_questions(rate: Rate, questions: list[Question]) -> None:
    assert most_in_any(MINUTE_MS, let_through(rate, questions)) <= rate.per_minute


@given(rates, st.integers(1, 400), st.integers(0, 2 * MINUTE_MS))
def test_a_constant_crowd_never_exceeds_the_rate_in_a_minute(rate: Rate, every_ms: int, quiet_ms: int) -> None:
    early = greedy(rate, every_ms * 3, 30_000)
    late = greedy(rate, every_ms * 3, 2 * MINUTE_MS, begins=NOON + 30_000 + quiet_ms)
    assert most_in_any(MINUTE_MS, let_through(rate, early + late)) <= rate.per_minute


@given(fast_rates, crowds(longest_gap_ms=2_000), st.integers(1, 100))
def test_high_rates_keep_ten_seconds_to_a_sixth(rate: Rate, questions: list[Question], every_ms: int) -> None:
    for asked in (questions, greedy(rate, every_ms, 25_000)):
        assert most_in_any(TEN_SECONDS_MS, let_through(rate, asked)) <= rate.per_minute / 6


def test_a_full_bucket_and_its_refill_are_within_the_rate() -> None:
    def most_in(window_ms: int, rate: Rate) -> int:
        return rate.burst + window_ms * 1_000 // rate.interval_us

    every = [Rate(per_minute) for per_minute in range(1, 10_001)]
    assert [rate for rate in every if most_in(MINUTE_MS, rate) > rate.per_minute] == []
    fast = [rate for rate in every if rate.per_minute >= 1_200]
    assert [rate for rate in fast if most_in(TEN_SECONDS_MS, rate) > rate.per_minute / 6] == []


@pytest.mark.parametrize("per_minute", [1, 19, 20, 60, 200, 270, 1_200, 10_000])
def test_a_constant_crowd_uses_the_sustained_rate(per_minute: int) -> None:
    rate = Rate(per_minute)
    used = len(let_through(rate, greedy(rate, 1, 2 * MINUTE_MS)))
    # A bucket for one permit is full until somebody asks, up to a millisecond late.
    late_ms = 1 if rate.burst == 1 else 0
    assert used >= int(2 * MINUTE_MS / (60_000 / (0.95 * per_minute) + late_ms))


def test_the_bucket_keeps_what_fell_due_between_questions() -> None:
    rate = Rate(1_200)
    assert len(let_through(rate, greedy(rate, 450, MINUTE_MS))) >= 0.95 * 1_200


@pytest.mark.parametrize(
    ("per_minute", "burst"), [(1, 1), (19, 1), (39, 1), (40, 2), (60, 3), (199, 9), (200, 10), (270, 10), (10_000, 10)]
)
def test_a_quiet_time_fills_a_twentieth_of_the_rate(per_minute: int, burst: int) -> None:
    rate = Rate(per_minute)
    assert rate.burst == burst
    assert let_through(rate, [(NOON, LARGEST_BATCH), (NOON, LARGEST_BATCH)]) == [NOON] * burst


def test_an_empty_bucket_fills_one_permit_at_a_time() -> None:
    rate = Rate(60)
    empty, _ = rate.take(GateState(), NOON, LARGEST_BATCH)
    due_ms = -(-rate.interval_us // 1_000)
    assert rate.interval_us == 1_052_632, "60 s over 57, rounded up"
    assert let_through(rate, [(NOON + due_ms - 1, 1)], empty) == []
    assert let_through(rate, [(NOON + due_ms, 5), (NOON + 2 * due_ms, 5)], empty) == [NOON + due_ms, NOON + 2 * due_ms]


def test_as_many_get_through_as_there_are_permits() -> None:
    rate = Rate(270)
    state, granted = rate.take(GateState(), NOON, 7)
    assert granted == 7
    state, granted = rate.take(state, NOON, 7)
    assert granted == 3
    assert rate.take(state, NOON, 7)[1] == 0


# -- Pauses --


def test_nobody_passes_before_a_pause_ends() -> None:
    rate, paused = Rate(270), pause(GateState(), NOON + 5_000)
    asked = [(NOON, 1), (NOON + 4_999, 1), (NOON + 5_000, 2)]
    assert let_through(rate, asked, paused) == [NOON + 5_000] * 2


def test_a_shorter_pause_does_not_replace_a_longer_one() -> None:
    paused = pause(GateState(), NOON + 5_000)
    assert pause(paused, NOON + 4_000) is paused
    assert pause(paused, NOON + 5_000) is paused
    assert pause(paused, NOON + 6_000) == GateState(paused_until=NOON + 6_000, version=2)


@given(rates, st.integers(0, 900_000), crowds())
def test_given_a_pause_when_many_ask_then_it_is_kept(rate: Rate, lasts: int, questions: list[Question]) -> None:
    state = pause(GateState(), NOON + lasts)
    for now, count in questions:
        state, decision = rate.decide(state, now, Crowd(returning=count, newcomers=count))
        assert state.paused_until == NOON + lasts
        if now < NOON + lasts:
            assert (decision.returning.permits, decision.newcomers.permits) == (0, 0)
            assert min(decision.returning.waits + decision.newcomers.waits) >= NOON + lasts - now
            assert decision.opens_in >= NOON + lasts - now


# -- Who gets a permit, and who a place --


@given(rates, crowds(), st.integers(0, LARGEST_BATCH), st.integers(0, LARGEST_BATCH))
def test_each_gets_a_permit_or_a_wait_returning_ones_first(
    rate: Rate, questions: list[Question], returning: int, newcomers: int
) -> None:
    state, crowd = GateState(), Crowd(returning, newcomers)
    for now, _ in questions:
        granted = rate.take(state, now, crowd.size)[1]
        before, (state, decision) = state, rate.decide(state, now, crowd)
        returns, arrivals = decision.returning, decision.newcomers
        assert returns.permits == min(granted, returning)
        assert returns.permits + arrivals.permits == granted
        assert returns.permits + len(returns.waits) == returning
        assert arrivals.permits + len(arrivals.waits) == newcomers
        assert min((*returns.waits, *arrivals.waits, decision.opens_in)) >= 1
        assert state.version == before.version + 1
        assert state.used_until_us == rate.take(before, now, crowd.size)[0].used_until_us


@given(rates, crowds())
def test_places_in_line_are_an_interval_apart(rate: Rate, questions: list[Question]) -> None:
    state, places = rate.decide(GateState(), NOON, Crowd(LARGEST_BATCH, 0))[0], list[int]()
    for now, count in questions:
        state, decision = rate.decide(state, now, Crowd(0, count))
        waits = decision.newcomers.waits
        # A place is rounded up to a millisecond, which moves two of them by one at most.
        assert all(after - before >= rate.interval_us / 1_000 - 1 for before, after in pairwise(waits) if before > 1)
        assert all(wait <= decision.opens_in + MAX_LINE_MS + count * rate.interval_us / 1_000 + 1 for wait in waits)
        assert min(waits, default=decision.opens_in) >= decision.opens_in
        places += [now + wait for wait in waits]


def test_returning_ones_get_no_newcomers_place() -> None:
    rate = Rate(60)
    state, _ = rate.decide(GateState(), NOON, Crowd(0, 103))
    after, decision = rate.decide(state, NOON, Crowd(2, 1))
    interval_ms = rate.interval_us / 1_000
    assert decision.newcomers.waits == (math.ceil(101 * interval_ms),)
    assert decision.returning.waits == (
        math.ceil(interval_ms),
        math.ceil(interval_ms * (1 + RETURN_PERCENT / 100)),
    )
    assert after.line_until_us == state.line_until_us + rate.interval_us


def test_a_thousand_turned_away_make_a_line_at_the_rate() -> None:
    rate, state, waits = Rate(600), GateState(), list[int]()
    for _ in range(500):
        state, decision = rate.decide(state, NOON, Crowd(0, LARGEST_BATCH))
        waits += decision.newcomers.waits
    in_time = [wait for wait in waits if wait < MAX_LINE_MS]
    assert len(in_time) == pytest.approx(MAX_LINE_MS * 0.95 / 100, abs=LARGEST_BATCH)
    assert in_time == [-(-(place + 1) * rate.interval_us // 1_000) for place in range(len(in_time))]
    assert max(waits) <= MAX_LINE_MS + (LARGEST_BATCH + 1) * rate.interval_us / 1_000


def test_a_new_line_begins_with_the_next_permit() -> None:
    rate = Rate(60)
    ended = GateState(used_until_us=NOON * 1_000, line_until_us=NOON * 1_000 - 1)
    assert rate.decide(ended, NOON, Crowd(0, 2))[1].newcomers.waits == (1_053, 2_106)
    assert rate.decide(pause(ended, NOON + 9_000), NOON, Crowd(0, 1))[1].newcomers.waits == (9_000,)


# -- One batch --


@dataclass(slots=True)
class Gate:
    """What ``BatchPermits`` asks, with one answer for all times."""

    answer: Decision | StoreUnavailableError
    asked: list[tuple[int, Crowd]] = field(default_factory=list)
    paused: list[int] = field(default_factory=list)

    def ask(self, now: int, crowd: Crowd) -> Decision:
        self.asked.append((now, crowd))
        if isinstance(self.answer, StoreUnavailableError):
            raise self.answer
        return self.answer

    def batch(self, size: int, newcomers: int = 0) -> BatchPermits:
        return BatchPermits(self.ask, self.paused.append, Crowd(size - newcomers, newcomers))


ALL = Decision(newcomers=Share(LARGEST_BATCH))
NONE = Decision(newcomers=Share(0, tuple(range(1, LARGEST_BATCH + 1))))
SOME = Decision(returning=Share(1, (40, 50)), newcomers=Share(2, (700, 900)), opens_in=30)


def at_once(batch: BatchPermits, threads: int = LARGEST_BATCH) -> list[int | str]:
    """Let threads take at the same moment; one that meets an error says its code."""
    together = threading.Barrier(threads, timeout=5)

    def meet_and_take(_: int) -> int | str:
        together.wait()
        try:
            return batch.take(NOON)
        except StoreUnavailableError as error:
            return error.code

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(meet_and_take, range(threads)))


@pytest.mark.parametrize(
    ("answer", "waits"), [(ALL, [0] * LARGEST_BATCH), (NONE, list(range(1, LARGEST_BATCH + 1)))], ids=["all", "none"]
)
def test_ten_threads_of_a_batch_ask_the_gate_once(answer: Decision, waits: list[int]) -> None:
    gate = Gate(answer)
    assert sorted(at_once(gate.batch(LARGEST_BATCH, LARGEST_BATCH)), key=int) == waits
    assert gate.asked == [(NOON, Crowd(0, LARGEST_BATCH))]


def test_a_gate_that_is_down_is_asked_once_by_ten_threads() -> None:
    gate = Gate(StoreUnavailableError("down", aws_code="Throttled"))
    batch = gate.batch(LARGEST_BATCH)
    assert at_once(batch) == ["store_unavailable"] * LARGEST_BATCH
    assert len(gate.asked) == 1
    with pytest.raises(StoreUnavailableError, match="down") as again:
        batch.take(NOON)
    assert again.value.context == {"aws_code": "Throttled"}
    assert again.value is not gate.answer, "one exception object is not for several threads"


def test_each_half_of_a_batch_gets_its_own_permits() -> None:
    batch = Gate(SOME).batch(7, 4)
    assert [batch.take(NOON) for _ in range(4)] == [0, 0, 700, 900]
    assert [batch.take(NOON, waited=True) for _ in range(3)] == [0, 40, 50]


def test_more_takers_than_messages_wait_for_the_gate() -> None:
    batch = Gate(SOME).batch(7, 4)
    assert [batch.take(NOON) for _ in range(6)][4:] == [30, 30]
    assert [batch.take(NOON, waited=True) for _ in range(5)][3:] == [30, 30]


def test_another_batch_asks_for_itself() -> None:
    gate = Gate(ALL)
    first = gate.batch(4)
    first.take(NOON)
    first.hold(NOON + 5_000)
    assert gate.batch(3, 2).take(NOON + 1) == 0
    assert gate.asked == [(NOON, Crowd(4, 0)), (NOON + 1, Crowd(1, 2))]


def test_an_unused_batch_does_not_ask_the_gate() -> None:
    gate = Gate(ALL)
    gate.batch(0)
    gate.batch(10)
    assert gate.asked == []


# -- A 429 in the batch --


def test_a_hold_keeps_back_permits_not_yet_taken() -> None:
    batch = Gate(ALL).batch(LARGEST_BATCH, LARGEST_BATCH)
    assert batch.take(NOON) == 0
    batch.hold(NOON + 5_000)
    batch.hold(NOON + 2_000)
    assert [batch.take(NOON + 1_000), batch.take(NOON + 4_999, waited=True)] == [4_000, 1]
    assert batch.take(NOON + 5_000) == 0


def test_a_last_look_sees_a_hold_after_the_permit() -> None:
    gate = Gate(ALL)
    batch = gate.batch(2)
    assert batch.held(NOON) == 0
    batch.hold(NOON + 5_000)
    assert [batch.held(NOON), batch.held(NOON + 4_999), batch.held(NOON + 5_000)] == [5_000, 1, 0]
    assert (gate.asked, gate.paused) == ([], []), "to hold and to look cost no request"


def test_a_pause_holds_its_batch_even_where_it_fails() -> None:
    gate = Gate(ALL)
    batch = gate.batch(2)
    batch.pause(NOON + 5)
    assert (gate.paused, batch.held(NOON)) == ([NOON + 5], 5)

    def fail(_until: int) -> None:
        raise StoreUnavailableError("down")

    batch = BatchPermits(gate.ask, fail, Crowd(2, 0))
    with pytest.raises(StoreUnavailableError):
        batch.pause(NOON + 5)
    assert batch.held(NOON) == 5


def test_the_bucket_holds_no_more_than_one_batch() -> None:
    assert max(Rate(per_minute).burst for per_minute in range(1, 10_001)) == MAX_BURST == LARGEST_BATCH
