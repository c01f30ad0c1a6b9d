"""Refused submissions: each is on record, with the size and the digest of its body and nothing else of it."""

import base64
import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from actionrelay.errors import StoreUnavailableError
from tests.corpus import CASES, EVENTS, SIGNED_AT, Answered, Case
from tests.fakes.relay import EXECUTION_ID
from tests.functional.conftest import Functions

REQUEST_ID = "JJbxnHHVIAMEjCQ="
"""The request id of every event. API Gateway makes it; no client can choose it."""
OPERATOR = "arn:aws:iam::123456789012:user/caller"
SUBMISSIONS = [case for case in CASES if case.function == "validate" and case.event["resource"] == "/executions"]


def _status(case: Case) -> int:
    assert isinstance(case.expects, Answered)
    return case.expects.status


REFUSED = [case for case in SUBMISSIONS if _status(case) >= 400 and case.name != "no_caller"]


def _history(functions: Functions) -> tuple[int, dict[str, Any]]:
    event = json.loads((EVENTS / "query/audit_verify_not_found.json").read_text(encoding="utf-8"))
    event["pathParameters"] = {"executionId": REQUEST_ID}
    response = functions.call("query", event)
    return response["statusCode"], json.loads(response["body"])


def _sent(case: Case) -> bytes:
    event = case.event
    body = event["body"] or ""
    if not event["isBase64Encoded"]:
        return str(body).encode()
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return str(body).encode()


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_refused_submissions_trace_leads_to_its_record(functions: Functions, case: Case) -> None:
    event = case.event
    event["requestContext"]["identity"]["userArn"] = OPERATOR
    refused = functions.call("validate", event)
    problem = json.loads(refused["body"])

    status, history = _history(functions)

    assert (status, history["executionId"]) == (200, problem["traceId"])
    [entry] = history["entries"]
    body = _sent(case)
    facts = {name: value for name, value in entry.items() if value is not None and name not in {"hash", "timestamp"}}
    assert facts == {
        "seq": 1,
        "executionId": f"rejected#{REQUEST_ID}",
        "actionId": "-",
        "event": "rejected",
        "status": "rejected",
        "attempt": 0,
        "payloadSizeBytes": len(body),
        "payloadSha256": hashlib.sha256(body).hexdigest(),
        "traceId": REQUEST_ID,
        "code": problem["code"],
        "day": "2025-11-24",
        "actor": OPERATOR,
        "keptDays": 400,
        "previousHash": "",
    }
    assert history["verification"]["intact"]
    assert functions.relay.store.records == {}


def test_a_conflicting_id_is_recorded_as_a_conflict(
    functions: Functions,
) -> None:
    event = json.loads((EVENTS / "validate/accepted.json").read_text(encoding="utf-8"))
    accepted = json.loads(functions.call("validate", event)["body"])
    other = json.loads(event["body"]) | {"executionId": accepted["executionId"], "inputs": {"other": 1}}

    assert functions.call("validate", event | {"body": json.dumps(other)})["statusCode"] == 409

    _, history = _history(functions)
    assert [(entry["event"], entry["code"]) for entry in history["entries"]] == [("rejected", "execution_conflict")]
    assert functions.relay.audit.events(accepted["executionId"]) == ["accepted"], "nothing of it in the other's trail"


@pytest.mark.parametrize("case", [case for case in SUBMISSIONS if _status(case) < 400], ids=str)
def test_an_accepted_submission_leaves_no_refusal(functions: Functions, case: Case) -> None:
    functions.call("validate", case.event)
    assert _history(functions)[0] == 404


def test_a_refused_dry_run_is_not_recorded(functions: Functions) -> None:
    event = json.loads((EVENTS / "validate/many_faults.json").read_text(encoding="utf-8"))
    assert functions.call("validate", event | {"queryStringParameters": {"dryRun": "true"}})["statusCode"] == 422
    assert _history(functions)[0] == 404


def test_a_submission_refused_for_its_flag_is_recorded(
    functions: Functions,
) -> None:
    event = json.loads((EVENTS / "validate/dry_run_not_a_flag.json").read_text(encoding="utf-8"))
    assert functions.call("validate", event)["statusCode"] == 422
    assert _history(functions)[0] == 200


@pytest.mark.parametrize("name", ["retry_not_found", "resolve_invalid"])
def test_a_refused_decision_is_no_refused_submission(functions: Functions, name: str) -> None:
    event = json.loads((EVENTS / f"validate/{name}.json").read_text(encoding="utf-8"))
    assert functions.call("validate", event)["statusCode"] >= 400
    assert _history(functions)[0] == 404


