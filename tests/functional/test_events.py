"""Every file in ``events/`` gets its expected answer from its handler."""

import json
from typing import Any

import pytest

from actionrelay.ledger.execution import ExecutionError, Outcome, Status, WebhookStatus
from actionrelay.ledger.message import Message
from actionrelay.webhooks.targets import DeliveryAnswer
from tests.corpus import CASES, EVENTS, Case
from tests.fakes.relay import EXECUTION_ID, WEBHOOK_URL
from tests.functional.conftest import STACK, Functions


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_event_gets_the_expected_answer(functions: Functions, case: Case) -> None:
    response = functions.call(case.function, case.event)

    assert case.read(response) == case.expects


@pytest.mark.parametrize("case", [case for case in CASES if case.function in {"validate", "query"}], ids=str)
def test_a_problem_has_every_member_of_the_standard_and_ours(functions: Functions, case: Case) -> None:
    response = functions.call(case.function, case.event)

    assert response["isBase64Encoded"] is False
    if response["statusCode"] >= 400:
        problem = json.loads(response["body"])
        assert {"type", "title", "status", "detail", "code", "traceId"} <= problem.keys()
        assert problem["status"] == response["statusCode"]
        assert problem["traceId"] == case.event["requestContext"]["extendedRequestId"]


def _event(function: str, name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / function / f"{name}.json").read_text(encoding="utf-8"))
    return event


def test_handlers_agree_on_an_execution_from_start_to_read(
    functions: Functions,
) -> None:
    accepted = json.loads(functions.call("validate", _event("validate", "accepted"))["body"])
    [(message, _)] = functions.relay.queue.sent
    batch = _event("execute", "unknown_execution")
    batch["Records"][0]["body"] = json.dumps({"executionId": message.execution_id, "kind": "run"})

    worked = functions.call("execute", batch)

    assert worked == {"batchItemFailures": []}
    question = _event("query", "execution_not_found")
    question["pathParameters"]["executionId"] = accepted["executionId"].upper()
    shown = json.loads(functions.call("query", question)["body"])
    assert (shown["status"], shown["attempts"]) == ("completed", 1)
    question = _event("query", "audit_not_found")
    question["pathParameters"]["executionId"] = accepted["executionId"]
    entries = json.loads(functions.call("query", question)["body"])["entries"]
    assert [entry["event"] for entry in entries] == ["accepted", "attempt_started", "completed"]


def _operator_asks(action: str, execution_id: str, body: str | None = None) -> dict[str, Any]:
    """Return the event of an operator's route, for this execution."""
    name = {
        "retry": "retry_not_found",
        "resolve": "resolve_invalid",
        "cancel": "cancel_not_found",
        "redeliver": "redeliver_not_found",
    }[action]
    return _event("validate", name) | {"pathParameters": {"executionId": execution_id.upper()}, "body": body}


OPERATOR = "arn:aws:iam::123456789012:user/operator"


def test_a_cancelled_execution_has_ended_and_says_who_did_it(
    functions: Functions,
) -> None:
    functions.relay.given_queued()

    response = functions.call("validate", _operator_asks("cancel", EXECUTION_ID))

    assert (response["statusCode"], json.loads(response["body"])["status"]) == (200, "cancelled")
    assert functions.relay.audit.entries(EXECUTION_ID)[-1].actor == OPERATOR
    again = functions.call("validate", _operator_asks("cancel", EXECUTION_ID))
    assert (again["statusCode"], json.loads(again["body"])["code"]) == (409, "wrong_state")


def test_a_retried_failure_runs_to_its_end(
    functions: Functions,
) -> None:
    functions.relay.given_ended(Outcome(Status.FAILED, error=ExecutionError("http_400", "no")))

    response = functions.call("validate", _operator_asks("retry", EXECUTION_ID))

    assert (response["statusCode"], json.loads(response["body"])["status"]) == (202, "queued")
    [(message, _)] = functions.relay.queue.sent
    batch = _event("execute", "unknown_execution")
    batch["Records"][0]["body"] = json.dumps({"executionId": message.execution_id, "version": message.version})
    assert functions.call("execute", batch) == {"batchItemFailures": []}
    assert functions.relay.record.status is Status.COMPLETED
    assert functions.relay.events == ["rerun_requested", "attempt_started", "completed"]


