"""Steps: an execution's audit trail, its webhook to the caller, and its cached result."""

import uuid
from http import HTTPStatus
from typing import Any

from local.api import ApiClient
from local.demo import example, trail
from local.demo.expectations import eventually, expect, expect_status
from local.demo.showing import Show
from local.demo.witnesses import Witnesses

_EVENTS = ["accepted", "attempt_started", "awaiting_webhook", "webhook_received", "completed", "webhook_delivered"]
_HASH_CHARACTERS = 4
_ID_CHARACTERS = 8


def audited(api: ApiClient, show: Show, execution: dict[str, Any]) -> None:
    """Show the complete audit trail, and verify its chain."""
    execution_id = execution["executionId"]
    show.request("GET", f"/v1/executions/{execution_id}/audit")
    with show.waiting("waiting for the delivery to be on record"):
        eventually(
            "the events on record", wanted=_EVENTS, read=lambda: [e["event"] for e in _entries(api, execution_id)]
        )
    entries = _entries(api, execution_id)
    start = trail.milliseconds(entries[0]["timestamp"])
    show.table(
        ("#", "at", "event", "status", "try", "latency", "corr. id", "chain"),
        [_row(entry, start) for entry in entries],
        right=("#", "at", "try", "latency"),
        gap=1,
    )
    expect("what breaks the chain", wanted=[], came=trail.faults(entries))
    traces = {entry["traceId"] for entry in entries}
    expect("the traceIds in the trail", wanted={execution["traceId"]}, came=traces)
    show.seen("the chain is intact: each hash recomputed, each entry linked to the one before")


def delivered(show: Show, witnesses: Witnesses, execution: dict[str, Any]) -> None:
    """Show the webhook that the caller received."""
    expect("webhooks at the caller", wanted=1, came=len(witnesses.deliveries()))
    (delivery,) = witnesses.deliveries()
    headers, document = delivery["headers"], delivery["json"]
    show.request("POST", f"{witnesses.webhook_url}  received by the caller")
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature", "x-trace-id"):
        show.say(f"  {name}: {headers[name]}")
    data = document["data"]
    shown = {name: data[name] for name in ("executionId", "status", "latencyMs")}
    shown["result"] = {"customerId": data["result"]["customerId"], "…": "…", "total": data["result"]["total"]}
    show.json({"type": document["type"], "timestamp": document["timestamp"], "data": shown})
    expect("the signature", wanted="valid", came=delivery["signature"])
    expect("the webhook's type", wanted="execution.completed", came=document["type"])
    expect("the webhook's result", wanted=execution["result"], came=data["result"])
    show.seen("the receiver found the signature valid (Standard Webhooks, HMAC-SHA256)")


def cached(api: ApiClient, show: Show, witnesses: Witnesses, execution: dict[str, Any]) -> None:
    """Send the same content under a new id."""
    asked = witnesses.asked()
    execution_id = str(uuid.uuid4())
    show.request("POST", f'/v1/executions  the same, with executionId "{execution_id[:_ID_CHARACTERS]}…"')
    answer = api.submit(example.request(witnesses.webhook_url, execution_id))
    expect_status(answer, HTTPStatus.OK)
    hit = answer.document
    shown = ("executionId", "status", "cacheStatus", "attempts", "latencyMs")
    show.answer(answer, {name: hit[name] for name in shown})
    expect("status and cacheStatus", wanted=("completed", "hit"), came=(hit["status"], hit["cacheStatus"]))
    expect("the result", wanted=execution["result"], came=hit["result"])
    expect("requests to Genesys Cloud meanwhile", wanted=0, came=witnesses.asked() - asked)
    expect("how often the action ran", wanted=1, came=witnesses.ran(execution["executionId"]))
    show.seen(f"the same result in {answer.milliseconds:.0f} ms, instead of {execution['latencyMs']} ms")
    show.seen(f"Genesys Cloud was not called again: {asked} request before, {witnesses.asked()} now")


def _entries(api: ApiClient, execution_id: str) -> list[dict[str, Any]]:
    answer = api.audit(execution_id)
    expect_status(answer, HTTPStatus.OK)
    entries: list[dict[str, Any]] = answer.document["entries"]
    return entries


def _row(entry: dict[str, Any], start: int) -> tuple[str, ...]:
    offset = (trail.milliseconds(entry["timestamp"]) - start) / 1_000
    latency, correlation = entry["latencyMs"], entry["correlationId"]
    links = (entry[name][:_HASH_CHARACTERS] or "·" * _HASH_CHARACTERS for name in ("previousHash", "hash"))
    return (
        str(entry["seq"]),
        f"+{offset:.2f} s",
        entry["event"],
        entry["status"],
        str(entry["attempt"]),
        "" if latency is None else f"{latency} ms",
        (correlation or "")[:_ID_CHARACTERS],
        "→".join(links),
    )
