"""The demo's check of an audit trail, with entries that the ledger has chained."""

from typing import Any

import pytest

from actionrelay.audit.document import audit_document
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, Outcome, PayloadRef, Status
from local.demo.trail import faults, milliseconds

NOW = 1_795_464_185_008


@pytest.fixture
def entries() -> list[dict[str, Any]]:
    """What the API would answer for an execution that was run once."""
    request = PayloadRef(key="1/request", size=138, digest="ab")
    execution = Execution(
        execution_id="1",
        action_id="2",
        trace_id="3",
        content_hash="cd",
        request=request,
        timeout_ms=1_000,
        cache_key=None,
        webhook_url=None,
        repeatable=True,
        created_at=NOW,
        updated_at=NOW,
        queued_at=NOW,
        audit_kept_days=365,
    )
    execution = ledger.claim(ledger.accept(execution), "4", NOW + 5, NOW + 1_000)
    execution = ledger.settle(execution, Outcome(Status.COMPLETED), NOW + 20, latency_ms=15, correlation_id="5")
    return [dict(audit_document(entry)) for entry in execution.audit.owed]


def test_what_the_ledger_chained_holds(entries: list[dict[str, Any]]) -> None:
    assert len(entries) == 3
    assert faults(entries) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("event", "cancelled"), ("timestamp", "2026-11-23T20:03:05.009Z"), ("latencyMs", 1), ("correlationId", None)],
)
def test_a_changed_field_is_found(entries: list[dict[str, Any]], field: str, value: object) -> None:
    entries[2][field] = value

    assert faults(entries) == ["entry 3 is not what was hashed"]


def test_a_missing_entry_is_found(entries: list[dict[str, Any]]) -> None:
    del entries[1]

    assert faults(entries) == ["entry 2 says that it is number 3", "entry 2 does not follow the one before"]


def test_a_missing_beginning_is_found(entries: list[dict[str, Any]]) -> None:
    assert "entry 1 does not follow the one before" in faults(entries[1:])


def test_times_are_exact_to_the_millisecond() -> None:
    assert milliseconds("2026-11-23T20:03:05.008Z") == NOW
