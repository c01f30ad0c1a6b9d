"""What an unfinished execution waits for, in its document."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from actionrelay.errors import QueueUnavailableError, TokenBeingRefreshedError, TokenUnavailableError
from actionrelay.find.outlook import COUNTED_MS
from actionrelay.gate.ports import GateView
from actionrelay.gate.rate import Rate
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.lanes import Lane
from actionrelay.ledger.execution import ExecutionError, Outcome, Status
from actionrelay.ledger.ports import QueueDepth
from actionrelay.ledger.waiting import Outlook, Waiting, WaitReason, waiting
from actionrelay.timestamps import iso
from tests.fakes.chance import NOON
from tests.fakes.relay import EXECUTION_ID, Relay

LATER = NOON + 90_000
ENDS = {status: Outcome(status) for status in (Status.COMPLETED, Status.FAILED, Status.UNKNOWN)}


def shown(relay: Relay) -> Any:
    return relay.reading.execution(EXECUTION_ID).get("waiting", "none")


def down(status: int, retry_after: str | None = None) -> Reply:
    error = ExecutionError(f"http_{status}", "down", status)
    return Reply(ReplyKind.HTTP_ERROR, 5, error=error, retry_after=retry_after)


def test_what_was_just_accepted_waits_for_its_turn(relay: Relay) -> None:
    relay.given_queued()
    assert shown(relay) == {"reason": "rate", "until": None}


def test_a_planned_try_says_when(relay: Relay) -> None:
    relay.given_queued(repeatable=True)
    relay.client.answer(down(500))
    relay.work()
    assert shown(relay) == {"reason": "retry", "until": iso(relay.record.next_at or 0)}


@pytest.mark.parametrize(
    "error", [TokenUnavailableError("down"), TokenBeingRefreshedError("soon", retry_within_ms=9_000)]
)
def test_a_missing_token_is_named(relay: Relay, error: Exception) -> None:
    relay.given_queued()
    relay.tokens.trouble.before("token", error)
    relay.work()
    assert shown(relay) == {"reason": "token", "until": iso(relay.record.next_at or 0)}
    relay.clock.advance(3_600_000)
    relay.client.answer(down(503, "5"))
    relay.work()
    assert shown(relay)["reason"] == "retry", "the next wait has a reason of its own"


def test_a_pause_of_all_is_named(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(down(429, "60"))
    relay.work()
    until = max(relay.gate.paused_until[-1], relay.record.next_at or 0)
    assert shown(relay)["until"] == iso(until)
    relay.store.put(replace(relay.record, next_at=None))
    assert shown(relay) == {"reason": "paused", "until": iso(relay.gate.paused_until[-1])}


def test_a_worker_and_a_webhook_are_named(relay: Relay) -> None:
    relay.given_running(lease_ms=90_000)
    assert shown(relay) == {"reason": "lease", "until": iso(LATER)}
    relay.given_awaiting(deadline_ms=90_000)
    assert shown(relay) == {"reason": "webhook", "until": iso(LATER)}


@pytest.mark.parametrize("status", sorted(ENDS))
def test_what_has_ended_waits_for_nothing(relay: Relay, status: Status) -> None:
    relay.given_ended(ENDS[status])
    assert shown(relay) == "none"


def test_only_what_is_queued_asks_the_gate(relay: Relay) -> None:
    relay.gate.paused_until.append(LATER)
    for given in (relay.given_running, relay.given_awaiting):
        given()
        assert shown(relay)["reason"] != "paused"


@pytest.mark.parametrize(
    ("next_at", "paused_until", "expected"),
    [
        (None, 0, Waiting(WaitReason.RATE)),
        (NOON - 1, NOON - 1, Waiting(WaitReason.RATE)),
        (NOON, NOON, Waiting(WaitReason.RATE)),
        (NOON + 1, NOON, Waiting(WaitReason.RETRY, NOON + 1)),
        (NOON + 1, NOON + 1, Waiting(WaitReason.RETRY, NOON + 1)),
        (NOON + 1, NOON + 2, Waiting(WaitReason.PAUSED, NOON + 2)),
        (None, NOON + 2, Waiting(WaitReason.PAUSED, NOON + 2)),
    ],
)
def test_the_latest_obstacle_counts(relay: Relay, next_at: int | None, paused_until: int, expected: Waiting) -> None:
    assert waiting(relay.given_queued(next_at=next_at), NOON, Outlook(paused_until)) == expected


AN_HOURS_WORK = 3_600_000_000 // Rate(270).interval_us


@pytest.mark.parametrize(
    ("lane", "waiting_lanes", "reason", "hours"),
    [
        (Lane.BULK, {Lane.BULK: 1}, "rate", 1),
        (Lane.BULK, {Lane.BULK: 1, Lane.INTERACTIVE: 3}, "lane", 5),
        (Lane.INTERACTIVE, {Lane.INTERACTIVE: 1}, "rate", 1),
        (Lane.INTERACTIVE, {Lane.BULK: 1, Lane.INTERACTIVE: 1}, "lane", 1.25),
    ],
)
def test_a_line_says_about_when_it_is_worked_off(
    relay: Relay, lane: Lane, waiting_lanes: dict[Lane, int], reason: str, hours: float
) -> None:
    relay.given_queued(lane=lane)
    relay.lane_gauge(lane).shows = QueueDepth(100, AN_HOURS_WORK - 100, 0)
    relay.gate_view = GateView(callers_waiting=waiting_lanes)
    said = shown(relay)
    until = datetime.fromisoformat(said["until"]).timestamp() * 1_000
    assert said["reason"] == reason
    assert until - NOON == pytest.approx(hours * 3_600_000, rel=0.01)


@pytest.mark.parametrize("waiting_lanes", [{}, {Lane.INTERACTIVE: 1}])
def test_a_lane_without_a_line_promises_nothing(relay: Relay, waiting_lanes: dict[Lane, int]) -> None:
    relay.given_queued(lane=Lane.BULK)
    relay.gate_view = GateView(callers_waiting=waiting_lanes)
    relay.lane_gauge(Lane.BULK).trouble.before("depth", QueueUnavailableError("not asked"))
    assert shown(relay) == {"reason": "rate", "until": None}


def test_a_pause_comes_before_a_line(relay: Relay) -> None:
    relay.given_queued()
    relay.gate_view = GateView(callers_waiting={Lane.INTERACTIVE: 1})
    relay.gate.pause(LATER)
    assert shown(relay) == {"reason": "paused", "until": iso(LATER)}


def test_nobody_knows_when_slow_actions_end(relay: Relay) -> None:
    relay.given_queued()
    relay.gate_view = GateView(in_flight=30, callers_waiting={Lane.INTERACTIVE: 1})
    assert shown(relay) == {"reason": "rate", "until": None}


def test_messages_that_can_not_be_counted_hide_no_state(relay: Relay) -> None:
    relay.given_queued()
    relay.gate_view = GateView(callers_waiting={Lane.INTERACTIVE: 1})
    relay.lane_gauge(Lane.INTERACTIVE).trouble.before("depth", QueueUnavailableError("down"))
    assert shown(relay) == {"reason": "rate", "until": None}


def test_messages_are_counted_once_in_ten_seconds(relay: Relay) -> None:
    relay.gate_view = GateView(callers_waiting={Lane.INTERACTIVE: 1})
    reading, execution = relay.reading, relay.given_queued()
    relay.lane_gauge(Lane.INTERACTIVE).shows = QueueDepth(270, 0, 0)
    first = reading.ahead.of(execution, NOON)
    relay.lane_gauge(Lane.INTERACTIVE).shows = QueueDepth(540, 0, 0)
    assert reading.ahead.of(execution, NOON + COUNTED_MS - 1).turn_by == (first.turn_by or 0) + COUNTED_MS - 1
    assert (reading.ahead.of(execution, NOON + COUNTED_MS).turn_by or 0) > (first.turn_by or 0) + 60_000


def test_lists_say_it_too(relay: Relay) -> None:
    relay.given_queued(next_at=LATER)
    page: Any = relay.listing.page({})
    assert [each["waiting"] for each in page["executions"]] == [{"reason": "retry", "until": iso(LATER)}]
