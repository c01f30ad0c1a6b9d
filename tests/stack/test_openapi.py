"""The running API against its OpenAPI document: what the document allows is taken, what it forbids is refused, and no
answer is outside it.

Schemathesis makes the requests: first the borders of every schema, one by one, then whatever fits or breaks them, from
a fixed seed. Each request is signed the way its route wants it, over the bytes that go out.
"""

import re
import uuid
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, Protocol

import pytest
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.openapi import DOCUMENT, closed, routes
from tests.stack.deployment import Deployment

EXAMPLES = 10
"""Random requests of each kind for each route."""
SEED = 20_261_123
BEYOND_SCHEMAS = {"depth", "cycle", "webhook_url", "moment", "cursor", "unknown_step", "expression", "too_many"}
"""Rules that a schema can't express; the document's texts have them."""
BEYOND_PARAMETERS = {"/query/next", "/query/to", "/filter", "/resolution"}
"""Parameters whose schemas can't express every rule: a cursor from an earlier response, a day not before another."""
RANDOM = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a failure is reported as it was found: to shrink it takes minutes of requests
    suppress_health_check=list(HealthCheck),
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
ROUTES = [f"{method.upper()} {path}" for method, path, _ in routes()]
BREAKABLE = [f"{method.upper()} {path}" for method, path, it in routes() if {"parameters", "requestBody"} & it.keys()]
"""Routes with a request to get wrong."""
OF_ONE = [route for route in ROUTES if "{executionId}" in route]


type AnyCase = Case[Any]
type Ask = Callable[[AnyCase], Response]


class Prepared(Protocol):
    """A request that is about to be sent."""

    method: str
    url: str
    body: bytes | str | None
    headers: MutableMapping[str, str]


@pytest.fixture(scope="module")
def api(data_actions: Deployment) -> OpenApiSchema:
    """The document for this deployment's contract, closed: an unknown member in a response is a fault."""
    document = closed()
    schemas = document["components"]["schemas"]
    fields = schemas["ExecutionRequest"]["properties"]
    fields["actionId"] = schemas["Uuid"]
    _, hook = data_actions.hook()
    fields["webhookUrl"] = {"enum": [hook, None]}  # any other name would be looked up outside this machine
    schemas["StepRequest"]["properties"]["actionId"] = fields["actionId"]
    schemas["WorkflowRequest"]["properties"]["webhookUrl"] = fields["webhookUrl"]
    document["servers"] = [{"url": data_actions.stack.api_url}]
    schema = schemathesis.openapi.from_dict(document)
    schema.config.generation.update(with_security_parameters=False)
    return schema


@pytest.fixture(scope="module")
def signed(data_actions: Deployment) -> Callable[[Prepared], Prepared]:
    """Signs a request for the API, or as a webhook of Genesys Cloud."""
    stack = data_actions.stack
    signer = SigV4Auth(Credentials(stack.access_key_id, stack.secret_access_key), "execute-api", stack.region)

    def sign(request: Prepared) -> Prepared:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        if request.url.endswith("/webhooks/genesys"):
            request.headers.update(data_actions.signature(body))
            return request
        request.url = request.url.replace("+", "%20")  # a signature knows one form of a space
        bare = AWSRequest(request.method, request.url, data=body)
        signer.add_auth(bare)
        request.headers.update(dict(bare.headers.items()))
        return request

    return sign


@pytest.fixture
def ask(data_actions: Deployment, signed: Callable[[Prepared], Prepared]) -> Iterator[Ask]:
    """Sends a case and compares the response with the document; accepted executions end before the next test."""
    accepted: list[str] = []

    def send(case: AnyCase) -> Response:
        response = case.call(base_url=data_actions.stack.api_url, auth=signed, timeout=30)
        case.validate_response(response, checks=CHECKS)
        if response.status_code == 202 and "executionId" in response.json():  # no decision about many
            accepted.append(response.json()["executionId"])
        return response

    yield send
    for execution_id in accepted:
        data_actions.ended(execution_id, patience=120)


def _operation(api: OpenApiSchema, route: str) -> APIOperation[Any, Any, Any, Any]:
    method, _, path = route.partition(" ")
    return api[path][method]


def _assert_taken(response: Response) -> None:
    """Valid data may only be refused for the current state, or for a rule that no schema can express."""
    if response.status_code in {400, 413, 422}:
        faults = response.json().get("errors", [])
        assert faults, response.json()
        # A filter's values are texts to its schema, and the list's parameters to its rules.
        said = [fault for fault in faults if not fault["pointer"].startswith("/filter/")]
        codes = {fault["code"] for fault in said if fault["pointer"] not in BEYOND_PARAMETERS}
        assert codes <= BEYOND_SCHEMAS, faults


