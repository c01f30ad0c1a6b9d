"""Each route with a body reports faults of its query, its headers and its body in one answer."""

import json
from typing import Any

import pytest

from actionrelay.boundary.routes import ROUTES, Route
from tests.fakes.relay import EXECUTION_ID
from tests.functional.conftest import APPS, Functions
from tools.openapi.operations import OPERATIONS

WITH_BODY = [route for route in ROUTES if OPERATIONS[route.operation].body and not route.proof]
OPERATOR = {"userArn": "arn:aws:iam::123456789012:user/operator"}


def refused(functions: Functions, route: Route, body: str, headers: dict[str, list[str]] | None = None) -> set[str]:
    """Send a request with an unknown parameter; return the pointers of the faults in the answer."""
    answered = functions.call(
        route.function,
        {
            "httpMethod": route.method,
            "resource": route.path,
            "pathParameters": dict.fromkeys(route.path_parameters, EXECUTION_ID),
            "queryStringParameters": {"surprise": "1"},
            "multiValueHeaders": {"Content-Type": ["application/json"], **(headers or {})},
            "requestContext": {"extendedRequestId": "JJbxnHHVIAMEjCQ=", "identity": OPERATOR},
            "body": body,
        },
    )
    assert answered["statusCode"] == 422
    problem: dict[str, Any] = json.loads(answered["body"])
    return {fault["pointer"] for fault in problem["errors"]}


def test_the_routes_with_a_body_are_those_that_check_one() -> None:
    assert {route.operation for route in WITH_BODY} == {
        *("submitExecution", "submitBatch", "submitWorkflow", "decideAboutMany"),
        *("retryExecution", "resolveExecution", "acknowledgeExecution", "retryWorkflow"),
    }
    for route in WITH_BODY:
        assert route.operation in APPS[route.function].CHECKS


@pytest.mark.parametrize("route", WITH_BODY, ids=lambda route: route.operation)
def test_query_and_body_are_reported_together(functions: Functions, route: Route) -> None:
    functions.relay.given_queued()
    before = functions.relay.record
    assert refused(functions, route, '{"unknown/field": 1}') >= {"/query/surprise", "/unknown~1field"}
    assert refused(functions, route, "[]") >= {"/query/surprise", ""}
    assert functions.relay.record == before
    assert functions.relay.queue.sent == []


@pytest.mark.parametrize("route", WITH_BODY, ids=lambda route: route.operation)
def test_headers_and_body_are_reported_together(functions: Functions, route: Route) -> None:
    found = refused(functions, route, '{"unknown": 1}', {"Content-Type": ["text/plain", "text/plain"]})
    assert found >= {"/query/surprise", "/header/Content-Type", "/unknown"}


@pytest.mark.parametrize("body", ["[]", "7", '"x"', "null", "{}"])
def test_a_bad_key_is_reported_whatever_the_body_is(functions: Functions, body: str) -> None:
    route = next(route for route in ROUTES if route.operation == "submitExecution")
    found = refused(functions, route, body, {"Idempotency-Key": ["ü"]})
    assert found > {"/query/surprise", "/header/Idempotency-Key"}
