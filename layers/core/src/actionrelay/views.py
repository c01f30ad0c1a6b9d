"""The documents that go out: an execution, an audit entry, a normalised request, as callers see them."""

import json
from dataclasses import replace

from actionrelay.models import AuditEntry, Execution, ExecutionError, PayloadRef, Status
from actionrelay.ports import PayloadStore
from actionrelay.strict_json import Json
from actionrelay.timestamps import iso, iso_or_none

STORING_MS = 30_000
"""How long a large result may take to be stored after its outcome was written, before it counts as lost."""


def execution_document(execution: Execution, payloads: PayloadStore, now: int | None = None) -> dict[str, Json]:
    """Spell an execution, its result included.

    A large result is stored right after its outcome is written. Where ``now`` is given, the execution is shown as
    still running until it can be read, so that nobody takes ``completed`` without a result for the whole answer. A
    result that can't be read any more is null, with an error that says so: the outcome stands.
    """
    outcome = execution.outcome
    result: Json = None
    error = outcome.error if outcome else None
    if outcome and outcome.result:
        stored = payloads.get(outcome.result)
        if stored is not None:
            result = json.loads(stored)
        elif now is not None and now - (execution.completed_at or now) < STORING_MS:
            execution = replace(execution, status=Status.RUNNING, completed_at=None)
        else:
            error = _unreadable(outcome.result)
    completed_at = execution.completed_at
    return {
        "executionId": execution.execution_id,
        "actionId": execution.action_id,
        "traceId": execution.trace_id,
        "status": execution.status.value,
        "webhookStatus": execution.webhook_status.value,
        "result": result,
        "cacheStatus": execution.cache_status.value,
        "error": _error_document(error),
        "attempts": execution.attempts,
        "createdAt": iso(execution.created_at),
        "updatedAt": iso(execution.updated_at),
        "completedAt": iso_or_none(completed_at),
        "latencyMs": None if completed_at is None else completed_at - execution.created_at,
    }


def audit_document(entry: AuditEntry) -> dict[str, Json]:
    """Spell one audit entry."""
    return {
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
        "previousHash": entry.previous_hash,
        "hash": entry.hash,
    }


def _error_document(error: ExecutionError | None) -> Json:
    if error is None:
        return None
    return {
        "code": error.code,
        "message": error.message,
        "status": error.status,
        "correlationId": error.correlation_id,
    }


def _unreadable(ref: PayloadRef) -> ExecutionError:
    return ExecutionError(
        "result_not_stored", f"the outcome is on record, its result of {ref.size} bytes can't be read"
    )
