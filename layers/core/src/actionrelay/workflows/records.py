"""The records of workflows as use cases want them: all of one at once, with its definition."""

import json
from dataclasses import dataclass

from actionrelay.errors import AlreadyRecordedError, DependencyError, RecordUnreadableError, WorkflowNotFoundError
from actionrelay.ids import LONGEST_ID
from actionrelay.ledger.ports import PayloadStore
from actionrelay.workflows.definition import read_definition
from actionrelay.workflows.ports import WorkflowStore
from actionrelay.workflows.run import Run, Workflow, never_written


def recorded_form(workflow_id: str) -> str:
    """Return a workflow's id as records have it: in lower case.

    Raises:
        WorkflowNotFoundError: no record has such an id.
    """
    if not 0 < len(workflow_id) <= LONGEST_ID:
        raise WorkflowNotFoundError.of(workflow_id)
    return workflow_id.lower()


@dataclass(frozen=True, slots=True)
class WorkflowRecords:
    """Reads and creates the records of workflows."""

    store: WorkflowStore
    payloads: PayloadStore

    def load(self, workflow_id: str) -> Workflow | None:
        """Read a workflow; a step that nobody has written yet is as the definition begins it.

        Raises:
            RecordUnreadableError: its definition is gone, or is none of this release.
        """
        records = self.store.load(workflow_id)
        if records is None:
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
            # A write whose answer got lost has been made all the same, and the SDK meets it when it repeats it.
            found = self.store.load(run.workflow_id)
            if found is None or found.run.acceptance_id != run.acceptance_id:
                raise
