"""How a workflow is stored as DynamoDB items: the acceptance, its current state, and one item per step.

They share a partition key, so one query reads a workflow. What conditions or people read is an attribute; the rest is
one compressed JSON, ``detail``. A step's item holds neither inputs nor results, so the largest run (100 steps, 1,000
executions) stays far below the limits of an item and of a query.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from actionrelay.aws.attributes import Attribute, Item, attribute, value_of
from actionrelay.aws.detail import packed, unpacked
from actionrelay.ledger.execution import Delivery, ExecutionError, PayloadRef, WebhookStatus
from actionrelay.timestamps import day_of
from actionrelay.workflows.run import Item as StepItem
from actionrelay.workflows.run import Renewal, Run, StepRecord, StepState, Stop, WorkflowStatus

ACCEPTED_FIELDS = frozenset(
    {
        *("workflow_id", "trace_id", "content_hash", "definition", "webhook_url", "lane"),
        *("created_at", "caller", "acceptance_id"),
    }
)
"""What never changes."""
_LETTERS = {
    StepState.WAITING: "w",
    StepState.STARTED: "s",
    StepState.COMPLETED: "c",
    StepState.FAILED: "f",
    StepState.UNKNOWN: "u",
    StepState.SKIPPED: "k",
    StepState.CANCELLED: "x",
}
_STATES = {letter: state for state, letter in _LETTERS.items()}


def accepted_item(run: Run) -> Item:
    """Return the acceptance as an item, without its keys; ``workflow_day`` is the key of the index of all workflows."""
    definition = run.definition
    detail = {
        "content_hash": run.content_hash,
        "definition": {"key": definition.key, "size": definition.size, "digest": definition.digest},
        "webhook_url": run.webhook_url,
        "lane": run.lane,
        "caller": run.caller,
        "acceptance_id": run.acceptance_id,
    }
    item = {
        "workflow_day": attribute(day_of(run.created_at)),
        "created_at": attribute(run.created_at),
        "trace_id": attribute(run.trace_id),
        "deadline_at": attribute(run.deadline_at),
        "detail": attribute(packed(detail)),
    }
    if definition.inline is not None:
        item["definition"] = attribute(definition.inline)
    return item


def run_item(run: Run) -> Item:
    """Return a workflow's current state as an item, without its keys; ``created_at`` ties it to its acceptance."""
    detail = {
        "settled_at": run.settled_at,
        "stop": run.stop,
        "error": _error(run.error),
        "round": run.round,
        "renewed": dict(run.renewed),
        "actor": run.actor,
        "delivery": asdict(run.delivery),
    }
    return {
        "status": attribute(run.status),
        "version": attribute(run.version),
        "created_at": attribute(run.created_at),
        "deadline_at": attribute(run.deadline_at),
        "detail": attribute(packed(detail)),
    }


def step_item(run: Run, step: StepRecord) -> Item:
    """Return a step's current state as an item, without its keys."""
    detail = {
        "run": step.run,
        "round": step.round,
        "items": None if step.items is None else [_LETTERS[item.state] + str(item.run) for item in step.items],
        "result": None if step.result is None else asdict(step.result) | {"inline": None},
        "error": _error(step.error),
        "started_at": step.started_at,
        "completed_at": step.completed_at,
        "item_failed_at": step.item_failed_at,
    }
    item = {
        "state": attribute(step.state),
        "version": attribute(step.version),
        "created_at": attribute(run.created_at),
        "detail": attribute(packed({name: value for name, value in detail.items() if value is not None})),
    }
    if step.awaits:  # DynamoDB has no empty sets
        item["awaits"] = {"SS": sorted(step.awaits)}
    return item


def read_run(workflow_id: str, accepted: Mapping[str, Attribute], current: Mapping[str, Attribute] | None) -> Run:
    """Read a workflow's record from its acceptance and, once it has been written, its current state."""
    known = unpacked(value_of(accepted["detail"]))
    inline = accepted.get("definition")
    values: dict[str, Any] = {
        **known,
        "workflow_id": workflow_id,
        "trace_id": accepted["trace_id"]["S"],
        "created_at": value_of(accepted["created_at"]),
        "deadline_at": value_of(accepted["deadline_at"]),
        "definition": PayloadRef(**known["definition"], inline=None if inline is None else value_of(inline)),
    }
    if current is not None:
        detail = unpacked(value_of(current["detail"]))
        delivery = detail["delivery"]
        values |= {
            **detail,
            "status": WorkflowStatus(current["status"]["S"]),
            "version": value_of(current["version"]),
            "deadline_at": value_of(current["deadline_at"]),
            "stop": Stop(detail["stop"]) if detail["stop"] else None,
            "error": ExecutionError(**detail["error"]) if detail["error"] else None,
            "renewed": {name: Renewal(kind) for name, kind in detail["renewed"].items()},
            "delivery": Delivery(**(delivery | {"status": WebhookStatus(delivery["status"])})),
        }
    return Run(**values)


def read_step(name: str, item: Mapping[str, Attribute]) -> StepRecord:
    """Read a step's record."""
    detail = unpacked(value_of(item["detail"]))
    items, result, error = detail.get("items"), detail.get("result"), detail.get("error")
    return StepRecord(
        name,
        frozenset(item["awaits"]["SS"]) if "awaits" in item else frozenset(),
        StepState(item["state"]["S"]),
        run=detail["run"],
        round=detail["round"],
        items=None if items is None else tuple(StepItem(_STATES[each[0]], int(each[1:])) for each in items),
        result=None if result is None else PayloadRef(**result),
        error=None if error is None else ExecutionError(**error),
        started_at=detail.get("started_at"),
        completed_at=detail.get("completed_at"),
        item_failed_at=detail.get("item_failed_at"),
        version=value_of(item["version"]),
    )


def _error(error: ExecutionError | None) -> dict[str, Any] | None:
    return None if error is None else {name: part for name, part in asdict(error).items() if part is not None}