def _without_two_ids(case: AnyCase) -> AnyCase:
    """The header and the field must be equal, which no schema can express."""
    if isinstance(case.body, dict) and case.body.get("executionId") is not None:
        case.headers.pop("Idempotency-Key", None)
    return case


@pytest.mark.parametrize("route", ROUTES)
def test_every_limit_of_the_document_is_kept(api: OpenApiSchema, ask: Ask, route: str) -> None:
    operation = _operation(api, route)
    generation = api.config.generation_for(operation=operation)
    tried = 0
    for mode in GenerationMode:
        for case in api.iter_coverage_cases(operation, generation_modes=[mode], generation_config=generation):
            response = ask(_without_two_ids(case) if mode.is_positive else case)
            if mode.is_positive:
                _assert_taken(response)
            tried += 1
    assert tried


@pytest.mark.parametrize("route", ROUTES)
def test_what_the_document_allows_is_accepted(api: OpenApiSchema, ask: Ask, route: str) -> None:
    @seed(SEED)
    @RANDOM
    @given(_operation(api, route).as_strategy(generation_mode=GenerationMode.POSITIVE))
    def run(case: AnyCase) -> None:
        _assert_taken(ask(_without_two_ids(case)))

    run()


@pytest.mark.parametrize("route", BREAKABLE)
def test_what_the_document_forbids_is_refused(api: OpenApiSchema, ask: Ask, route: str) -> None:
    @seed(SEED)
    @RANDOM
    @given(_operation(api, route).as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def run(case: AnyCase) -> None:
        ask(case)

    run()


def _completed(deployment: Deployment) -> str:
    _, url = deployment.hook()
    execution_id = str(deployment.run(webhookUrl=url)["executionId"])
    deployment.when(execution_id, lambda execution: execution["webhookStatus"] == "delivered")
    return execution_id


def _failed(deployment: Deployment) -> str:
    request = deployment.request()
    deployment.genesys.script({"status": 400, "dialect": "legacy", "executionId": request["executionId"]})
    deployment.api.submit(request)
    return str(deployment.ended(request["executionId"])["executionId"])


def _waiting(deployment: Deployment) -> str:
    request = deployment.request()
    deployment.genesys.script({"status": 429, "retryAfter": 3, "executionId": request["executionId"]})
    deployment.api.submit(request)
    deployment.when(request["executionId"], lambda execution: execution["attempts"] == 1)
    return str(request["executionId"])


def _awaiting(deployment: Deployment) -> str:
    deployment.genesys.patch_scenario({"callbacks": {"when": "never"}})
    execution_id = str(deployment.submit().document["executionId"])
    deployment.when(execution_id, lambda execution: execution["status"] == "awaiting_webhook")
    return execution_id


@pytest.mark.parametrize(
    ("brought", "succeed"),
    [
        (_completed, {"POST /executions/{executionId}/webhook/redeliver"}),
        (_failed, {"POST /executions/{executionId}/retry"}),
        (_waiting, {"POST /executions/{executionId}/cancel"}),
        (_awaiting, set[str]()),
    ],
)
def test_every_route_answers_as_documented_in_every_state(
    data_actions: Deployment,
    api: OpenApiSchema,
    ask: Ask,
    brought: Callable[[Deployment], str],
    succeed: set[str],
) -> None:
    execution_id = brought(data_actions)
    body = DOCUMENT["paths"]["/executions/{executionId}/resolve"]["post"]["requestBody"]["content"]
    resolution = body["application/json"]["examples"]["completed"]["value"]

    done = set()
    for route in OF_ONE:
        operation = _operation(api, route)
        sent = {"body": resolution, "media_type": "application/json"} if route.endswith("/resolve") else {}
        case = operation.Case(path_parameters={"executionId": execution_id}, **sent)
        if ask(case).status_code < 300:
            done.add(route)

    assert done >= succeed | {"GET /executions/{executionId}", "GET /executions/{executionId}/audit"}


@pytest.mark.parametrize("route", ROUTES)
def test_a_call_without_credentials_is_answered_as_documented(
    data_actions: Deployment, api: OpenApiSchema, route: str
) -> None:
    operation = _operation(api, route)
    parameters = {name: str(uuid.uuid4()) for name in re.findall(r"{(\w+)}", route)}
    case = operation.Case(path_parameters=parameters, body={}, media_type="application/json")

    response = case.call(base_url=data_actions.stack.api_url, timeout=30)

    case.validate_response(response, checks=CHECKS[:-1])
    open_at_the_gateway = {"POST /webhooks/genesys": 401, "GET /console": 200}
    assert response.status_code == open_at_the_gateway.get(route, 403)


def test_the_deployed_description_is_the_packaged_one(data_actions: Deployment) -> None:
    assert data_actions.api.call("GET", "/openapi.json").document == DOCUMENT

    page = data_actions.api.call("GET", "/docs")

    assert page.media_type == "text/html"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
