"""Puts the OpenAPI document together and keeps the packaged file."""

import json
from pathlib import Path
from typing import Any

import actionrelay
from actionrelay.boundary.routes import ROUTES, Access, Route
from actionrelay.cursors import CURSOR_FORM
from actionrelay.find.filters import ERROR_CODE_FORM, ID_PART_FORM
from actionrelay.ids import ACTION_ID_FORM
from actionrelay.ledger.execution import Status, WebhookStatus
from actionrelay.pages import DEFAULT_LIMIT, MAX_LIMIT, MOMENT_FORM, several_form
from actionrelay.submit.idempotency import KEY_FORM
from actionrelay.workflows.run import WorkflowStatus
from tools.openapi import examples
from tools.openapi.operations import OPERATIONS, TAGS, Operation, Success
from tools.openapi.problems import ProblemResponses
from tools.openapi.schemas import components
from tools.openapi.template import ApiTemplate

PACKAGED = Path(actionrelay.__file__).parent / "site" / "openapi.json"
REGENERATE = "make openapi"

_MOMENT = "A date (midnight UTC), or a time with its UTC offset, in ISO 8601."
_FLAG = {"type": "boolean", "default": False}
_INFO = {
    "title": "actionrelay",
    "summary": "Runs Genesys Cloud Data Actions for other systems, without losing one or running one twice.",
    "description": "Bodies are unambiguous JSON in UTF-8, whatever `Content-Type` says: no key twice in an object, no "
    "`NaN`, no `Infinity`. Every error is `application/problem+json` (RFC 9457). Rules that a schema can't express "
    "(depth of `inputs`, cycles in `actionReferences`, the address behind `webhookUrl`) are 422, too.",
    "license": {"name": "MIT", "identifier": "MIT"},
}
_SERVER = {
    "url": "https://{apiId}.execute-api.{region}.amazonaws.com/v1",
    "description": "The stack's output `ApiUrl`",
    "variables": {"apiId": {"default": "a1b2c3d4e5"}, "region": {"default": "eu-west-1"}},
}
_SECURITY_SCHEMES = {
    "sigv4": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "AWS Signature Version 4 for the service `execute-api` (`ApiAuth=AWS_IAM`).",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "A key with a usage plan (`ApiAuth=API_KEY`). Decisions need an operator's.",
    },
}
_HEADERS = {
    "Location": ("The execution's path, stage included.", {"type": "string"}),
    "X-Trace-Id": ("The execution's `traceId`.", {"type": "string"}),
    "Preference-Applied": (
        "`wait=` and the seconds, if the caller preferred to wait and the execution has ended.",
        {"type": "string", "pattern": "^wait=[0-9]+$"},
    ),
    "Retry-After": ("When to try again, in seconds.", {"type": "string", "pattern": "^[0-9]+$"}),
    "Content-Security-Policy": ("Only the page's own style sheet and script.", {"type": "string"}),
    "X-Content-Type-Options": ("`nosniff`.", {"type": "string"}),
    "Referrer-Policy": ("`no-referrer`.", {"type": "string"}),
}
_REQUIRED = {"getAuditDay.date", "host"}
"""Required parameters, besides those in paths."""
_PARAMETERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "executionId": ("path", "A UUID, in any case.", {"$ref": "#/components/schemas/Uuid"}),
    "decisionId": ("path", "A UUID, in any case.", {"$ref": "#/components/schemas/Uuid"}),
    "workflowId": ("path", "A UUID, in any case.", {"$ref": "#/components/schemas/Uuid"}),
    "listWorkflows.status": (
        "query",
        "One or more, separated by commas.",
        {"type": "string", "pattern": f"^({several_form(WorkflowStatus)})$"},
    ),
    "listWorkflows.limit": (
        "query",
        "The most workflows on a page.",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    "wait": (
        "query",
        "Answer when it has ended, or after this many seconds; at once if `MaxWaiting` others wait.",
        {"type": "integer", "minimum": 1, "maximum": 20},
    ),
    "Prefer": (
        "header",
        "`wait=` and 1 to 20 seconds: answer when it has ended, or after that (RFC 7240). Others are ignored.",
        {"type": "string"},
    ),
    "dryRun": ("query", "Validate the request and change nothing.", _FLAG),
    "verify": ("query", "Verify the chain.", _FLAG),
    "getAuditDay.date": ("query", "The day, in UTC.", {"type": "string", "format": "date"}),
    "getAuditDay.limit": (
        "query",
        "The most entries on a page; an execution with more has a page to itself.",
        {"type": "integer", "minimum": 1, "maximum": 1000, "default": 200},
    ),
    "getAuditDay.next": ("query", "The `next` of the previous page.", {"type": "string"}),
    "getMetrics.from": ("query", "The first day, in UTC.", {"type": "string", "format": "date"}),
    "getMetrics.to": ("query", "The last day, included.", {"type": "string", "format": "date"}),
    "getMetrics.next": (
        "query",
        "The `next` of an earlier response: the following `actions`.",
        {"type": "string", "pattern": f"^{ACTION_ID_FORM}$"},
    ),
    "getMetrics.actionId": ("query", "Only this action.", {"type": "string", "pattern": f"^{ACTION_ID_FORM}$"}),
    "getAction.actionId": ("path", "The action's id.", {"type": "string", "pattern": f"^{ACTION_ID_FORM}$"}),
    "name": ("query", "Part of the name, in any case.", {"type": "string"}),
    "category": ("query", "The category, in any case.", {"type": "string"}),
    "host": ("query", "Only the host of a webhook URL.", {"type": "string", "maxLength": 255}),
    "deep": ("query", "Check whether actions can be executed.", _FLAG),
    "status": (
        "query",
        "One or more, separated by commas.",
        {"type": "string", "pattern": f"^({several_form(Status)})$"},
    ),
    "actionId": ("query", "Only this action.", {"type": "string", "pattern": f"^{ACTION_ID_FORM}$"}),
    "from": ("query", f"Accepted then or later. {_MOMENT}", {"type": "string", "pattern": f"^{MOMENT_FORM}$"}),
    "to": ("query", f"Accepted before. {_MOMENT}", {"type": "string", "pattern": f"^{MOMENT_FORM}$"}),
    "traceId": ("query", "The trace id, in any case.", {"$ref": "#/components/schemas/Uuid"}),
    "webhookStatus": (
        "query",
        "The status of the caller's webhook: one or more, separated by commas; `failed` is given up.",
        {"type": "string", "pattern": f"^({several_form(WebhookStatus)})$"},
    ),
    "errorCode": (
        "query",
        "The error code, among `failed` and `unknown` ones unless `status` says otherwise.",
        {"type": "string", "pattern": f"^{ERROR_CODE_FORM}$"},
    ),
    "id": (
        "query",
        "Part of the execution id or trace id, in any case.",
        {"type": "string", "pattern": f"^{ID_PART_FORM}$"},
    ),
    "limit": (
        "query",
        "The most executions on a page.",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    "next": ("query", "The `next` of the previous page.", {"type": "string", "pattern": f"^{CURSOR_FORM}$"}),
    "Idempotency-Key": (
        "header",
        "A UUID is the `executionId`; any other key becomes one, the UUIDv5 of caller and key. May be quoted.",
        {"type": "string", "pattern": f'^({KEY_FORM}|"{KEY_FORM}")$'},
    ),
    "webhook-id": ("header", "`standard-webhooks`: the same on every try.", {"type": "string"}),
    "webhook-timestamp": ("header", "`standard-webhooks`: epoch seconds, at most 5 minutes off.", {"type": "string"}),
    "webhook-signature": (
        "header",
        "`standard-webhooks`: one or more `v1,<base64>` of HMAC-SHA256 over `id.timestamp.body`, separated by spaces.",
        {"type": "string"},
    ),
    "X-Hub-Signature-256": (
        "header",
        "`x-hub-signature-256`: `sha256=` and HMAC-SHA256 over the body, in hex or base64.",
        {"type": "string"},
    ),
}


def build() -> dict[str, Any]:
    """Return the document.

    Raises:
        LookupError: a route is not described, or a description has no route.
    """
    operations = {route.operation for route in ROUTES}
    if unlike := operations ^ OPERATIONS.keys():
        raise LookupError(f"boundary/routes.py and tools/openapi/operations.py differ in {', '.join(sorted(unlike))}")
    problems = ProblemResponses(tuple(ApiTemplate().gateway_answers()))
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        operation = OPERATIONS[route.operation]
        documented = _operation(route, operation)
        documented["responses"] |= problems.of(route, operation)
        paths.setdefault(route.path, {})[route.method.lower()] = documented
    return {
        "openapi": "3.1.0",
        "info": {**_INFO, "version": "v1"},
        "servers": [_SERVER],
        "security": [{name: []} for name in _SECURITY_SCHEMES],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "webhooks": {"executionEnded": {"post": _ended()}},
        "components": {
            "securitySchemes": _SECURITY_SCHEMES,
            "headers": {name: {"description": text, "schema": schema} for name, (text, schema) in _HEADERS.items()},
            "parameters": {
                name: {
                    # What is before the dot separates parameters of one name.
                    "name": name.rpartition(".")[2],
                    "in": place,
                    "required": place == "path" or name in _REQUIRED,
                    "description": text,
                    "schema": schema,
                }
                for name, (place, text, schema) in _PARAMETERS.items()
            },
            "responses": problems.shared(),
            "examples": problems.examples(),
            "schemas": components(),
        },
    }


def document_text() -> str:
    """Return the expected content of the packaged file."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


def _operation(route: Route, operation: Operation) -> dict[str, Any]:
    documented: dict[str, Any] = {
        "operationId": route.operation,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
    }
    if route.access is Access.OPEN:
        documented["security"] = []
    if parameters := (*route.path_parameters, *route.query, *route.headers, *route.proof):
        documented["parameters"] = [
            {"$ref": f"#/components/parameters/{_parameter(route, name)}"} for name in parameters
        ]
    if operation.body:
        content = _content("application/json", {"$ref": _schema(operation.body)}, operation.body_examples)
        documented["requestBody"] = {"required": operation.body_required, "content": content}
    documented["responses"] = {str(status): _success(answer) for status, answer in operation.answers.items()}
    return documented


def _parameter(route: Route, name: str) -> str:
    """Return the name of a parameter's component; with its operation, if routes use the name differently."""
    own = f"{route.operation}.{name}"
    return own if own in _PARAMETERS else name


def _success(answer: Success) -> dict[str, Any]:
    match [{"$ref": _schema(name)} for name in answer.schemas]:
        case []:
            schema: dict[str, Any] = {"type": "string" if answer.media_type == "text/html" else "object"}
        case [one]:
            schema = one
        case several:
            schema = {"anyOf": several}
    headers: dict[str, Any] = {name: {"$ref": f"#/components/headers/{name}"} for name in answer.optional_headers}
    headers |= {name: _always(name) for name in answer.headers}
    response: dict[str, Any] = {"description": answer.description}
    if headers:
        response["headers"] = headers
    return response | {"content": _content(answer.media_type, schema, answer.examples)}


def _always(header: str) -> dict[str, Any]:
    text, schema = _HEADERS[header]
    return {"description": text, "required": True, "schema": schema}


def _content(media_type: str, schema: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if shown:
        content["examples"] = {name: {"value": value} for name, value in shown.items()}
    return {media_type: content}


def _schema(name: str) -> str:
    return f"#/components/schemas/{name}"


def _ended() -> dict[str, Any]:
    """The request that the caller's own webhook gets."""
    signed = {
        "webhook-id": "The execution's id and the time of its outcome, the same on every try.",
        "webhook-timestamp": "Epoch seconds of this try.",
        "webhook-signature": "`v1,<base64>`, one for each secret in `DeliverySecretName`, separated by spaces.",
        "X-Trace-Id": "The execution's `traceId`.",
    }
    return {
        "summary": "An execution has ended",
        "description": "Sent to the execution's `webhookUrl`, signed the Standard Webhooks way. Tried again for about "
        "three days unless the answer is 2xx or 410.",
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
            for name, text in signed.items()
        ],
        "requestBody": {
            "required": True,
            "content": _content("application/json", {"$ref": _schema("ExecutionEnded")}, {"ended": examples.ended()}),
        },
        "responses": {
            "2XX": {"description": "Delivered."},
            "410": {"description": "Refused; no further try."},
            "default": {"description": "Tried again; `Retry-After` is a floor."},
        },
    }
