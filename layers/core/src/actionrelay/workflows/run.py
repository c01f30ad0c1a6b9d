"""The records of a workflow: one for the whole, and one for each step. All frozen.

Times are milliseconds since the epoch (``…_at``). Inputs and results are in the records of the executions, so even a
hundred steps with a hundred items stay small, and each record is written separately.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from actionrelay.ledger.execution import Delivery, ExecutionError, PayloadRef
from actionrelay.workflows.definition import Definition


class WorkflowStatus(StrEnum):
    """The status of a workflow."""

    RUNNING = "running"
    BLOCKED = "blocked"
    """Nothing is running, and something waits for a step whose outcome is unknown."""
    COMPLETED = "completed"
    """Every step completed, or was skipped by its own `when`."""
    FAILED = "failed"
    """Nothing more can run, and a step failed or the deadline passed."""
    CANCELLED = "cancelled"


class StepState(StrEnum):
    """The state of a step, or of one of its items."""

    WAITING = "waiting"
    STARTED = "started"
    """It has an execution, or is about to; the execution's own status says how far it is."""
    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


OVER = frozenset({StepState.COMPLETED, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED})
"""Final unless retried. ``unknown`` is missing: a webhook or an operator still decides it."""


class Stop(StrEnum):
    """Why nothing new starts."""

    FAILURE = "failure"
    """A step failed, and `onFailure` is `stop`."""
    DEADLINE = "deadline"
    CANCEL = "cancel"


class Renewal(StrEnum):
    """What an operator's retry means for a step."""

    AGAIN = "again"
    """It gets another run, with a new execution."""
    FAILED_ITEMS = "failed_items"
    """The same for its items that did not complete."""
    ASK_AGAIN = "ask_again"
    """Its execution is asked about again, which runs nothing twice where the contract carries an id."""
    FOLLOW = "follow"
    """Its execution runs again already: an operator retried the execution itself."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a ``forEach``, and the run that its execution belongs to."""

    state: StepState = StepState.WAITING
    run: int = 1

    @property
    def ended(self) -> bool:
        """Whether its execution has ended, or there won't be one."""
        return self.state is StepState.UNKNOWN or self.state in OVER


@dataclass(frozen=True, slots=True)
class StepRecord:
    """The record of one step. ``version`` counts its writes; 0 means that it has not been written."""

    name: str
    awaits: frozenset[str] = frozenset()
    """The dependencies that it still waits for, as run tokens (``token``)."""
    state: StepState = StepState.WAITING
    run: int = 1
    """The number of this run; each run has its own executions."""
    round: int = 0
    """The number of the last workflow retry that was applied to it."""
    items: tuple[Item, ...] | None = None
    """Of a ``forEach``, in order; None before it has started."""
    result: PayloadRef | None = None
    """Of a ``forEach``: the results of its items, in order."""
    error: ExecutionError | None = None
    started_at: int | None = None
    completed_at: int | None = None
    item_failed_at: int | None = None
    """When an item of this run last failed or was cancelled; the step itself ends later."""
    version: int = 0

    @property
    def is_failed(self) -> bool:
        """Whether its dependents can't run."""
        if self.state is StepState.SKIPPED:
            return self.error is not None
        return self.state in {StepState.FAILED, StepState.CANCELLED}

    @property
    def token(self) -> str:
        """This run's entry in its dependents' ``awaits``. It names the run, so a late worker can't remove another."""
        return token(self.name, self.run)

    @property
    def items_under_way(self) -> int:
        """How many of its items have a running execution."""
        return sum(item.state is StepState.STARTED for item in self.items or ())


@dataclass(frozen=True, slots=True)
class Run:
    """The record of a workflow as a whole."""

    workflow_id: str
    trace_id: str
    content_hash: str
    definition: PayloadRef
    webhook_url: str | None
    lane: str
    created_at: int
    deadline_at: int
    caller: str | None = None
    acceptance_id: str = ""
    """Identifies the request that created this record."""
    status: WorkflowStatus = WorkflowStatus.RUNNING
    settled_at: int | None = None
    """When it reached its status; None while it is ``running``."""
    stop: Stop | None = None
    error: ExecutionError | None = None
    round: int = 0
    """How often it has been retried."""
    renewed: Mapping[str, Renewal] = field(default_factory=dict)
    """What the last retry means for which steps; it is still due for a step with an earlier ``round``."""
    actor: str | None = None
    """Who decided about it last."""
    delivery: Delivery = field(default_factory=Delivery)
    version: int = 1


@dataclass(frozen=True, slots=True)
class Workflow:
    """All records of one workflow, read at about the same time."""

    run: Run
    definition: Definition
    steps: Mapping[str, StepRecord]


def token(name: str, run: int) -> str:
    """Return the token of one run of a step."""
    return f"{name}@{run}"


def execution_id(workflow_id: str, step: str, index: int | None, run: int) -> str:
    """Return the id of a step's execution: UUIDv5 (RFC 9562, section 5.5) in the namespace of the workflow's id.

    The name is step, item and run, separated by ``/``; the item is empty for a step that runs once.
    """
    return str(uuid.uuid5(uuid.UUID(workflow_id), f"{step}/{'' if index is None else index}/{run}"))


def never_written(definition: Definition, name: str) -> StepRecord:
    """Return the record of a step before its first write: it waits for the first run of each dependency."""
    return StepRecord(name, frozenset(token(each, 1) for each in definition.steps[name].depends_on))
