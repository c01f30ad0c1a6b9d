"""Steps: refused requests. Each gets a reason and changes nothing."""

from http import HTTPStatus
from typing import Any

from local.api import ApiClient
from local.demo import example
from local.demo.expectations import expect, expect_status
from local.demo.showing import Show


def cycle(api: ApiClient, show: Show, request: dict[str, Any]) -> None:
    """Send references that depend on each other in a cycle."""
    show.request("POST", "/v1/executions  with two references that need each other")
    show.json({"actionReferences": example.CYCLE})
    answer = api.submit({**request, "actionReferences": example.CYCLE})
    expect_status(answer, HTTPStatus.UNPROCESSABLE_ENTITY)
    errors = answer.document["errors"]
    show.answer(answer, {"code": answer.document["code"], "errors": errors})
    expect("codes and paths", wanted=[("cycle", example.CYCLE_PATH)], came=[(e["code"], e["path"]) for e in errors])
    show.seen("the cycle is refused, with its path")


def oversized(api: ApiClient, show: Show, request: dict[str, Any]) -> None:
    """Send more bytes than allowed."""
    show.request("POST", "/v1/executions  with 600 KB of inputs")
    answer = api.submit({**request, "inputs": example.OVERSIZED_INPUTS})
    expect_status(answer, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    problem = answer.document
    show.answer(answer, {name: problem[name] for name in ("title", "detail", "code")})
    expect("the problem's code", wanted="payload_too_large", came=problem["code"])
    show.seen("the body is refused for its size, before it is parsed")


def several_faults(api: ApiClient, show: Show, request: dict[str, Any]) -> None:
    """Send two faults at once: inputs that are too deep, and an unknown field."""
    show.request("POST", "/v1/executions  with two faults")
    show.json({"inputs": example.DEEP_INPUTS, "priority": "high"})
    answer = api.submit({**request, "inputs": example.DEEP_INPUTS, "priority": "high"})
    expect_status(answer, HTTPStatus.UNPROCESSABLE_ENTITY)
    errors = answer.document["errors"]
    show.answer(answer, {"code": answer.document["code"], "errors": errors})
    found = {error["pointer"]: error["code"] for error in errors}
    expect("pointers and codes", wanted={"/priority": "schema", example.DEEP_POINTER: "depth"}, came=found)
    show.seen("one answer reports both, each with a pointer")


def nothing_on_record(api: ApiClient, show: Show, request: dict[str, Any]) -> None:
    """Check that the execution of all these requests does not exist."""
    show.request("GET", f"/v1/executions/{request['executionId']}  the id of all 3")
    answer = api.execution(request["executionId"])
    expect_status(answer, HTTPStatus.NOT_FOUND)
    show.answer(answer)
    expect("the problem's code", wanted="execution_not_found", came=answer.document["code"])
    show.seen("the refused requests have recorded no execution")
