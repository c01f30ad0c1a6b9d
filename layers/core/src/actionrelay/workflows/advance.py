"""Use case: advance a workflow. A message says that something has changed; the records say what is due.

Each due action is one conditional write, followed by what it calls for. If a worker dies in between, its message is
received again, and the next worker checks every execution and everything that is due.
"""

from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock

from actionrelay.errors import StaleWriteError
from actionrelay.ledger.message import MessageKind, WorkflowMessage
from actionrelay.ledger.ports import DeliveryQueue, ExecutionStore, WorkflowQueue
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.resend import resend_on_failure
from actionrelay.workflows.memory_turn import Turn
from actionrelay.workflows.ports import StepExecutions
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.run import Run, WorkflowStatus
from actionrelay.workflows.visit import Visit
from actionrelay.workflows.working_copy import WorkingCopy

TRIES = 10
"""How often a worker starts over because another one wrote first, before it sends its message with a short delay."""
STALE_RESEND_MS = 2_000
"""That delay, before jitter."""


@dataclass(frozen=True, slots=True)
class AdvanceWorkflow:
    """Does what is due for a workflow."""

    records: WorkflowRecords
    executions: ExecutionStore
    steps: StepExecutions
    queue: WorkflowQueue
    deliveries: DeliveryQueue
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness
    worker: Lock = field(default_factory=Lock, repr=False)
    """Held by the one message that has large results in memory."""

    def advance(self, message: WorkflowMessage, ends_at: int) -> None:
        """Do what is due; ``ends_at`` (ms) is when this worker's invocation is cut off.

        When a service fails, a new message with a delay replaces this one and checks everything: the queue's receive
        count is for workers that died.

        Raises:
            QueueUnavailableError: no message could be sent, so this one must be received again.
        """
        again = replace(message, place=None, again=True)
        with resend_on_failure(
            partial(self.queue.notify, again), self.telemetry, self.randomness, stale_ms=STALE_RESEND_MS
        ):
            self._advance(message, ends_at)

    def _advance(self, message: WorkflowMessage, ends_at: int) -> None:
        for _ in range(TRIES):
            workflow = self.records.load(message.workflow_id)
            if workflow is None:
                self.telemetry.event("workflow_gone")
                return
            copy = WorkingCopy(workflow, self.records, self.telemetry)
            visit = Visit(
                copy,
                executions=self.executions,
                steps=self.steps,
                queue=self.queue,
                clock=self.clock,
                ends_at=ends_at,
                turn=Turn(self.worker),
            )
            try:
                is_over = visit.meet_deadline()
                if is_over:
                    self.hand_on(copy.workflow.run)
                visit.take(message)
            except StaleWriteError:
                continue
            if not is_over and (copy.has_settled or message.place is None):
                self.hand_on(copy.workflow.run)
            self._watch(copy.workflow.run, message)
            return
        raise StaleWriteError("too many writers at once", workflow_id=message.workflow_id)

    def hand_on(self, run: Run) -> None:
        """Queue the delivery of a workflow's outcome unless it has been tried; safe to repeat."""
        if run.delivery.untried:
            self.deliveries.send(
                run.workflow_id, version=run.version, receiver=run.webhook_url, kind=MessageKind.WORKFLOW
            )

    def _watch(self, run: Run, message: WorkflowMessage) -> None:
        """Send the message that watches the deadline again, until the workflow has ended."""
        if message.watch == run.round and run.status in {WorkflowStatus.RUNNING, WorkflowStatus.BLOCKED}:
            watch = WorkflowMessage(run.workflow_id, watch=run.round)
            self.queue.notify(watch, max(run.deadline_at - self.clock.now(), 1_000))
