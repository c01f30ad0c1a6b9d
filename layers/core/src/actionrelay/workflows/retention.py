"""How long a workflow is there for those who ask: as long as an execution (``ledger.retention``), on every route."""

from dataclasses import dataclass
from typing import override

from actionrelay.ledger.retention import is_over
from actionrelay.ports import Clock
from actionrelay.workflows.ports import Records, WorkflowStore
from actionrelay.workflows.run import Run, StepRecord


@dataclass(frozen=True, slots=True)
class RetainedWorkflows(WorkflowStore):
    """A ``WorkflowStore`` that shows what its retention still holds. Workers see a workflow to its end."""

    store: WorkflowStore
    clock: Clock
    retention_ms: int
    """Counted from the acceptance."""

    @override
    def create(self, run: Run) -> None:
        """Write a record; the store itself takes an id again that is past its retention."""
        self.store.create(run)

    @override
    def load(self, workflow_id: str) -> Records | None:
        """Read all records of a workflow, if it is still there for those who ask."""
        records = self.store.load(workflow_id)
        if records is None or is_over(records.run.created_at, self.retention_ms, self.clock.now()):
            return None
        return records

    @override
    def save(self, run: Run) -> None:
        """Write the next version of the record of the whole."""
        self.store.save(run)

    @override
    def save_step(self, run: Run, step: StepRecord) -> None:
        """Write the next version of a step's record."""
        self.store.save_step(run, step)

    @override
    def release(self, run: Run, step: StepRecord, dependency: str) -> StepRecord:
        """Take a dependency out of what a step waits for."""
        return self.store.release(run, step, dependency)
