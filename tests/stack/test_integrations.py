"""The published platform API: synchronous, without an idempotency key, so ambiguous attempts are not repeated.

This world also chooses API keys and the other signature scheme.
"""

import hashlib
import hmac
import json
import uuid
from typing import Any

import pytest

from actionrelay.boundary.routes import ROUTES, Access, Route
from local.api import Answer
from tests.stack.deployment import PUBLISHED_ACTION, Deployment


def _run(deployment: Deployment, **fields: object) -> dict[str, object]:
    """Submit with the API key, and follow to the end."""
    body = json.dumps(deployment.request(actionId=PUBLISHED_ACTION, **fields)).encode()
    key = {"x-api-key": _key(deployment)}
    accepted = deployment.post_unsigned("/executions", body, key)
    assert accepted.status == 202, accepted.body
    url = f"{deployment.stack.api_url}/executions/{accepted.document['executionId']}"

    def look() -> dict[str, object] | None:
        execution: dict[str, object] = deployment.http.request("GET", url, headers=key).json()
        return execution if execution["completedAt"] else None

    return deployment.eventually(look)


def _key(deployment: Deployment) -> str:
    key = deployment.stack.api_key
    assert key
    return key


def _operators_key(deployment: Deployment) -> str:
    key = deployment.stack.operator_api_key
    assert key
    return key


def test_a_published_actions_bare_answer_is_the_result(integrations: Deployment) -> None:
    done = _run(integrations, inputs={"account": "123"})

    assert done["status"] == "completed"
    assert done["result"] == {"echo": {"account": "123"}, "actionId": PUBLISHED_ACTION}
    [request] = integrations.genesys.requests(traceId=str(done["traceId"]))
    assert request["path"].endswith(f"/api/v2/integrations/actions/{PUBLISHED_ACTION}/execute")


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 504}, {"reset": "after_run"}, {"body": "truncated"}])
def test_an_ambiguous_end_without_leave_is_unknown_after_one_run(
    integrations: Deployment, fault: dict[str, object]
) -> None:
    trace_id = str(uuid.uuid4())
    integrations.genesys.script({**fault, "traceId": trace_id})

    done = _run(integrations, traceId=trace_id)

    assert (done["status"], done["attempts"]) == ("unknown", 1)
    assert done["error"]
    assert integrations.genesys.counts()["runs"]["byTraceId"].get(trace_id, 0) <= 1


def test_an_ambiguous_end_of_an_idempotent_action_is_repeated(integrations: Deployment) -> None:
    trace_id = str(uuid.uuid4())
    integrations.genesys.script({"reset": "before_run", "traceId": trace_id})

    done = _run(integrations, traceId=trace_id, idempotent=True)

    assert (done["status"], done["attempts"]) == ("completed", 2)


def test_an_answer_that_proves_no_run_is_tried_again(
    integrations: Deployment,
) -> None:
    trace_id = str(uuid.uuid4())
    integrations.genesys.script(
        {"status": 429, "retryAfter": 1, "traceId": trace_id}, {"status": 503, "retryAfter": 1, "traceId": trace_id}
    )

    done = _run(integrations, traceId=trace_id)

    assert (done["status"], done["attempts"]) == ("completed", 3)
    assert integrations.genesys.counts()["runs"]["byTraceId"][trace_id] == 1


def test_a_revoked_token_is_replaced_and_the_action_completes(
    integrations: Deployment,
) -> None:
    _run(integrations)
    integrations.genesys.revoke_tokens()

    done = _run(integrations)

    assert (done["status"], done["attempts"]) == ("completed", 2)


def test_given_no_api_key_when_the_api_is_called_then_it_refuses(integrations: Deployment) -> None:
    answer = integrations.post_unsigned("/executions", b"{}")

    assert answer.status == 403
    assert answer.media_type == "application/problem+json"


