"""The HTTP API: who may call what, and how API Gateway's own answers look."""

import importlib
import json
import re
from typing import Any

import pytest

from actionrelay.boundary.routes import ROUTES, Access
from tests.template.cloudformation import ROOT, Template, function_folder
from tests.template.deployed import Deployed, translated

PROBLEM = {"type", "title", "status", "detail", "code", "traceId"}


AUTH = ("AWS_IAM", "API_KEY")
OPEN_A_SECOND = 60


def definitions(template: Template) -> dict[str, dict[str, Any]]:
    """Return what CloudFormation hands to API Gateway, for each way in which callers may be known."""
    document = translated(template.document)
    return {auth: Deployed(document, {"ApiAuth": auth}).properties("Api")["Body"] for auth in AUTH}


@pytest.fixture(scope="module")
def deployed(template: Template) -> dict[str, dict[str, Any]]:
    return definitions(template)


@pytest.fixture(scope="module")
def definition(deployed: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return deployed["AWS_IAM"]


def enforced(body: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    """Derive what API Gateway wants from a caller, for each operation.

    "Security needs to be defined at an operation level" (developer guide, important notes for REST APIs): `security` at
    the document's root is ignored. What a scheme means is in its own members, its name means nothing.
    """
    means: dict[str, str] = {}
    for name, scheme in body["components"]["securitySchemes"].items():
        if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
            means[name] = "signature"
        elif (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "x-api-key"):
            means[name] = "key"
    return {
        (method.upper(), path): {means[name] for wanted in operation.get("security", []) for name in wanted}
        for path, item in body["paths"].items()
        for method, operation in item.items()
    }


@pytest.mark.parametrize("auth", AUTH)
def test_api_gateway_enforces_what_the_table_of_routes_says(deployed: dict[str, dict[str, Any]], auth: str) -> None:
    wanted = {"AWS_IAM": {"signature"}, "API_KEY": {"key"}}[auth]
    expected = {(route.method, route.path): set() if route.access is Access.OPEN else wanted for route in ROUTES}
    assert enforced(deployed[auth]) == expected


def test_security_at_the_root_alone_leaves_all_open(template: Template) -> None:
    per_operation = ", security: !If [UsesApiKey, [{apiKey: []}], [{sigv4: []}]]}"
    assert template.text.count(per_operation) == sum(route.access is not Access.OPEN for route in ROUTES)
    text = template.text.replace(per_operation, "}")
    at_the_root = text.replace("        paths:\n", "        security: [{sigv4: []}]\n        paths:\n")
    for body in definitions(Template(at_the_root)).values():
        assert body["security"]
        assert not any(enforced(body).values())


def test_only_the_webhook_and_the_page_without_data_are_open() -> None:
    assert [route.operation for route in ROUTES if route.access is Access.OPEN] == [
        "getConsole",
        "receiveGenesysWebhook",
    ]


def test_operations_have_the_names_of_the_table(definition: dict[str, Any]) -> None:
    named = {
        (method.upper(), path): operation["operationId"]
        for path, item in definition["paths"].items()
        for method, operation in item.items()
    }
    assert named == {(route.method, route.path): route.operation for route in ROUTES}


def test_routes_lead_to_their_functions(template: Template, definition: dict[str, Any]) -> None:
    folders = {function.name: function_folder(function) for function in template.resources("AWS::Serverless::Function")}
    for route in ROUTES:
        integration = definition["paths"][route.path][route.method.lower()]["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
        [name] = {name for name in folders if f"functions/${{{name}Aliaslive}}/invocations" in integration["uri"]}
        assert folders[name] == route.function


def test_api_gateway_may_invoke_exactly_what_it_routes_to(template: Template) -> None:
    permitted = {
        (event["Method"].upper(), event["Path"]): function_folder(function)
        for function in template.resources("AWS::Serverless::Function")
        for event in template.event_sources(function, "Api")
    }
    assert permitted == {(route.method, route.path): route.function for route in ROUTES}


@pytest.mark.parametrize("function", sorted({route.function for route in ROUTES}))
def test_a_function_handles_its_routes_and_no_others(function: str) -> None:
    handlers = importlib.import_module(f"functions.{function}.app").HANDLERS
    assert handlers.keys() == {route.operation for route in ROUTES if route.function == function}


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
    assert problem["traceId"] == "$context.extendedRequestId", "a client may choose $context.requestId"
    headers = response["responseParameters"]
    assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"


def test_access_logs_are_json_and_hold_nothing_of_what_was_sent(template: Template) -> None:
    api = template.resource("Api").properties
    fields = json.loads(api["AccessLogSetting"]["Format"]["Fn::Sub"])
    logged = {re.sub(r"[^A-Za-z.]", "", value) for value in fields.values()}
    assert not {name for name in logged if "request.body" in name or "authorizer" in name or "header" in name}
    assert {setting["DataTraceEnabled"] for setting in api["MethodSettings"]} == {False}
    assert {setting["LoggingLevel"] for setting in api["MethodSettings"]} == {"OFF"}
    assert api["TracingEnabled"] is True


def throttles(template: Template) -> dict[tuple[str, str], tuple[int, int]]:
    """Return rate and burst by method and path, as the table of routes has them; `*` means all others."""
    return {
        (setting["HttpMethod"], setting["ResourcePath"].removeprefix("/").replace("~1", "/")): (
            setting["ThrottlingRateLimit"],
            setting["ThrottlingBurstLimit"],
        )
        for setting in template.resource("Api").properties["MethodSettings"]
    }


def test_requests_are_throttled(template: Template) -> None:
    assert ("*", "*") in throttles(template)
    for rate, burst in throttles(template).values():
        assert 0 < rate <= burst


def test_each_open_route_has_a_share_of_its_own(template: Template) -> None:
    limits = throttles(template)
    everything, _ = limits.pop(("*", "*"))
    assert limits.keys() == {(route.method, route.path) for route in ROUTES if route.access is Access.OPEN}
    assert sum(rate for rate, _ in limits.values()) <= everything / 2
    assert limits["GET", "/console"][0] <= everything / 10
    # Who sends `X-Amzn-Trace-Id` with `Sampled=1` has a trace made of each request: docs/security.md states the bound.
    assert sum(rate for rate, _ in limits.values()) <= OPEN_A_SECOND
    assert f"{OPEN_A_SECOND} times a second over all" in (ROOT / "docs/security.md").read_text(encoding="utf-8")


def test_old_versions_of_tls_are_refused(template: Template) -> None:
    api = template.resource("Api").properties
    # By their names: 1.2 and 1.3. "Only available for RestApis that use security policies that start with
    # SecurityPolicy_" (API reference, endpointAccessMode), and asked for there.
    assert api["SecurityPolicy"].startswith("SecurityPolicy_TLS13_1_2_")
    assert api["EndpointAccessMode"] == "BASIC"


KINDS_OF_KEYS = pytest.mark.parametrize(
    ("key", "plan"), [("ApiKey", "ApiUsagePlan"), ("OperatorApiKey", "OperatorUsagePlan")]
)


@KINDS_OF_KEYS
def test_key_and_membership_exist_only_where_keys_are_used(template: Template, key: str, plan: str) -> None:
    for name in (key, f"{plan}Key"):
        assert template.resource(name).declared["Condition"] == "UsesApiKey"
    membership = template.resource(f"{plan}Key").properties
    assert (membership["KeyId"], membership["UsagePlanId"]) == ({"Ref": key}, {"Ref": plan})
    assert template.resource(plan).properties["Throttle"]


@pytest.mark.parametrize("function", sorted({route.function for route in ROUTES}))
def test_functions_with_operators_routes_know_their_keys(template: Template, function: str) -> None:
    [resource] = [each for each in template.resources("AWS::Serverless::Function") if function_folder(each) == function]
    serves_operators = any(route.function == function and route.access is Access.OPERATOR for route in ROUTES)
    known = {
        auth: Deployed(template.document, {"ApiAuth": auth, "OperatorKeyIds": "second,third"})
        .properties(resource.name)["Environment"]["Variables"]
        .get("OPERATOR_KEY_IDS")
        for auth in AUTH
    }
    if serves_operators:
        assert known["AWS_IAM"] == ""
        assert known["API_KEY"] == {"Fn::Join": [",", [{"Ref": "OperatorApiKey"}, "second,third"]]}
    else:
        assert set(known.values()) == {None}


def test_an_operators_key_waits_for_nothing_that_waits_for_it(template: Template) -> None:
    key = template.resource("OperatorApiKey").declared
    assert "DependsOn" not in key
    assert "Ref" not in str(key["Properties"])
