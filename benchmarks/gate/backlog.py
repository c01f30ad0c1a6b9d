"""A backlog through the real use case, in virtual time: how long it takes, and what it costs."""

import random
from dataclasses import dataclass
from functools import partial

from actionrelay.execute.after_attempt import ExecutionPolicy
from actionrelay.execute.batch import ExecuteBatch
from actionrelay.execute.worker import ExecuteAction
from actionrelay.gate.gate_dynamodb import TableRateGate
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.follow_up import Completion
from actionrelay.ledger.message import Message
from actionrelay.ledger.recorder import Recorder
from benchmarks.gate.services import (
    ALLOWED,
    WINDOW_MS,
    Audit,
    Chance,
    GateInTurn,
    Genesys,
    Items,
    Nothing,
    Payloads,
    Queue,
    Records,
    Tokens,
)
from benchmarks.gate.virtual import VirtualTime

PER_MINUTE = ALLOWED * 60_000 // WINDOW_MS
_INVOCATION_MS = 90_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """So many executions, all queued at once, before so many workers."""

    executions: int
    workers: int
    seed: int
    per_minute: int = PER_MINUTE
    allowed: int = ALLOWED
    """How many requests Genesys Cloud takes in any ``window_ms``."""
    window_ms: int = WINDOW_MS
    slowness: float = 1
    """How many times as long as usual an AWS call takes."""
    look_again_ms: float = 20
    """How long after a look in vain the queue is looked at again. A long poll returns as soon as a message is visible;
    this is how exactly that is kept."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a backlog went."""

    seconds: float
    posts: int
    throttled: int
    sends: int
    gate_requests: int
    gate_quarrels: int
    """Of the requests, those that somebody else came before."""


def work_off(backlog: Backlog) -> Course:
    """Work a backlog off, and say how it went."""
    return _Run(backlog).course()


class _Run:
    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._world = VirtualTime()
        self._chance = Chance(random.Random(backlog.seed), backlog.slowness)
        self._records = Records(self._world, self._chance)
        self._queue = Queue(self._world, self._chance)
        self._items = Items(self._world, self._chance)
        self._left, self._ended_at = backlog.executions, self._world.time
        self._genesys = Genesys(self._world, self._ended, backlog.allowed, backlog.window_ms)

    def course(self) -> Course:
        payloads, begun = Payloads(), self._world.time
        for number in range(self._backlog.executions):
            self._records.create(_accepted(str(number), payloads, self._world.now()))
            self._queue.put(Message(str(number), version=1))
        for _ in range(self._backlog.workers):
            self._world.start(partial(self._poll, self._use_case(payloads)))
        self._world.run()
        return Course(
            (self._ended_at - begun) / 1_000,
            self._genesys.posts,
            self._genesys.throttled,
            self._queue.sends,
            self._items.puts,
            self._items.refused,
        )

    def _use_case(self, payloads: Payloads) -> ExecuteBatch:
        """Make one worker: its gate remembers what it saw, as a Lambda environment does."""
        nothing, recorder = Nothing(), Recorder(self._records, Audit(self._world, self._chance))
        gate = TableRateGate(self._items, "executions", Sharing(Rate(self._backlog.per_minute)))  # type: ignore[arg-type]
        action = partial(
            ExecuteAction,
            policy=ExecutionPolicy(max_attempts=4, webhook_grace_ms=0),
            recorder=recorder,
            completion=Completion(recorder, payloads, nothing, nothing, nothing, nothing, 0),
            success_rate=nothing,
            payloads=payloads,
            queue=self._queue,
            tokens=Tokens(),
            client=self._genesys,
            telemetry=nothing,
            clock=self._world,
            randomness=self._chance,
        )
        return ExecuteBatch(GateInTurn(gate, self._world.turn()), nothing, action)

    def _poll(self, executing: ExecuteBatch) -> None:
        while self._left:
            messages = self._queue.receive()
            if not messages:
                self._world.sleep(self._backlog.look_again_ms)
                continue
            self._world.sleep(self._chance.aws_ms())
            handle = executing.for_batch(messages).work
            ends_at = self._world.now() + _INVOCATION_MS
            self._world.all_of([partial(handle, message, ends_at) for message in messages])

    def _ended(self) -> None:
        self._left -= 1
        self._ended_at = self._world.time


def _accepted(name: str, payloads: Payloads, now: int) -> Execution:
    draft = Execution(
        execution_id=name,
        action_id="action",
        trace_id=name,
        content_hash="",
        request=payloads.refer(name, b"{}"),
        timeout_ms=60_000,
        cache_key=None,
        webhook_url=None,
        repeatable=True,
        created_at=now,
        updated_at=now,
        queued_at=now,
    )
    return ledger.accept(draft)
