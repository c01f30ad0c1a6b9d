"""Outages in virtual time: if a repeat is safe, none shorter than a quarter of an hour leaves an unknown."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.genesys.verdict import LONGEST_GAP_MS, REPEAT_CAP_MS, REPEAT_SPREAD_MS, Repeats, Reply, ReplyKind
from actionrelay.ledger.execution import ExecutionError, Status
from tests.fakes.relay import Relay

MOST = 10
"""The template's ``MaxAttempts``."""
SPREAD_FROM = 5
SECOND, MINUTE = 1_000, 60_000
OUTAGE = Reply(ReplyKind.HTTP_ERROR, 5, error=ExecutionError("http_503", "down", 503))
draws = st.lists(st.floats(0, 1, exclude_max=True), min_size=MOST, max_size=MOST)


def lived_through(relay: Relay, outage_ms: int, jitter: Sequence[float] = ()) -> int:
    """Let every try meet a 503 until the outage is over; return how long it took until the execution had ended."""
    begun = relay.clock.now()
    relay.given_queued(repeatable=True)
    draws = iter(jitter)
    while not relay.record.ended:
        relay.randomness.fixed = next(draws, relay.randomness.fixed)
        if relay.clock.now() < begun + outage_ms:
            relay.client.answer(OUTAGE)
        relay.work()
        if not relay.record.ended:
            relay.clock.advance(relay.queue.sent[-1][1])
    return relay.clock.now() - begun


@pytest.mark.parametrize("outage_ms", [10 * SECOND, MINUTE, 5 * MINUTE, 14 * MINUTE])
@given(jitter=draws)
def test_an_outage_of_minutes_leaves_no_unknown(outage_ms: int, jitter: list[float]) -> None:
    relay = Relay(max_attempts=MOST)

    took_ms = lived_through(relay, outage_ms, jitter)

    assert relay.record.status is Status.COMPLETED
    assert relay.record.attempts <= MOST
    assert took_ms <= outage_ms + LONGEST_GAP_MS + REPEAT_CAP_MS


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999_999])
def test_a_short_outage_costs_seconds(jitter: float) -> None:
    relay = Relay(max_attempts=MOST)
    assert lived_through(relay, 10 * SECOND, [jitter] * MOST) < 5 * MINUTE


def test_an_outage_that_lasts_ends_unknown() -> None:
    relay = Relay(max_attempts=MOST)
    took_ms = lived_through(relay, 24 * 60 * MINUTE)
    assert (relay.record.status, relay.record.attempts) == (Status.UNKNOWN, MOST)
    assert REPEAT_SPREAD_MS <= took_ms <= 2 * REPEAT_SPREAD_MS


def test_what_may_not_run_twice_is_unknown_at_once() -> None:
    relay = Relay(max_attempts=MOST)
    relay.given_queued(repeatable=False)
    relay.client.answer(OUTAGE)
    relay.work()
    assert (relay.record.status, relay.record.attempts) == (Status.UNKNOWN, 1)


@given(most=st.integers(SPREAD_FROM, 100), jitter=st.lists(st.floats(0, 1, exclude_max=True), min_size=1))
def test_whatever_the_draws_the_tries_are_spread(most: int, jitter: list[float]) -> None:
    now, first_at = 7, 7
    for so_far in range(1, most):
        draw = jitter[so_far % len(jitter)]
        before, now = now, Repeats(first_at, so_far, most).next_at(now, lambda draw=draw: draw)  # type: ignore[misc]
        assert 0 <= now - before <= LONGEST_GAP_MS + REPEAT_CAP_MS
    assert now - first_at >= REPEAT_SPREAD_MS


@given(most=st.integers(2, SPREAD_FROM - 1), jitter=st.floats(0, 1, exclude_max=True))
def test_too_few_tries_end_soon(most: int, jitter: float) -> None:
    now = 7
    for so_far in range(1, most):
        now = Repeats(7, so_far, most).next_at(now, lambda: jitter)
    assert now - 7 < 2 * SECOND * 2**most
