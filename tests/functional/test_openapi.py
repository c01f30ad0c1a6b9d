"""The handlers' answers are in the OpenAPI document: to every example event, and after every decision."""

import json
from typing import Any

import pytest

from actionrelay.errors import QueueUnavailableError
from actionrelay.ledger.execution import ExecutionError, Outcome, Status
from tests.corpus import CASES, EVENTS, Answered, Case
from tests.fakes.relay import EXECUTION_ID, WEBHOOK_URL
from tests.functional.conftest import Functions
from tests.openapi import DOCUMENT, PACKAGED, answer_violations, violations

HTTP = [case for case in CASES if isinstance(case.expects, Answered)]


@pytest.mark.parametrize("case", HTTP, ids=str)
def test_every_answer_to_an_event_is_documented(functions: Functions, case: Case) -> None:
    response = functions.call(case.function, case.event)

    assert answer_violations(case.event["httpMethod"].lower(), case.event["resource"], response) == []


def _asks(functions: Functions, function: str, name: str, **changes: Any) -> tuple[int, dict[str, Any]]:
    """Call a function with an event for the one execution, and check its answer against the document."""
    event = json.loads((EVENTS / function / f"{name}.json").read_text(encoding="utf-8"))
    event |= {"pathParameters": {"executionId": EXECUTION_ID}, **changes}
    response = functions.call(function, event)
    assert answer_violations(event["httpMethod"].lower(), event["resource"], response) == []
    return response["statusCode"], json.loads(response["body"])


def _reads(functions: Functions) -> None:
    assert _asks(functions, "query", "execution_not_found")[0] == 200
    assert _asks(functions, "query", "audit_not_found")[0] == 200


def test_a_cancelled_execution_is_as_documented(
    functions: Functions,
) -> None:
    functions.relay.given_queued()

    assert _asks(functions, "validate", "cancel_not_found")[0] == 200
    assert _asks(functions, "validate", "cancel_not_found")[0] == 409
    _reads(functions)


def test_a_retried_failure_is_as_documented(
    functions: Functions,
) -> None:
    functions.relay.given_ended(Outcome(Status.FAILED, error=ExecutionError("http_400", "no", 400, "correlation")))
    assert _asks(functions, "query", "execution_not_found")[0] == 200

    assert _asks(functions, "validate", "retry_not_found")[0] == 202
    _reads(functions)


def test_resolving_and_redelivering_are_as_documented(
    functions: Functions,
) -> None:
    functions.relay.given_ended(Outcome(Status.UNKNOWN, error=ExecutionError("no_answer", "none")))
    found = json.dumps({"status": "completed", "result": {"total": 3}, "note": "seen in the CRM"})

    assert _asks(functions, "validate", "resolve_invalid", body=found)[0] == 200
    assert _asks(functions, "validate", "redeliver_not_found")[0] == 409
    _reads(functions)


def test_a_redelivered_webhook_is_as_documented(
    functions: Functions,
) -> None:
    functions.relay.given_completed({"total": 3}, webhook_url=WEBHOOK_URL)
    functions.relay.delivering.deliver(EXECUTION_ID)

    assert _asks(functions, "validate", "redeliver_not_found")[0] == 202
    _reads(functions)
    _, _, body = functions.relay.sender.sent[-1]
    ended = DOCUMENT["webhooks"]["executionEnded"]["post"]["requestBody"]["content"]["application/json"]
    assert violations(ended["schema"], json.loads(body)) == []


def test_an_unavailable_queue_is_a_documented_problem(
    functions: Functions,
) -> None:
    functions.relay.queue.trouble.before("send", QueueUnavailableError("a message could not be sent"))

    status, problem = _asks(functions, "validate", "accepted")

    assert (status, problem["code"]) == (503, "queue_unavailable")
    assert problem["executionId"]


def test_the_description_is_the_packaged_one(functions: Functions) -> None:
    status, document = _asks(functions, "query", "openapi")

    assert (status, document) == (200, json.loads(PACKAGED.read_text(encoding="utf-8")))


def test_the_docs_page_is_html_under_a_closed_policy(
    functions: Functions,
) -> None:
    event = json.loads((EVENTS / "query/docs.json").read_text(encoding="utf-8"))

    response = functions.call("query", event)

    assert response["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert response["headers"]["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert response["body"].startswith("<!doctype html>")


def test_an_answer_that_is_not_in_the_document_is_noticed(functions: Functions) -> None:
    response = functions.call("preflight", json.loads((EVENTS / "preflight/health.json").read_text(encoding="utf-8")))

    assert answer_violations("get", "/health", response) == []
    assert answer_violations("get", "/health", response | {"statusCode": 418}) != []
    assert answer_violations("get", "/health", response | {"body": '{"status": "fine"}'}) != []
    assert answer_violations("get", "/health", response | {"headers": {"Content-Type": "text/plain"}}) != []
    assert answer_violations("post", "/executions/{executionId}/cancel", response) != []
