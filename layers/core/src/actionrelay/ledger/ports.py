"""The ports of the ledger: tables, payloads and queues. Each may raise ``DependencyError``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.ledger.execution import Execution, PayloadRef
from actionrelay.ledger.message import Message, MessageKind, WorkflowMessage


@dataclass(frozen=True, slots=True)
class CachedResult:
    """The execution whose result may answer an equal request until ``expires_at`` (ms)."""

    key: str
    execution_id: str
    expires_at: int


class ExecutionStore(Protocol):
    """The ledger's table."""

    def create(self, execution: Execution) -> None:
        """Write a record; one with the same id must not exist, or be past its retention.

        Raises:
            AlreadyRecordedError: an execution with this id exists.
        """
        ...

    def load(self, execution_id: str) -> Execution | None:
        """Read a record as last written (a consistent read)."""
        ...

    def save(self, execution: Execution) -> None:
        """Replace the previous version.

        Raises:
            StaleWriteError: the stored version is not ``execution.version - 1``.
        """
        ...


@dataclass(frozen=True, slots=True)
class SentRun:
    """One run of an execution, which an id that was sent names."""

    execution: Execution
    run: int


class SentRuns(Protocol):
    """The ids under which runs are sent."""

    def reserve(self, sent_as: str, run: SentRun) -> bool:
        """Reserve an id for a run as long as its execution is kept; no execution can then be created under it.

        Return False, with nothing changed, if it names something else. Safe to repeat.
        """
        ...

    def sent(self, sent_as: str) -> SentRun | None:
        """Find the run that is sent under an id: the execution's own for its first run, else a reserved one."""
        ...


class ResultCache(Protocol):
    """Results of successful executions, by action and inputs."""

    def lookup(self, key: str) -> CachedResult | None:
        """Read an entry, expired or not."""
        ...

    def remember(self, entry: CachedResult) -> None:
        """Write an entry; the last write wins."""
        ...


class AuditTrail(Protocol):
    """The append-only history."""

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries; one that exists is not changed."""
        ...


class PayloadStore(Protocol):
    """Requests and results: small ones in the record, large ones in the bucket."""

    def refer(self, key: str, data: bytes, beside: PayloadRef | None = None) -> PayloadRef:
        """Return a reference to data without writing it; small data is inline and needs no ``put``.

        A payload in the same record as another one (``beside``) gets the room that the other leaves.
        """
        ...

    def put(self, ref: PayloadRef, data: bytes) -> None:
        """Write what a reference names; does nothing for an inline one."""
        ...

    def get(self, ref: PayloadRef) -> bytes | None:
        """Read what a reference names, checked against its digest; None if it is missing."""
        ...


class ExecutionQueue(Protocol):
    """The queue that ``execute`` works from."""

    def send(self, message: Message, delay_ms: int = 0) -> None:
        """Queue a message, to be received after ``delay_ms``, or earlier if that exceeds the queue's longest delay.

        Raises:
            QueueUnavailableError: it may or may not have been queued.
        """
        ...

    def send_all(self, messages: Sequence[Message]) -> list[Message]:
        """Queue messages; return those that may not have been queued. Raises nothing."""
        ...


class DeadLetters(Protocol):
    """Takes messages that no worker can process."""

    def put(self, body: str, reason: str) -> None:
        """Store a message as it came, with an error code as the reason.

        Raises:
            QueueUnavailableError: it may or may not have been stored.
        """
        ...


class DeliveryQueue(Protocol):
    """The queue that ``deliver`` works from."""

    def send(
        self,
        subject_id: str,
        delay_ms: int = 0,
        version: int | None = None,
        receiver: str | None = None,
        kind: MessageKind = MessageKind.RUN,
    ) -> None:
        """Queue a delivery, with the audit written up to ``version``; otherwise like ``ExecutionQueue.send``.

        ``receiver`` is its URL, so that one slow receiver does not hold up the others. With kind ``WORKFLOW`` the id is
        a workflow's.
        """
        ...


class WorkflowQueue(Protocol):
    """The queue that ``workflows`` works from."""

    def notify(self, message: WorkflowMessage, delay_ms: int = 0) -> None:
        """Queue a message, like ``ExecutionQueue.send``."""
        ...


class SuccessRate(Protocol):
    """The share of today's executions that succeeded, as last read by this process."""

    def refresh(self) -> None:
        """Read it again if it is out of date. Never raises, but may be slow: call it when nothing urgent follows."""
        ...

    def latest(self) -> float | None:
        """The rate as last read, from 0 to 1; None if unknown. Calls no service."""
        ...


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """About how many messages of a queue can be received, are delayed, and are being processed."""

    waiting: int
    delayed: int
    in_flight: int

    @property
    def all(self) -> int:
        """All messages in the queue."""
        return self.waiting + self.delayed + self.in_flight


class QueueGauge(Protocol):
    """Counts the messages of one queue without receiving any."""

    def depth(self) -> QueueDepth:
        """Return about how many messages there are.

        Raises:
            QueueUnavailableError: the queue can't be read.
        """
        ...
