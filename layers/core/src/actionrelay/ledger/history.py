"""The audit chain: each entry of an execution names the hash of the one before, so a change anywhere shows."""

import hashlib
from dataclasses import asdict, replace

from actionrelay.ledger.execution import AuditEntry, Execution, ExecutionError, PayloadRef
from actionrelay.strict_json import canonical, digest
from actionrelay.timestamps import iso

NO_ACTION = "-"
"""Stands for the action of a request that was refused."""


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over the canonical JSON of every other field; the chain breaks where any one is changed."""
    fields = asdict(entry)
    del fields["hash"]
    return hashlib.sha256(canonical(fields)).hexdigest()


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
) -> Execution:
    """Return the record with one more entry, chained to its last, that it owes to the audit table."""
    day = iso(execution.updated_at)[:10]
    entry = AuditEntry(
        execution_id=execution.execution_id,
        seq=execution.audit_seq + 1,
        timestamp=execution.updated_at,
        action_id=execution.action_id,
        event=event,
        status=execution.status.value,
        trace_id=execution.trace_id,
        attempt=execution.attempts,
        latency_ms=latency_ms,
        payload_size_bytes=payload.size if payload else None,
        payload_sha256=payload.digest if payload else None,
        webhook_url=execution.webhook_url,
        success_rate=success_rate,
        correlation_id=correlation_id or (cause.correlation_id if cause else None),
        code=cause.code if cause else None,
        day=day if day != execution.audit_day else None,
        actor=actor,
        note=note,
        limit=cause.limit if cause else None,
        previous_hash=execution.audit_hash,
    )
    entry = replace(entry, hash=entry_hash(entry))
    return replace(
        execution,
        audit_seq=entry.seq,
        audit_hash=entry.hash,
        audit_day=day,
        pending_audit=(*execution.pending_audit, entry),
    )


def rejection_id(request_id: str) -> str:
    """Return what stands for an execution's id in the entry of a refused submission."""
    return f"rejected#{request_id.lower()}"


def rejected(request_id: str, now: int, body: bytes, code: str, actor: str | None) -> AuditEntry:
    """Return the one entry of a submission that was refused.

    It belongs to no execution, and no caller can give one its id: the request's stands for it, in a form that no
    execution's has. A dash stands for the action, since nothing that a refused request says of itself is believed.
    """
    entry = AuditEntry(
        execution_id=rejection_id(request_id),
        seq=1,
        timestamp=now,
        action_id=NO_ACTION,
        event="rejected",
        status="rejected",
        trace_id=request_id,
        attempt=0,
        payload_size_bytes=len(body),
        payload_sha256=digest(body),
        code=code,
        day=iso(now)[:10],
        actor=actor,
    )
    return replace(entry, hash=entry_hash(entry))
