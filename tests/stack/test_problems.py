"""Refused requests: callers get a problem document with every fault, and nothing changes."""

import json
import uuid

import pytest

from local.api import Answer
from tests.stack.deployment import Deployment


def assert_problem(answer: Answer, status: int, code: str) -> None:
    assert answer.status == status, answer.body
    assert answer.media_type == "application/problem+json"
    assert answer.document["status"] == status
    assert answer.document["code"] == code
    assert {"type", "title", "detail", "traceId"} <= answer.document.keys()


def test_all_faults_are_reported_together_with_pointers(
    data_actions: Deployment,
) -> None:
    answer = data_actions.api.submit(
        {
            "actionId": "custom",
            "inputs": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
            "timeout": 0,
            "executionId": "exec-2024-001",
            "actionReferences": {"a": ["b"], "b": ["a"]},
            "webhookUrl": "not a url",
            "surprise": 1,
        }
    )

    assert_problem(answer, 422, "invalid_request")
    faults = {(fault["pointer"], fault["code"]) for fault in answer.document["errors"]}
    assert faults == {
        ("/actionId", "schema"),
        ("/inputs/a/b/c/d/e/f", "depth"),
        ("/timeout", "schema"),
        ("/executionId", "schema"),
        ("/actionReferences/a", "cycle"),
        ("/webhookUrl", "webhook_url"),
        ("/surprise", "schema"),
    }
    [cycle] = [fault for fault in answer.document["errors"] if fault["code"] == "cycle"]
    assert cycle["path"] == ["a", "b", "a"]


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff", b'"\\ud800"'])
def test_a_body_without_one_meaning_is_malformed(data_actions: Deployment, body: bytes) -> None:
    answer = data_actions.api.call("POST", "/executions", body=body)

    assert_problem(answer, 400, "malformed_json")


def test_one_byte_over_the_largest_body_is_too_large(data_actions: Deployment) -> None:
    request = data_actions.request()
    room = 512_000 - len(json.dumps({**request, "inputs": {"text": ""}}).encode())
    largest = json.dumps({**request, "inputs": {"text": "x" * room}}).encode()

    accepted = data_actions.api.call("POST", "/executions", body=largest)
    refused = data_actions.api.call("POST", "/executions", body=largest + b" ")

    assert accepted.status == 202
    assert_problem(refused, 413, "payload_too_large")


def test_a_valid_dry_run_is_normalised_and_not_recorded(
    data_actions: Deployment,
) -> None:
    execution_id = str(uuid.uuid4())
    body = json.dumps(data_actions.request(executionId=execution_id.upper())).encode()

    answer = data_actions.api.call("POST", "/executions?dryRun=true", body=body)

    assert answer.status == 200
    assert (answer.document["executionId"], answer.document["timeout"]) == (execution_id, 60_000)
    assert data_actions.api.execution(execution_id).status == 404


def test_an_unsigned_call_is_refused_with_a_problem(
    data_actions: Deployment,
) -> None:
    answer = data_actions.post_unsigned("/executions", b"{}")

    assert answer.status == 403
    assert answer.media_type == "application/problem+json"


def test_an_unused_id_is_not_found(data_actions: Deployment) -> None:
    for path in ("/executions/{}", "/executions/{}/audit"):
        assert_problem(data_actions.api.call("GET", path.format(uuid.uuid4())), 404, "execution_not_found")


def test_a_wrong_signature_is_401_and_changes_nothing(
    data_actions: Deployment,
) -> None:
    data_actions.genesys.patch_scenario({"callbacks": {"when": "never"}})
    execution_id = data_actions.submit().document["executionId"]
    result = {"executionId": execution_id, "status": "completed", "result": {}}

    refused = [
        data_actions.report(result, webhook_signature="v1,AAAA"),
        data_actions.report(result, webhook_timestamp="1"),
        data_actions.report(result, webhook_id="another"),
        data_actions.post_unsigned("/webhooks/genesys", json.dumps(result).encode()),
    ]

    for answer in refused:
        assert_problem(answer, 401, "unauthentic_webhook")
    assert data_actions.api.execution(execution_id).document["status"] != "completed"


def test_an_outcome_survives_repeats_and_contradictions(data_actions: Deployment) -> None:
    data_actions.genesys.patch_scenario({"callbacks": {"when": "never"}})
    execution_id = data_actions.submit().document["executionId"]
    data_actions.when(execution_id, lambda execution: execution["status"] == "awaiting_webhook")
    result = {"executionId": execution_id, "status": "completed", "result": {"total": 1}}

    first = data_actions.report(result)
    repeat = data_actions.report(result)
    contradiction = data_actions.report({**result, "result": {"total": 2}})

    assert (first.status, repeat.status) == (200, 200)
    assert_problem(contradiction, 409, "outcome_conflict")
    assert data_actions.api.execution(execution_id).document["result"] == {"total": 1}
    assert [entry["event"] for entry in data_actions.history(execution_id)][-1] == "webhook_conflict"


def test_a_signed_webhook_without_a_known_result_says_so(data_actions: Deployment) -> None:
    unknown = {"executionId": str(uuid.uuid4()), "status": "completed", "result": {}}

    assert_problem(data_actions.report(unknown), 404, "execution_not_found")
    assert_problem(data_actions.report({**unknown, "status": "perhaps"}), 422, "invalid_request")
    assert_problem(data_actions.report(b"not json"), 422, "invalid_request")
