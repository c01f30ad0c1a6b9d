"""What delivering wants to know of workflows, from their records."""

from dataclasses import dataclass, replace
from typing import override

from actionrelay.deliver.ports import WorkflowOutcome, WorkflowOutcomes
from actionrelay.errors import StaleWriteError
from actionrelay.lanes import caller_name
from actionrelay.ledger.execution import Delivery, WebhookStatus
from actionrelay.workflows import transitions
from actionrelay.workflows.document import workflow_document
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.results import StepResults
from actionrelay.workflows.run import Workflow

_TRIES = 5


@dataclass(frozen=True, slots=True)
class RecordedOutcomes(WorkflowOutcomes):
    """``WorkflowOutcomes`` over the records of workflows."""

    records: WorkflowRecords
    results: StepResults

    @override
    def load(self, workflow_id: str) -> WorkflowOutcome | None:
        workflow = self.records.load(workflow_id)
        return None if workflow is None else self._outcome(workflow)

    @override
    def record(self, outcome: WorkflowOutcome, delivery: Delivery) -> WorkflowOutcome | None:
        for _ in range(_TRIES):
            workflow = self.records.load(outcome.workflow_id)
            current = None if workflow is None else self._outcome(workflow)
            if workflow is None or current is None or current.settled_at != outcome.settled_at:
                return None
            if current.delivery == delivery:
                return current  # this very try is on record: the answer of its write got lost
            if current.delivery != outcome.delivery:
                return None
            try:
                self.records.store.save(transitions.delivered(workflow.run, delivery))
            except StaleWriteError:
                continue
            return replace(current, delivery=delivery)
        raise StaleWriteError("too many writers at once", workflow_id=outcome.workflow_id)

    def _outcome(self, workflow: Workflow) -> WorkflowOutcome | None:
        run = workflow.run
        if run.webhook_url is None or run.settled_at is None or run.delivery.status is WebhookStatus.NONE:
            return None
        return WorkflowOutcome(
            run.workflow_id,
            run.trace_id,
            run.webhook_url,
            caller_name(run.caller),
            f"workflow.{run.status.value}",
            run.settled_at,
            run.delivery,
            lambda: workflow_document(workflow, self.results),
        )
