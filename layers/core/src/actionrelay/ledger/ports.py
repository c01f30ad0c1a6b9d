"""What the ledger needs from the world: tables, payloads, queues. Each may raise ``DependencyError``."""

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
        """Write a record that must not exist yet, or be past its retention.

        Raises:
            AlreadyRecordedError: an execution with this id is there.
        """
        ...

    def load(self, execution_id: str) -> Execution | None:
        """Read a record as last written (a consistent read)."""
        ...

    def save(self, execution: Execution) -> None:
        """Replace the version before this one.

        Raises:
            StaleWriteError: the stored version is another than ``execution.version - 1``.
        """
        ...


@dataclass(frozen=True, slots=True)
class SentRun:
    """What an id that goes out names: one run of an execution."""

    execution: Execution
    run: int


class SentRuns(Protocol):
    """The ids under which runs go out."""

    def reserve(self, sent_as: str, run: SentRun) -> bool:
        """Let an id name a run, for as long as its execution is kept; no execution can be created under it then.

        False where it names something else: nothing has changed. Harmless where it names this run already.
        """
        ...

    def sent(self, sent_as: str) -> SentRun | None:
        """Find what goes out under an id: an execution's first run under its own, others under a reserved one."""
        ...


class ResultCache(Protocol):
    """Results of successful executions, by action and inputs."""

    def lookup(self, key: str) -> CachedResult | None:
        """Read an entry, ended or not."""
        ...

    def remember(self, entry: CachedResult) -> None:
        """Write an entry; the last one wins."""
        ...


class AuditTrail(Protocol):
    """The append-only history."""

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries; one that is there already is left as it is."""
        ...


class PayloadStore(Protocol):
    """Requests and results, small ones beside the record and large ones in the bucket."""

    def refer(self, key: str, data: bytes, beside: PayloadRef | None = None) -> PayloadRef:
        """Name data without writing it; small data is returned inline and needs no ``put``.

        What goes into the same record ``beside`` another payload has the room that is left by it.
        """
        ...

    def put(self, ref: PayloadRef, data: bytes) -> None:
        """Write what a reference names; does nothing for an inline one."""
        ...

    def get(self, ref: PayloadRef) -> bytes | None:
        """Read what a reference names, checked against its digest; None when it is not there."""
        ...


class ExecutionQueue(Protocol):
    """The queue that ``execute`` works from."""

    def send(self, message: Message, delay_ms: int = 0) -> None:
        """Queue a message, to be seen after ``delay_ms`` or, past what the queue can delay, earlier.

        Raises:
            QueueUnavailableError: it may or may not have been queued.
        """
        ...

    def send_all(self, messages: Sequence[Message]) -> list[Message]:
        """Queue messages, and return those that may not have been queued. Raises nothing."""
        ...


class DeadLetters(Protocol):
    """Where messages go that nobody can work on."""

    def put(self, body: str, reason: str) -> None:
        """Keep a message as it came, with an error code that says why.

        Raises:
            QueueUnavailableError: it may or may not be there.
        """
        ...


class DeliveryQueue(Protocol):
    """The queue that ``deliver`` works from."""

    def send(
        self,
        execution_id: str,
        delay_ms: int = 0,
        version: int | None = None,
        receiver: str | None = None,
        kind: MessageKind = MessageKind.RUN,
    ) -> None:
        """Queue a delivery, the record's audit paid up to ``version``; the same terms as ``ExecutionQueue.send``.

        ``receiver`` is the URL that it goes to: what waits for one receiver shall not keep the others waiting. Of kind
        ``WORKFLOW``, the id is a workflow's.
        """
        ...


class WorkflowQueue(Protocol):
    """The queue that ``workflows`` works from."""

    def notify(self, message: WorkflowMessage, delay_ms: int = 0) -> None:
        """Queue a message; the same terms as ``ExecutionQueue.send``."""
        ...


class SuccessRate(Protocol):
    """Which part of today's executions succeeded, as far as this process knows."""

    def refresh(self) -> None:
        """Read it again where it is out of date. Never raises; may take a while, so nothing that is urgent follows."""
        ...

    def latest(self) -> float | None:
        """The rate as last read, from 0 to 1; None where it is not known. Asks no service."""
        ...


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many messages of a queue can be received, will be later, and are being worked on; about as many."""

    waiting: int
    delayed: int
    in_flight: int

    @property
    def all(self) -> int:
        """Every message that is there."""
        return self.waiting + self.delayed + self.in_flight


class QueueGauge(Protocol):
    """Looks at one queue without receiving from it."""

    def depth(self) -> QueueDepth:
        """About how many messages there are.

        Raises:
            QueueUnavailableError: nobody knows.
        """
        ...
