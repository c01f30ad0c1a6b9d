"""Records of running executions from releases that stored the delivery and the audit's end as flat fields."""

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from actionrelay.aws.detail import unpacked
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Delivery, Execution, WebhookStatus
from actionrelay.ledger.items_dynamodb import ledger_item, read_execution

STORED: dict[str, Any] = json.loads((Path(__file__).parent / "flat_records.json").read_text(encoding="utf-8"))
"""The items that commit e7040cf wrote in each state, and the fields that it read from them."""
EXECUTION_ID = "0d9f7f0e-6f0e-4a57-9d53-0f6f6f9f5f11"
DELIVERY = {
    "webhook_status": "status",
    "delivery_attempts": "attempts",
    "deliver_at": "next_at",
    "redeliveries": "repeats",
}
AUDIT = {"audit_seq": "seq", "audit_hash": "hash", "audit_day": "day", "pending_audit": "owed"}


def item(stored: dict[str, Any]) -> dict[str, Any]:
    return {name: {"B": base64.b64decode(each["B"])} if "B" in each else each for name, each in stored.items()}


def read(state: str) -> Execution:
    return read_execution(EXECUTION_ID, item(STORED["accepted"]), item(STORED["states"][state]["ledger"]))


def said(values: Any) -> Any:
    """What is there, and not the fields that have come since, which say nothing of such a record."""
    if isinstance(values, dict):
        return {name: said(value) for name, value in values.items() if value is not None}
    return [said(value) for value in values] if isinstance(values, list) else values


def flat(execution: Execution) -> Any:
    values = asdict(execution)
    delivery, audit = values.pop("delivery"), values.pop("audit")
    values |= {name: delivery[part] for name, part in DELIVERY.items()}
    values |= {name: audit[part] for name, part in AUDIT.items()}
    return json.loads(json.dumps(values, default=lambda data: {"base64": base64.b64encode(data).decode()}))


def legible(written: dict[str, Any]) -> dict[str, Any]:
    """An item with its detail in clear, and the end of the audit's chain there, where it was before."""
    legible = {**written, "detail": unpacked(written["detail"]["B"])}
    if "audit_hash" in legible:
        legible["detail"]["audit_hash"] = legible.pop("audit_hash")["S"]
    return legible


@pytest.mark.parametrize("state", STORED["states"])
def test_a_flat_record_is_read_whole(state: str) -> None:
    found, stored = said(flat(read(state))), said(STORED["states"][state]["record"])
    assert {name: value for name, value in found.items() if name in stored} == stored


@pytest.mark.parametrize("state", STORED["states"])
def test_a_record_is_stored_as_before(state: str) -> None:
    assert legible(ledger_item(read(state))) == legible(item(STORED["states"][state]["ledger"]))


def test_a_delivery_under_way_goes_on() -> None:
    retried = read("delivery_retried")
    given_up = ledger.record_delivery(
        retried, WebhookStatus.FAILED, retried.updated_at + 1, None, latency_ms=1, cause=None
    )
    assert given_up.delivery == Delivery(WebhookStatus.FAILED, attempts=2)
    again = ledger.redeliver(given_up, retried.updated_at + 2, "operator")
    assert again.delivery == Delivery(WebhookStatus.PENDING, repeats=1)
    assert [entry.seq for entry in again.audit.owed] == list(range(retried.audit.seq, again.audit.seq + 1))