def test_a_store_failure_is_no_refusal(functions: Functions) -> None:
    functions.relay.store.trouble.before("create", StoreUnavailableError("the table can't be written"))
    event = json.loads((EVENTS / "validate/accepted.json").read_text(encoding="utf-8"))
    assert functions.call("validate", event)["statusCode"] == 503
    assert _history(functions)[0] == 404


@pytest.mark.parametrize(
    "failure",
    [StoreUnavailableError("the audit trail can't be written"), ConnectTimeoutError(endpoint_url="x"), ValueError("x")],
    ids=lambda failure: type(failure).__name__,
)
def test_an_unrecorded_refusal_gets_the_same_answer(functions: Functions, failure: Exception) -> None:
    event = json.loads((EVENTS / "validate/many_faults.json").read_text(encoding="utf-8"))
    recorded = functions.call("validate", event)
    functions.relay.audit.kept.clear()

    functions.relay.audit.trouble.before("append", failure)
    assert functions.call("validate", event) == recorded

    assert _history(functions)[0] == 404
    is_ours = isinstance(failure, StoreUnavailableError)
    assert functions.relay.telemetry.counts["RejectionsNotRecorded"] == int(is_ours)


def test_a_refused_submission_is_in_its_days_export(functions: Functions) -> None:
    event = json.loads((EVENTS / "validate/many_faults.json").read_text(encoding="utf-8"))
    functions.call("validate", event)
    day = json.loads((EVENTS / "query/audit_day.json").read_text(encoding="utf-8"))
    day["queryStringParameters"]["date"] = "2025-11-24"
    page = json.loads(functions.call("query", day)["body"])
    assert [entry["event"] for entry in page["entries"]] == ["rejected"]

    functions.relay.clock.time = (SIGNED_AT + 86_400) * 1_000
    exported = functions.call("export", {"daysBefore": 1})

    assert (exported["date"], exported["entries"]) == ("2025-11-24", 1)
    assert json.loads(functions.relay.day_files.files["audit-2025-11-24.jsonl"]) == page["entries"][0]
    assert "user:secret" not in functions.relay.day_files.files["audit-2025-11-24.jsonl"].decode()


def test_a_refusal_and_an_execution_of_one_id_have_two_trails(functions: Functions) -> None:
    refused = next(case for case in REFUSED if case.name == "too_deep").event
    # If a local server makes no request ids, a refusal can have an execution's id.
    del refused["requestContext"]["extendedRequestId"]
    request_id = refused["requestContext"]["requestId"]
    functions.call("validate", refused)
    accepted = next(case for case in CASES if case.name == "accepted").event
    body = json.loads(accepted["body"])
    functions.call("validate", accepted | {"body": json.dumps(body | {"executionId": request_id})})

    assert functions.relay.audit.events(request_id) == ["accepted"]
    assert functions.relay.audit.events(f"rejected#{request_id}") == ["rejected"]


def test_a_client_that_chooses_the_request_id_hides_no_refusal(functions: Functions) -> None:
    event = json.loads((EVENTS / "validate/many_faults.json").read_text(encoding="utf-8"))
    functions.relay.given_queued()
    trace_ids = []
    for made_by_api_gateway in ("JJbxnHHVIAMEjCQ=", "JJbxoE1aIAMEkfg="):
        event["requestContext"] |= {"requestId": EXECUTION_ID, "extendedRequestId": made_by_api_gateway}
        trace_ids.append(json.loads(functions.call("validate", event)["body"])["traceId"])

    assert trace_ids == ["JJbxnHHVIAMEjCQ=", "JJbxoE1aIAMEkfg="]
    for trace_id in trace_ids:
        [entry] = functions.relay.audit.entries(f"rejected#{trace_id}")
        assert (entry.event, entry.trace_id) == ("rejected", trace_id)
    assert "rejected" not in functions.relay.audit.events(EXECUTION_ID), "nothing of it in the victim's trail"


def test_a_submission_without_a_caller_is_on_record_as_nobodys(functions: Functions) -> None:
    refused = functions.call("validate", next(case for case in CASES if case.name == "no_caller").event)

    [entry] = functions.relay.audit.entries(f"rejected#{json.loads(refused['body'])['traceId']}")
    assert (entry.code, entry.actor) == ("caller_unknown", None)
    assert functions.relay.store.records == {}
