"""What is due, derived from a workflow's records only: the next reader does what a dead worker left undone. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from actionrelay.ledger.execution import ExecutionError
from actionrelay.workflows import transitions
from actionrelay.workflows.definition import OnFailure, Step
from actionrelay.workflows.plan import descendants
from actionrelay.workflows.run import OVER, Renewal, StepRecord, StepState, Stop, Workflow, WorkflowStatus
from actionrelay.workflows.transitions import DEADLINE_EXCEEDED

DEPENDENCY_FAILED = "dependency_failed"


class DueKind(StrEnum):
    """What can be due."""

    STOP = "stop"
    """Nothing new may start: a step failed with `onFailure: stop`, or the deadline passed."""
    RENEW = "renew"
    RELEASE = "release"
    """A dependency is over: remove it from the set that a step waits for, in which others remain."""
    SKIP = "skip"
    """A dependency of the step has failed."""
    CANCEL = "cancel"
    START = "start"
    """Every dependency is over: decide whether it runs, and with which inputs."""
    START_ITEMS = "start_items"
    JOIN = "join"


@dataclass(frozen=True, slots=True)
class Due:
    """One due action, safe to repeat."""

    kind: DueKind
    step: str = ""
    on: str = ""
    """The dependency that is over or has failed."""
    stop: Stop | None = None


def due(workflow: Workflow, now: int) -> Iterator[Due]:
    """Yield what the records call for now. If that is nothing, the workflow waits for an execution, or has ended."""
    if stop := _stop_due(workflow, now):
        yield Due(DueKind.STOP, stop=stop)
        return
    owed = [name for name in workflow.run.renewed if _renewal_is_owed(workflow, name)]
    yield from (Due(DueKind.RENEW, name) for name in owed)
    if not owed:
        for name, step in workflow.steps.items():
            yield from _due_of(workflow, step, name)


def _stop_due(workflow: Workflow, now: int) -> Stop | None:
    run = workflow.run
    if run.stop is None and run.status in {WorkflowStatus.RUNNING, WorkflowStatus.BLOCKED} and now >= run.deadline_at:
        return Stop.DEADLINE
    if run.stop is not None or workflow.definition.on_failure is not OnFailure.STOP:
        return None
    began_at = run.deadline_at - workflow.definition.deadline_ms
    failed = any(_failed_at(step) >= began_at for step in workflow.steps.values())
    return Stop.FAILURE if failed else None


def _failed_at(step: StepRecord) -> int:
    """When a step, or one of its items, failed or was cancelled; 0 if none was. Other items may end long after."""
    ended_at = step.completed_at if step.state in {StepState.FAILED, StepState.CANCELLED} else None
    return max(ended_at or 0, step.item_failed_at or 0)


def _renewal_is_owed(workflow: Workflow, name: str) -> bool:
    return name in workflow.run.renewed and workflow.steps[name].round < workflow.run.round


def _due_of(workflow: Workflow, step: StepRecord, name: str) -> Iterator[Due]:
    defined = workflow.definition.steps[name]
    if step.state is StepState.STARTED:
        if step.items is not None:
            yield from _due_of_items(workflow, step, defined)
        return
    if step.state is not StepState.WAITING:
        return
    if workflow.run.stop is not None:
        yield Due(DueKind.CANCEL, name)
        return
    failed = next((each for each in defined.depends_on if workflow.steps[each].is_failed), None)
    over = [each for each in defined.depends_on if _is_awaited_in_vain(step, workflow.steps[each])]
    if failed is not None:
        yield Due(DueKind.SKIP, name, failed)
    elif len(over) == len(step.awaits):  # the write that starts it removes the last ones
        yield Due(DueKind.START, name)
    else:
        yield from (Due(DueKind.RELEASE, name, each) for each in over)


def _due_of_items(workflow: Workflow, step: StepRecord, defined: Step) -> Iterator[Due]:
    waiting = any(item.state is StepState.WAITING for item in step.items or ())
    if waiting and workflow.run.stop is not None:
        yield Due(DueKind.CANCEL, step.name)
    elif waiting and step.items_under_way < defined.max_concurrency:
        yield Due(DueKind.START_ITEMS, step.name)
    elif transitions.joined(step) is not None:
        yield Due(DueKind.JOIN, step.name)


def _is_awaited_in_vain(step: StepRecord, dependency: StepRecord) -> bool:
    return dependency.state in OVER and dependency.token in step.awaits


def judge(workflow: Workflow, now: int) -> tuple[WorkflowStatus, ExecutionError | None]:
    """Derive a workflow's status from its records, and why it failed."""
    run, states = workflow.run, [step.state for step in workflow.steps.values()]
    match run.stop:
        case Stop.CANCEL:
            return WorkflowStatus.CANCELLED, None
        case Stop.DEADLINE:
            return WorkflowStatus.FAILED, DEADLINE_EXCEEDED
    if StepState.STARTED in states or any(True for _ in due(workflow, now)):
        return WorkflowStatus.RUNNING, None
    if StepState.WAITING in states:
        return WorkflowStatus.BLOCKED, None
    failed = sorted((step for step in workflow.steps.values() if step.is_failed), key=_is_skipped)
    if failed:
        return WorkflowStatus.FAILED, step_failed([step.name for step in failed])
    return (WorkflowStatus.BLOCKED if StepState.UNKNOWN in states else WorkflowStatus.COMPLETED), None


def _is_skipped(step: StepRecord) -> bool:
    return step.state is StepState.SKIPPED


def step_failed(names: Sequence[str]) -> ExecutionError:
    """Return the error that names the first failed step and the number of others."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return ExecutionError("step_failed", f"{names[0]}{more} did not complete")


def dependency_failed(name: str) -> ExecutionError:
    """Return the error of a step that is skipped because a dependency failed."""
    return ExecutionError(DEPENDENCY_FAILED, f"{name}, which it depends on, did not complete")


def renewals(workflow: Workflow, root: str | None) -> Mapping[str, Renewal]:
    """Return what a retry means for which steps: for all that did not complete, or for ``root`` and its descendants.

    A descendant of a step that runs again runs again too; a step that is running or waiting is left alone.
    """
    if root is not None:
        return dict.fromkeys(sorted(descendants(workflow.definition.graph, [root])), Renewal.AGAIN)
    found: dict[str, Renewal] = {}
    for name, step in workflow.steps.items():
        if step.state is StepState.UNKNOWN:
            found[name] = Renewal.ASK_AGAIN
        elif step.is_failed:
            found[name] = Renewal.FAILED_ITEMS if step.items else Renewal.AGAIN
    return found


def revival(workflow: Workflow, name: str) -> Mapping[str, Renewal]:
    """Return what follows when a failed step's execution is run again: its descendants that failed run again too."""
    followers = descendants(workflow.definition.graph, [name]) - {name}
    failed = {each: Renewal.AGAIN for each in sorted(followers) if workflow.steps[each].is_failed}
    return {name: Renewal.FOLLOW, **failed}
