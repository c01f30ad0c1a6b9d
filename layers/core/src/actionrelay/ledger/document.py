"""An execution, as callers see it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, NotRequired, TypedDict, cast

from actionrelay.fault import Fault
from actionrelay.json_text import RawJson
from actionrelay.lanes import Lane
from actionrelay.ledger.execution import (
    CacheStatus,
    Execution,
    ExecutionError,
    LearnedDefault,
    PayloadRef,
    Status,
    WebhookStatus,
)
from actionrelay.ledger.ports import PayloadStore
from actionrelay.ledger.waiting import NOTHING_KNOWN, Outlook, WaitReason, waiting
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import Timestamp, iso, iso_or_none


class ErrorDocument(TypedDict):
    """Why an execution did not complete."""

    code: str
    """Genesys Cloud's code if it gave one, else one of actionrelay's, such as `no_answer` or `webhook_timeout`."""
    message: str
    status: int | None
    """The HTTP status of Genesys Cloud's response."""
    correlationId: str | None
    """Genesys Cloud's `ININ-Correlation-Id`."""


class WaitingDocument(TypedDict):
    """What an execution waits for."""

    reason: WaitReason
    """`rate`: its turn at the rate gate; `lane`: the same while the other lane waits too; `paused`: the end of a pause
    of all workers; `retry`: its next try; `token`: the same, after a try without a token; `lease`: the worker that
    runs it; `webhook`: its result."""
    until: Timestamp | None
    """When that ends at the latest. For `rate` and `lane` an estimate: when all that waits in its lane has had its
    turn, at the current pace. Null if unknown."""


class WorkflowPlaceDocument(TypedDict):
    """The workflow step that an execution belongs to."""

    workflowId: str
    step: str
    index: int | None
    """The item's number, from 0, if the step is a `forEach`."""


type WarningCode = Literal["contract", "unknown_input", "unknown_action"]


class WarningDocument(TypedDict):
    """One thing in a request that its action's contract does not allow."""

    pointer: str
    """Where in the request: a JSON pointer (RFC 6901)."""
    code: WarningCode
    """`contract`: it breaks the action's JSON Schema; `unknown_input`: the contract has no such input;
    `unknown_action`: the organisation has no such action."""
    detail: str


class ExecutionSummaryDocument(TypedDict):
    """One execution in its current state, without its result."""

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
    """How many attempts were started."""
    createdAt: Timestamp
    updatedAt: Timestamp
    completedAt: Timestamp | None
    """When the outcome was recorded."""
    latencyMs: int | None
    """From `createdAt` to `completedAt`, in ms."""
    waiting: NotRequired[WaitingDocument]
    """What it waits for; absent once it has ended."""
    lane: NotRequired[Literal["bulk"]]
    """Absent if it is `interactive`."""
    defaults: NotRequired[dict[str, str]]
    """Values of fields that the request left out, as `value: reason`, if they follow from the action; only with the
    contract `integrations`."""
    warnings: NotRequired[list[WarningDocument]]
    """What the action's contract does not allow; absent if nothing."""
    nextDeliveryAt: NotRequired[Timestamp]
    """When the caller's webhook is tried next; only after a failed try that is followed by another."""
    workflow: NotRequired[WorkflowPlaceDocument]
    """Only for an execution of a workflow."""


class ExecutionDocument(ExecutionSummaryDocument):
    """One execution in its current state."""

    result: Json
    """What the action returned; null before it completed, and for a result that is no longer stored."""


STORING_MS = 30_000
"""How long after its outcome a large result may be stored before it counts as lost."""


type RawDocument = dict[str, Json | RawJson]
"""An execution's document; its result is text that is passed on unchanged."""


def is_being_stored(execution: Execution, payloads: PayloadStore, now: int) -> bool:
    """Whether the result of a completed execution is not readable yet, but may soon be."""
    ref = execution.outcome.result if execution.outcome else None
    return ref is not None and payloads.get(ref) is None and _may_come(execution, now)


