"""The preflight of a deployment: what it finds and advises, and that it changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.api import Answer
from tests.stack.deployment import Deployment

SIGNING = {"webhook_secret": "ok", "delivery_secret": "ok"}
NAMES = ["credentials", "token", "api", "clock", "scopes", "webhook_secret", "delivery_secret"]


def _checks(answer: Answer) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in answer.document["checks"]}


def _share_a_token(deployment: Deployment) -> None:
    """Ensure that there is a valid shared token, whatever other tests did to an earlier one."""
    deployment.genesys.revoke_tokens()
    deployment.run()
    deployment.eventually(deployment.shares_a_token)


def test_a_working_deployment_passes_by_the_shared_token(
    data_actions: Deployment,
) -> None:
    _share_a_token(data_actions)
    before = data_actions.genesys.counts()

    answer = data_actions.preflight()

    assert (answer.status, answer.document["status"]) == (200, "ok"), answer.body
    assert [check["name"] for check in answer.document["checks"]] == NAMES
    assert _checks(answer)["token"]["detail"].startswith("the shared token is valid")
    after = data_actions.genesys.counts()
    assert (after["tokenRequests"], after["runs"]["total"]) == (before["tokenRequests"], before["runs"]["total"])
    assert answer.milliseconds < 10_000


def test_without_a_shared_token_one_is_asked_for_and_not_shared(
    data_actions: Deployment,
) -> None:
    data_actions.forget_token()

    answer = data_actions.preflight()

    assert answer.document["status"] == "ok", answer.body
    assert _checks(answer)["token"]["detail"].startswith("a token was granted on request")
    assert not data_actions.shares_a_token()


def test_a_missing_scope_is_503_and_named(
    data_actions: Deployment,
) -> None:
    data_actions.forget_token()
    data_actions.genesys.patch_scenario({"tokens": {"grantedScopes": ["data:action:view"]}})

    answer = data_actions.preflight()

    assert (answer.status, answer.document["code"], answer.media_type) == (
        503,
        "preflight_failed",
        "application/problem+json",
    )
    failed = _checks(answer)["scopes"]
    assert failed["status"] == "failed"
    assert "data:action:execute" in failed["detail"]
    assert failed["advice"]


def test_a_revoked_shared_token_is_a_warning(data_actions: Deployment) -> None:
    _share_a_token(data_actions)
    data_actions.genesys.revoke_tokens()

    answer = data_actions.preflight()

    assert (answer.status, answer.document["status"]) == (200, "degraded"), answer.body
    assert _checks(answer)["token"]["status"] == "warning"
    data_actions.run()  # a worker replaces it, as the advice says


def test_a_refusing_login_host_is_seen_to_be_there(
    data_actions: Deployment,
) -> None:
    data_actions.forget_token()
    data_actions.genesys.script({"on": "token", "status": 401, "times": 2})

    answer = data_actions.preflight()

    assert answer.status == 503
    statuses = {name: check["status"] for name, check in _checks(answer).items()}
    assert statuses == {
        "credentials": "ok",
        "token": "failed",
        "api": "ok",
        "clock": "ok",
        "scopes": "warning",
        **SIGNING,
    }


def test_the_plain_form_or_a_bad_value_looks_at_nothing(
    data_actions: Deployment,
) -> None:
    before = len(data_actions.genesys.requests())

    plain = data_actions.api.call("GET", "/health")
    shallow = data_actions.api.call("GET", "/health?deep=false")
    neither = data_actions.api.call("GET", "/health?deep=perhaps")

    assert (plain.document, shallow.document) == ({"status": "ok"}, {"status": "ok"})
    assert (neither.status, neither.document["code"]) == (422, "invalid_request")
    assert len(data_actions.genesys.requests()) == before


def test_an_unsigned_preflight_is_refused_by_the_gateway(data_actions: Deployment) -> None:
    answer = data_actions.http.request("GET", f"{data_actions.stack.api_url}/health?deep=true")
    assert (answer.status, answer.json()["code"]) == (403, "missing_authentication")


def test_a_hundred_looks_in_a_minute_are_one(data_actions: Deployment) -> None:
    data_actions.forget_token()
    data_actions.forget_preflight()
    data_actions.genesys.reset()
    before = len(data_actions.genesys.requests())
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: data_actions.api.call("GET", "/health?deep=true"), range(100)))
    assert {answer.status for answer in answers} == {200}
    asked = [request["path"] for request in data_actions.genesys.requests()[before:]]
    assert len([path for path in asked if path.startswith("/api/")]) <= 3
    assert asked.count("/oauth/token") <= 1
