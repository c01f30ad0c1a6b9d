"""A second run: the id that it is sent with, and how a webhook about any run finds its execution."""

import uuid
from typing import Any

import pytest

from actionrelay.errors import (
    InvalidRequestError,
    MalformedJsonError,
    OutcomeConflictError,
    PayloadTooLargeError,
    StaleWriteError,
    StoreUnavailableError,
)
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ids import run_id
from actionrelay.ledger import steps
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, Status
from actionrelay.ledger.ports import SentRun
from tests.fakes.relay import EXECUTION_ID, TRACE_ID, Relay, a_draft

FAILED = Outcome(Status.FAILED, error=ExecutionError("http_400", "no", 400))
UNKNOWN = Outcome(Status.UNKNOWN, error=ExecutionError("webhook_timeout", "none"))
SECOND = str(uuid.uuid5(uuid.UUID(EXECUTION_ID), "2"))
AGAIN = b'{"again": true}'


def sent(relay: Relay) -> str:
    """Let a worker run it once more; return the id under which that went out."""
    relay.client.answer(Reply(ReplyKind.ACCEPTED, 12))
    relay.work()
    call, _, _ = relay.client.calls[-1]
    assert call.trace_id == TRACE_ID, "the trace id joins all runs"
    return call.execution_id


def retry(relay: Relay, body: bytes = b"") -> Execution:
    return relay.operating.retry(EXECUTION_ID, "operator", body)


@pytest.mark.parametrize(
    ("outcome", "body", "expected"),
    [
        (FAILED, b"", SECOND),
        (FAILED, b"{}", SECOND),
        (FAILED, AGAIN, SECOND),
        (UNKNOWN, b"", EXECUTION_ID),
        (UNKNOWN, b'{"again": false}', EXECUTION_ID),
        (UNKNOWN, AGAIN, SECOND),
    ],
)
def test_a_run_goes_out_under_its_own_id(relay: Relay, outcome: Outcome, body: bytes, expected: str) -> None:
    relay.given_ended(outcome)

    retry(relay, body)

    assert sent(relay) == expected


def test_each_run_has_its_number(relay: Relay) -> None:
    relay.given_ended(FAILED)
    found = []
    for _ in range(3):
        retry(relay)
        found.append(sent(relay))
        relay.receive(executionId=found[-1], status="failed", error=f"no {len(found)}")
    assert found == [str(uuid.uuid5(uuid.UUID(EXECUTION_ID), str(number))) for number in (2, 3, 4)]


def test_asking_again_keeps_the_id_of_the_last_run(relay: Relay) -> None:
    relay.given_ended(FAILED)
    retry(relay)
    assert sent(relay) == SECOND
    relay.store.put(_ended(relay.record, UNKNOWN))

    retry(relay)

    assert sent(relay) == SECOND


def test_the_history_says_which_id_went_out(relay: Relay) -> None:
    relay.given_ended(FAILED)
    retry(relay)
    sent(relay)
    relay.receive(executionId=SECOND, status="completed", result={"total": 3})

    shown: Any = relay.recalling.history(EXECUTION_ID)["entries"]

    events = [(entry["event"], entry["sentAs"]) for entry in shown]
    assert events == [
        ("rerun_requested", SECOND),
        ("attempt_started", SECOND),
        ("awaiting_webhook", None),
        ("webhook_received", SECOND),
        ("completed", None),
    ]


def test_a_first_run_needs_no_other_id_in_its_history(relay: Relay) -> None:
    relay.given_queued()
    assert sent(relay) == EXECUTION_ID
    assert {entry.sent_as for entry in relay.audit.entries(EXECUTION_ID)} == {None}
    assert relay.store.names == {}


def test_a_webhook_finds_its_execution_under_every_id(relay: Relay) -> None:
    relay.given_ended(UNKNOWN)
    retry(relay, AGAIN)
    sent(relay)

    decided = relay.receive(executionId=EXECUTION_ID, status="completed", result={"total": 3})

    assert (decided.execution_id, decided.status) == (EXECUTION_ID, Status.COMPLETED)
    repeated = relay.receive(executionId=SECOND.upper(), status="completed", result={"total": 3})
    assert (repeated.execution_id, repeated.version) == (EXECUTION_ID, decided.version)


def test_an_earlier_failure_leaves_the_later_run_alone(relay: Relay) -> None:
    relay.given_ended(UNKNOWN)
    retry(relay, AGAIN)
    sent(relay)

    for _ in range(2):  # what repeats is on record once
        relay.receive("msg_1", executionId=EXECUTION_ID, status="failed", error="no")

    assert relay.record.status is Status.AWAITING_WEBHOOK
    assert relay.events.count("webhook_received") == 1
    end = relay.receive("msg_2", executionId=SECOND, status="completed", result={"total": 3})
    assert end.status is Status.COMPLETED


def test_a_run_that_failed_can_not_complete_a_later_one(relay: Relay) -> None:
    relay.given_ended(FAILED)
    retry(relay)
    sent(relay)

    with pytest.raises(OutcomeConflictError):
        relay.receive(executionId=EXECUTION_ID, status="completed", result={"total": 3})

    assert relay.record.status is Status.AWAITING_WEBHOOK
    assert relay.events[-1] == "webhook_conflict"
    assert relay.receive(executionId=EXECUTION_ID, status="failed").status is Status.AWAITING_WEBHOOK


def test_an_id_is_reserved_before_the_run_is_on_record(relay: Relay) -> None:
    before = relay.given_ended(FAILED)
    relay.store.trouble.before("save", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        retry(relay)
    assert (relay.record, relay.store.names) == (before, {SECOND: (EXECUTION_ID, 2)})
    assert retry(relay).run == 2


def test_a_taken_id_makes_the_run_take_another(relay: Relay) -> None:
    relay.store.put(a_draft(execution_id=SECOND))
    relay.given_ended(FAILED)

    assert retry(relay).run == relay.clock.now()

    assert sent(relay) == run_id(EXECUTION_ID, relay.clock.now())


def test_where_both_ids_are_taken_nothing_changes(relay: Relay) -> None:
    for run in (2, relay.clock.now()):
        relay.store.put(a_draft(execution_id=run_id(EXECUTION_ID, run)))
    before = relay.given_ended(FAILED)
    with pytest.raises(StaleWriteError):
        retry(relay)
    assert relay.record == before


def test_a_name_of_another_execution_is_left_to_it(relay: Relay) -> None:
    other = a_draft(execution_id=SECOND)
    relay.store.reserve(SECOND, SentRun(other, 7))
    relay.given_ended(FAILED)
    retry(relay)
    assert relay.store.names[SECOND] == (SECOND, 7)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"[]", InvalidRequestError),
        (b'{"again": 1}', InvalidRequestError),
        (b'{"agian": true}', InvalidRequestError),
        (b'{"again": true', MalformedJsonError),
        (b'{"again": true, "again": true}', MalformedJsonError),
        (b'{"again": "' + b"x" * 512_000 + b'"}', PayloadTooLargeError),
    ],
)
def test_a_faulty_body_changes_nothing(relay: Relay, body: bytes, error: type[Exception]) -> None:
    before = relay.given_ended(UNKNOWN)
    with pytest.raises(error):
        retry(relay, body)
    assert relay.record == before


def _ended(execution: Execution, outcome: Outcome) -> Execution:
    return steps.settle(execution, outcome, execution.updated_at).paid()
