"""An audit entry, as readers of the trail see it."""

import json
from typing import NotRequired, TypedDict

from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.ledger.document import WarningDocument
from actionrelay.timestamps import Timestamp, iso, iso_or_none


class AuditDocument(TypedDict):
    """One line of an execution's history; `hash` covers every other field, `previousHash` included."""

    seq: int
    """1, 2, 3, … without a gap."""
    timestamp: Timestamp
    executionId: str
    actionId: str
    event: str
    """What happened: `accepted`, `attempt_started`, `completed`, `webhook_delivered`, …"""
    status: str
    """Of the execution after it."""
    latencyMs: int | None
    """Of the attempt or the delivery, in ms."""
    attempt: int
    """Attempts so far."""
    payloadSizeBytes: int | None
    """Of the request or the result that the event is about; the content itself is not recorded."""
    payloadSha256: str | None
    webhookUrl: str | None
    successRate: float | None
    """In an outcome: the deployment's of the day until then, from 0 to 1; null where nothing had ended, or it could not
    be read."""
    traceId: str
    correlationId: str | None
    code: str | None
    """The error's."""
    day: str | None
    """In an execution's first entry of each UTC day: that day."""
    actor: str | None
    """Who decided, in the events of an operator."""
    note: str | None
    """What the operator wrote down."""
    limit: str | None
    """Which limit of Genesys Cloud the attempt ran into, as `namespace/key=value`."""
    sentAs: str | None
    """The id under which the run that the event is about goes out to Genesys Cloud, where it is not the execution's."""
    acceptedAt: Timestamp | None
    """When the execution was accepted. An id that is used again past its retention has a chain for each acceptance;
    null in entries of earlier releases."""
    keptDays: int | None
    """How many days after its timestamp the entry expires; null in entries of earlier releases."""
    decisionId: NotRequired[str]
    """The decision about many that the event is part of; left out elsewhere."""
    warnings: NotRequired[list[WarningDocument]]
    """In an acceptance: what the action's contract does not allow; left out where that is nothing."""
    previousHash: str
    hash: str


def audit_document(entry: AuditEntry) -> AuditDocument:
    """Return one audit entry as callers see it."""
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
    """Read warnings back; what somebody has changed so that it can't be read is none, and the entry's hash shows it."""
    try:
        listed = json.loads(text)
        return [{"pointer": each["pointer"], "code": each["code"], "detail": each["detail"]} for each in listed]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
