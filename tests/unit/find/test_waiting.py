"""Waiting for an outcome: how often the record is read, for how long, and what ends the wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import ExecutionNotFoundError, StoreUnavailableError
from actionrelay.find.slots import Slots
from actionrelay.find.waiting import LONGEST_PAUSE_MS, SLOT_MARGIN_MS, Wait
from actionrelay.ledger.document import STORING_MS
from actionrelay.ledger.execution import ExecutionError, Outcome, Status
from actionrelay.signals import Count
from tests.fakes.chance import NOON
from tests.fakes.relay import EXECUTION_ID, Relay

CALLER = "a" * 16
OTHER = "b" * 16
LOOKS = 24
"""The most in 20 seconds."""


def a_wait(seconds: int = 20, answer_by: int | None = None) -> Wait:
    return Wait(CALLER, seconds * 1_000, answer_by)


def looks(relay: Relay) -> int:
    return len(relay.sleep.slept)


def test_the_answer_comes_as_soon_as_it_has_ended(relay: Relay) -> None:
    relay.given_queued()
    relay.sleep.planned[700] = relay.work
    document = relay.reading.execution(EXECUTION_ID, a_wait())
    assert document["status"] == "completed"
    assert 700 <= sum(relay.sleep.slept) < 1_000
    assert relay.slots.state.taken == ()


def test_what_does_not_end_is_shown_when_the_time_is_over(relay: Relay) -> None:
    relay.given_queued()
    document = relay.reading.execution(EXECUTION_ID, a_wait(3))
    assert document["status"] == "queued"
    assert sum(relay.sleep.slept) == 3_000
    assert relay.slots.state.taken == ()


@given(st.integers(1, 20))
def test_looks_come_further_and_further_apart(seconds: int) -> None:
    relay = Relay()
    relay.given_queued()
    relay.reading.execution(EXECUTION_ID, a_wait(seconds))
    *slept, _ = relay.sleep.slept
    assert sum(relay.sleep.slept) == seconds * 1_000
    assert slept == sorted(slept)
    assert max(relay.sleep.slept) <= LONGEST_PAUSE_MS
    assert looks(relay) <= LOOKS


def test_twenty_seconds_are_the_most_looks(relay: Relay) -> None:
    relay.given_queued()
    relay.reading.execution(EXECUTION_ID, a_wait(20))
    assert looks(relay) == LOOKS


def test_what_has_ended_takes_no_slot_and_no_time(relay: Relay) -> None:
    relay.given_ended(Outcome(Status.FAILED, error=ExecutionError("c", "m")))
    assert relay.reading.execution(EXECUTION_ID, a_wait())["status"] == "failed"
    assert (relay.slots.asked, relay.sleep.slept) == ([], [])


def test_an_unknown_id_is_not_waited_for(relay: Relay) -> None:
    with pytest.raises(ExecutionNotFoundError):
        relay.reading.execution(EXECUTION_ID, a_wait())
    assert (relay.slots.asked, relay.sleep.slept) == ([], [])


def test_without_a_slot_the_answer_comes_at_once(relay: Relay) -> None:
    relay.given_queued()
    relay.slots.most = 0
    assert relay.reading.execution(EXECUTION_ID, a_wait())["status"] == "queued"
    assert relay.sleep.slept == []
    assert relay.telemetry.counts[Count.WAITS_REFUSED] == 1


def test_a_slot_outlives_a_function_that_dies_by_little(relay: Relay) -> None:
    relay.given_queued()
    relay.reading.execution(EXECUTION_ID, a_wait(7))
    assert relay.slots.asked == [(CALLER, NOON + 7_000 + SLOT_MARGIN_MS)]


@pytest.mark.parametrize("left", [5_000, 0, -86_400_000])
def test_no_wait_goes_on_when_nobody_is_there_any_more(relay: Relay, left: int) -> None:
    relay.given_queued()
    assert relay.reading.execution(EXECUTION_ID, a_wait(20, NOON + left))["status"] == "queued"
    assert sum(relay.sleep.slept) == max(left, 0)


def test_a_large_result_is_waited_for_too(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    relay.given_completed("big")
    stored = dict(relay.payloads.objects)
    relay.payloads.objects.clear()
    relay.sleep.planned[2_000] = lambda: relay.payloads.objects.update(stored)
    document = relay.reading.execution(EXECUTION_ID, a_wait())
    assert (document["status"], relay.shown_result()) == ("completed", "big")
    assert sum(relay.sleep.slept) >= 2_000


def test_a_lost_result_is_not_waited_for(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    relay.given_completed("big")
    relay.payloads.objects.clear()
    relay.clock.advance(STORING_MS)
    assert relay.reading.execution(EXECUTION_ID, a_wait())["status"] == "completed"
    assert relay.sleep.slept == []


def test_a_table_that_fails_meanwhile_ends_the_wait(relay: Relay) -> None:
    relay.given_queued()
    relay.sleep.planned[500] = lambda: relay.store.trouble.before("load", StoreUnavailableError("down"))
    assert relay.reading.execution(EXECUTION_ID, a_wait())["status"] == "queued"
    assert 500 <= sum(relay.sleep.slept) < 1_000
    assert relay.slots.state.taken == ()


def test_slots_that_fail_refuse_the_wait_alone(relay: Relay) -> None:
    relay.given_queued()
    relay.slots.trouble.before("take", StoreUnavailableError("down"))
    assert relay.reading.execution(EXECUTION_ID, a_wait())["status"] == "queued"
    assert relay.sleep.slept == []


# -- Slots --


def filled(most: int, *callers: str) -> tuple[Slots, list[bool]]:
    """Let callers ask one after the other; return the state, and who got a slot."""
    slots, got = Slots(), []
    for caller in callers:
        after = slots.take(most, caller, NOON, NOON + 20_000)
        got.append(after is not None)
        slots = after or slots
    return slots, got


@pytest.mark.parametrize(("most", "half"), [(0, 0), (1, 1), (2, 1), (3, 2), (10, 5), (100, 50)])
def test_one_caller_has_half_of_the_slots_at_most(most: int, half: int) -> None:
    slots, _ = filled(most, *[CALLER] * 200)
    assert len(slots.taken) == half


@given(st.integers(0, 20), st.lists(st.sampled_from("abcdef"), max_size=60))
def test_there_are_never_more_than_slots(most: int, callers: list[str]) -> None:
    slots, got = filled(most, *callers)
    assert len(slots.taken) == sum(got) <= most


@given(st.integers(2, 20), st.integers(0, 200))
def test_a_caller_alone_leaves_one_for_another(most: int, asked: int) -> None:
    _, got = filled(most, *[CALLER] * asked, OTHER)
    assert got[-1]


def test_a_slot_ends_by_itself(relay: Relay) -> None:
    slots, _ = filled(1, CALLER)
    assert slots.take(1, OTHER, NOON + 19_999, NOON + 40_000) is None
    after = slots.take(1, OTHER, NOON + 20_000, NOON + 40_000)
    assert after is not None
    assert [slot.caller for slot in after.taken] == [OTHER]


def test_a_slot_is_given_back_once() -> None:
    slots, _ = filled(4, CALLER, OTHER)
    freed = slots.without(1)
    assert [slot.number for slot in freed.taken] == [2]
    assert freed.without(1) is freed
