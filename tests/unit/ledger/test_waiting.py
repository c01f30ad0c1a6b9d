"""What an execution that has not ended waits for, as its document says."""

from dataclasses import replace
from typing import Any

import pytest

from actionrelay.errors import TokenBeingRefreshedError, TokenUnavailableError
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.execution import ExecutionError, Outcome, Status
from actionrelay.ledger.waiting import Waiting, WaitReason, waiting
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
    assert waiting(relay.given_queued(next_at=next_at), NOON, paused_until) == expected


def test_lists_say_it_too(relay: Relay) -> None:
    relay.given_queued(next_at=LATER)
    page: Any = relay.listing.page({})
    assert [each["waiting"] for each in page["executions"]] == [{"reason": "retry", "until": iso(LATER)}]
