"""SQS, DynamoDB and Genesys Cloud as far as the gate sees them: each call takes its time, and is counted."""

import heapq
import math
import random
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, override

from botocore.exceptions import ClientError

from actionrelay.errors import StaleWriteError
from actionrelay.execute.ports import ActionCall
from actionrelay.gate.ports import Ask, BatchGate, RateGate
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.ledger.execution import Execution, ExecutionError, PayloadRef
from actionrelay.ledger.message import Message, MessageKind, WorkflowMessage
from actionrelay.signals import Count, Duration
from actionrelay.strict_json import digest
from actionrelay.token.ports import AccessToken
from benchmarks.gate.virtual import Turn

WINDOW_MS = 10_000
ALLOWED = 200
"""In any ten seconds, the refused ones not counted."""
LATENCY_MS = 300
REFUSAL_MS = 20
TOKEN = AccessToken("token", 2**62, (), "issuer", "v1")
_SQS_DELAYS_MS = 1_000


class Time(Protocol):
    """What the services take: virtual time or the real one."""

    @property
    def time(self) -> float:
        """Milliseconds since the epoch."""
        ...

    def sleep(self, milliseconds: float) -> None:
        """Let time pass."""
        ...


@dataclass(slots=True)
class Chance:
    """A `Randomness` from a seed, and how long AWS takes."""

    source: random.Random
    slowness: float = 1
    """How many times as long as usual AWS takes."""

    def uniform(self) -> float:
        """A number in [0, 1)."""
        return self.source.random()

    def new_id(self) -> str:
        """A UUID."""
        return str(uuid.UUID(int=self.source.getrandbits(128), version=4))

    def aws_ms(self) -> float:
        """4 ms and more: most calls are quick, and a few are not."""
        return self.slowness * (4 + min(self.source.expovariate(1 / 4), 60))


@dataclass(slots=True)
class Queue:
    """An `ExecutionQueue`: standard SQS, without failures. It delays by whole seconds from when a message is sent."""

    world: Time
    chance: Chance
    sends: int = 0
    _waiting: list[tuple[float, float, Message]] = field(default_factory=list)

    def send(self, message: Message, delay_ms: int = 0) -> None:
        """Queue a message."""
        self.world.sleep(self.chance.aws_ms())
        self.put(message, math.ceil(delay_ms / 1_000) * _SQS_DELAYS_MS)

    def send_all(self, messages: Sequence[Message]) -> list[Message]:
        """Queue messages, in one request."""
        self.world.sleep(self.chance.aws_ms())
        for message in messages:
            self.put(message)
        return []

    def put(self, message: Message, delay_ms: float = 0) -> None:
        """Have a message there."""
        self.sends += 1
        # A standard queue keeps no order.
        heapq.heappush(self._waiting, (self.world.time + delay_ms, self.chance.uniform(), message))

    def receive(self) -> list[Message]:
        """Take what is visible, ten at most."""
        taken: list[Message] = []
        while self._waiting and self._waiting[0][0] <= self.world.time and len(taken) < 10:
            taken.append(heapq.heappop(self._waiting)[2])
        return taken


@dataclass(slots=True)
class Records:
    """An `ExecutionStore`."""

    world: Time
    chance: Chance
    records: dict[str, Execution] = field(default_factory=dict)

    def create(self, execution: Execution) -> None:
        """Write the first version."""
        self.records[execution.execution_id] = execution

    def load(self, execution_id: str) -> Execution | None:
        """Read a record."""
        self.world.sleep(self.chance.aws_ms())
        return self.records.get(execution_id)

    def save(self, execution: Execution) -> None:
        """Write the next version."""
        self.world.sleep(self.chance.aws_ms())
        if self.records[execution.execution_id].version != execution.version - 1:
            raise StaleWriteError("another writer was first")
        self.records[execution.execution_id] = execution


