"""What is on record about a run of a workflow: one record for the whole, and one for each step. All frozen.

Times are milliseconds since the epoch (``…_at``). A step's record names neither inputs nor results: they are its
executions'. So a run of a hundred steps of a hundred items stays small, in records that are written apart.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from actionrelay.ledger.execution import Delivery, ExecutionError, PayloadRef
from actionrelay.workflows.definition import Definition


class WorkflowStatus(StrEnum):
    """What a workflow has come to."""

    RUNNING = "running"
    BLOCKED = "blocked"
    """Nothing is under way, and something waits for a step whose outcome nobody knows."""
    COMPLETED = "completed"
    """Every step completed, or was skipped by its own `when`."""
    FAILED = "failed"
    """Nothing more can run, and a step failed or the deadline passed."""
    CANCELLED = "cancelled"


class StepState(StrEnum):
    """How far a step, or one item of it, is."""

    WAITING = "waiting"
    STARTED = "started"
    """It has an execution, or is about to; how far that is, is the execution's to say."""
    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


OVER = frozenset({StepState.COMPLETED, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED})
"""Decided: nothing more comes of it by itself. ``unknown`` is not: a webhook or an operator still decides."""


class Stop(StrEnum):
    """Why nothing new starts."""

    FAILURE = "failure"
    """A step failed, and `onFailure` is `stop`."""
    DEADLINE = "deadline"
    CANCEL = "cancel"


class Renewal(StrEnum):
    """What an operator's retry means for a step."""

    AGAIN = "again"
    """Another run, with another execution."""
    FAILED_ITEMS = "failed_items"
    """The same, for those of its items that did not complete."""
    ASK_AGAIN = "ask_again"
    """The execution that it has is asked about again, which runs nothing twice where the contract carries an id."""
    FOLLOW = "follow"
    """The execution that it has is being run again: an operator has decided that about the execution itself."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a ``forEach``, and the run that its execution belongs to."""

    state: StepState = StepState.WAITING
    run: int = 1

    @property
    def ended(self) -> bool:
        """Whether its execution has ended, or there will be none."""
        return self.state is StepState.UNKNOWN or self.state in OVER


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What is on record about one step. ``version`` counts its writes; 0 is one that nobody has written yet."""

    name: str
    awaits: frozenset[str] = frozenset()
    """The dependencies that it still waits for, each with its run (``token``)."""
    state: StepState = StepState.WAITING
    run: int = 1
    """Which run this is; each has executions of its own."""
    round: int = 0
    """The last retry of the workflow that it took part in."""
    items: tuple[Item, ...] | None = None
    """Of a ``forEach``, in order; None before it has begun."""
    result: PayloadRef | None = None
    """Of a ``forEach``: the results of its items, in order."""
    error: ExecutionError | None = None
    started_at: int | None = None
    completed_at: int | None = None
    item_failed_at: int | None = None
    """When the last of the items of this run that failed, or were cancelled, did so; the step itself ends later."""
    version: int = 0

    @property
    def is_failed(self) -> bool:
        """Whether what depends on it can't run."""
        if self.state is StepState.SKIPPED:
            return self.error is not None
        return self.state in {StepState.FAILED, StepState.CANCELLED}

    @property
    def token(self) -> str:
        """What those that wait for this run of it have in ``awaits``: a worker that is late removes nothing else."""
        return token(self.name, self.run)

    @property
    def items_under_way(self) -> int:
        """How many of its items have an execution that has not ended."""
        return sum(item.state is StepState.STARTED for item in self.items or ())


@dataclass(frozen=True, slots=True)
class Run:
    """What is on record about a workflow as a whole."""

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
    """Names the request that opened this record."""
    status: WorkflowStatus = WorkflowStatus.RUNNING
    settled_at: int | None = None
    """When it came to its status, unless that is ``running``."""
    stop: Stop | None = None
    error: ExecutionError | None = None
    round: int = 0
    """How often an operator had it retried."""
    renewed: Mapping[str, Renewal] = field(default_factory=dict)
    """What the last retry means for which steps; a step whose ``round`` is an earlier one has not taken part yet."""
    actor: str | None = None
    """Who took the last decision about it."""
    delivery: Delivery = field(default_factory=Delivery)
    version: int = 1


@dataclass(frozen=True, slots=True)
class Workflow:
    """All that is on record about one workflow, as read at about the same time."""

    run: Run
    definition: Definition
    steps: Mapping[str, StepRecord]


def token(name: str, run: int) -> str:
    """Name one run of a step."""
    return f"{name}@{run}"


def execution_id(workflow_id: str, step: str, index: int | None, run: int) -> str:
    """Return the id of a step's execution: UUIDv5 (RFC 9562, section 5.5) in the namespace of the workflow's id.

    The name is step, item and run, with ``/`` between them; the item is empty where the step runs once.
    """
    return str(uuid.uuid5(uuid.UUID(workflow_id), f"{step}/{'' if index is None else index}/{run}"))


def never_written(definition: Definition, name: str) -> StepRecord:
    """Return the record of a step that nobody has written yet: it waits for the first run of what it depends on."""
    return StepRecord(name, frozenset(token(each, 1) for each in definition.steps[name].depends_on))
