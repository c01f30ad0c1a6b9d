"""Use case: an operator retries or cancels a workflow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from actionrelay.errors import InvalidRequestError, StaleWriteError, WrongStateError
from actionrelay.fault import Fault
from actionrelay.ledger.execution import WebhookStatus
from actionrelay.ledger.message import MessageKind, WorkflowMessage
from actionrelay.ledger.ports import DeliveryQueue, WorkflowQueue
from actionrelay.ports import Clock, Telemetry
from actionrelay.schemas import read_valid
from actionrelay.signals import Count
from actionrelay.strict_json import Json
from actionrelay.workflows import due_steps, transitions
from actionrelay.workflows.due_steps import DueKind
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.request import RetryRequest
from actionrelay.workflows.run import Renewal, Run, StepState, Stop, Workflow, WorkflowStatus

_TRIES = 10
_STOPPABLE = frozenset({WorkflowStatus.RUNNING, WorkflowStatus.BLOCKED})


@dataclass(frozen=True, slots=True)
class OperateWorkflow:
    """The operator's two decisions; the record names who took the last one."""

    records: WorkflowRecords
    queue: WorkflowQueue
    deliveries: DeliveryQueue
    telemetry: Telemetry
    clock: Clock
    body: Callable[[bytes], Json]
    """Reads a body by the rules of this deployment."""
    sweep_letters: Callable[[], None]
    """Has dead letters checked; raises nothing."""

    def retry(self, workflow_id: str, actor: str | None, raw: bytes = b"") -> Workflow:
        """Run what did not complete again, and its dependents; or one step and its dependents.

        An unknown execution is asked about again under the id that was sent before; a failed one gets another run. If
        the queue fails after the decision is on record, a repeat of this call sends the message.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault, an unknown step included.
            WorkflowNotFoundError: no workflow has this id.
            WrongStateError: it is running, nothing of it failed, or a step that would run again is still running.
            QueueUnavailableError: decided, but not started.
        """
        root = self.read_retry(raw).from_

        def decide(workflow: Workflow) -> Workflow:
            if root is not None and root not in workflow.steps:
                raise InvalidRequestError((Fault("/from", "unknown_step", "the workflow has no such step"),))
            if _is_being_retried(workflow):
                return workflow
            renewed = self._renewed(workflow, root)
            deadline_ms = workflow.definition.deadline_ms
            run = transitions.retried(workflow.run, renewed, self.clock.now(), deadline_ms, actor)
            self.records.store.save(run)
            self.telemetry.count(Count.WORKFLOWS_RETRIED)
            self._answer_letters(workflow.run)
            return replace(workflow, run=run)

        retried = self._decide(workflow_id, decide)
        self.queue.notify(WorkflowMessage(retried.run.workflow_id, watch=retried.run.round))
        return retried

    def read_retry(self, raw: bytes) -> RetryRequest:
        """Read the body of ``retry``, which may be left out.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
        """
        return read_valid(RetryRequest, self.body(raw) if raw.strip() else {})

    def cancel(self, workflow_id: str, actor: str | None) -> Workflow:
        """Start nothing more; running executions go on and are recorded. A repeat finishes what a failure left undone.

        Raises:
            WorkflowNotFoundError: no workflow has this id.
            WrongStateError: it has ended.
            QueueUnavailableError: decided, but its webhook is not queued.
        """

        def decide(workflow: Workflow) -> Workflow:
            if workflow.run.status is not WorkflowStatus.CANCELLED:
                if workflow.run.status not in _STOPPABLE:
                    raise _wrong_state(workflow, f"the workflow is {workflow.run.status}")
                run = transitions.stopped(workflow.run, Stop.CANCEL, self.clock.now(), actor)
                self.records.store.save(run)
                self.telemetry.count(Count.WORKFLOWS_CANCELLED)
                self._answer_letters(workflow.run)
                workflow = replace(workflow, run=run)
            return self._leave_out(workflow)

        cancelled = self._decide(workflow_id, decide)
        run = cancelled.run
        if run.delivery.untried:
            self.deliveries.send(
                run.workflow_id, version=run.version, receiver=run.webhook_url, kind=MessageKind.WORKFLOW
            )
        return cancelled

    def _answer_letters(self, before: Run) -> None:
        """Have dead letters checked if the delivery was given up: this decision deals with its letter."""
        if before.delivery.status is WebhookStatus.FAILED:
            self.sweep_letters()

    def _leave_out(self, workflow: Workflow) -> Workflow:
        """Cancel what has not started, so that nothing starts after the response."""
        now = self.clock.now()
        for due in [each for each in due_steps.due(workflow, now) if each.kind is DueKind.CANCEL]:
            step = workflow.steps[due.step]
            left_out = transitions.cancel(step, now) if step.items is None else transitions.cancel_items(step)
            self.records.store.save_step(workflow.run, left_out)
            workflow = replace(workflow, steps={**workflow.steps, step.name: left_out})
        return workflow

    def _decide(self, workflow_id: str, decide: Callable[[Workflow], Workflow]) -> Workflow:
        """Decide about the current state, and again if another writer was first."""
        for _ in range(_TRIES):
            workflow = self.records.named(workflow_id)
            self.telemetry.concerning(workflow.run.workflow_id, workflow.run.trace_id)
            try:
                return decide(workflow)
            except StaleWriteError:
                continue
        raise StaleWriteError("too many writers at once", workflow_id=workflow_id)

    def _renewed(self, workflow: Workflow, root: str | None) -> Mapping[str, Renewal]:
        if workflow.run.status is WorkflowStatus.RUNNING:
            raise _wrong_state(workflow, "the workflow is running")
        renewed = due_steps.renewals(workflow, root)
        if not renewed:
            raise _wrong_state(workflow, "nothing of the workflow failed or is unknown; name a step to run it again")
        busy = [name for name in renewed if workflow.steps[name].state is StepState.STARTED]
        if busy:
            raise _wrong_state(workflow, f"the step {busy[0]} is still running")
        return renewed


def allowed(workflow: Workflow) -> tuple[str, ...]:
    """Return what may be decided about a workflow in its current state."""
    may = {
        "retry": workflow.run.status is not WorkflowStatus.RUNNING,
        "cancel": workflow.run.status in _STOPPABLE,
    }
    return tuple(decision for decision, is_allowed in may.items() if is_allowed)


def _is_being_retried(workflow: Workflow) -> bool:
    """Whether a retry is on record that has not started, so that a repeat of the call sends its message."""
    run = workflow.run
    return run.status is WorkflowStatus.RUNNING and any(workflow.steps[name].round < run.round for name in run.renewed)


def _wrong_state(workflow: Workflow, said: str) -> WrongStateError:
    return WrongStateError(said, allowed(workflow), workflow_id=workflow.run.workflow_id)
