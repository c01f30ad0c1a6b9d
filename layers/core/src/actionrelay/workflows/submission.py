"""Use case: accept a workflow. It is recorded only if it is valid, and started once it is recorded."""

from dataclasses import dataclass
from enum import StrEnum

from actionrelay.errors import (
    AlreadyRecordedError,
    BacklogFullError,
    QueueUnavailableError,
    RequestError,
    WorkflowConflictError,
)
from actionrelay.ledger.message import WorkflowMessage
from actionrelay.ledger.ports import PayloadStore, WorkflowQueue
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.signals import Count
from actionrelay.strict_json import canonical, digest
from actionrelay.workflows.plan import PlanDocument, plan
from actionrelay.workflows.ports import LaneRoom
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.rules import Submission, WorkflowRules
from actionrelay.workflows.run import Run, Workflow, never_written


class Disposition(StrEnum):
    """What became of a submission."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    """A workflow with the same id and content exists; this is its current state."""


@dataclass(frozen=True, slots=True)
class SubmitWorkflow:
    """Validates, records and starts one workflow."""

    rules: WorkflowRules
    records: WorkflowRecords
    payloads: PayloadStore
    queue: WorkflowQueue
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness
    room: LaneRoom

    def plan(self, raw: bytes) -> PlanDocument:
        """Return the plan of a workflow; nothing changes.

        Raises:
            MalformedJsonError: not JSON with one meaning.
            PayloadTooLargeError: more bytes than allowed.
            InvalidRequestError: with every fault.
        """
        return plan(self.rules.read(raw).definition)

    def submit(self, raw: bytes, caller: str | None = None) -> tuple[Disposition, Workflow]:
        """Accept a body as sent.

        The record is written before the message is sent. If sending fails, the record stays, and a repeat under the
        same id sends the message.

        Raises:
            MalformedJsonError: not JSON with one meaning.
            PayloadTooLargeError: more bytes than allowed.
            InvalidRequestError: with every fault.
            WorkflowConflictError: the id belongs to other content.
            BacklogFullError: its lane has no room; nothing is recorded.
            QueueUnavailableError: recorded, but not started.
        """
        try:
            submission = self.rules.read(raw)
            return self._submit(submission, caller)
        except RequestError:
            self.telemetry.count(Count.SUBMISSIONS_REJECTED)
            raise

    def _submit(self, submission: Submission, caller: str | None) -> tuple[Disposition, Workflow]:
        run, stored = self._draft(submission, caller)
        self.telemetry.concerning(run.workflow_id, run.trace_id)
        try:
            self._require_room(run, submission)
            self.payloads.put(run.definition, stored)
            self.records.create(run)
        except AlreadyRecordedError:
            return Disposition.REPEATED, self._repeat(run)
        self._begin(run)
        self.telemetry.count(Count.WORKFLOWS_ACCEPTED)
        definition = submission.definition
        steps = {name: never_written(definition, name) for name in definition.steps}
        return Disposition.ACCEPTED, Workflow(run, definition, steps)

    def _require_room(self, run: Run, submission: Submission) -> None:
        """Refuse a workflow for which its lane has no room, unless it is on record already.

        All its executions count at once, so its steps have room when they start.
        """
        executions = sum(step.executions for step in submission.definition.steps.values())
        if wait_s := self.room.closed_for(run.lane, run.caller, executions):
            if self.records.load(run.workflow_id) is not None:
                raise AlreadyRecordedError("this id is taken", workflow_id=run.workflow_id)
            raise BacklogFullError(run.lane, wait_s)

    def _draft(self, submission: Submission, caller: str | None) -> tuple[Run, bytes]:
        now = self.clock.now()
        workflow_id = submission.workflow_id or self.randomness.new_id()
        stored = canonical(dict(submission.definition.document))
        content_hash = digest(stored)
        run = Run(
            workflow_id=workflow_id,
            trace_id=submission.trace_id or workflow_id,
            content_hash=content_hash,
            definition=self.payloads.refer(f"workflow/{workflow_id}/definition/{content_hash}", stored),
            webhook_url=submission.webhook_url,
            lane=submission.lane,
            created_at=now,
            deadline_at=now + submission.definition.deadline_ms,
            caller=caller,
            acceptance_id=self.randomness.new_id(),
        )
        return run, stored

    def _repeat(self, draft: Run) -> Workflow:
        recorded = self.records.load(draft.workflow_id)
        if recorded is None or recorded.run.content_hash != draft.content_hash:
            raise WorkflowConflictError("this workflow id was used for another workflow", workflow_id=draft.workflow_id)
        if recorded.run.version == 1 and not any(step.version for step in recorded.steps.values()):
            # It may not have reached the queue; a second message is harmless.
            self._begin(recorded.run)
        return recorded

    def _begin(self, run: Run) -> None:
        """Queue the message that starts a workflow and then watches its deadline."""
        try:
            self.queue.notify(WorkflowMessage(run.workflow_id, watch=run.round))
        except QueueUnavailableError as error:
            message = "recorded, and not begun: send the same request again with this workflowId"
            raise QueueUnavailableError(message, aws_code=error.aws_code, workflow_id=run.workflow_id) from None
