"""The packaged OpenAPI document, and whether a response matches it.

Stricter than it says: what it does not name in an answer is a fault here, while a caller is to expect new members.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

PACKAGED = Path(__file__).resolve().parents[1] / "layers/core/src/actionrelay/site/openapi.json"

DOCUMENT: dict[str, Any] = json.loads(PACKAGED.read_text(encoding="utf-8"))

REQUESTS = {
    *("ExecutionRequest", "Retry", "Resolution", "ResultWebhook", "ReportedError", "Dependencies"),
    *("WorkflowRequest", "StepRequest", "WorkflowRetry"),
}
"""The schemas of requests; all others are of responses."""


def closed() -> dict[str, Any]:
    """Return a copy of the document whose responses allow no unnamed members."""
    document = copy.deepcopy(DOCUMENT)
    for name, schema in document["components"]["schemas"].items():
        if name not in REQUESTS and "properties" in schema:
            schema["additionalProperties"] = False
    return document


_CLOSED = closed()


def routes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every operation with its method and its path."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def resolved(given: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, if there is one."""
    if "$ref" not in given:
        return given
    found: Any = DOCUMENT
    for step in given["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def violations(schema: Mapping[str, Any], value: Any) -> list[str]:
    """Return how a value violates a schema of the document."""
    errors = _validator(json.dumps(schema)).iter_errors(value)
    return [f"/{'/'.join(map(str, error.instance_path))}: {error.message}" for error in errors]


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**_CLOSED, **json.loads(schema)}, validate_formats=True)


def answer_violations(method: str, path: str, response: Mapping[str, Any]) -> list[str]:
    """Return how the response of a proxy integration violates its route's description."""
    status = str(response["statusCode"])
    answers = DOCUMENT["paths"][path][method]["responses"]
    if status not in answers:
        return [f"{method} {path} answers no {status}"]
    answer = resolved(answers[status])
    media_type = response["headers"]["Content-Type"].partition(";")[0]
    if media_type not in answer["content"]:
        return [f"{method} {path} answers {status} as no {media_type}"]
    missing = [
        f"{name} is missing"
        for name, header in answer.get("headers", {}).items()
        if resolved(header).get("required") and name not in response["headers"]
    ]
    if not media_type.endswith("json"):
        return missing
    return missing + violations(answer["content"][media_type]["schema"], json.loads(response["body"]))
