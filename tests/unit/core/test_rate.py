"""The rate gate's rule: what no stretch of time may ever see, and who waits how long."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import StoreUnavailableError
from actionrelay.rate import CREDIT_MS, MAX_LINE_MS, BatchPermits, Decision, GateState, Rate, pause
from tests.fakes.chance import NOON

ALLOWED_BY_GENESYS = 300
LARGEST_BATCH = 10
MINUTE_MS = 60_000

rates = st.integers(1, 2_000).map(Rate)
crowds = st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, LARGEST_BATCH)), min_size=1, max_size=60)


def let_through(rate: Rate, batches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ask for each batch at its time, in order, and return those that were let through."""
    state, passed = GateState(), []
    for now, count in batches:
        after = rate.take(state, now, count)
        if after is not None:
            state = after
            passed.append((now, count))
    return passed


def arriving(gaps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    now, batches = NOON, []
    for gap, count in gaps:
        now += gap
        batches.append((now, count))
    return batches


# -- How much gets through --


@given(rates, crowds)
def test_given_any_rate_and_any_arrivals_when_gated_then_no_stretch_of_time_sees_more_than_the_rate_and_a_batch(
    rate: Rate, gaps: list[tuple[int, int]]
) -> None:
    passed = let_through(rate, arriving(gaps))
    for first, (begins, _) in enumerate(passed):
        total = 0
        for now, count in passed[first:]:
            total += count
            allowed = (now - begins + CREDIT_MS) / rate.interval_ms + count
            assert total <= allowed + 1e-6


@given(crowds)
def test_given_any_arrivals_when_gated_at_270_then_no_minute_sees_what_genesys_refuses(
    gaps: list[tuple[int, int]],
) -> None:
    passed = let_through(Rate(270), arriving([(gap % 400, count) for gap, count in gaps * 10]))
    for first, (begins, _) in enumerate(passed):
        in_a_minute = sum(count for now, count in passed[first:] if now < begins + MINUTE_MS)
        assert in_a_minute <= 270 + LARGEST_BATCH + CREDIT_MS * 270 / MINUTE_MS < ALLOWED_BY_GENESYS


@pytest.mark.parametrize("count", [1, 3, LARGEST_BATCH])
@pytest.mark.parametrize("every_ms", [1, 10, CREDIT_MS])
def test_given_a_crowd_that_always_asks_when_gated_then_the_whole_rate_is_used(count: int, every_ms: int) -> None:
    rate = Rate(270)
    asked = [(NOON + tick, count) for tick in range(0, 5 * MINUTE_MS, every_ms)]
    used = sum(count for _, count in let_through(rate, asked))
    # With one permit at a time and the gate asked more rarely than it opens, what the credit holds is all there is.
    assert used >= min(5 * 270, len(asked)) - 1
    assert used <= 5 * 270 + CREDIT_MS / rate.interval_ms + count


def test_given_a_quiet_time_when_asked_then_one_batch_is_let_through_and_its_permits_are_used_up_first() -> None:
    rate = Rate(60)
    after = rate.take(GateState(), NOON, LARGEST_BATCH)
    assert after == GateState(busy_until=NOON - CREDIT_MS + LARGEST_BATCH * 1_000, version=1)
    opens_at = NOON - CREDIT_MS + LARGEST_BATCH * 1_000
    assert rate.take(after, opens_at - 1, 1) is None
    again = rate.take(after, opens_at, 1)
    assert again == GateState(busy_until=opens_at + 1_000, version=2)


def test_given_a_gate_that_was_asked_late_when_asked_then_a_quarter_of_a_second_is_made_up_for_and_no_more() -> None:
    rate, busy = Rate(60), GateState(busy_until=float(NOON))
    late = rate.take(busy, NOON + CREDIT_MS, 1)
    later = rate.take(busy, NOON + CREDIT_MS + 400, 1)
    assert late is not None
    assert later is not None
    assert (late.busy_until, later.busy_until) == (NOON + 1_000, NOON + 400 + 1_000)


@given(rates, st.integers(1, LARGEST_BATCH), st.integers(1, 3))
def test_given_a_refusal_when_waited_until_the_gate_opens_then_the_next_is_let_through(
    rate: Rate, count: int, again: int
) -> None:
    state = rate.take(GateState(), NOON, count)
    assert state is not None
    opens_at = rate.opens_at(state)
    if opens_at > NOON:
        assert rate.take(state, NOON, again) is None
    assert rate.take(state, max(int(opens_at) + 1, NOON), again) is not None


# -- Pauses --


def test_given_a_pause_when_asked_then_nobody_is_let_through_before_its_end() -> None:
    rate, paused = Rate(270), pause(GateState(), NOON + 5_000)
    assert rate.take(paused, NOON, 1) is None
    assert rate.take(paused, NOON + 4_999, 1) is None
    after = rate.take(paused, NOON + 5_000, 1)
    assert after is not None
    assert after.version == paused.version + 1


def test_given_a_shorter_pause_when_paused_then_the_longer_one_stays() -> None:
    paused = pause(GateState(), NOON + 5_000)
    assert pause(paused, NOON + 4_000) is paused
    assert pause(paused, NOON + 5_000) is paused
    assert pause(paused, NOON + 6_000).paused_until == NOON + 6_000


@given(rates, st.integers(0, 900_000), crowds)
def test_given_a_pause_when_others_are_turned_away_then_it_is_kept(
    rate: Rate, lasts: int, gaps: list[tuple[int, int]]
) -> None:
    state = pause(GateState(), NOON + lasts)
    for now, count in arriving(gaps):
        after = rate.take(state, now, count)
        if now < NOON + lasts:
            assert after is None
        state, _ = rate.line_up(after or state, now, count)
        assert state.paused_until == NOON + lasts


# -- The line --


@given(rates, crowds, st.none() | st.integers(1, 120_000))
def test_given_a_line_when_joined_then_places_are_an_interval_apart_near_and_none_is_before_the_gate_opens(
    rate: Rate, gaps: list[tuple[int, int]], paused_for: int | None
) -> None:
    state = GateState() if paused_for is None else pause(GateState(), NOON + paused_for)
    state = rate.take(state, NOON, LARGEST_BATCH) or state
    opens_at, places = rate.opens_at(state), []
    for now, count in arriving(gaps):
        before = state
        state, waits = rate.line_up(state, now, count)
        assert len(waits) == count
        assert min(waits) >= 0
        assert state.version == before.version + 1
        assert (state.busy_until, state.paused_until) == (before.busy_until, before.paused_until)
        # A place is rounded to a millisecond, which moves two of them by one millisecond at most.
        assert all(after - before >= rate.interval_ms - 1 for before, after in pairwise(waits))
        assert waits[0] <= max(opens_at - now, 0) + MAX_LINE_MS + 1
        places += [now + wait for wait in waits]
    assert places[0] >= round(opens_at)


def test_given_a_thousand_at_once_when_turned_away_then_the_line_is_as_the_rate_says_up_to_a_minute() -> None:
    rate, state = Rate(270), GateState(busy_until=float(NOON))
    waits: list[int] = []
    for _ in range(100):
        state, told = rate.line_up(state, NOON, LARGEST_BATCH)
        waits += told
    in_time = int(MAX_LINE_MS // rate.interval_ms // LARGEST_BATCH * LARGEST_BATCH)
    assert waits[:in_time] == [round(place * rate.interval_ms) for place in range(in_time)]
    assert max(waits) <= MAX_LINE_MS + LARGEST_BATCH * rate.interval_ms


def test_given_a_line_that_has_ended_when_joined_then_it_begins_now_or_when_the_gate_opens() -> None:
    rate = Rate(60)
    ended = GateState(busy_until=NOON + 500.0, line_until=NOON - 1.0)
    assert rate.line_up(ended, NOON, 2)[1] == (500, 1_500)
    assert rate.line_up(ended, NOON + 700, 2)[1] == (0, 1_000)
    assert rate.line_up(pause(ended, NOON + 9_000), NOON, 1)[1] == (9_000,)


# -- One batch --


@dataclass(slots=True)
class Gate:
    """What ``BatchPermits`` asks, with one answer for all times."""

    answer: Decision
    asked: list[tuple[int, int]] = field(default_factory=list)
    paused: list[int] = field(default_factory=list)

    def ask(self, now: int, count: int) -> Decision:
        self.asked.append((now, count))
        return self.answer

    def batch(self, size: int) -> BatchPermits:
        return BatchPermits(self.ask, self.paused.append, size)


GRANTED = Decision(granted=True)
REFUSED = Decision(granted=False, waits=(300, 0, 700), opens_in=120)


@pytest.mark.parametrize("answer", [GRANTED, Decision(granted=False, waits=tuple(range(1, 11)), opens_in=1)])
def test_given_ten_threads_of_a_batch_when_they_take_then_the_gate_is_asked_once_for_all(answer: Decision) -> None:
    gate, together = Gate(answer), threading.Barrier(10, timeout=5)
    batch = gate.batch(10)

    def meet_and_take(_: int) -> int:
        together.wait()
        return batch.take(NOON)

    with ThreadPoolExecutor(10) as threads:
        waits = sorted(threads.map(meet_and_take, range(10)))
    assert gate.asked == [(NOON, 10)]
    assert waits == ([0] * 10 if answer.granted else list(range(1, 11)))


def test_given_a_batch_that_is_turned_away_when_taken_then_each_has_its_place_and_nobody_a_wait_of_nothing() -> None:
    batch = Gate(REFUSED).batch(3)
    assert [batch.take(NOON) for _ in range(3)] == [300, 1, 700]


def test_given_one_that_has_waited_when_turned_away_again_then_it_has_the_shortest_wait() -> None:
    batch = Gate(REFUSED).batch(3)
    assert [batch.take(NOON, waited=waited) for waited in (True, False, True)] == [120, 1, 120]


def test_given_a_gate_about_to_open_when_one_that_has_waited_is_turned_away_then_its_wait_is_not_nothing() -> None:
    assert Gate(Decision(granted=False, waits=(5,), opens_in=0)).batch(1).take(NOON, waited=True) == 1


def test_given_more_that_take_than_the_batch_has_when_turned_away_then_the_rest_has_the_shortest_wait() -> None:
    batch = Gate(REFUSED).batch(3)
    assert [batch.take(NOON) for _ in range(5)][3:] == [120, 120]


def test_given_more_that_take_than_the_batch_has_when_let_through_then_the_rest_has_to_come_again() -> None:
    batch = Gate(GRANTED).batch(2)
    assert [batch.take(NOON) for _ in range(4)] == [0, 0, 1, 1]


def test_given_another_batch_when_it_takes_then_it_asks_for_itself() -> None:
    gate = Gate(GRANTED)
    first = gate.batch(4)
    first.take(NOON)
    first.for_batch(2).take(NOON + 1)
    assert gate.asked == [(NOON, 4), (NOON + 1, 2)]


def test_given_a_batch_that_nobody_takes_from_when_it_is_over_then_the_gate_was_not_asked() -> None:
    gate = Gate(GRANTED)
    gate.batch(0)
    gate.batch(10)
    assert gate.asked == []


def test_given_a_gate_that_fails_when_the_next_of_the_batch_takes_then_it_is_asked_again() -> None:
    answers: list[Decision | Exception] = [StoreUnavailableError("down"), GRANTED]

    def ask(_now: int, _count: int) -> Decision:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    batch = BatchPermits(ask, lambda _until: None, 2)
    with pytest.raises(StoreUnavailableError):
        batch.take(NOON)
    assert batch.take(NOON) == 0


def test_given_a_batch_when_it_pauses_then_everybody_pauses() -> None:
    gate = Gate(GRANTED)
    gate.batch(2).pause(NOON + 5)
    assert gate.paused == [NOON + 5]
