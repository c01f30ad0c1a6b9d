"""Steps: the preflight, and the stored counters."""

from http import HTTPStatus
from typing import Any

from local.api import ApiClient
from local.demo.expectations import eventually, expect, expect_status
from local.demo.showing import Show

_COUNTED = {
    "totalExecutions": 2,
    "successfulExecutions": 2,
    "cacheHits": 1,
    "inProgressExecutions": 0,
    "successRate": 1.0,
}
"""The demo's two executions; refused requests don't count."""
_SHOWN = (*_COUNTED, "rejectedRequests", "averageLatencyMs")


def ready(api: ApiClient, show: Show) -> None:
    """Run the preflight: whether actions can be executed, and otherwise which check fails."""
    show.request("GET", "/v1/health?deep=true")
    answer = api.call("GET", "/health?deep=true")
    expect_status(answer, HTTPStatus.OK)
    checks = {check["name"]: check["status"] for check in answer.document["checks"]}
    expect("what is wrong", wanted={}, came={name: status for name, status in checks.items() if status != "ok"})
    show.json(checks)
    show.seen("every check is ok, and no action ran for it")


def counted(api: ApiClient, show: Show) -> None:
    """Poll the metrics until they have the executions above."""
    show.request("GET", "/v1/metrics")
    with show.waiting("waiting for the stream to be counted"):
        eventually("the counters", wanted=_COUNTED, read=lambda: _pick(_metrics(api), tuple(_COUNTED)))
    found = _metrics(api)
    show.json({**_pick(found, _SHOWN), "days": [{"date": day["date"], "…": "…"} for day in found["days"]]})
    show.seen("each execution counts once, whatever is repeated; the counters are stored")


def _metrics(api: ApiClient) -> dict[str, Any]:
    answer = api.call("GET", "/metrics")
    expect_status(answer, HTTPStatus.OK)
    document: dict[str, Any] = answer.document
    return document


def _pick(document: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: document[name] for name in names}
