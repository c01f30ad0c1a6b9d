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
    """Genesys Cloud's own where it gave one, else one of ours, such as `no_answer` or `webhook_timeout`."""
    message: str
    status: int | None
    """The HTTP status that Genesys Cloud answered with."""
    correlationId: str | None
    """Genesys Cloud's `ININ-Correlation-Id`."""


class WaitingDocument(TypedDict):
    """What an execution waits for."""

    reason: WaitReason
    """`rate`: its turn before the rate gate; `lane`: the same, while the other lane waits as well; `paused`: the end
    of a pause of all; `retry`: its next try; `token`: the same, since there was no token; `lease`: the worker that has
    it; `webhook`: its result."""
    until: Timestamp | None
    """When that ends at the latest. For `rate` and `lane` about: when all that waits in its lane has had its turn, at
    the pace of now; null where nobody knows."""


class WorkflowPlaceDocument(TypedDict):
    """The step of a workflow that an execution is of."""

    workflowId: str
    step: str
    index: int | None
    """The item's number, from 0, where the step runs once for each item."""


type WarningCode = Literal["contract", "unknown_input", "unknown_action"]


class WarningDocument(TypedDict):
    """One thing about a request that its action's contract does not allow."""

    pointer: str
    """Where in the request: a JSON pointer (RFC 6901)."""
    code: WarningCode
    """`contract`: the action's JSON Schema; `unknown_input`: a name that the contract does not have; `unknown_action`:
    the organisation has no such action."""
    detail: str


class ExecutionSummaryDocument(TypedDict):
    """One execution in its current state, except for its result."""

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
    waiting: NotRequired[WaitingDocument]
    """What it waits for; there until it has ended."""
    lane: NotRequired[Literal["bulk"]]
    """There where it is not `interactive`."""
    defaults: NotRequired[dict[str, str]]
    """What took the place of fields that the request left out, as `value: reason`, where it follows from the action;
    there with the contract `integrations`."""
    warnings: NotRequired[list[WarningDocument]]
    """What the action's contract does not allow; there where it is something."""
    nextDeliveryAt: NotRequired[Timestamp]
    """When the caller's webhook is tried next; there while a try that failed is to be followed by another."""
    workflow: NotRequired[WorkflowPlaceDocument]
    """There where a workflow began it."""


class ExecutionDocument(ExecutionSummaryDocument):
    """One execution in its current state."""

    result: Json
    """What the action returned; null before it completed, and for a result that is not stored any more."""


STORING_MS = 30_000
"""How long a large result may take to be stored after its outcome was written, before it counts as lost."""


type RawDocument = dict[str, Json | RawJson]
"""An execution's document; its result is text that goes out as it came."""


def is_being_stored(execution: Execution, payloads: PayloadStore, now: int) -> bool:
    """Whether the result of an execution that has completed can't be read yet, and may soon be."""
    ref = execution.outcome.result if execution.outcome else None
    return ref is not None and payloads.get(ref) is None and _may_come(execution, now)


def execution_document(
    execution: Execution, payloads: PayloadStore, now: int | None = None, outlook: Outlook = NOTHING_KNOWN
) -> RawDocument:
    """Return an execution with its result, which is the stored text: its numbers and their order stay as they came.

    A large result is stored right after its outcome is written. Where ``now`` is given, the execution is shown as
    still running until it can be read, so that nobody takes ``completed`` without a result for the whole answer. A
    result that can't be read any more is null, with an error that says so: the outcome stays.
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
    """Return an execution without its result: as it is on record, whether or not a result can be read."""
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
    # A webhook itself is built when its try is due, so all of its tries say the same.
    if next_try is not None and now is not None and next_try > now:
        document["nextDeliveryAt"] = iso(next_try)
    if place := execution.workflow:
        document["workflow"] = {"workflowId": place.workflow_id, "step": place.step, "index": place.index}
    return document


def defaults_document(defaults: Iterable[LearnedDefault]) -> dict[str, str]:
    """Return defaults as ``value: reason``, by the name of their field."""
    return {each.field: f"{json.dumps(each.value)}: {each.reason}" for each in defaults}


def warnings_document(warnings: Iterable[Fault]) -> list[WarningDocument]:
    """Return what a contract does not allow."""
    return [{"pointer": each.pointer, "code": _warning_code(each), "detail": each.detail} for each in warnings]


def _warning_code(warning: Fault) -> WarningCode:
    return cast("WarningCode", warning.code)


def without_result(document: Mapping[str, object]) -> dict[str, object]:
    """Return an execution's document without its result, and with an error that says so: the outcome stays."""
    error = ExecutionError("result_too_large", "the result is on record and too large to be shown in an answer")
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
        "result_not_stored", f"the outcome is on record, its result of {ref.size} bytes can't be read"
    )
