"""Genesys Cloud's answers to an attempt, their outcomes, and the messages that tests of `execute` begin with."""

from dataclasses import replace

from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.execution import ExecutionError, Status
from actionrelay.ledger.message import Message, MessageKind
from tests.fakes.relay import (
    EXECUTION_ID,
    GRACE_MS,
    TIMEOUT_MS,
    Relay,
)

RUN = Message(EXECUTION_ID)
DEADLINE = Message(EXECUTION_ID, MessageKind.DEADLINE)
WAIT_MS = TIMEOUT_MS + GRACE_MS


def http_error(status: int, retry_after: str | None = None) -> Reply:
    error = ExecutionError(f"http_{status}", "no", status, "corr-1")
    return Reply(ReplyKind.HTTP_ERROR, 31, error=error, retry_after=retry_after, correlation_id="corr-1")


NO_ANSWER = Reply(ReplyKind.NO_ANSWER, 31, error=ExecutionError("no_answer", "reset"))
NOT_SENT = Reply(ReplyKind.NOT_SENT, 31, error=ExecutionError("not_reached", "dns"))
ACCEPTED = Reply(ReplyKind.ACCEPTED, 31, correlation_id="corr-1")

POSTPONED = "postponed"
CHANCE = "a chance used"
FAILED = "failed"
UNKNOWN = "unknown"


def came_to(relay: Relay) -> str:
    if relay.record.status is Status.QUEUED:
        assert relay.record.attempt is None
        assert relay.record.next_at is not None
        assert relay.queue.sent == [(RUN, relay.record.next_at - relay.clock.now())]
        return CHANCE if relay.record.chances_used else POSTPONED
    assert relay.queue.sent == []
    assert relay.record.outcome is not None
    assert relay.record.outcome.error is not None
    return relay.record.status.value


def unreadable(relay: Relay) -> None:
    """Remove the stored request."""
    relay.store.put(replace(relay.record, request=replace(relay.record.request, inline=None)))
