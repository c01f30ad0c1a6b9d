"""Workflows with an outcome, as the delivery of webhooks reads and records them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, override

from actionrelay.deliver.ports import Deliverable, Deliverables, Try
from actionrelay.errors import StaleWriteError
from actionrelay.lanes import caller_name
from actionrelay.ledger.execution import WebhookStatus
from actionrelay.ledger.message import MessageKind
from actionrelay.ports import Telemetry
from actionrelay.workflows import transitions
from actionrelay.workflows.document import workflow_document
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.run import Workflow
from actionrelay.workflows.step_results import StepResults

_TRIES = 5


@dataclass(frozen=True, slots=True)
class SettledWorkflows(Deliverables[Workflow]):
    """``Deliverables`` over the records of workflows, which have no audit: the log says what a receiver answered."""

    records: WorkflowRecords
    results: StepResults
    telemetry: Telemetry
    kind: ClassVar[MessageKind] = MessageKind.WORKFLOW

    @override
    def load(self, subject_id: str, version: int | None = None) -> Deliverable[Workflow] | None:
        workflow = self.records.load(subject_id)
        return None if workflow is None else _deliverable(workflow)

    @override
    def document(self, due: Deliverable[Workflow]) -> Mapping[str, object]:
        return workflow_document(due.record, self.results)

    @override
    def write_audit(self, due: Deliverable[Workflow]) -> None:
        """Do nothing."""

    @override
    def record(self, due: Deliverable[Workflow], tried: Try) -> Deliverable[Workflow] | None:
        self.telemetry.event("workflow_webhook", status=tried.status.value, code=tried.cause.code)
        delivery = due.delivery.tried(tried.status, tried.next_at)
        for _ in range(_TRIES):
            current = self.load(due.subject_id)
            if current is None or current.settled_at != due.settled_at:
                return None
            if current.delivery == delivery:
                return current  # this very try is on record: the answer of its write got lost
            if current.delivery != due.delivery:
                return None
            run = transitions.delivered(current.record.run, delivery)
            try:
                self.records.store.save(run)
            except StaleWriteError:
                continue
            return _deliverable(replace(current.record, run=run))
        raise StaleWriteError("too many writers at once", workflow_id=due.subject_id)


def _deliverable(workflow: Workflow) -> Deliverable[Workflow] | None:
    run = workflow.run
    if run.webhook_url is None or run.settled_at is None or run.delivery.status is WebhookStatus.NONE:
        return None
    return Deliverable(
        workflow,
        run.workflow_id,
        run.trace_id,
        run.webhook_url,
        caller_name(run.caller),
        f"workflow.{run.status.value}",
        run.settled_at,
        run.delivery,
        run.version,
    )
