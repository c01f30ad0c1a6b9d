"""The ports of workflows. Each call may raise ``DependencyError``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from actionrelay.fault import Fault
from actionrelay.faults import Faults
from actionrelay.ledger.execution import Execution, WorkflowPlace
from actionrelay.strict_json import Json
from actionrelay.workflows.run import Run, StepRecord


class ContractScope(Enum):
    """What of a step's request is checked against its action's contract at submission; the rest is when it starts."""

    INPUTS = "inputs"
    NAMES = "names"
    """The action and the names of its inputs: some values come from other steps."""
    NOTHING = "nothing"
    """Checks cost too much already."""


class SubmissionRules(Protocol):
    """This deployment's rules for submissions, which also apply to each step's request."""

    def body(self, raw: bytes) -> Json:
        """Read a body as sent.

        Raises:
            PayloadTooLargeError: more bytes than allowed; nothing was parsed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: nested too deep.
        """
        ...

    def judge(self, request: Mapping[str, Json], check: ContractScope) -> dict[str, Json] | Faults:
        """Return the members of a step's request with every default filled in, or all of its faults.

        The inputs have null in place of references.
        """
        ...

    def webhook_faults(self, url: str) -> Sequence[Fault]:
        """Return the faults of a webhook URL; resolves its host name."""
        ...


class LaneRoom(Protocol):
    """How much more each lane may take."""

    def closed_for(self, lane: str, caller: str | None, executions: int) -> int:
        """Return 0 if a caller may add so many executions, else after how many seconds to try again.

        A lane that can't be read is open; this raises nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class StepOrder:
    """One execution to start, and for whom."""

    execution_id: str
    place: WorkflowPlace
    trace_id: str
    request: Mapping[str, Json] = field(repr=False)
    """In the form of a submission, with references resolved."""
    lane: str
    caller: str | None


class StepExecutions(Protocol):
    """Starts the executions of steps, and asks about them again."""

    def start(self, order: StepOrder) -> Execution:
        """Record and queue an execution, or return the one on record; safe to repeat.

        Raises:
            InvalidRequestError: the resolved request breaks a rule.
            PayloadTooLargeError: it has more bytes than allowed.
            ExecutionConflictError: the id belongs to another request.
            QueueUnavailableError: recorded, not queued.
        """
        ...

    def finish(self, execution: Execution) -> None:
        """Queue an execution on record that may not be queued; safe to repeat.

        Raises:
            QueueUnavailableError: it is not queued.
        """
        ...

    def ask_again(self, execution_id: str, actor: str | None) -> None:
        """Ask again about an execution whose outcome is unknown; does nothing if it is known or being asked about."""
        ...


@dataclass(frozen=True, slots=True)
class Records:
    """The stored records of a workflow: its own, and those of the steps that have been written."""

    run: Run
    steps: Mapping[str, StepRecord]


class WorkflowStore(Protocol):
    """The table of workflows."""

    def create(self, run: Run) -> None:
        """Write a record; one with the same id must not exist, or be past its retention.

        Raises:
            AlreadyRecordedError: a workflow with this id exists.
        """
        ...

    def load(self, workflow_id: str) -> Records | None:
        """Read all records of a workflow as last written, each by a consistent read."""
        ...

    def save(self, run: Run) -> None:
        """Replace the previous version of a workflow's record.

        Raises:
            StaleWriteError: the stored version is not ``run.version - 1``.
        """
        ...

    def save_step(self, run: Run, step: StepRecord) -> None:
        """Replace the previous version of a step's record; version 1 requires that there is none.

        Raises:
            StaleWriteError: the stored version is not ``step.version - 1``.
        """
        ...

    def release(self, run: Run, step: StepRecord, dependency: str) -> StepRecord:
        """Remove a dependency (``run.token``) from what a step awaits; return the step as stored then.

        Atomic and safe to repeat. ``step`` is the caller's copy; a step that has never been written is created.
        """
        ...


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """A workflow's place in the list of all, newest first."""

    created_at: int
    workflow_id: str


class WorkflowIndex(Protocol):
    """The list of all workflows."""

    def of_day(self, day: str, since: int, before: Listed | None, limit: int) -> Sequence[Listed]:
        """Return places of a UTC day, newest first: accepted at ``since`` (ms) or later, and below ``before``."""
        ...

    def read(self, workflow_ids: Sequence[str]) -> Mapping[str, Run]:
        """Read the records of the workflows that exist (an eventually consistent read)."""
        ...
