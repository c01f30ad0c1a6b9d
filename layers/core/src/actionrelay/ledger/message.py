"""The messages on the queues."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from actionrelay.lanes import Flow, Lane
from actionrelay.ledger.execution import Execution, WorkflowPlace


class MessageKind(StrEnum):
    """What a message on an execution queue or on the delivery queue is about."""

    RUN = "run"
    DEADLINE = "deadline"
    WORKFLOW = "workflow"
    """Only on the delivery queue: the delivery of a workflow."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message on an execution queue: an execution's id, with hints that save work. Only the record is trusted."""

    execution_id: str
    kind: MessageKind = MessageKind.RUN
    version: int | None = field(default=None, compare=False)
    """The record's version when this was sent; all audit entries up to it are written."""
    due_at: int | None = field(default=None, compare=False)
    """Its place in the line before the rate gate."""
    lane: Lane = field(default=Lane.INTERACTIVE, compare=False)
    """The queue that it goes to."""
    caller: str = field(default="", compare=False)
    """Whose turn it takes (``lanes.caller_name``); empty if unknown."""

    @property
    def flow(self) -> Flow:
        """What it takes turns as."""
        return Flow(self.lane, self.caller)

    @property
    def log_ids(self) -> dict[str, str]:
        """The ids on each log line about it."""
        return {"execution_id": self.execution_id}

    @classmethod
    def about(cls, execution: Execution, kind: MessageKind = MessageKind.RUN, due_at: int | None = None) -> Self:
        """Return a message about an execution whose audit is written up to its version."""
        return cls(execution.execution_id, kind, execution.version, due_at, execution.lane, execution.caller)


@dataclass(frozen=True, slots=True)
class DeliveryMessage:
    """A message on the delivery queue: what has a delivery due. Only its record is trusted."""

    subject_id: str
    """A workflow's id with kind ``WORKFLOW``, else an execution's."""
    kind: MessageKind = MessageKind.RUN
    version: int | None = field(default=None, compare=False)
    """The record's version when this was sent; all audit entries up to it are written."""

    @property
    def log_ids(self) -> dict[str, str]:
        """The ids on each log line about it."""
        return {"workflow_id" if self.kind is MessageKind.WORKFLOW else "execution_id": self.subject_id}


@dataclass(frozen=True, slots=True)
class WorkflowMessage:
    """A message on the workflow queue: something about a workflow has changed. Only the records are trusted."""

    workflow_id: str
    place: WorkflowPlace | None = None
    """The step whose execution has ended or runs again; None to check all of them."""
    watch: int | None = None
    """Watches the deadline, and is sent again until then: the number of the retry (0 before any) that it belongs to."""
    again: bool = False
    """A worker died or a service failed, so executions that are on record as started may not be queued."""

    @property
    def log_ids(self) -> dict[str, str]:
        """The ids on each log line about it."""
        return {"workflow_id": self.workflow_id}
