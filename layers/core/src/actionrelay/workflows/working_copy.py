"""A workflow as one worker knows it: what it has read and what it has written since."""

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
    """Each write is conditional on what was read; it raises ``StaleWriteError`` when another worker wrote first."""

    def __init__(self, workflow: Workflow, records: WorkflowRecords, telemetry: Telemetry) -> None:
        self.workflow = workflow
        """The records as this worker last read or wrote them."""
        self.records = records
        self._telemetry = telemetry
        self.is_stale = False
        """This worker has written since it read the records, so others may have written too."""
        self.has_settled = False
        """This worker gave the workflow an outcome."""
        self.concern()

    def concern(self) -> None:
        """Put the ids of this workflow on every log line from now on."""
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
        """Remove a dependency from the set that a step waits for."""
        self._know(self.records.store.release(self.workflow.run, step, dependency))

    def save(self, step: StepRecord) -> None:
        """Write a step's record."""
        try:
            self.records.store.save_step(self.workflow.run, step)
        except StaleWriteError:
            # The SDK repeats a write whose response was lost, and then finds the version that it wrote itself.
            records = self.records.store.load(self.workflow.run.workflow_id)
            if records is None or records.steps.get(step.name) != step:
                raise
        self._know(step)

    def save_run(self, run: Run) -> None:
        """Write the workflow's own record; count and log a change of its status."""
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
        # The end of a running item goes into this same record, by a worker that reads it later.
        will_be_looked_at = step.state is StepState.STARTED and step.items_under_way > 0
        self.is_stale = self.is_stale or not will_be_looked_at
