"""The ports in memory. Every call goes through ``crossing``, which lets it succeed, fails it, or ends the worker."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, override

from actionrelay.errors import (
    AlreadyRecordedError,
    DeliveryFailedError,
    DependencyError,
    QueueUnavailableError,
    StaleWriteError,
)
from actionrelay.gate.batch import BatchPermits
from actionrelay.gate.ports import Ask, RateGate
from actionrelay.gate.rate import GateState, pause
from actionrelay.gate.turns import Crowd, Decision, Sharing
from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.ledger.execution import Execution, PayloadRef
from actionrelay.ledger.message import DeliveryMessage, Message, MessageKind
from actionrelay.ledger.ports import CachedResult, SentRun
from actionrelay.signals import Count, Duration
from actionrelay.strict_json import digest
from actionrelay.token.ports import AccessToken
from actionrelay.webhooks.targets import DeliveryAnswer
from tests.simulation.queues import SimulatedQueue

INLINE_MAX_BYTES = 500
TOKEN = AccessToken("secret", 2**62, (), "issuer", "v1")


class Crossing(Protocol):
    """The way from a worker to a service, and back."""

    def __call__[Value](self, port: str, subject: str, effect: Callable[[], Value]) -> Value:
        """Do what a service does, unless the plan decides otherwise."""
        ...


@dataclass(slots=True)
class Ledger:
    """An ``ExecutionStore``; ``watch`` is called with each successful write."""

    crossing: Crossing
    watch: Callable[[Execution | None, Execution], None]
    records: dict[str, Execution] = field(default_factory=dict)
    names: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The execution and the number of its run, by the id that was reserved for it."""

    def create(self, execution: Execution) -> None:
        def effect() -> None:
            if execution.execution_id in self.records or execution.execution_id in self.names:
                raise AlreadyRecordedError("this id is taken")
            self._write(execution)

        self.crossing("ledger.create", execution.execution_id, effect)

    def load(self, execution_id: str) -> Execution | None:
        return self.crossing("ledger.load", execution_id, lambda: self.records.get(execution_id))

    def save(self, execution: Execution) -> None:
        def effect() -> None:
            stored = self.records.get(execution.execution_id)
            if stored is None or stored.version != execution.version - 1:
                raise StaleWriteError("another writer was first")
            self._write(execution)

        self.crossing("ledger.save", execution.execution_id, effect)

    def reserve(self, sent_as: str, run: SentRun) -> bool:
        name = (run.execution.execution_id, run.run)

        def effect() -> bool:
            return sent_as not in self.records and self.names.setdefault(sent_as, name) == name

        return self.crossing("ledger.reserve", run.execution.execution_id, effect)

    def sent(self, sent_as: str) -> SentRun | None:
        execution_id, run = self.names.get(sent_as, (sent_as, 1))

        def effect() -> SentRun | None:
            execution = self.records.get(execution_id)
            return SentRun(execution, run) if execution else None

        return self.crossing("ledger.load", execution_id, effect)

    def _write(self, execution: Execution) -> None:
        before = self.records.get(execution.execution_id)
        self.records[execution.execution_id] = execution
        self.watch(before, execution)


@dataclass(slots=True)
class WebhookIds:
    """``WebhookIds`` in memory."""

    crossing: Crossing
    kept: dict[str, tuple[str, int]] = field(default_factory=dict)

    def claim(self, webhook_id: str, content: str, now: int, until: int) -> str:
        def effect() -> str:
            if webhook_id not in self.kept or self.kept[webhook_id][1] <= now:
                self.kept[webhook_id] = (content, until)
            return self.kept[webhook_id][0]

        return self.crossing("webhooks.claim", "", effect)


@dataclass(slots=True)
class Cache:
    """A ``ResultCache`` in memory."""

    crossing: Crossing
    entries: dict[str, CachedResult] = field(default_factory=dict)

    def lookup(self, key: str) -> CachedResult | None:
        return self.crossing("cache.lookup", "", lambda: self.entries.get(key))

    def remember(self, entry: CachedResult) -> None:
        self.crossing("cache.remember", "", lambda: self.entries.update({entry.key: entry}))


@dataclass(slots=True)
class Audit:
    """An ``AuditTrail`` with one write for each entry, so that a worker may die between two."""

    crossing: Crossing
    kept: dict[str, dict[int, AuditEntry]] = field(default_factory=dict)

    def append(self, entries: Sequence[AuditEntry]) -> None:
        for entry in entries:
            kept = self.kept.setdefault(entry.execution_id, {})
            self.crossing("audit.append", entry.execution_id, lambda entry=entry, kept=kept: self._add(kept, entry))  # type: ignore[misc]

    @staticmethod
    def _add(kept: dict[int, AuditEntry], entry: AuditEntry) -> None:
        kept.setdefault(entry.seq, entry)


@dataclass(slots=True)
class Payloads:
    """A ``PayloadStore`` in memory."""

    crossing: Crossing
    objects: dict[str, bytes] = field(default_factory=dict)

    def refer(self, key: str, data: bytes, beside: PayloadRef | None = None) -> PayloadRef:
        return PayloadRef(key, len(data), digest(data), data if len(data) <= INLINE_MAX_BYTES else None)

    def put(self, ref: PayloadRef, data: bytes) -> None:
        if ref.inline is None:
            port = "payloads.result" if "/result/" in ref.key else "payloads.request"
            self.crossing(port, ref.key.partition("/")[0], lambda: self.objects.update({ref.key: data}))

    def get(self, ref: PayloadRef) -> bytes | None:
        if ref.inline is not None:
            return ref.inline
        return self.crossing("payloads.get", ref.key.partition("/")[0], lambda: self.stored(ref))

    def stored(self, ref: PayloadRef) -> bytes | None:
        """Return what is stored, without a port call."""
        data = ref.inline if ref.inline is not None else self.objects.get(ref.key)
        return data if data is not None and digest(data) == ref.digest else None


