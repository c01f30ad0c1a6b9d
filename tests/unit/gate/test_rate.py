"""The rate gate's bucket: no minute may exceed the rate."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.gate.rate import MAX_BURST, SLOTS, GateState, Log, Rate, pause
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


@given(rates, crowds(), st.integers(0, 5_000))
def test_what_falls_due_is_there_when_it_is_said(rate: Rate, questions: list[Question], later: int) -> None:
    state = GateState()
    for now, count in questions:
        state, _ = rate.take(state, now, count)
    now = max(now for now, _ in questions) + later
    opens_ms = -(-rate.opens_us(state, now) // 1_000)
    assert opens_ms >= now
    assert rate.there(state, opens_ms) > 0


@given(st.lists(st.tuples(st.integers(-5, 9), st.integers(1, 9)), max_size=60), st.integers(-70, 5))
def test_the_log_counts_what_is_young_enough(steps: list[tuple[int, int]], since: int) -> None:
    log, slot, added = Log(), 1_000, list[tuple[int, int]]()
    for step, permits in steps:
        slot += step
        log = log.added(slot, permits)
        added.append((slot, permits))
    last = max((at for at, _ in added), default=0)
    since = max(last + since, last - SLOTS)
    assert log.since(since) == sum(permits for at, permits in added if at >= since)
    assert len(log.counts) <= SLOTS + 7


@pytest.mark.repetitive
@pytest.mark.parametrize("per_minute", [1, 19, 20, 60, 200, 270, 1_200, 10_000])
def test_a_constant_crowd_uses_97_percent_of_the_rate(per_minute: int) -> None:
    rate = Rate(per_minute)
    begun, lasts = 2 * MINUTE_MS, 5 * MINUTE_MS
    given_at = let_through(rate, greedy(rate, 7, begun + lasts))
    assert sum(at >= NOON + begun for at in given_at) >= int(0.97 * per_minute * lasts / MINUTE_MS)


def test_the_bucket_keeps_what_fell_due_between_questions() -> None:
    rate = Rate(1_200)
    assert len(let_through(rate, greedy(rate, 450, MINUTE_MS))) >= 0.97 * 1_200


@pytest.mark.parametrize(
    ("per_minute", "burst"), [(1, 1), (2, 2), (3, 3), (60, 3), (199, 9), (200, 10), (270, 10), (10_000, 10)]
)
def test_a_quiet_time_fills_the_bucket(per_minute: int, burst: int) -> None:
    rate = Rate(per_minute)
    assert rate.burst == burst
    assert let_through(rate, [(NOON, LARGEST_BATCH), (NOON, LARGEST_BATCH)]) == [NOON] * burst


def test_an_empty_bucket_fills_one_permit_at_a_time() -> None:
    rate = Rate(60)
    empty, _ = rate.take(GateState(), NOON, LARGEST_BATCH)
    due_ms = -(-rate.interval_us // 1_000)
    assert rate.interval_us == 1_016_667, "61/60 of a second, rounded up"
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


def test_the_bucket_holds_no_more_than_one_batch() -> None:
    assert max(Rate(per_minute).burst for per_minute in range(1, 10_001)) == MAX_BURST == LARGEST_BATCH
