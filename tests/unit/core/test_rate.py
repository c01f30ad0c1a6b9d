"""The rate gate's rule: what no minute may ever see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.rate import GateState, Rate, pause
from tests.fakes.chance import NOON

ALLOWED_BY_GENESYS = 300


def granted_at(rate: Rate, arrivals: list[int]) -> list[int]:
    """Ask once at each time, in order, and return when permits were given."""
    state, granted = GateState(), []
    for now in arrivals:
        state, wait = rate.take(state, now)
        if wait == 0:
            granted.append(now)
    return granted


def busiest_minute(times: list[int]) -> int:
    first, most = 0, 0
    for last, time in enumerate(times):
        while times[first] <= time - 60_000:
            first += 1
        most = max(most, last - first + 1)
    return most


@given(
    st.lists(st.tuples(st.integers(0, 90_000), st.integers(1, 400)), min_size=1, max_size=12),
)
def test_given_any_arrivals_when_gated_at_270_then_no_minute_sees_more_than_300(
    crowds: list[tuple[int, int]],
) -> None:
    arrivals, now = [], NOON
    for gap, crowd in crowds:
        now += gap
        arrivals += [now + index // 3 for index in range(crowd)]
        now = arrivals[-1]
    assert busiest_minute(granted_at(Rate(270), arrivals)) <= ALLOWED_BY_GENESYS


def test_given_a_crowd_that_always_asks_when_gated_then_the_rate_is_used_and_not_exceeded() -> None:
    granted = granted_at(Rate(270), [NOON + tick for tick in range(0, 300_000, 10)])
    assert busiest_minute(granted) <= ALLOWED_BY_GENESYS
    assert 5 * 270 <= len(granted) <= 5 * 270 + 30


def test_given_a_quiet_time_when_asked_then_a_burst_is_allowed_and_then_the_interval_holds() -> None:
    rate, state = Rate(270), GateState()
    for _ in range(rate.burst):
        state, wait = rate.take(state, NOON)
        assert wait == 0
    assert rate.take(state, NOON) == (state, round(rate.interval_ms))


@given(st.integers(1, 2_000), st.integers(1, 50))
def test_given_a_refusal_when_waited_for_as_long_as_told_then_the_permit_is_there(per_minute: int, asked: int) -> None:
    rate, state = Rate(per_minute), GateState()
    for _ in range(rate.burst + asked):
        state, wait = rate.take(state, NOON)
        if wait:
            break
    else:
        return
    _, again = rate.take(state, NOON + wait + 1)
    assert again == 0


@pytest.mark.parametrize("per_minute", [1, 5, 8])
def test_given_a_small_rate_when_asked_then_one_at_a_time_is_allowed(per_minute: int) -> None:
    rate = Rate(per_minute)
    state, wait = rate.take(GateState(), NOON)
    assert wait == 0
    assert rate.take(state, NOON)[1] == round(60_000 / per_minute)


def test_given_a_pause_when_asked_then_nobody_gets_a_permit_before_its_end() -> None:
    rate, paused = Rate(270), pause(GateState(), NOON + 5_000)
    assert rate.take(paused, NOON) == (paused, 5_000)
    assert rate.take(paused, NOON + 4_999) == (paused, 1)
    after, wait = rate.take(paused, NOON + 5_000)
    assert (wait, after.version) == (0, paused.version + 1)


def test_given_a_shorter_pause_when_paused_then_the_longer_one_stays() -> None:
    paused = pause(GateState(), NOON + 5_000)
    assert pause(paused, NOON + 4_000) is paused
    assert pause(paused, NOON + 5_000) is paused
    assert pause(paused, NOON + 6_000).paused_until == NOON + 6_000


def test_given_a_refusal_when_asked_then_the_state_is_not_changed() -> None:
    state = GateState(busy_until=NOON + 60_000.0, version=7)
    assert Rate(270).take(state, NOON)[0] is state
