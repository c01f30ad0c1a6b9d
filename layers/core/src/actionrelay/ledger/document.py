"""The documents that go out: an execution, an audit entry, a normalised request, as callers see them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from actionrelay.audit.verification import Verification
from actionrelay.errors import Check
from actionrelay.ledger.execution import AuditEntry, Execution, ExecutionError, PayloadRef, Status
from actionrelay.ports import PayloadStore
from actionrelay.strict_json import Json
from actionrelay.timestamps import iso, iso_or_none

if TYPE_CHECKING:
    from actionrelay.documents import (
        AuditDocument,
        CheckDocument,
        ErrorDocument,
        ExecutionDocument,
        ExecutionSummaryDocument,
        VerificationDocument,
    )

STORING_MS = 30_000
"""How long a large result may take to be stored after its outcome was written, before it counts as lost."""


def as_json(document: Mapping[str, object]) -> dict[str, Json]:
    """Take a document for what it is when it is sent; types with fixed keys are none of ``Json``'s."""
    return cast("dict[str, Json]", document)


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
    return _spelled(execution, result, error)


def execution_summary(execution: Execution) -> "ExecutionSummaryDocument":
    """Spell an execution without its result: as it is on record, whether or not a result can be read."""
    document = _spelled(execution, None, execution.outcome.error if execution.outcome else None)
    del document["result"]
    return cast("ExecutionSummaryDocument", document)


def _spelled(execution: Execution, result: Json, error: ExecutionError | None) -> dict[str, Json]:
    completed_at = execution.completed_at
    document: ExecutionDocument = {
        "executionId": execution.execution_id,
        "actionId": execution.action_id,
        "traceId": execution.trace_id,
        "status": execution.status,
        "webhookStatus": execution.webhook_status,
        "result": result,
        "cacheStatus": execution.cache_status,
        "error": _error_document(error),
        "attempts": execution.attempts,
        "createdAt": iso(execution.created_at),
        "updatedAt": iso(execution.updated_at),
        "completedAt": iso_or_none(completed_at),
        "latencyMs": None if completed_at is None else completed_at - execution.created_at,
    }
    return as_json(document)


def audit_document(entry: AuditEntry) -> "AuditDocument":
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
        "limit": entry.limit,
        "previousHash": entry.previous_hash,
        "hash": entry.hash,
    }


def verification_document(verification: Verification) -> "VerificationDocument":
    """Spell what came of checking a trail."""
    return {
        "intact": verification.intact,
        "checkedEntries": verification.checked_entries,
        "brokenAt": verification.broken_at,
        "detail": verification.detail,
    }


def check_document(check: Check) -> "CheckDocument":
    """Spell one check of the preflight."""
    return {"name": check.name, "status": check.status, "detail": check.detail, "advice": check.advice}


def without_result(document: dict[str, Json]) -> dict[str, Json]:
    """Return an execution's document without its result, and with an error that says so: the outcome stands."""
    error = ExecutionError("result_too_large", "the result is on record and too large to be shown in an answer")
    return document | as_json({"result": None, "error": _error_document(error)})


def _error_document(error: ExecutionError | None) -> "ErrorDocument | None":
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
