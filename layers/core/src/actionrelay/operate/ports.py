"""What decisions about many need from the world. Each may raise ``DependencyError``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from actionrelay.ledger.execution import Delivery, PayloadRef

PART_SIZE = 25
"""Executions of one message: a second or two of work."""


@dataclass(frozen=True, slots=True)
class PartDone:
    """What one part of a decision about many came to."""

    decided: int
    refused: int


@dataclass(frozen=True, slots=True)
class ManyDecision:
    """A decision about many as it is on record: what it is about was fixed when it was asked for."""

    decision_id: str
    actor: str | None
    requested_at: int
    body: PayloadRef
    """The request's own text."""
    executions: PayloadRef
    """The ids of what it is about, one a line."""
    matched: int
    done: Mapping[int, PartDone] = field(default_factory=dict)
    """By the number of the part, from 0."""

    @property
    def parts(self) -> int:
        """How many parts it has, of ``PART_SIZE`` executions each except for the last."""
        return -(-self.matched // PART_SIZE)


SWEEP = {"sweep": "deliveries"}
"""The body of a message that has dead letters looked through."""


@dataclass(frozen=True, slots=True)
class DecisionMessage:
    """Says that a decision about many has work to do: one of its parts, or, without a number, that they be queued.

    Without an id it is about the dead letters of deliveries: those that a decision has dealt with can go.
    """

    decision_id: str | None = None
    part: int | None = None

    @property
    def log_ids(self) -> dict[str, str]:
        """What each log line about it carries."""
        return {"decision_id": self.decision_id} if self.decision_id else {}


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter of the delivery queue, in hand."""

    body: str
    handle: str
    """By which SQS knows it while it is in hand."""
    given_up: bool
    """``deliver`` wrote it when it gave a delivery up. Any other is a message that no worker survived, or could read.
    """


class DeliveryLetters(Protocol):
    """The dead-letter queue of deliveries."""

    def receive(self) -> Sequence[Letter]:
        """Take some letters in hand, for a minute; none where there are none, or none that are in nobody's hand."""
        ...

    def delete(self, letters: Sequence[Letter]) -> None:
        """Delete letters in hand."""
        ...

    def give_back(self, letters: Sequence[Letter]) -> None:
        """Put letters in hand back at once."""
        ...


class WorkflowDeliveries(Protocol):
    """The deliveries of what workflows have come to."""

    def delivery_of(self, workflow_id: str) -> Delivery | None:
        """Return how far a workflow's delivery is, as last written; None where there is no such workflow any more.

        Raises:
            RecordUnreadableError: its record is none of this release.
        """
        ...


class DecisionStore(Protocol):
    """Decisions about many."""

    def create(self, decision: ManyDecision) -> None:
        """Write a new one."""
        ...

    def load(self, decision_id: str) -> ManyDecision | None:
        """Read one with all parts that are done, as last written; None where there is none any more."""
        ...

    def finish_part(self, decision: ManyDecision, part: int, done: PartDone) -> None:
        """Put on record that a part is done; what is there already stays as it is."""
        ...


class DecisionQueue(Protocol):
    """The queue of decisions about many."""

    def enqueue(self, message: DecisionMessage) -> None:
        """Queue a message.

        Raises:
            QueueUnavailableError: it may or may not have been queued.
        """
        ...
