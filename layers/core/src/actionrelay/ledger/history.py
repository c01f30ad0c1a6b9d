"""The audit chain: adds an entry to a record."""

from dataclasses import replace

from actionrelay.ledger.audit_entry import AuditEntry, AuditHead, entry_hash
from actionrelay.ledger.execution import Execution, ExecutionError, PayloadRef
from actionrelay.ledger.receiver import without_path
from actionrelay.timestamps import day_of


def chained(
    execution: Execution,
    event: str,
    *,
    payload: PayloadRef | None = None,
    cause: ExecutionError | None = None,
    latency_ms: int | None = None,
    correlation_id: str | None = None,
    actor: str | None = None,
    note: str | None = None,
    success_rate: float | None = None,
    sent_as: str | None = None,
    decision_id: str | None = None,
    warnings: str | None = None,
) -> Execution:
    """Return the record with one more outstanding audit entry, chained to its last one."""
    day = day_of(execution.updated_at)
    entry = AuditEntry(
        execution_id=execution.execution_id,
        seq=execution.audit.seq + 1,
        timestamp=execution.updated_at,
        action_id=execution.action_id,
        event=event,
        status=execution.status.value,
        trace_id=execution.trace_id,
        attempt=execution.attempts,
        latency_ms=latency_ms,
        payload_size_bytes=payload.size if payload else None,
        payload_sha256=payload.digest if payload else None,
        webhook_url=without_path(execution.webhook_url),
        success_rate=success_rate,
        correlation_id=correlation_id or (cause.correlation_id if cause else None),
        code=cause.code if cause else None,
        day=day if day != execution.audit.day else None,
        actor=actor,
        note=note,
        limit=cause.limit if cause else None,
        sent_as=sent_as if sent_as != execution.execution_id else None,
        accepted_at=execution.created_at if execution.audit_kept_days else None,
        kept_days=execution.audit_kept_days or None,
        decision_id=decision_id,
        warnings=warnings,
        previous_hash=execution.audit.hash,
    )
    entry = replace(entry, hash=entry_hash(entry))
    return replace(execution, audit=AuditHead(entry.seq, entry.hash, day, (*execution.audit.owed, entry)))
