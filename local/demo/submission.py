"""Steps: the tutorial's example is refused for its id, taken with a real one, and followed to its end."""

import time
import uuid
from http import HTTPStatus
from typing import Any

from local.api import ApiClient
from local.demo import example
from local.demo.expectations import expect, expect_status
from local.demo.following import Watch, timeline
from local.demo.showing import Show
from local.demo.witnesses import Witnesses

_PROBLEM = "application/problem+json"
_POLL_SECONDS = 0.03
_PATIENCE_SECONDS = 40
_MEANINGS = {
    "queued": "recorded by validate, waiting in SQS",
    "running": "execute has claimed it and calls Genesys",
    "awaiting_webhook": "Genesys accepted it and will call back",
    "completed": "the signed callback is verified",
}
"""The expected statuses in order, with what has happened when each is seen."""


def refused_for_its_id(api: ApiClient, show: Show, witnesses: Witnesses) -> None:
    """Send the tutorial's example unchanged."""
    request = example.request(witnesses.webhook_url, example.TUTORIAL_ID)
    show.request("POST", "/v1/executions", request)
    answer = api.submit(request)
    expect_status(answer, HTTPStatus.UNPROCESSABLE_ENTITY)
    expect("the media type", wanted=_PROBLEM, came=answer.media_type)
    problem = answer.document
    show.answer(answer, problem)
    expect("the problem's code", wanted="invalid_request", came=problem["code"])
    expect("what is wrong", wanted=["/executionId"], came=[fault["pointer"] for fault in problem["errors"]])
    show.seen("refused only because the tutorial's executionId is not a UUID")


def accepted(api: ApiClient, show: Show, witnesses: Witnesses) -> dict[str, Any]:
    """Send it with a real UUID; return the accepted execution."""
    execution_id = str(uuid.uuid4())
    show.request("POST", f'/v1/executions  the same, with executionId "{execution_id[:8]}…"')
    answer = api.submit(example.request(witnesses.webhook_url, execution_id))
    expect_status(answer, HTTPStatus.ACCEPTED)
    execution: dict[str, Any] = answer.document
    shown = ("executionId", "traceId", "status", "webhookStatus", "cacheStatus", "createdAt")
    show.answer(answer, {name: execution[name] for name in shown})
    expect("the executionId", wanted=execution_id, came=execution["executionId"])
    expect("the status in the body", wanted="queued", came=execution["status"])
    expect("the Location", wanted=f"/v1/executions/{execution_id}", came=answer.headers.get("location"))
    show.seen(f"accepted, Location: {answer.headers['location']}")
    return execution


def followed(api: ApiClient, show: Show, execution: dict[str, Any]) -> dict[str, Any]:
    """Poll its status until it has ended; return the ended execution."""
    execution_id = execution["executionId"]
    show.request("GET", f"/v1/executions/{execution_id}  until it has ended")
    watch = Watch(
        read=lambda: _read(api, execution_id),
        clock=time.monotonic,
        pause=lambda: time.sleep(_POLL_SECONDS),
        seconds=_PATIENCE_SECONDS,
    )
    changes = []
    with show.waiting("waiting for the next status"):
        for change in watch.changes(execution["status"]):
            changes.append(change)
            show.change(change.at, change.status, _MEANINGS.get(change.status, ""))
    show.say("")
    show.bars(timeline(changes, width=show.width - 32))
    # On a busy machine a poll may miss a state that was short; the audit trail, next, has every one of them.
    came = [change.status for change in changes]
    expect("the statuses", wanted=[status for status in _MEANINGS if status in {*came, "completed"}], came=came)
    ended = _read(api, execution_id)
    expect("the error", wanted=None, came=ended["error"])
    expect("the attempts", wanted=1, came=ended["attempts"])
    show.say("\nresult")
    show.json(ended["result"])
    rules = example.request("", "")["inputs"]["transformationRules"]
    expect("the tax rate in the result", wanted=rules["applyTaxRate"], came=ended["result"]["taxApplied"])
    show.seen(f"completed after {ended['latencyMs']} ms and 1 attempt, by the ledger's clock")
    return ended


def _read(api: ApiClient, execution_id: str) -> dict[str, Any]:
    answer = api.execution(execution_id)
    expect_status(answer, HTTPStatus.OK)
    document: dict[str, Any] = answer.document
    return document
