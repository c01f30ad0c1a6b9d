"""The OpenAPI document: made from the code, complete, and with examples that follow its own schemas."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from pydantic import BaseModel

from actionrelay import errors
from actionrelay.audit.document import AuditDocument
from actionrelay.audit.history import ReadHistory
from actionrelay.find.execution import ReadExecution
from actionrelay.ledger.document import ExecutionDocument
from actionrelay.operate.bodies import Acknowledgement, DecisionRequest, Resolution, Retry
from actionrelay.operate.decisions import OperateExecution
from actionrelay.preflight.preflight import RunPreflight
from actionrelay.receive.receipt import ReceiveResult
from actionrelay.receive.webhook_schema import ResultWebhook
from actionrelay.schemas import read
from actionrelay.submit.batch import BatchRequest
from actionrelay.submit.request import ExecutionRequest
from actionrelay.submit.submission import SubmitExecution
from actionrelay.workflows.request import RetryRequest, WorkflowRequest
from tests.openapi import DOCUMENT, PACKAGED, REQUESTS, resolved, routes, violations
from tests.template.cloudformation import Template
from tests.unit.docs.documents import API, ROOT
from tools.openapi.document import REGENERATE, document_text
from tools.openapi.operations import OPERATIONS
from tools.openapi.schemas import field_texts


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    template = Template((ROOT / "template.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = template.resource("Api").properties["DefinitionBody"]
    return found


def test_the_packaged_document_is_what_the_code_makes() -> None:
    assert PACKAGED.read_text(encoding="utf-8") == document_text(), f"{PACKAGED.name} is out of date: run {REGENERATE}"


def test_it_is_openapi_31() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(DOCUMENT).validate()


KEYWORDS = {
    *("$ref", "type", "enum", "const", "anyOf", "allOf", "description", "default", "format"),
    *("properties", "required", "additionalProperties", "items"),
    *("minItems", "maxItems", "minProperties", "maxProperties", "propertyNames"),
    *("minimum", "maximum", "minLength", "maxLength", "pattern"),
    *("maxItems", "minProperties", "maxProperties", "propertyNames"),
}


def _keywords(schema: Any) -> Iterator[str]:
    for keyword, value in schema.items():
        yield keyword
        if keyword == "properties":
            parts = list(value.values())
        elif keyword in {"anyOf", "allOf"}:
            parts = value
        else:
            parts = [value] if keyword in {"items", "additionalProperties"} else []
        for part in parts:
            if isinstance(part, dict):
                yield from _keywords(part)


def test_the_schemas_use_json_schemas_words_alone() -> None:
    # What pydantic can't say in JSON Schema it says in words of its own, which every validator passes over.
    assert {word for schema in DOCUMENT["components"]["schemas"].values() for word in _keywords(schema)} <= KEYWORDS


# -- Complete -----------------------------------------------------------------------------------------------------


def test_it_has_the_routes_of_the_template_and_no_other(definition: dict[str, Any]) -> None:
    served = {
        (method, path, operation["operationId"])
        for path, item in definition["paths"].items()
        for method, operation in item.items()
    }
    assert {(method, path, operation["operationId"]) for method, path, operation in routes()} == served


def test_the_routes_that_are_open_in_it_are_open_in_the_template(definition: dict[str, Any]) -> None:
    open_routes = {
        path for path, item in definition["paths"].items() for each in item.values() if each.get("security") == []
    }
    assert {path for _, path, operation in routes() if operation.get("security") == []} == open_routes
    assert {name for way in DOCUMENT["security"] for name in way} == definition["components"]["securitySchemes"].keys()


def _codes() -> dict[int, set[str]]:
    """Every code that some route answers, by status."""
    found: dict[int, set[str]] = {}
    for _, _, operation in routes():
        for status, given in operation["responses"].items():
            for media_type, content in resolved(given).get("content", {}).items():
                if media_type == "application/problem+json":
                    (said,) = [part["properties"] for part in content["schema"]["allOf"] if "properties" in part]
                    assert said["status"] == {"const": int(status)}
                    found.setdefault(int(status), set()).update(said["code"]["enum"])
    return found


def test_every_error_is_documented_under_its_status() -> None:
    families = (errors.RequestError, errors.DependencyError, errors.DeploymentError)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, families)]
    answered: list[type[errors.ActionRelayError]] = [errors.ActionRelayError, errors.StaleWriteError]
    answered += [kind for kind in kinds if kind not in families]

    assert [kind.code for kind in answered if kind.code not in _codes().get(kind.http_status, set())] == []


@pytest.mark.parametrize(
    ("operation", "use_case"),
    [
        ("submitExecution", SubmitExecution.submit),
        ("getExecution", ReadExecution.execution),
        ("getExecutionAudit", ReadHistory.history),
        ("retryExecution", OperateExecution.retry),
        ("resolveExecution", OperateExecution.resolve),
        ("cancelExecution", OperateExecution.cancel),
        ("redeliverWebhook", OperateExecution.redeliver),
        ("getHealth", RunPreflight.run),
        ("receiveGenesysWebhook", ReceiveResult.receive),
    ],
)
def test_what_a_use_case_raises_is_in_its_routes_answers(operation: str, use_case: Callable[..., Any]) -> None:
    said = set(re.findall(r"^ +(\w+Error): ", (use_case.__doc__ or "").partition("Raises:")[2], re.MULTILINE))

    assert said
    assert said - {"DependencyError"} <= {error.__name__ for error in OPERATIONS[operation].errors}


def test_every_answer_that_api_gateway_gives_by_itself_is_in_it(definition: dict[str, Any]) -> None:
    codes = _codes()
    for response in definition["x-amazon-apigateway-gateway-responses"].values():
        problem = json.loads(response["responseTemplates"]["application/json"])
        assert problem["code"] in codes[problem["status"]]


def test_no_code_is_in_it_that_the_reference_does_not_explain() -> None:
    assert {code for codes in _codes().values() for code in codes if f"`{code}`" not in API.text} == set()


@pytest.mark.parametrize("kind", [ExecutionRequest, ExecutionDocument, AuditDocument])
def test_the_text_below_a_field_is_its_description(kind: type) -> None:
    texts = field_texts(kind)

    assert texts
    schemas = DOCUMENT["components"]["schemas"].values()
    described = {field.get("description") for schema in schemas for field in schema.get("properties", {}).values()}
    assert set(texts.values()) <= described


# -- Examples -----------------------------------------------------------------------------------------------------


def _examples() -> Iterator[Any]:
    """Each example with the schema that it is beside."""
    for method, path, operation in routes():
        bodies = [("request", operation["requestBody"])] if "requestBody" in operation else []
        bodies += [(status, resolved(given)) for status, given in operation["responses"].items()]
        for kind, body in bodies:
            for content in body["content"].values():
                for name, example in content.get("examples", {}).items():
                    value = resolved(example)["value"]
                    yield pytest.param(content["schema"], value, id=f"{method} {path} {kind} {name}")
    ended = DOCUMENT["webhooks"]["executionEnded"]["post"]["requestBody"]["content"]["application/json"]
    yield pytest.param(ended["schema"], ended["examples"]["ended"]["value"], id="webhook")


@pytest.mark.parametrize(("schema", "value"), list(_examples()))
def test_an_example_fits_the_schema_beside_it(schema: dict[str, Any], value: Any) -> None:
    assert violations(schema, value) == []


def test_a_member_that_is_not_named_does_not_fit() -> None:
    (example,) = [each.values for each in _examples() if each.id == "get /executions/{executionId} 200 completed"]
    schema, value = example

    assert violations(schema, value | {"surprise": 1}) != []
    assert violations(schema, {name: member for name, member in value.items() if name != "attempts"}) != []
    assert violations(schema, value | {"status": "done"}) != []


def test_the_examples_of_requests_are_read() -> None:
    models: dict[str, type[BaseModel]] = {
        "submitBatch": BatchRequest,
        "submitExecution": ExecutionRequest,
        "retryExecution": Retry,
        "acknowledgeExecution": Acknowledgement,
        "resolveExecution": Resolution,
        "decideAboutMany": DecisionRequest,
        "receiveGenesysWebhook": ResultWebhook,
        "submitWorkflow": WorkflowRequest,
        "retryWorkflow": RetryRequest,
    }
    for _, _, operation in routes():
        if "requestBody" in operation:
            model = models[operation["operationId"]]
            for example in operation["requestBody"]["content"]["application/json"]["examples"].values():
                assert isinstance(read(model, example["value"]), model)


def test_what_comes_in_is_named_as_such() -> None:
    assert DOCUMENT["components"]["schemas"].keys() >= REQUESTS
