"""A workflow as one worker knows it: what it has read, and what it has written since."""

from dataclasses import replace

from actionrelay.errors import StaleWriteError
from actionrelay.ports import Telemetry
from actionrelay.signals import Count
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.run import Run, StepRecord, StepState, Workflow, WorkflowStatus

OUTCOMES = {
    WorkflowStatus.COMPLETED: Count.WORKFLOWS_COMPLETED,
    WorkflowStatus.FAILED: Count.WORKFLOWS_FAILED,
    WorkflowStatus.BLOCKED: Count.WORKFLOWS_BLOCKED,
    WorkflowStatus.CANCELLED: Count.WORKFLOWS_CANCELLED,
}


class WorkingCopy:
    """Each write is conditional on what was read: ``StaleWriteError`` where another worker was first."""

    def __init__(self, workflow: Workflow, records: WorkflowRecords, telemetry: Telemetry) -> None:
        self.workflow = workflow
        """What is on record, as far as this worker knows."""
        self.records = records
        self._telemetry = telemetry
        self.is_stale = False
        """Something was written since the records were read; others may have written as well."""
        self.has_settled = False
        """The workflow has come to something, by this worker."""
        self.concern()

    def concern(self) -> None:
        """What this worker logs and traces from now on is about this workflow."""
        self._telemetry.concerning(self.workflow.run.workflow_id, self.workflow.run.trace_id)

    def read_again(self) -> None:
        """Read all records of the workflow.

        Raises:
            StaleWriteError: it is gone.
        """
        workflow = self.records.load(self.workflow.run.workflow_id)
        if workflow is None:
            raise StaleWriteError("the workflow is gone", workflow_id=self.workflow.run.workflow_id)
        self.workflow, self.is_stale = workflow, False

    def release(self, step: StepRecord, dependency: str) -> None:
        """Remove from a step's record what it waits for no longer."""
        self._know(self.records.store.release(self.workflow.run, step, dependency))

    def save(self, step: StepRecord) -> None:
        """Write a step's record."""
        try:
            self.records.store.save_step(self.workflow.run, step)
        except StaleWriteError:
            # A write whose answer got lost has been made all the same, and the SDK meets it when it repeats it.
            records = self.records.store.load(self.workflow.run.workflow_id)
            if records is None or records.steps.get(step.name) != step:
                raise
        self._know(step)

    def save_run(self, run: Run) -> None:
        """Write the record of the workflow itself; report where its status changes."""
        try:
            self.records.store.save(run)
        except StaleWriteError:
            records = self.records.store.load(run.workflow_id)
            if records is None or records.run != run:
                raise
        if run.status is not self.workflow.run.status:
            self.has_settled = run.status in OUTCOMES
            if run.status in OUTCOMES:
                self._telemetry.count(OUTCOMES[run.status])
            code = run.error.code if run.error else None
            self._telemetry.event("workflow_changed", workflow_id=run.workflow_id, status=run.status.value, code=code)
        self.workflow = replace(self.workflow, run=run)
        self.is_stale = True

    def _know(self, step: StepRecord) -> None:
        self.workflow = replace(self.workflow, steps={**self.workflow.steps, step.name: step})
        # The end of an item that is under way is written to this same record, by a worker that reads it later.
        will_be_looked_at = step.state is StepState.STARTED and step.items_under_way > 0
        self.is_stale = self.is_stale or not will_be_looked_at
