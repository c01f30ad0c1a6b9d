"""The documents that go out: an execution, an audit entry, a normalised request, as callers see them."""

import json
from dataclasses import replace
from typing import TypedDict, cast

from actionrelay.ledger.execution import CacheStatus, Execution, ExecutionError, PayloadRef, Status, WebhookStatus
from actionrelay.ledger.ports import PayloadStore
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import Timestamp, iso, iso_or_none


class ErrorDocument(TypedDict):
    """Why an execution did not complete."""

    code: str
    """Genesys Cloud's own where it gave one, else one of ours, such as `no_answer` or `webhook_timeout`."""
    message: str
    status: int | None
    """The HTTP status that Genesys Cloud answered with."""
    correlationId: str | None
    """Genesys Cloud's `ININ-Correlation-Id`."""


class ExecutionSummaryDocument(TypedDict):
    """One execution, as it stands, but for its result."""

    executionId: str
    actionId: str
    traceId: str
    status: Status
    """`completed`, `failed`, `unknown` and `cancelled` are ends; an operator can send `failed` and `unknown` back to
    `queued`."""
    webhookStatus: WebhookStatus
    """The caller's own webhook. `none`: not asked for; `failed`: given up."""
    cacheStatus: CacheStatus
    """`hit`: this execution was answered from the cache."""
    error: ErrorDocument | None
    attempts: int
    """How many times a request was about to go to Genesys Cloud."""
    createdAt: Timestamp
    updatedAt: Timestamp
    completedAt: Timestamp | None
    """When the outcome was recorded, whatever it was."""
    latencyMs: int | None
    """From `createdAt` to `completedAt`, in ms."""


class ExecutionDocument(ExecutionSummaryDocument):
    """One execution, as it stands."""

    result: Json
    """What the action returned; null before it completed, and for a result that is not stored any more."""


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
    return _spelled(execution, result, error)


def execution_summary(execution: Execution) -> ExecutionSummaryDocument:
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


def without_result(document: dict[str, Json]) -> dict[str, Json]:
    """Return an execution's document without its result, and with an error that says so: the outcome stands."""
    error = ExecutionError("result_too_large", "the result is on record and too large to be shown in an answer")
    return document | as_json({"result": None, "error": _error_document(error)})


def _error_document(error: ExecutionError | None) -> ErrorDocument | None:
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
