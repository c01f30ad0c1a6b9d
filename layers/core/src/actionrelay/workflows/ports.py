"""What workflows need from the world. Each call may raise ``DependencyError``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from actionrelay.errors import Fault
from actionrelay.faults import Faults
from actionrelay.ledger.execution import Execution, WorkflowPlace
from actionrelay.strict_json import Json
from actionrelay.workflows.run import Run, StepRecord


class SubmissionRules(Protocol):
    """The rules by which this deployment takes executions: they hold for each step's request as well."""

    def body(self, raw: bytes) -> Json:
        """Read a body as sent.

        Raises:
            PayloadTooLargeError: more bytes than allowed; nothing was parsed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: nested too deep.
        """
        ...

    def judge(self, request: Mapping[str, Json]) -> dict[str, Json] | Faults:
        """Return the members of a step's request with every default filled in, or all that is wrong with them."""
        ...

    def webhook_faults(self, url: str) -> Sequence[Fault]:
        """Say what is wrong with a webhook's URL; it is asked whether its name leads to a forbidden address."""
        ...


class LaneRoom(Protocol):
    """How much waits in each lane, and who may add to it."""

    def closed_for(self, lane: str, caller: str | None, executions: int) -> int:
        """Return 0 where a caller may add a workflow of so many executions, else after how many seconds to try again.

        What can't be looked at is open: it raises nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class StepOrder:
    """One execution that a step wants, and for whom."""

    execution_id: str
    place: WorkflowPlace
    trace_id: str
    request: Mapping[str, Json] = field(repr=False)
    """In the form of a submission, its references resolved."""
    lane: str
    caller: str | None


class StepExecutions(Protocol):
    """The executions of steps: how they are begun, and what an operator may decide about them."""

    def start(self, order: StepOrder) -> Execution:
        """Record and queue an execution, or find it as it was recorded before; harmless to repeat.

        Raises:
            InvalidRequestError: what the references mean breaks a rule.
            PayloadTooLargeError: it has more bytes than allowed.
            ExecutionConflictError: somebody else has used this id.
            QueueUnavailableError: recorded, not queued.
        """
        ...

    def finish(self, execution: Execution) -> None:
        """Queue an execution that is on record, where nobody may have done so; harmless if done.

        Raises:
            QueueUnavailableError: it is not queued.
        """
        ...

    def ask_again(self, execution_id: str, actor: str | None) -> None:
        """Ask about an execution again whose outcome is unknown; does nothing where it is known, or asked about."""
        ...


@dataclass(frozen=True, slots=True)
class Records:
    """What is stored about a workflow: the whole, and each step that somebody has written."""

    run: Run
    steps: Mapping[str, StepRecord]


class WorkflowStore(Protocol):
    """The table of workflows."""

    def create(self, run: Run) -> None:
        """Write a record that must not exist yet, or be past its retention.

        Raises:
            AlreadyRecordedError: a workflow with this id is there.
        """
        ...

    def load(self, workflow_id: str) -> Records | None:
        """Read all records of a workflow as last written, each by a consistent read."""
        ...

    def save(self, run: Run) -> None:
        """Replace the version of a workflow's record before this one.

        Raises:
            StaleWriteError: the stored version is another than ``run.version - 1``.
        """
        ...

    def save_step(self, run: Run, step: StepRecord) -> None:
        """Replace the version of a step's record before this one; version 1 wants absence.

        Raises:
            StaleWriteError: the stored version is another than ``step.version - 1``.
        """
        ...

    def release(self, run: Run, step: StepRecord, dependency: str) -> StepRecord:
        """Remove a dependency (``run.token``) from what a step awaits; return the step as it is then.

        Atomic, and harmless to repeat. ``step`` is what is known of it: one that nobody has written yet is written.
        """
        ...


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """A workflow's place in the list of all: the newest come first."""

    created_at: int
    workflow_id: str


class WorkflowIndex(Protocol):
    """The list of all workflows."""

    def of_day(self, day: str, since: int, before: Listed | None, limit: int) -> Sequence[Listed]:
        """Return places of a UTC day, newest first: accepted at ``since`` (ms) or later, and below ``before``."""
        ...

    def read(self, workflow_ids: Sequence[str]) -> Mapping[str, Run]:
        """Read the records of workflows, those that there are, as they may have been a moment ago."""
        ...
