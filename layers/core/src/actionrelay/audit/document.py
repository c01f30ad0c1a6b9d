"""An audit entry as a JSON document."""

import json
from typing import NotRequired, TypedDict

from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.ledger.document import WarningDocument
from actionrelay.timestamps import Timestamp, iso, iso_or_none


class AuditDocument(TypedDict):
    """One line of an execution's history; `hash` covers every other field, `previousHash` included."""

    seq: int
    """1, 2, 3, … without gaps."""
    timestamp: Timestamp
    executionId: str
    actionId: str
    event: str
    """What happened: `accepted`, `attempt_started`, `completed`, `webhook_delivered`, …"""
    status: str
    """The execution's status after the event."""
    latencyMs: int | None
    """The latency of the attempt or the delivery, in ms."""
    attempt: int
    """Attempts so far."""
    payloadSizeBytes: int | None
    """The size of the request or result of the event. The content itself is not recorded."""
    payloadSha256: str | None
    webhookUrl: str | None
    successRate: float | None
    """With an outcome: the deployment's success rate of that day so far, from 0 to 1; null if nothing had ended, or if
    it could not be read."""
    traceId: str
    correlationId: str | None
    code: str | None
    """The error's code."""
    day: str | None
    """The UTC day, in an execution's first entry of that day."""
    actor: str | None
    """The operator that decided, in an operator's events."""
    note: str | None
    """The operator's note."""
    limit: str | None
    """The limit of Genesys Cloud that the attempt reached, as `namespace/key=value`."""
    sentAs: str | None
    """The id that the run was sent to Genesys Cloud with, if it is not the execution's."""
    acceptedAt: Timestamp | None
    """When the execution was accepted. An id that is used again after its retention has a chain for each acceptance.
    Null in entries of earlier releases."""
    keptDays: int | None
    """The days from its timestamp until the entry expires. Null in entries of earlier releases."""
    decisionId: NotRequired[str]
    """The decision about many executions that the event is part of; otherwise absent."""
    warnings: NotRequired[list[WarningDocument]]
    """In an acceptance: how the request breaks its action's contract; absent if it doesn't."""
    previousHash: str
    hash: str


def audit_document(entry: AuditEntry) -> AuditDocument:
    """Return an audit entry as a document."""
    document: AuditDocument = {
        "seq": entry.seq,
        "timestamp": iso(entry.timestamp),
        "executionId": entry.execution_id,
        "actionId": entry.action_id,
        "event": entry.event,
        "status": entry.status,
        "latencyMs": entry.latency_ms,
        "attempt": entry.attempt,
        "payloadSizeBytes": entry.payload_size_bytes,
        "payloadSha256": entry.payload_sha256,
        "webhookUrl": entry.webhook_url,
        "successRate": entry.success_rate,
        "traceId": entry.trace_id,
        "correlationId": entry.correlation_id,
        "code": entry.code,
        "day": entry.day,
        "actor": entry.actor,
        "note": entry.note,
        "limit": entry.limit,
        "sentAs": entry.sent_as,
        "acceptedAt": iso_or_none(entry.accepted_at),
        "keptDays": entry.kept_days,
        "previousHash": entry.previous_hash,
        "hash": entry.hash,
    }
    if entry.decision_id is not None:
        document["decisionId"] = entry.decision_id
    if entry.warnings is not None:
        document["warnings"] = _warnings(entry.warnings)
    return document


def _warnings(text: str) -> list[WarningDocument]:
    """Read recorded warnings. If they were tampered with and can't be read, return none: the entry's hash shows it."""
    try:
        listed = json.loads(text)
        return [{"pointer": each["pointer"], "code": each["code"], "detail": each["detail"]} for each in listed]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
