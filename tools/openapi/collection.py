"""A collection for Postman (and for Bruno, which imports it), made from the OpenAPI document.

Format: https://schema.getpostman.com/json/collection/v2.1.0/collection.json. Every request is signed by the
collection's own variables; a route that is open has no signature.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

COLLECTION = Path(__file__).parents[2] / "examples/actionrelay.postman_collection.json"
_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_VARIABLES = {
    "url": "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1",
    "region": "eu-west-1",
    "accessKeyId": "",
    "secretAccessKey": "",
    "sessionToken": "",
}
_SIGNED = {
    "accessKey": "{{accessKeyId}}",
    "secretKey": "{{secretAccessKey}}",
    "sessionToken": "{{sessionToken}}",
    "region": "{{region}}",
    "service": "execute-api",
}


def collection_text(document: Mapping[str, Any]) -> str:
    """Return the collection of an OpenAPI document, as text."""
    folders: dict[str, list[dict[str, Any]]] = {}
    for method, path, operation in _operations(document):
        tag = next(iter(operation.get("tags", ())), "API")
        folders.setdefault(tag, []).append(_item(document, method, path, operation))
    collection = {
        "info": {"name": document["info"]["title"], "description": _first(document["info"]), "schema": _SCHEMA},
        "auth": {"type": "awsv4", "awsv4": _pairs(_SIGNED)},
        "variable": _pairs(_VARIABLES),
        "item": [{"name": tag, "item": items} for tag, items in folders.items()],
    }
    return json.dumps(collection, indent=1, ensure_ascii=False) + "\n"


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and "operationId" in operation:
                yield method.upper(), path, operation


def _item(document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [_resolved(document, each) for each in operation.get("parameters", ())]
    steps = [f":{step[1:-1]}" if step.startswith("{") else step for step in path.strip("/").split("/")]
    request: dict[str, Any] = {
        "method": method,
        "description": _first(operation),
        "url": {
            "raw": "{{url}}/" + "/".join(steps),
            "host": ["{{url}}"],
            "path": steps,
            # Disabled by default: a parameter without a value is a fault.
            "query": [_parameter(each) for each in parameters if each["in"] == "query"],
            "variable": [{"key": step[1:], "value": ""} for step in steps if step.startswith(":")],
        },
        "header": [_parameter(each) for each in parameters if each["in"] == "header"],
    }
    if operation.get("security") == []:
        request["auth"] = {"type": "noauth"}
    body = _body(document, operation)
    if body is not None:
        request["body"] = {"mode": "raw", "raw": body, "options": {"raw": {"language": "json"}}}
        request["header"].append({"key": "Content-Type", "value": "application/json"})
    return {"name": operation.get("summary") or operation["operationId"], "request": request}


def _body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> str | None:
    """Return the first example of a body; an empty object if there is none, since a body may be optional."""
    content = _resolved(document, operation.get("requestBody", {})).get("content", {}).get("application/json")
    if content is None:
        return None
    examples = [_resolved(document, each) for each in content.get("examples", {}).values()]
    return json.dumps(examples[0]["value"] if examples else {}, indent=2, ensure_ascii=False)


def _resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference within the document."""
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        part = found
    return part


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": parameter["name"], "value": "", "description": _first(parameter), "disabled": True}


def _first(part: Mapping[str, Any]) -> str:
    """Return the first paragraph of a description."""
    return str(part.get("description", "")).partition("\n\n")[0]


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value, "type": "string"} for name, value in values.items()]
