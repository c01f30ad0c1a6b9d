"""The messages on the queues."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from actionrelay.lanes import Flow, Lane
from actionrelay.ledger.execution import Execution, WorkflowPlace


class MessageKind(StrEnum):
    """What a message on an execution queue asks for."""

    RUN = "run"
    DEADLINE = "deadline"
    WORKFLOW = "workflow"
    """On the delivery queue: the id is a workflow's."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message on an execution queue: names an execution, with hints that spare work. The record is the truth."""

    execution_id: str
    kind: MessageKind = MessageKind.RUN
    version: int | None = field(default=None, compare=False)
    """The record's version when this was sent; its audit entries were paid before."""
    due_at: int | None = field(default=None, compare=False)
    """Its place in the line before the rate gate."""
    lane: Lane = field(default=Lane.INTERACTIVE, compare=False)
    """Which queue it goes to."""
    caller: str = field(default="", compare=False)
    """Whose turn it takes (``lanes.caller_name``); nothing where nobody knows."""

    @property
    def flow(self) -> Flow:
        """What it takes turns as."""
        return Flow(self.lane, self.caller)

    @property
    def log_ids(self) -> dict[str, str]:
        """What each log line about it carries."""
        return {"execution_id": self.execution_id}

    @classmethod
    def about(cls, execution: Execution, kind: MessageKind = MessageKind.RUN, due_at: int | None = None) -> Self:
        """Return a message about an execution whose audit is paid up to its version."""
        return cls(execution.execution_id, kind, execution.version, due_at, execution.lane, execution.caller)


@dataclass(frozen=True, slots=True)
class WorkflowMessage:
    """A message on the workflow queue: something about a workflow has changed. The records are the truth."""

    workflow_id: str
    place: WorkflowPlace | None = None
    """The step whose execution has ended, or is under way again; None: look at all of them."""
    watch: int | None = None
    """Keeps the deadline, and is sent on until then: the number of the retry (0 before any) whose deadline that is."""
    again: bool = False
    """A worker may have died, or a service failed, over it: what is on record as begun may not be queued."""

    @property
    def log_ids(self) -> dict[str, str]:
        """What each log line about it carries."""
        return {"workflow_id": self.workflow_id}
