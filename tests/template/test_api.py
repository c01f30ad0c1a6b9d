"""The HTTP API: who may call what, and how API Gateway's own answers look."""

import json
import re
from typing import Any

import pytest

from tests.template.cloudformation import Template

ROUTES = {
    ("post", "/executions"): "ValidateFunction",
    ("get", "/executions"): "QueryFunction",
    ("get", "/executions/{executionId}"): "QueryFunction",
    ("get", "/executions/{executionId}/audit"): "QueryFunction",
    ("post", "/executions/{executionId}/retry"): "ValidateFunction",
    ("post", "/executions/{executionId}/resolve"): "ValidateFunction",
    ("post", "/executions/{executionId}/cancel"): "ValidateFunction",
    ("post", "/executions/{executionId}/webhook/redeliver"): "ValidateFunction",
    ("get", "/audit"): "QueryFunction",
    ("get", "/queues"): "QueryFunction",
    ("get", "/health"): "PreflightFunction",
    ("get", "/openapi.json"): "QueryFunction",
    ("get", "/docs"): "QueryFunction",
    ("get", "/console"): "QueryFunction",
    ("get", "/metrics"): "QueryFunction",
    ("post", "/webhooks/genesys"): "ReceiveWebhookFunction",
}
PROBLEM = {"type", "title", "status", "detail", "code", "traceId"}


@pytest.fixture
def definition(template: Template) -> dict[str, Any]:
    body: dict[str, Any] = template.resource("Api").properties["DefinitionBody"]
    return body


@pytest.fixture
def operations(definition: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation for path, item in definition["paths"].items() for method, operation in item.items()
    }


def test_routes_lead_to_their_functions(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert operations.keys() == ROUTES.keys()
    for route, operation in operations.items():
        integration = operation["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
        assert f"functions/${{{ROUTES[route]}Aliaslive}}/invocations" in integration["uri"]["Fn::Sub"]


def test_api_gateway_may_invoke_exactly_what_it_routes_to(template: Template) -> None:
    permitted = {
        (event["Method"], event["Path"]): function.name
        for function in template.resources("AWS::Serverless::Function")
        for event in template.event_sources(function, "Api")
    }
    assert permitted == ROUTES


def test_only_the_webhook_and_the_page_without_data_are_open(
    definition: dict[str, Any], operations: dict[tuple[str, str], dict[str, Any]]
) -> None:
    assert definition["security"] == {"Fn::If": ["UsesApiKey", [{"apiKey": []}], [{"sigv4": []}]]}
    schemes = definition["components"]["securitySchemes"]
    assert schemes["sigv4"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    assert schemes["apiKey"]["name"] == "x-api-key"
    open_routes = [route for route, operation in operations.items() if operation.get("security") == []]
    assert open_routes == [("get", "/console"), ("post", "/webhooks/genesys")]
    assert all("security" not in operation for route, operation in operations.items() if route not in open_routes)


def test_a_change_of_authorisation_alone_is_deployed(template: Template) -> None:
    assert template.resource("Api").properties["AlwaysDeploy"] is True


@pytest.mark.parametrize(
    "kind",
    [
        "DEFAULT_4XX",
        "DEFAULT_5XX",
        "MISSING_AUTHENTICATION_TOKEN",
        "ACCESS_DENIED",
        "INVALID_SIGNATURE",
        "EXPIRED_TOKEN",
        "INVALID_API_KEY",
        "THROTTLED",
        "QUOTA_EXCEEDED",
        "REQUEST_TOO_LARGE",
        "INTEGRATION_FAILURE",
        "INTEGRATION_TIMEOUT",
    ],
)
def test_api_gateways_own_answers_are_problems(definition: dict[str, Any], kind: str) -> None:
    response = definition["x-amazon-apigateway-gateway-responses"][kind]
    problem = json.loads(response["responseTemplates"]["application/json"])
    assert problem.keys() == PROBLEM
    assert problem["status"] == response["statusCode"]
    assert problem["type"] == f"urn:actionrelay:problem:{problem['code']}"
    assert problem["traceId"] == "$context.requestId"
    headers = response["responseParameters"]
    assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"


def test_access_logs_are_json_and_hold_nothing_of_what_was_sent(template: Template) -> None:
    api = template.resource("Api").properties
    fields = json.loads(api["AccessLogSetting"]["Format"]["Fn::Sub"])
    logged = {re.sub(r"[^A-Za-z.]", "", value) for value in fields.values()}
    assert not {name for name in logged if "request.body" in name or "authorizer" in name or "header" in name}
    assert [setting["DataTraceEnabled"] for setting in api["MethodSettings"]] == [False, False]
    assert [setting["LoggingLevel"] for setting in api["MethodSettings"]] == ["OFF", "OFF"]
    assert api["TracingEnabled"] is True


def test_requests_are_throttled(template: Template) -> None:
    everything, console = template.resource("Api").properties["MethodSettings"]
    assert (everything["ResourcePath"], everything["HttpMethod"]) == ("/*", "*")
    assert (console["ResourcePath"], console["HttpMethod"]) == ("/~1console", "GET")
    for setting in (everything, console):
        assert setting["ThrottlingRateLimit"] > 0
        assert setting["ThrottlingBurstLimit"] >= setting["ThrottlingRateLimit"]


def test_the_open_page_cannot_use_up_the_callers_share(template: Template) -> None:
    everything, console = template.resource("Api").properties["MethodSettings"]
    assert console["ThrottlingRateLimit"] <= everything["ThrottlingRateLimit"] / 10


def test_key_and_membership_exist_only_where_keys_are_used(template: Template) -> None:
    for name in ("ApiKey", "ApiUsagePlanKey"):
        assert template.resource(name).declared["Condition"] == "UsesApiKey"
