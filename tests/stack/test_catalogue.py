"""The catalogue of a deployment: read from Genesys Cloud, and used for checks and defaults."""

import json
import uuid
from typing import Any

import pytest

from local.genesys.catalogue import action_id
from tests.stack.deployment import Deployment

GET, POST = action_id("Get order status"), action_id("Create callback")


def _key(deployment: Deployment, *, operator: bool = False) -> dict[str, str]:
    key = deployment.stack.operator_api_key if operator else deployment.stack.api_key
    assert key
    return {"x-api-key": key}


def _get(deployment: Deployment, path: str) -> Any:
    url = f"{deployment.stack.api_url}{path}"
    return deployment.http.request("GET", url, headers=_key(deployment)).json()


def _submit(deployment: Deployment, path: str = "/executions", **fields: object) -> Any:
    answer = deployment.post_unsigned(path, json.dumps(fields).encode(), _key(deployment))
    assert answer.status in {200, 202}, answer.body
    return answer.document


def _dry_run(deployment: Deployment, **fields: object) -> Any:
    return _submit(deployment, "/executions?dryRun=true", **fields)


def _is_over(deployment: Deployment, execution_id: str) -> bool:
    """Return whether an execution has ended and its worker has finished: then its result may answer another."""
    ended = _get(deployment, f"/executions/{execution_id}")["completedAt"]
    return bool(ended) and all(queue["inFlight"] == 0 for queue in _get(deployment, "/queues")["queues"])


@pytest.fixture
def catalogue(integrations: Deployment) -> Deployment:
    """The deployment with a complete catalogue, without the plain actions, since each takes a permit."""
    integrations.genesys.patch_scenario({"catalogue": {"plain": 0}})
    asked = integrations.post_unsigned("/actions/sync", b"", _key(integrations, operator=True))
    assert asked.status == 202, asked.body
    before = asked.document["checkedAt"]

    def whole() -> Any:
        listed = _get(integrations, "/actions")
        return listed["catalogue"]["complete"] and listed["catalogue"]["checkedAt"] != before

    integrations.eventually(whole)
    return integrations


def test_the_organisations_actions_are_read_and_shown(catalogue: Deployment) -> None:
    listed = _get(catalogue, "/actions?name=order")
    assert [each["name"] for each in listed["actions"]] == ["Get order status"]
    shown = _get(catalogue, f"/actions/{GET}")
    assert [(each["name"], each["required"]) for each in shown["inputs"]] == [("orderId", True), ("language", False)]
    assert shown["defaults"]["cacheResults"] == "true: the action is a GET"


def test_a_misspelled_input_is_named_and_recorded(catalogue: Deployment) -> None:
    accepted = _submit(catalogue, actionId=GET, inputs={"orderId": "1", "langage": "de"})
    [warning] = accepted["warnings"]
    assert (warning["pointer"], warning["code"]) == ("/inputs/langage", "unknown_input")
    assert "did you mean language?" in warning["detail"]
    history = _get(catalogue, f"/executions/{accepted['executionId']}/audit?verify=true")
    assert history["entries"][0]["warnings"] == [warning]
    assert history["verification"]["intact"]


def test_two_equal_posts_run_twice_and_two_equal_gets_once(catalogue: Deployment) -> None:
    """The reason for the default: a cache would answer the second callback with the first one's result."""
    order = str(uuid.uuid4())
    ran = {}
    # A worker remembers for a minute that the catalogue did not have an action: new ones do not.
    catalogue.make_cold("ValidateFunction")
    catalogue.eventually(
        lambda: _dry_run(catalogue, actionId=GET, inputs={"orderId": order}).get("cacheResults"), patience=90
    )
    for name, inputs in ((GET, {"orderId": order}), (POST, {"customerId": order, "queue": "Support"})):
        before = catalogue.genesys.counts()["runs"]["byActionId"].get(name, 0)
        for _ in range(2):
            submitted = _submit(catalogue, actionId=name, inputs=inputs)
            catalogue.eventually(lambda: _is_over(catalogue, submitted["executionId"]))  # noqa: B023 - before the next
        ran[name] = catalogue.genesys.counts()["runs"]["byActionId"].get(name, 0) - before
    assert ran == {GET: 1, POST: 2}


def test_a_dry_run_shows_what_is_learned_and_warned(catalogue: Deployment) -> None:
    dry = _dry_run(catalogue, actionId=POST, inputs={"attempts": 9})
    assert (dry["cacheResults"], dry["idempotent"], dry["timeout"]) == (False, False, 60_000)
    assert dry["defaults"]["cacheResults"] == "false: the action is a POST"
    assert {warning["pointer"] for warning in dry["warnings"]} == {
        "/inputs/customerId",
        "/inputs/queue",
        "/inputs/attempts",
    }
