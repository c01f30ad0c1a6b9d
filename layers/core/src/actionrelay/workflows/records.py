"""Reads a workflow's records together with its definition, and creates them."""

import json
from dataclasses import dataclass

from actionrelay.errors import AlreadyRecordedError, DependencyError, RecordUnreadableError, WorkflowNotFoundError
from actionrelay.ids import recorded_form
from actionrelay.ledger.ports import PayloadStore
from actionrelay.ledger.retention import Retention
from actionrelay.workflows.definition import read_definition
from actionrelay.workflows.ports import WorkflowStore
from actionrelay.workflows.run import Run, Workflow, never_written


@dataclass(frozen=True, slots=True)
class WorkflowRecords:
    """Reads and creates the records of workflows."""

    store: WorkflowStore
    payloads: PayloadStore
    retention: Retention | None = None
    """After it a workflow is gone for callers and operators. None for workers, which see it until it ends."""

    def named(self, workflow_id: str) -> Workflow:
        """Read the workflow that a caller names, by an id in upper or lower case.

        Raises:
            WorkflowNotFoundError: no workflow has this id.
            RecordUnreadableError: its definition is gone, or this release can't read it.
        """
        workflow = self.load(recorded_form(workflow_id, WorkflowNotFoundError))
        if workflow is None:
            raise WorkflowNotFoundError.of(workflow_id)
        return workflow

    def load(self, workflow_id: str) -> Workflow | None:
        """Read a workflow; a step that has not been written yet is in its initial state.

        Raises:
            RecordUnreadableError: its definition is gone, or this release can't read it.
        """
        records = self.store.load(workflow_id)
        if records is None or (self.retention and self.retention.has_ended(records.run.created_at)):
            return None
        stored = self.payloads.get(records.run.definition)
        if stored is None:
            raise RecordUnreadableError("the definition of the workflow is gone", workflow_id=workflow_id)
        definition = read_definition(json.loads(stored))
        steps = {name: records.steps.get(name) or never_written(definition, name) for name in definition.steps}
        return Workflow(records.run, definition, steps)

    def create(self, run: Run) -> None:
        """Write the first version of a workflow.

        Raises:
            AlreadyRecordedError: the id is taken.
        """
        try:
            self.store.create(run)
        except (AlreadyRecordedError, DependencyError):
            # The SDK repeats a write whose response was lost, and then finds the record that it wrote itself.
            found = self.store.load(run.workflow_id)
            if found is None or found.run.acceptance_id != run.acceptance_id:
                raise
