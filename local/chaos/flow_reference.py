"""What a workflow must come to, by its definition alone: a plain reading of it, apart from the relay's own.

Actions echo their inputs, so every result is known beforehand, and with it the inputs of what depends on it.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from local.chaos.faults import LARGE, LARGE_RESULT_BYTES
from local.chaos.history import FlowOrder, History, Order
from local.genesys.actions import run_action

type Place = tuple[str, int | None, int]
"""Step, item (None where a step runs once) and run number."""


def execution_id(workflow_id: str, step: str, index: int | None, run: int) -> str:
    """Return the id of a step's execution: UUIDv5 of workflow id, step, item and run number."""
    return str(uuid.uuid5(uuid.UUID(workflow_id), f"{step}/{'' if index is None else index}/{run}"))


def needs(flow: FlowOrder, name: str) -> list[str]:
    """Return the steps that one depends on, named by it or referred to."""
    step = flow.steps[name]
    found = [*step.get("dependsOn", ()), *refers_to(flow, name)]
    return list(dict.fromkeys(found))


def refers_to(flow: FlowOrder, name: str) -> list[str]:
    """Return the steps whose results one refers to."""
    step = flow.steps[name]
    return [each for field in ("inputs", "when", "forEach") for each in _referred(step.get(field)) if each[0] != "$"]


def is_skipped(flow: FlowOrder, name: str) -> bool:
    """Whether a step's own ``when`` leaves it out."""
    step = flow.steps[name]
    return "when" in step and not _meant(flow, step["when"])


def items(flow: FlowOrder, name: str) -> list[Any] | None:
    """Return what a step runs for; None where it runs once."""
    step = flow.steps[name]
    return list(_meant(flow, step["forEach"])) if "forEach" in step else None


def result(flow: FlowOrder, name: str) -> Any:
    """Return the result of a step that completed, of ordinary size; null where it was left out."""
    if is_skipped(flow, name):
        return None
    action = flow.steps[name]["actionId"]
    count = items(flow, name)
    if count is None:
        return run_action(action, inputs(flow, name, None))
    return [run_action(action, inputs(flow, name, index)) for index in range(len(count))]


def inputs(flow: FlowOrder, name: str, index: int | None) -> dict[str, Any]:
    """Return the inputs of a step, or of one of its items."""
    listed = items(flow, name)
    known = {} if index is None or listed is None else {"$item": listed[index], "$index": index}
    meant: dict[str, Any] = _meant(flow, flow.steps[name]["inputs"], known)
    return meant


def executions(flow: FlowOrder, runs: int) -> Iterator[tuple[Place, Order]]:
    """Give every execution that the workflow may have in so many runs, as if it had been ordered."""
    for name, step in flow.steps.items():
        listed = items(flow, name)
        for index in [None] if listed is None else range(len(listed)):
            for run in range(1, runs + 1):
                is_large = run == 1 and flow.kinds[name] == LARGE
                yield (
                    (name, index, run),
                    Order(
                        execution_id=execution_id(flow.workflow_id, name, index, run),
                        trace_id=flow.trace_id,
                        action_id=step["actionId"],
                        inputs=inputs(flow, name, index),
                        kind=flow.kinds[name],
                        faults=flow.faults[name],
                        idempotent=step["idempotent"],
                        result_bytes=LARGE_RESULT_BYTES if is_large else 0,
                        step=name,
                    ),
                )


def planned(history: History) -> tuple[str, ...]:
    """Return the ids of all executions that there may be: those that were ordered, and those of workflows."""
    of_flows = (order for flow in history.flows for _, order in executions(flow, history.runs_of(flow)))
    return tuple(order.execution_id for order in (*history.orders, *of_flows))


def _meant(flow: FlowOrder, template: Any, known: Mapping[str, Any] | None = None) -> Any:
    """Return a template with what its references mean."""
    if isinstance(template, list):
        return [_meant(flow, each, known) for each in template]
    if not isinstance(template, dict):
        return template
    if "$literal" in template:
        return template["$literal"]
    if "$from" in template:
        source = template["$from"]
        value = known[source] if known and source in known else result(flow, source)
        for key in template["path"].split(".") if "path" in template else ():
            value = value.get(key) if isinstance(value, dict) else None
        return value
    return {key: _meant(flow, each, known) for key, each in template.items()}


def _referred(template: Any) -> Iterator[str]:
    if isinstance(template, list):
        for each in template:
            yield from _referred(each)
    elif isinstance(template, dict) and "$literal" not in template:
        if "$from" in template:
            yield template["$from"]
        else:
            for each in template.values():
                yield from _referred(each)
