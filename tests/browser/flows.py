"""Workflows of the sample day: one of each kind, as the API shows them."""

import uuid
from typing import Any

from tests.browser.trails import iso

BLOCKED, FAILED, DONE = (str(uuid.UUID(int=number, version=4)) for number in range(1, 4))
"""Ids, newest first."""


def flows(now: float) -> dict[str, dict[str, Any]]:
    """Return workflows by id, newest first; `now` is in ms since the epoch."""
    items = [
        {"index": index, "status": status, "executionId": str(uuid.UUID(int=40 + index, version=4))}
        for index, status in enumerate(["completed", "completed", "unknown"])
    ]
    blocked = {
        "customer": _step("completed", 1, [], 900),
        "orders": _step("unknown", None, ["customer"], 4_200, items=items),
        "mail": _step("completed", 3, ["customer"], 300),
        "total": _step("waiting", None, ["orders", "mail"], None, waitingFor=["orders"]),
    }
    failed = {
        "first": _step("failed", 4, [], 700, error={"code": "http_404", "message": "no such order"}),
        "second": _step("skipped", None, ["first"], None, error={"code": "dependency_failed", "message": "first"}),
    }
    error = {"code": "step_failed", "message": "first did not complete"}
    return {
        BLOCKED: _workflow(BLOCKED, now - 60_000, "blocked", blocked, None, webhook="pending"),
        FAILED: _workflow(FAILED, now - 600_000, "failed", failed, 800, error=error),
        DONE: _workflow(DONE, now - 900_000, "completed", {"only": _step("completed", 5, [], 250)}, 300),
    }


def _step(status: str, number: int | None, needs: list[str], took: int | None, **more: Any) -> dict[str, Any]:
    name = None if number is None else str(uuid.UUID(int=20 + number, version=4))
    shown = {"status": status, "executionId": name, "items": None, "dependsOn": needs, "latencyMs": took}
    return {**shown, "result": None, "error": None, "startedAt": None, "completedAt": None, **more}


def _workflow(
    name: str, begun: float, status: str, steps: dict[str, Any], took: int | None, *, webhook: str = "none", **more: Any
) -> dict[str, Any]:
    ids = {"workflowId": name, "traceId": name, "status": status, "steps": steps, "startedAt": iso(begun)}
    ended = None if took is None else iso(begun + took)
    times = {"completedAt": ended, "latencyMs": took, "criticalPathMs": 5_100 if took is None else took}
    return {**ids, **times, "webhookStatus": webhook, "error": None, **more}
