"""Every route of the table, on a deployed API: the callers it allows, and what is refused before a handler."""

import json
import re
import shutil
import subprocess
import uuid

import pytest

from actionrelay.boundary.routes import ROUTES, Access, Route
from local.api import Answer
from local.world.state import ROOT
from tests.stack.deployment import Deployment

FOR_CALLERS = [route for route in ROUTES if route.access is not Access.OPEN]


def _path(route: Route) -> str:
    return route.path.format_map({name: str(uuid.uuid4()) for name in route.path_parameters})


def _pointers(answer: Answer) -> list[str]:
    assert (answer.status, answer.document["code"]) == (422, "invalid_request"), answer.body
    return [fault["pointer"] for fault in answer.document["errors"]]


@pytest.mark.parametrize("route", FOR_CALLERS, ids=lambda route: route.operation)
def test_without_a_signature_no_function_is_reached(data_actions: Deployment, route: Route) -> None:
    answer = data_actions.http.request(route.method, data_actions.stack.api_url + _path(route))

    # The function has a refusal of its own, with another code: this one is API Gateway's.
    assert (answer.status, answer.json()["code"]) == (403, "missing_authentication")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_an_unknown_parameter_is_refused_everywhere(data_actions: Deployment, route: Route) -> None:
    answer = data_actions.api.call(route.method, f"{_path(route)}?dryrnu=true")

    assert "/query/dryrnu" in _pointers(answer)


@pytest.mark.parametrize("query", ["dryRun=true&dryRun=false", "dryRun=false&dryRun=true", "dryRun=true&dryRun=true"])
def test_a_parameter_that_comes_twice_runs_nothing(data_actions: Deployment, query: str) -> None:
    request = data_actions.request(executionId=str(uuid.uuid4()))

    answer = data_actions.api.call("POST", f"/executions?{query}", body=json.dumps(request).encode())

    assert _pointers(answer) == ["/query/dryRun"]
    assert data_actions.api.execution(str(request["executionId"])).status == 404


def test_a_compressed_body_is_refused_by_name(data_actions: Deployment) -> None:
    answer = data_actions.api.submit(data_actions.request(), **{"Content-Encoding": "gzip"})

    assert (answer.status, answer.document["code"]) == (415, "unsupported_media_type")
    assert "'gzip'" in answer.document["detail"]
    assert answer.headers["accept-encoding"] == "identity"


def test_a_key_that_is_no_uuid_names_one_execution(data_actions: Deployment) -> None:
    key, request = f"order-{uuid.uuid4()}", data_actions.request(executionId=None)

    first = data_actions.api.submit(request, **{"Idempotency-Key": key})
    again = data_actions.api.submit(request, **{"Idempotency-Key": key})

    assert (first.status, again.status) == (202, 200)
    assert first.document["executionId"] == again.document["executionId"]
    assert first.headers["location"] == f"/v1/executions/{first.document['executionId']}"


def test_examples_with_a_query_work_with_this_machines_curl(data_actions: Deployment) -> None:
    curl = shutil.which("curl")
    assert curl, "the documents' examples are curl's"
    examples = re.findall(r'"\$ACTIONRELAY_URL(/[^"\s]*\?[^"\s]*)"', (ROOT / "docs/api.md").read_text(encoding="utf-8"))
    assert examples
    stack = data_actions.stack
    for example in examples:
        options = ["--silent", "--output", "-", "--write-out", "\n%{http_code}", "--noproxy", "*"]
        signed = ["--aws-sigv4", f"aws:amz:{stack.region}:execute-api"]
        user = ["--user", f"{stack.access_key_id}:{stack.secret_access_key}"]
        done = subprocess.run(
            [curl, *options, *signed, *user, stack.api_url + example], capture_output=True, text=True, check=True
        )
        assert done.stdout.rpartition("\n")[2] == "200", (example, done.stdout)
