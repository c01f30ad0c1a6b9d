"""What is recorded of each attempt for operators: correlation id, limit and rate."""

from dataclasses import replace
from typing import Any

from actionrelay.audit.document import audit_document
from actionrelay.genesys.verdict import RateReading, Reply, ReplyKind
from actionrelay.ledger.document import execution_document
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, Status
from actionrelay.ledger.follow_up import same_outcome
from actionrelay.ledger.items_dynamodb import accepted_item, read_execution
from tests.fakes.relay import EXECUTION_ID, Relay

LIMIT = "dataactions/requests.volume.max=2500"
THROTTLED = Reply(
    ReplyKind.HTTP_ERROR,
    31,
    error=ExecutionError("too.many", "for Jane Doe", 429, "corr-1", LIMIT),
    retry_after="42",
    correlation_id="corr-1",
    rate=RateReading(301, 300, 42),
)
REFUSED = Reply(
    ReplyKind.HTTP_ERROR, 31, error=ExecutionError("too.large", "words", 413, "corr-1", LIMIT), correlation_id="corr-1"
)


def attempt_lines(relay: Relay) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in fields.items() if value is not None}
        for event, fields in relay.telemetry.events
        if event == "attempt_ended"
    ]


def test_a_429_is_one_line_without_its_message(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(THROTTLED)
    relay.work()
    assert attempt_lines(relay) == [
        {
            "attempt": 1,
            "kind": "http_error",
            "status": 429,
            "code": "too.many",
            "limit": LIMIT,
            "correlation_id": "corr-1",
            "retry_after_ms": 42_000,
            "rate_count": 301,
            "rate_allowed": 300,
            "rate_reset_seconds": 42,
        }
    ]


def test_only_a_success_that_names_the_rate_is_logged(relay: Relay) -> None:
    for rate in (None, RateReading(1, 300, 60)):
        relay.given_queued()
        relay.client.answer(Reply(ReplyKind.SUCCEEDED, 31, result=b"{}", rate=rate, correlation_id="corr-1"))
        relay.work()
    [line] = attempt_lines(relay)
    assert (line["kind"], line["correlation_id"], line["rate_count"]) == ("succeeded", "corr-1", 1)


def test_a_limit_is_audited_and_hidden_from_callers(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.client.answer(THROTTLED, REFUSED)
    relay.work()
    relay.clock.advance(3_600_000)
    relay.work()
    entries = {entry.event: entry for entry in relay.audit.entries(EXECUTION_ID)}
    assert (entries["retry_planned"].limit, entries["retry_planned"].correlation_id) == (LIMIT, "corr-1")
    assert (entries["failed"].limit, entries["attempt_started"].limit) == (LIMIT, None)
    assert audit_document(entries["failed"])["limit"] == LIMIT
    document: Any = execution_document(relay.record, relay.payloads)
    assert document["error"] == {"code": "too.large", "message": "words", "status": 413, "correlationId": "corr-1"}


def test_a_limit_survives_storage(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(REFUSED)
    relay.work()
    stored: Execution = read_execution(EXECUTION_ID, accepted_item(relay.record))
    assert stored.outcome is not None
    assert stored.outcome.error is not None
    assert (stored.outcome.error.limit, stored) == (LIMIT, relay.record)


def test_outcomes_that_differ_in_the_limit_are_equal() -> None:
    assert REFUSED.error is not None
    outcome = Outcome(Status.FAILED, error=REFUSED.error)
    assert same_outcome(outcome, Outcome(Status.FAILED, error=replace(REFUSED.error, limit=None)))
