"""The ports of operators' decisions. Each call may raise ``DependencyError``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from actionrelay.ledger.execution import Delivery, PayloadRef

PART_SIZE = 25
"""Executions per message: a second or two of work."""


@dataclass(frozen=True, slots=True)
class PartDone:
    """The result of one part of a decision about many."""

    decided: int
    refused: int


@dataclass(frozen=True, slots=True)
class ManyDecision:
    """A decision about many on record. Its executions were selected when it was requested."""

    decision_id: str
    actor: str | None
    requested_at: int
    body: PayloadRef
    """The request as sent."""
    executions: PayloadRef
    """The ids of its executions, one per line."""
    matched: int
    done: Mapping[int, PartDone] = field(default_factory=dict)
    """By the number of the part, from 0."""

    @property
    def parts(self) -> int:
        """The number of parts, of ``PART_SIZE`` executions each except for the last."""
        return -(-self.matched // PART_SIZE)


SWEEP = {"sweep": "deliveries"}
"""The body of a message that has dead letters checked."""


@dataclass(frozen=True, slots=True)
class DecisionMessage:
    """Asks to work on one part of a decision about many or, without a part, to queue all parts.

    Without an id it asks to delete the dead letters of deliveries that decisions have dealt with.
    """

    decision_id: str | None = None
    part: int | None = None

    @property
    def log_ids(self) -> dict[str, str]:
        """The ids on each log line about it."""
        return {"decision_id": self.decision_id} if self.decision_id else {}


@dataclass(frozen=True, slots=True)
class Letter:
    """A received dead letter of the delivery queue."""

    body: str
    handle: str
    """Its receipt handle in SQS."""
    given_up: bool
    """``deliver`` wrote it when it gave up the delivery. Any other one killed its workers or is unreadable."""


class DeliveryLetters(Protocol):
    """The dead-letter queue of deliveries."""

    def receive(self) -> Sequence[Letter]:
        """Receive some letters, which are hidden from others for a minute; none if all are hidden."""
        ...

    def delete(self, letters: Sequence[Letter]) -> None:
        """Delete received letters."""
        ...

    def give_back(self, letters: Sequence[Letter]) -> None:
        """Make received letters visible again at once."""
        ...


class WorkflowDeliveries(Protocol):
    """The deliveries of workflows."""

    def delivery_of(self, workflow_id: str) -> Delivery | None:
        """Return a workflow's delivery as last written; None if the workflow is gone.

        Raises:
            RecordUnreadableError: this release can't read its record.
        """
        ...


class DecisionStore(Protocol):
    """Decisions about many."""

    def create(self, decision: ManyDecision) -> None:
        """Write a new decision."""
        ...

    def load(self, decision_id: str) -> ManyDecision | None:
        """Read a decision with its finished parts, as last written; None if it is gone."""
        ...

    def finish_part(self, decision: ManyDecision, part: int, done: PartDone) -> None:
        """Record that a part is done; an existing record of it is not changed."""
        ...


class DecisionQueue(Protocol):
    """The queue of decisions about many."""

    def enqueue(self, message: DecisionMessage) -> None:
        """Queue a message.

        Raises:
            QueueUnavailableError: it may or may not have been queued.
        """
        ...