@dataclass(slots=True)
class ExecutionMessages:
    """An ``ExecutionQueue``; ``copies`` is the number of copies of each message."""

    crossing: Crossing
    now: Callable[[], int]
    copies: Callable[[Message], int] = lambda _: 1
    queue: SimulatedQueue[Message] = field(default_factory=SimulatedQueue)

    def send(self, message: Message, delay_ms: int = 0) -> None:
        def effect() -> None:
            for _ in range(self.copies(message)):
                self.queue.send(message, self.now(), delay_ms)

        self.crossing(f"queue.{message.kind}", message.execution_id, effect)

    def send_all(self, messages: Sequence[Message]) -> list[Message]:
        lost = []
        for message in messages:
            try:
                self.send(message)
            except QueueUnavailableError:
                lost.append(message)
        return lost


@dataclass(slots=True)
class DeliveryMessages:
    """A ``DeliveryQueue`` in memory."""

    crossing: Crossing
    now: Callable[[], int]
    queue: SimulatedQueue[DeliveryMessage] = field(default_factory=SimulatedQueue)

    def send(
        self,
        subject_id: str,
        delay_ms: int = 0,
        version: int | None = None,
        receiver: str | None = None,
        kind: MessageKind = MessageKind.RUN,
    ) -> None:
        message = DeliveryMessage(subject_id, kind, version)
        self.crossing("deliveries.send", subject_id, lambda: self.queue.send(message, self.now(), delay_ms))


@dataclass(slots=True)
class DeadLetters:
    """The dead-letter queue of deliveries. No function receives from it."""

    crossing: Crossing
    letters: list[DeliveryMessage] = field(default_factory=list)

    def send(
        self,
        subject_id: str,
        delay_ms: int = 0,
        version: int | None = None,
        receiver: str | None = None,
        kind: MessageKind = MessageKind.RUN,
    ) -> None:
        message = DeliveryMessage(subject_id, kind, version)
        self.crossing("deliveries.bury", subject_id, lambda: self.letters.append(message))


@dataclass(slots=True)
class Tokens:
    """A ``TokenSource`` with one token."""

    crossing: Crossing

    def token(self) -> AccessToken:
        return self.crossing("tokens.token", "", lambda: TOKEN)

    def refuse(self, version: str) -> None: ...


@dataclass(slots=True)
class Gate(RateGate):
    """A ``RateGate`` with the package's own rule."""

    crossing: Crossing
    sharing: Sharing
    granted: Callable[[int], None]
    """Called with the time at which the gate decided on a granted permit."""
    state: GateState = field(default_factory=GateState)

    @override
    def for_batch(self, asks: Sequence[Ask]) -> "GateOfBatch":
        return GateOfBatch(self, asks)

    @override
    def pause(self, until: int) -> None:
        def effect() -> None:
            self.state = pause(self.state, until)

        self.crossing("gate.pause", "", effect)

    def release(self, lease: int, left: int) -> None:
        """Release actions in flight; if that fails, they expire with their lease."""

        def effect() -> None:
            self.state = self.state.released(lease, left)

        with suppress(DependencyError):
            self.crossing("gate.release", "", effect)


class GateOfBatch(BatchPermits):
    """A ``BatchGate``. The threads of a batch share its answer, so that asking is one step."""

    def __init__(self, gate: Gate, asks: Sequence[Ask]) -> None:
        super().__init__(self._ask, gate.pause, gate.release, asks)
        self._gate = gate
        self._decided_at = -1

    @override
    def take(self, now: int, ask: Ask, ends_at: int = 0) -> int:
        def effect() -> int:
            wait = BatchPermits.take(self, now, ask, ends_at)
            self._gate.granted(self._decided_at)
            return wait

        return self._gate.crossing("gate.take", "", effect)

    def _ask(self, now: int, crowd: Crowd, ends_at: int) -> Decision:
        self._decided_at = now
        self._gate.state, decision = self._gate.sharing.decide(self._gate.state, now, crowd, ends_at)
        return decision


@dataclass(slots=True)
class Receiver:
    """A ``WebhookSender`` and the caller's server behind it."""

    crossing: Crossing
    answer: Callable[[], int] = lambda: 200
    accepted: list[bytes] = field(default_factory=list)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> DeliveryAnswer:
        def effect() -> DeliveryAnswer:
            status = self.answer()
            if status == 0:
                raise DeliveryFailedError("no answer")
            if status // 100 == 2:
                self.accepted.append(body)
            return DeliveryAnswer(status, None, 20.0)

        return self.crossing("receiver.post", url.rpartition("/")[2], effect)


class Silence:
    """A ``Telemetry`` that discards everything."""

    def count(self, metric: Count, code: str | None = None, *, by: int = 1) -> None: ...

    def duration(self, metric: Duration, milliseconds: float) -> None: ...

    def concerning(self, execution_id: str, trace_id: str) -> None: ...

    def event(self, name: str, **fields: str | float | None) -> None: ...