def test_a_resolved_unknown_is_what_the_operator_found(functions: Functions) -> None:
    functions.relay.given_ended(Outcome(Status.UNKNOWN, error=ExecutionError("no_answer", "none")))
    found = json.dumps({"status": "completed", "result": {"total": 3}, "note": "seen in the CRM"})

    response = functions.call("validate", _operator_asks("resolve", EXECUTION_ID, found))

    document = json.loads(response["body"])
    assert (response["statusCode"], document["status"], document["result"]) == (200, "completed", {"total": 3})
    resolved = functions.relay.audit.entries(EXECUTION_ID)[0]
    assert (resolved.event, resolved.actor, resolved.note) == ("resolved", OPERATOR, "seen in the CRM")


def test_a_given_up_delivery_is_delivered_on_redelivery(
    functions: Functions,
) -> None:
    functions.relay.given_completed({"total": 3}, webhook_url=WEBHOOK_URL)
    functions.relay.sender.answer(DeliveryAnswer(410, None, 5.0))
    batch = _event("deliver", "unknown_execution")
    batch["Records"][0]["body"] = json.dumps({"executionId": EXECUTION_ID})
    assert functions.call("deliver", batch) == {"batchItemFailures": []}
    assert functions.relay.dead_letters.sent == [(EXECUTION_ID, 0)]

    response = functions.call("validate", _operator_asks("redeliver", EXECUTION_ID))

    document = json.loads(response["body"])
    assert (response["statusCode"], document["status"], document["webhookStatus"]) == (202, "completed", "pending")
    assert functions.call("deliver", batch) == {"batchItemFailures": []}
    assert functions.relay.record.delivery.status is WebhookStatus.DELIVERED
    asked = functions.relay.audit.entries(EXECUTION_ID)[-2]
    assert (asked.event, asked.actor) == ("redelivery_requested", OPERATOR)


def test_a_batch_at_a_closed_gate_is_prepared_as_one(
    functions: Functions,
) -> None:
    functions.relay.given_queued()
    functions.relay.gate.waits.append(4_500)
    functions.relay.randomness.fixed = 0.0
    batch = _event("execute", "unknown_execution")
    [record] = batch["Records"]
    bodies = ({"executionId": EXECUTION_ID}, {"executionId": "gone"}, {"executionId": "gone", "kind": "deadline"})
    batch["Records"] = [
        record | {"messageId": str(number), "body": json.dumps(body)} for number, body in enumerate(bodies)
    ]

    assert functions.call("execute", batch) == {"batchItemFailures": []}

    [asks] = functions.relay.gate.batches
    assert [ask.waited for ask in asks] == [False, False], "two that ask, and a deadline that does not"
    assert functions.relay.queue.sent == [(Message(EXECUTION_ID), 3_500)]


def test_a_bug_becomes_a_problem_without_a_stack_trace(functions: Functions, caplog: pytest.LogCaptureFixture) -> None:
    functions.relay.store.trouble.before("create", RuntimeError("a secret detail"))

    response = functions.call("validate", _event("validate", "accepted"))

    assert (response["statusCode"], json.loads(response["body"])["code"]) == (500, "internal_error")
    assert "a secret detail" not in response["body"]
    [line] = [record for record in caplog.records if record.message == "unexpected_error"]
    assert line.__dict__["exception"] == "RuntimeError"
    assert "a secret detail" not in caplog.text


def test_emf_counts_requests_without_their_content(functions: Functions, capsys: pytest.CaptureFixture[str]) -> None:
    functions.call("validate", _event("validate", "many_faults"))

    printed = capsys.readouterr().out
    metrics = [json.loads(line) for line in printed.splitlines() if '"_aws"' in line]
    assert {"RequestsRefused": [1.0]}.items() <= metrics[-1].items()
    assert any(each.get("code") == "invalid_request" for each in metrics)
    assert {each["service"] for each in metrics} == {STACK}
    assert "user:secret" not in printed