def execution_document(
    execution: Execution, payloads: PayloadStore, now: int | None = None, outlook: Outlook = NOTHING_KNOWN
) -> RawDocument:
    """Return an execution with its result, which is the stored text, so its numbers and order are unchanged.

    A large result is stored right after its outcome. If ``now`` is given, the execution is shown as running until the
    result can be read, so that no caller takes ``completed`` without a result for the final state. A lost result is
    null, with an error that says so; the outcome stays.
    """
    outcome = execution.outcome
    result: RawJson | None = None
    error = outcome.error if outcome else None
    if outcome and outcome.result:
        stored = payloads.get(outcome.result)
        if stored is not None:
            result = RawJson(stored.decode())
        elif now is not None and _may_come(execution, now):
            execution = replace(execution, status=Status.RUNNING, completed_at=None)
        else:
            error = _unreadable(outcome.result)
    document: RawDocument = {}
    for name, value in as_json(_summary(execution, error, now, outlook)).items():
        if name == "cacheStatus":
            document["result"] = result  # its place among the fields
        document[name] = value
    return document


def execution_summary(execution: Execution, now: int | None = None) -> ExecutionSummaryDocument:
    """Return an execution without its result, in its recorded state even if the result can't be read."""
    return _summary(execution, execution.outcome.error if execution.outcome else None, now)


def _summary(
    execution: Execution, error: ExecutionError | None, now: int | None, outlook: Outlook = NOTHING_KNOWN
) -> ExecutionSummaryDocument:
    completed_at = execution.completed_at
    document: ExecutionSummaryDocument = {
        "executionId": execution.execution_id,
        "actionId": execution.action_id,
        "traceId": execution.trace_id,
        "status": execution.status,
        "webhookStatus": execution.delivery.status,
        "cacheStatus": execution.cache_status,
        "error": error_document(error),
        "attempts": execution.attempts,
        "createdAt": iso(execution.created_at),
        "updatedAt": iso(execution.updated_at),
        "completedAt": iso_or_none(completed_at),
        "latencyMs": None if completed_at is None else completed_at - execution.created_at,
    }
    if found := waiting(execution, execution.updated_at if now is None else now, outlook):
        document["waiting"] = {"reason": found.reason, "until": iso_or_none(found.until)}
    if execution.lane is Lane.BULK:
        document["lane"] = "bulk"
    if execution.defaults:
        document["defaults"] = defaults_document(execution.defaults)
    if execution.warnings:
        document["warnings"] = warnings_document(execution.warnings)
    next_try = execution.delivery.next_at if execution.delivery.status is WebhookStatus.PENDING else None
    # A webhook is built when its try is due, so it never has this field and all tries are equal.
    if next_try is not None and now is not None and next_try > now:
        document["nextDeliveryAt"] = iso(next_try)
    if place := execution.workflow:
        document["workflow"] = {"workflowId": place.workflow_id, "step": place.step, "index": place.index}
    return document


def defaults_document(defaults: Iterable[LearnedDefault]) -> dict[str, str]:
    """Return defaults as ``value: reason``, by the name of their field."""
    return {each.field: f"{json.dumps(each.value)}: {each.reason}" for each in defaults}


def warnings_document(warnings: Iterable[Fault]) -> list[WarningDocument]:
    """Return contract warnings."""
    return [{"pointer": each.pointer, "code": _warning_code(each), "detail": each.detail} for each in warnings]


def _warning_code(warning: Fault) -> WarningCode:
    return cast("WarningCode", warning.code)


def without_result(document: Mapping[str, object]) -> dict[str, object]:
    """Return an execution's document without its result, with an error that says so; the outcome stays."""
    error = ExecutionError("result_too_large", "the result is stored, but too large to be shown here")
    return {**document, "result": None, "error": error_document(error)}


def _may_come(execution: Execution, now: int) -> bool:
    return now - (execution.completed_at or now) < STORING_MS


def error_document(error: ExecutionError | None) -> ErrorDocument | None:
    """Return why something did not complete."""
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
        "result_not_stored", f"the outcome is recorded, but its result of {ref.size} bytes can't be read"
    )