def test_a_hub_signature_is_believed_only_where_it_fits(
    integrations: Deployment,
) -> None:
    body = json.dumps({"executionId": str(uuid.uuid4()), "status": "completed"}).encode()
    key = integrations.webhook_key()
    mac = hmac.new(key, body, hashlib.sha256).hexdigest()

    fitting = integrations.post_unsigned("/webhooks/genesys", body, {"X-Hub-Signature-256": f"sha256={mac}"})
    changed = integrations.post_unsigned("/webhooks/genesys", body + b" ", {"X-Hub-Signature-256": f"sha256={mac}"})

    assert fitting.status == 404  # believed, and of an execution that nobody knows
    assert changed.status == 401


def _operate(deployment: Deployment, execution_id: object, decision: str, **document: object) -> Answer:
    path = f"/executions/{execution_id}/{decision}"
    return deployment.post_unsigned(path, json.dumps(document).encode(), {"x-api-key": _operators_key(deployment)})


FOR_OPERATORS = [route for route in ROUTES if route.access is Access.OPERATOR]


@pytest.mark.parametrize("route", FOR_OPERATORS, ids=lambda route: route.operation)
def test_an_operators_route_refuses_a_callers_key(integrations: Deployment, route: Route) -> None:
    url = integrations.stack.api_url + route.path.format_map(
        {name: str(uuid.uuid4()) for name in route.path_parameters}
    )

    refused = integrations.http.request(route.method, url, headers={"x-api-key": _key(integrations)})
    taken = integrations.http.request(route.method, url, headers={"x-api-key": _operators_key(integrations)})

    assert (refused.status, refused.json()["code"]) == (403, "operators_only")
    assert taken.json().get("code") != "operators_only"


def test_a_callers_key_decides_nothing_and_fills_no_cache(integrations: Deployment) -> None:
    execution_id = _unknown(integrations)
    path, forged = f"/executions/{execution_id}/resolve", b'{"status": "completed", "result": {"forged": true}}'

    answer = integrations.post_unsigned(path, forged, {"x-api-key": _key(integrations)})

    assert (answer.status, answer.document["code"]) == (403, "operators_only")
    resolved = _operate(integrations, execution_id, "resolve", status="failed", error="looked it up")
    assert (resolved.status, resolved.document["status"]) == (200, "failed")
    url = f"{integrations.stack.api_url}/executions/{execution_id}/audit"
    entries = integrations.http.request("GET", url, headers={"x-api-key": _key(integrations)}).json()["entries"]
    [decision] = [entry for entry in entries if entry["event"] == "resolved"]
    keys = integrations.aws("apigateway").get_api_keys(includeValues=True)["items"]
    assert decision["actor"] == next(key["id"] for key in keys if key["value"] == _operators_key(integrations))


def _unknown(deployment: Deployment) -> str:
    trace_id = str(uuid.uuid4())
    deployment.genesys.script({"status": 500, "traceId": trace_id})
    done = _run(deployment, traceId=trace_id)
    assert done["status"] == "unknown"
    return str(done["executionId"])


def test_a_resolved_unknown_is_decided_once_and_on_record(
    integrations: Deployment,
) -> None:
    execution_id = _unknown(integrations)

    faulty = _operate(integrations, execution_id, "resolve", status="perhaps", surprise=1)
    resolved = _operate(integrations, execution_id, "resolve", status="completed", result={"ok": 1}, note="seen in CRM")
    again = _operate(integrations, execution_id, "resolve", status="failed")

    assert (faulty.status, {fault["pointer"] for fault in faulty.document["errors"]}) == (422, {"/status", "/surprise"})
    assert (resolved.status, resolved.document["status"], resolved.document["result"]) == (200, "completed", {"ok": 1})
    assert (again.status, again.document["code"]) == (409, "wrong_state")


def test_an_operators_retry_runs_an_unknown_again(
    integrations: Deployment,
) -> None:
    execution_id = _unknown(integrations)

    rerun = _operate(integrations, execution_id, "retry")

    assert (rerun.status, rerun.document["status"]) == (202, "queued")
    url = f"{integrations.stack.api_url}/executions/{execution_id}"
    key = {"x-api-key": _key(integrations)}
    done = integrations.eventually(
        lambda: (found := integrations.http.request("GET", url, headers=key).json())["completedAt"] and found
    )
    assert (done["status"], done["attempts"]) == ("completed", 2)
    assert _operate(integrations, execution_id, "retry").status == 409


