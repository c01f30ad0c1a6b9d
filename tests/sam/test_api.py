"""The API through `sam local start-api`: routes from the template, functions in containers, the world behind them."""

import json
import time
import uuid
from collections.abc import Iterator

import pytest

from actionrelay.webhooks.keys import parse_secret
from actionrelay.webhooks.signatures import StandardWebhooks
from tests.sam.local_api import LocalApi
from tests.sam.project import Project

pytestmark = pytest.mark.sam

ACTION = "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e"


@pytest.fixture(scope="module")
def api(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApi]:
    with LocalApi.serve(project, tmp_path_factory.mktemp("start-api")) as api:
        yield api


def test_health(api: LocalApi) -> None:
    answer = api.call("GET", "/health")

    assert (answer.status, answer.json()) == (200, {"status": "ok"})


def test_an_execution_is_accepted_run_and_on_record(api: LocalApi) -> None:
    execution_id = str(uuid.uuid4())

    accepted = api.submit({"actionId": ACTION, "inputs": {"order": execution_id}, "executionId": execution_id})
    ended = api.ended(execution_id)
    history = api.call("GET", f"/executions/{execution_id}/audit")

    assert accepted.status == 202, accepted.data
    assert accepted.headers["Location"] == f"/executions/{execution_id}", "SAM CLI serves without a stage"
    assert ended["status"] == "completed"
    assert history.status == 200
    assert history.json()["executionId"] == execution_id
    assert [entry["status"] for entry in history.json()["entries"]][:1] == ["queued"]
    assert [entry["status"] for entry in history.json()["entries"]][-1:] == ["completed"]


def test_a_bad_request_gets_a_problem_document(api: LocalApi) -> None:
    request = {"actionId": ACTION, "inputs": {}, "actionReferences": {"a": ["b"], "b": ["a"]}}

    answer = api.submit(request)

    assert answer.status == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [(fault["code"], fault["path"]) for fault in answer.json()["errors"]] == [("cycle", ["a", "b", "a"])]


def test_an_unsigned_webhook_is_refused(api: LocalApi) -> None:
    answer = api.call("POST", "/webhooks/genesys", b"{}")

    assert answer.status == 401
    assert answer.json()["code"] == "unauthentic_webhook"


def test_a_signed_webhook_is_taken_for_genuine(api: LocalApi, project: Project) -> None:
    body = json.dumps({"executionId": str(uuid.uuid4()), "status": "completed", "result": {}}).encode()
    secret = parse_secret(project.stack.webhook_secret)
    headers = StandardWebhooks.headers([secret], f"msg_{uuid.uuid4().hex}", int(time.time()), body)

    answer = api.call("POST", "/webhooks/genesys", body, headers)

    # Nobody has asked for this execution; only an authentic sender learns that.
    assert answer.status == 404
    assert answer.json()["code"] == "execution_not_found"
