"""A workflow, as callers see it."""

import json
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from actionrelay.json_text import RawJson
from actionrelay.ledger.document import ErrorDocument, error_document
from actionrelay.ledger.execution import ExecutionError, WebhookStatus
from actionrelay.strict_json import Json
from actionrelay.timestamps import Timestamp, iso, iso_or_none
from actionrelay.workflows.expressions import ExpressionFaultError
from actionrelay.workflows.plan import longest_path
from actionrelay.workflows.run import (
    OVER,
    Run,
    StepRecord,
    StepState,
    Workflow,
    WorkflowStatus,
    execution_id,
)
from actionrelay.workflows.step_results import StepResults

MAX_RESULT_BYTES = 4 * 1_024 * 1_024
"""All results in one response, counted as escaped."""
MAX_LOOKS = 200
"""Running executions that one response reads; the others are shown as ``running``."""


class ItemDocument(TypedDict):
    """One item of a `forEach`."""

    index: int
    status: str
    executionId: str | None
    """Null until it has one."""


class StepDocument(TypedDict):
    """One step of a workflow."""

    status: str
    """`waiting`, then an execution's; or `skipped`, by its own `when` or with the error `dependency_failed`; or
    `cancelled`."""
    executionId: str | None
    """Null until it has one, and for a `forEach`."""
    items: list[ItemDocument] | None
    """Of a `forEach` that has started."""
    dependsOn: list[str]
    """Every step that it names or refers to."""
    result: Json
    """What its action returned; for a `forEach` the list of all results, in order."""
    error: ErrorDocument | None
    startedAt: Timestamp | None
    completedAt: Timestamp | None
    latencyMs: int | None
    waitingFor: NotRequired[list[str]]
    """The steps that it still waits for; only while it is `waiting`."""


class WorkflowSummaryDocument(TypedDict):
    """A workflow without its steps."""

    workflowId: str
    traceId: str
    status: WorkflowStatus
    """`blocked`: nothing is running, and something waits for a step whose outcome is `unknown`."""
    startedAt: Timestamp
    completedAt: Timestamp | None
    latencyMs: int | None
    webhookStatus: WebhookStatus
    error: ErrorDocument | None


class WorkflowDocument(WorkflowSummaryDocument):
    """A workflow in its current state."""

    steps: dict[str, StepDocument]
    criticalPathMs: int | None
    """The longest chain of steps that waited for each other, in ms; null until a step has ended."""


@dataclass(slots=True)
class _Room:
    """How much more one response may hold and read."""

    bytes: int = MAX_RESULT_BYTES
    looks: int = MAX_LOOKS


def workflow_document(workflow: Workflow, results: StepResults) -> dict[str, object]:
    """Return a workflow with its steps and their results, each as the stored text."""
    room = _Room()
    steps = {name: _step(workflow, step, results, room) for name, step in workflow.steps.items()}
    summary: dict[str, object] = dict(workflow_summary(workflow.run))
    webhook, error = summary.pop("webhookStatus"), summary.pop("error")
    return {
        "workflowId": summary.pop("workflowId"),
        "traceId": summary.pop("traceId"),
        "status": summary.pop("status"),
        "steps": steps,
        **summary,
        "criticalPathMs": critical_path_ms(workflow),
        "webhookStatus": webhook,
        "error": error,
    }


def workflow_summary(run: Run) -> WorkflowSummaryDocument:
    """Return a workflow without its steps."""
    completed_at = None if run.status is WorkflowStatus.BLOCKED else run.settled_at
    return {
        "workflowId": run.workflow_id,
        "traceId": run.trace_id,
        "status": run.status,
        "startedAt": iso(run.created_at),
        "completedAt": iso_or_none(completed_at),
        "latencyMs": None if completed_at is None else completed_at - run.created_at,
        "webhookStatus": run.delivery.status,
        "error": error_document(run.error),
    }


def critical_path_ms(workflow: Workflow) -> int | None:
    """Return how long the longest chain of ended steps took."""
    latency = {
        name: max(step.completed_at - step.started_at, 0)
        for name, step in workflow.steps.items()
        if step.completed_at is not None and step.started_at is not None
    }
    if not latency:
        return None
    return sum(latency[name] for name in longest_path(workflow.definition.graph, latency))


def _step(workflow: Workflow, step: StepRecord, results: StepResults, room: _Room) -> dict[str, object]:
    begun = step.started_at is not None and step.state is not StepState.SKIPPED
    own = None
    if begun and not workflow.definition.steps[step.name].is_for_each:
        own = execution_id(workflow.run.workflow_id, step.name, None, step.run)
    result, error = _result(workflow, step, results, room)
    ended = step.completed_at is not None
    document: dict[str, object] = {
        "status": _status(step.state, own, results, room),
        "executionId": own,
        "items": _items(workflow, step, results, room),
        "dependsOn": list(workflow.definition.steps[step.name].depends_on),
        "result": result,
        "error": error_document(error),
        "startedAt": iso_or_none(step.started_at),
        "completedAt": iso_or_none(step.completed_at),
        "latencyMs": (step.completed_at or 0) - (step.started_at or 0) if begun and ended else None,
    }
    if step.state is StepState.WAITING:
        depends_on = workflow.definition.steps[step.name].depends_on
        document["waitingFor"] = [each for each in depends_on if workflow.steps[each].state not in OVER]
    return document


def _items(workflow: Workflow, step: StepRecord, results: StepResults, room: _Room) -> list[dict[str, object]] | None:
    if step.items is None:
        return None
    found: list[dict[str, object]] = []
    for index, item in enumerate(step.items):
        begun = item.state not in {StepState.WAITING, StepState.CANCELLED}
        name = execution_id(workflow.run.workflow_id, step.name, index, item.run) if begun else None
        found.append({"index": index, "status": _status(item.state, name, results, room), "executionId": name})
    return found


def _status(state: StepState, name: str | None, results: StepResults, room: _Room) -> str:
    """Return the status of a step or an item; that of its execution (``name``) while it is started."""
    if state is not StepState.STARTED:
        return state.value
    if name is None or room.looks <= 0:
        return "running"
    room.looks -= 1
    execution = results.executions.load(name)
    return execution.status.value if execution else "queued"


def _result(
    workflow: Workflow, step: StepRecord, results: StepResults, room: _Room
) -> tuple[RawJson | None, ExecutionError | None]:
    if step.state is not StepState.COMPLETED or step.error is not None:
        return None, step.error
    try:
        text = results.text(workflow, step).decode()
    except ExpressionFaultError:
        return None, ExecutionError("result_not_stored", "the outcome is recorded, but its result can't be read")
    size = len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if size > room.bytes:
        return None, ExecutionError("result_too_large", "the result is stored, but too large to be shown here")
    room.bytes -= size
    return RawJson(text), None