def test_a_cancelled_execution_never_runs(integrations: Deployment) -> None:
    trace_id = str(uuid.uuid4())
    integrations.genesys.script({"status": 429, "retryAfter": 2, "traceId": trace_id})
    request = integrations.request(actionId=PUBLISHED_ACTION, traceId=trace_id)
    key = {"x-api-key": _key(integrations)}
    integrations.post_unsigned("/executions", json.dumps(request).encode(), key)
    url = f"{integrations.stack.api_url}/executions/{request['executionId']}"
    integrations.eventually(lambda: integrations.http.request("GET", url, headers=key).json()["attempts"] == 1)

    cancelled = _operate(integrations, request["executionId"], "cancel")

    assert (cancelled.status, cancelled.document["status"]) == (200, "cancelled")
    assert _operate(integrations, request["executionId"], "cancel").status == 409
    assert _operate(integrations, uuid.uuid4(), "cancel").status == 404
    assert integrations.genesys.counts()["runs"]["byTraceId"].get(trace_id, 0) == 0


def _preflight(deployment: Deployment) -> tuple[int, dict[str, Any]]:
    """Run a preflight once the rate has recovered from earlier tests, since it takes permits too."""
    url = f"{deployment.stack.api_url}/health?deep=true"

    def look() -> tuple[int, dict[str, Any]] | None:
        deployment.forget_preflight()
        answer = deployment.http.request("GET", url, headers={"x-api-key": _key(deployment)})
        return None if b"the rate is used up" in answer.data else (answer.status, answer.json())

    return deployment.eventually(look)


def _checks(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["status"], check["detail"]) for check in document["checks"]}


def test_a_healthy_preflight_is_ok_and_runs_nothing(
    integrations: Deployment,
) -> None:
    runs = integrations.genesys.runs()

    status, document = _preflight(integrations)

    assert (status, document["status"]) == (200, "ok"), document
    assert list(_checks(document)) == [
        "credentials",
        "token",
        "api",
        "clock",
        "permission",
        "catalogue",
        "limits",
        "webhook_secret",
        "delivery_secret",
    ]
    assert "the organisation's limit 2500 a minute" in _checks(document)["limits"][1]
    assert integrations.genesys.runs() == runs


def test_a_low_or_unreadable_limit_is_a_warning(integrations: Deployment) -> None:
    client = next(iter(integrations.baseline["tokens"]["clients"]))
    integrations.genesys.patch_scenario({"limits": {"dataactions": {"requests.volume.max": 100}}})
    exceeded = _preflight(integrations)
    integrations.genesys.patch_scenario({"tokens": {"clients": {client: {"readsLimits": False}}}})
    unreadable = _preflight(integrations)

    assert (exceeded[0], exceeded[1]["status"]) == (200, "degraded")
    assert _checks(exceeded[1])["limits"] == ("warning", "RequestsPerMinute is 270, above the organisation's 100")
    assert _checks(unreadable[1])["limits"][0] == "warning"


def test_a_missing_permission_fails_the_preflight_with_advice(
    integrations: Deployment,
) -> None:
    client = next(iter(integrations.baseline["tokens"]["clients"]))
    integrations.genesys.patch_scenario({"tokens": {"clients": {client: {"permitted": False}}}})

    status, document = _preflight(integrations)

    assert (status, document["code"], document["status"]) == (503, "preflight_failed", 503)
    [failed] = [check for check in document["checks"] if check["status"] == "failed"]
    assert (failed["name"], failed["advice"]) == (
        "permission",
        "Give the OAuth client a role with Integrations > Action > Execute.",
    )


def test_a_preflight_without_an_api_key_is_refused(integrations: Deployment) -> None:
    assert integrations.http.request("GET", f"{integrations.stack.api_url}/health?deep=true").status == 403