@dataclass(slots=True)
class Audit:
    """An `AuditTrail` that nobody reads."""

    world: Time
    chance: Chance

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Take the time that it takes."""
        for _ in entries:
            self.world.sleep(self.chance.aws_ms())


class Payloads:
    """A `PayloadStore` in which everything is small enough for the record."""

    def refer(self, key: str, data: bytes, _beside: PayloadRef | None = None) -> PayloadRef:
        """Name data."""
        return PayloadRef(key, len(data), digest(data), data)

    def put(self, ref: PayloadRef, data: bytes) -> None:
        """Do nothing."""

    def get(self, ref: PayloadRef) -> bytes | None:
        """Read what travels with the record."""
        return ref.inline


class Tokens:
    """A `TokenSource` with one token, in memory."""

    def token(self) -> AccessToken:
        """The token."""
        return TOKEN

    def refuse(self, version: str) -> None:
        """Do nothing."""


@dataclass(slots=True)
class Items:
    """The DynamoDB client of `TableRateGate`, with the gate's one item. Two who write at the same time quarrel."""

    world: Time
    chance: Chance
    puts: int = 0
    refused: int = 0
    reads: int = 0
    _item: dict[str, Any] = field(default_factory=dict)

    def put_item(self, **parameters: Any) -> None:
        """Write the item if its version is the one that is named, and return the stored one if it is not."""
        self.world.sleep(self.chance.aws_ms() / 2)
        self.puts += 1
        stored, expected = self._item, parameters["ExpressionAttributeValues"][":before"]
        if fits := not stored or stored["version"] == expected:
            self._item = parameters["Item"]
        self.world.sleep(self.chance.aws_ms() / 2)
        if not fits:
            self.refused += 1
            response: Any = {"Error": {"Code": "ConditionalCheckFailedException"}, "Item": stored}
            raise ClientError(response, "PutItem")

    def get_item(self, **_parameters: Any) -> dict[str, Any]:
        """Read the item as it is half-way through the request."""
        self.world.sleep(self.chance.aws_ms() / 2)
        self.reads += 1
        stored = self._item
        self.world.sleep(self.chance.aws_ms() / 2)
        return {"Item": stored} if stored else {}


@dataclass(slots=True)
class GateInTurn(RateGate):
    """A `RateGate` whose locks are virtual: a process that waits for the table must not stop time."""

    gate: RateGate
    turn: Turn

    @override
    def for_batch(self, asks: Sequence[Ask]) -> "BatchInTurn":
        return BatchInTurn(self.gate.for_batch(asks), self.turn)

    @override
    def pause(self, until: int) -> None:
        with self.turn.taken():
            self.gate.pause(until)


@dataclass(slots=True)
class BatchInTurn(BatchGate):
    """The `BatchGate` of such a gate."""

    gate: BatchGate
    turn: Turn

    @override
    def take(self, now: int, ask: Ask, ends_at: int = 0) -> int:
        with self.turn.taken():
            return self.gate.take(now, ask, ends_at)

    @override
    def finished(self) -> None:
        with self.turn.taken():
            self.gate.finished()

    @override
    def hold(self, until: int) -> None:
        self.gate.hold(until)

    @override
    def held(self, now: int) -> int:
        return self.gate.held(now)

    @override
    def pause(self, until: int) -> None:
        with self.turn.taken():
            self.gate.pause(until)


@dataclass(slots=True)
class Genesys:
    """An `ActionClient`: so many requests in any window, and the published 429 for the others."""

    world: Time
    ended: Callable[[], None]
    allowed: int = ALLOWED
    window_ms: int = WINDOW_MS
    posts: int = 0
    throttled: int = 0
    _accepted: deque[float] = field(default_factory=deque)

    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:  # noqa: ARG002 - the port's
        """Run an action."""
        self.posts += 1
        while self._accepted and self._accepted[0] <= self.world.time - self.window_ms:
            self._accepted.popleft()
        if len(self._accepted) >= self.allowed:
            self.throttled += 1
            retry_after = math.ceil((self._accepted[0] + self.window_ms - self.world.time) / 1_000)
            self.world.sleep(REFUSAL_MS)
            error = ExecutionError("http_429", "Rate limit exceeded the maximum.", 429)
            return Reply(ReplyKind.HTTP_ERROR, REFUSAL_MS, error=error, retry_after=str(retry_after))
        self._accepted.append(self.world.time)
        self.world.sleep(LATENCY_MS)
        self.ended()
        return Reply(ReplyKind.SUCCEEDED, LATENCY_MS, result=b"{}")


class Nothing:
    """The ports that this benchmark has no use for: results, deliveries, dead letters, the success rate, telemetry."""

    def lookup(self, key: str) -> None:
        """Nothing is cached."""

    def refresh(self) -> None:
        """There are no counters."""

    def latest(self) -> None:
        """So no rate is known."""

    def remember(self, entry: object) -> None:
        """Nothing will be."""

    def send(
        self,
        subject_id: str,
        delay_ms: int = 0,
        version: int | None = None,
        receiver: str | None = None,
        kind: MessageKind = MessageKind.RUN,
    ) -> None:
        """Nobody wants to know."""

    def notify(self, message: WorkflowMessage, delay_ms: int = 0) -> None:
        """There are no workflows."""

    def put(self, body: str, reason: str) -> None:
        """Every message can be read."""

    def count(self, metric: Count, code: str | None = None, *, by: int = 1) -> None:
        """Nobody counts."""

    def duration(self, metric: Duration, milliseconds: float) -> None:
        """Nobody measures."""

    def concerning(self, execution_id: str, trace_id: str) -> None:
        """Nobody asks."""

    def event(self, name: str, **fields: str | float | None) -> None:
        """Nobody reads."""
