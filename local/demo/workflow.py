"""A step: a workflow whose last step fails and is retried, drawn as it happens."""

import json
import time
import uuid
from collections import Counter
from http import HTTPStatus
from typing import Any

from local.api import ApiClient
from local.demo.expectations import UnexpectedError, expect, expect_status
from local.demo.showing import Show
from local.demo.witnesses import Witnesses

_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 90
_ACTION = "2c5ea4c0-4067-4f2b-8d2f-0f4f3e6b7a90"
ORDERS = ("ord_1", "ord_2", "ord_3")
_SIGNS = {"completed": "✓", "failed": "✗", "unknown": "?", "waiting": "·", "skipped": "○", "cancelled": "○"}


def definition(workflow_id: str) -> dict[str, Any]:
    """Return the workflow: a customer, each of their orders, the total, a mail."""

    def step(inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"actionId": _ACTION, "cacheResults": False, "inputs": inputs, **more}

    return {
        "workflowId": workflow_id,
        "steps": {
            "customer": step({"customerId": "cust_998877", "orderIds": list(ORDERS)}),
            "orders": step(
                {"orderId": {"$from": "$item"}},
                forEach={"$from": "customer", "path": "echo.orderIds"},
                maxConcurrency=2,
            ),
            "total": step({"orders": {"$from": "orders", "path": "[].echo.orderId"}}),
            "mail": step({"about": {"$from": "total", "path": "echo.orders"}}),
        },
    }


def drawn(document: dict[str, Any]) -> str:
    """Draw a workflow in one line: each step after its dependencies, a `forEach` with its completed items."""
    steps: dict[str, Any] = document["steps"]

    def depth(name: str) -> int:
        return 1 + max(map(depth, steps[name]["dependsOn"]), default=0)

    return " ─► ".join(_drawn_step(name, steps[name]) for name in sorted(steps, key=depth))


def _drawn_step(name: str, step: dict[str, Any]) -> str:
    sign = _SIGNS.get(step["status"], "►")
    if step["items"] is None:
        return f"{sign} {name}"
    done = Counter(item["status"] for item in step["items"])["completed"]
    return f"{sign} {name} {done}/{len(step['items'])}"


def fails_and_goes_on(api: ApiClient, show: Show, witnesses: Witnesses) -> None:
    """Run it, see its last step fail, and retry it."""
    workflow_id = str(uuid.uuid4())
    witnesses.refuse(str(uuid.uuid5(uuid.UUID(workflow_id), "mail//1")))
    show.request("POST", "/v1/workflows", definition(workflow_id)["steps"])
    answer = api.call("POST", "/workflows", body=json.dumps(definition(workflow_id)).encode())
    expect_status(answer, HTTPStatus.ACCEPTED)
    show.answer(answer)
    failed = _followed(api, show, workflow_id)
    expect("the workflow", wanted="failed", came=failed["status"])
    expect("what failed", wanted=["mail"], came=_with(failed, "failed"))
    expect("the total's inputs", wanted=list(ORDERS), came=failed["steps"]["total"]["result"]["echo"]["orders"])
    show.seen("its last step failed, as the simulator was set to; the others completed")

    show.request("POST", f"/v1/workflows/{workflow_id[:8]}…/retry  by an operator")
    answer = api.call("POST", f"/workflows/{workflow_id}/retry", body=b"")
    expect_status(answer, HTTPStatus.ACCEPTED)
    show.answer(answer)
    done = _followed(api, show, workflow_id)
    expect("the workflow", wanted="completed", came=done["status"])
    for name in ("customer", "total"):
        expect(f"how often {name} ran", wanted=1, came=witnesses.ran(done["steps"][name]["executionId"]))
    show.seen("completed: only the failed step ran again, with the earlier steps' results")


def _followed(api: ApiClient, show: Show, workflow_id: str) -> dict[str, Any]:
    """Draw a workflow at each change, until it no longer runs."""
    started, before = time.monotonic(), ""
    with show.waiting("waiting for the next step"):
        while True:
            answer = api.call("GET", f"/workflows/{workflow_id}")
            expect_status(answer, HTTPStatus.OK)
            document: dict[str, Any] = answer.document
            now = drawn(document)
            elapsed = time.monotonic() - started
            if now != before:
                show.change(elapsed, document["status"], now)
                before = now
            if document["status"] != "running":
                return document
            if elapsed > _PATIENCE_SECONDS:
                raise UnexpectedError(f"the workflow, after {_PATIENCE_SECONDS} s", "ended", now)
            time.sleep(_POLL_SECONDS)


def _with(document: dict[str, Any], status: str) -> list[str]:
    return [name for name, step in document["steps"].items() if step["status"] == status]
