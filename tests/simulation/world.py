"""One deployment in memory, with its clock and agenda, and what every port call goes through."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from actionrelay.errors import (
    ActionRelayError,
    DeliveryFailedError,
    DependencyError,
    QueueUnavailableError,
    StoreUnavailableError,
    TokenUnavailableError,
)
from actionrelay.execute.ports import ActionCall
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.genesys.contract import GenesysApi
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.execution import Execution, ExecutionError
from actionrelay.token.ports import AccessToken
from tests.simulation.baton import Crew, Died, Worker
from tests.simulation.deployment import MAX_ATTEMPTS, Deployment, UseCases
from tests.simulation.faults import Call, Line, Move, Plan, no_faults, timeline
from tests.simulation.flow_ports import FlowLedger, FlowMessages
from tests.simulation.flow_promises import FlowRules
from tests.simulation.memory import (
    Audit,
    Cache,
    DeadLetters,
    DeliveryMessages,
    ExecutionMessages,
    Gate,
    Ledger,
    Payloads,
    Receiver,
    Tokens,
    WebhookIds,
)
from tests.simulation.platform import COUNTED, LATENCY_MS, Answer, Platform
from tests.simulation.promises import Rules
from tests.simulation.queues import Lineage

BEGIN = 1_795_521_600_000
"""2026-11-24T12:00:00Z, in ms."""
_DECISIVE = frozenset({"ledger.save", "ledger.load", "genesys.post"})
"""Calls whose failure may keep a worker from recording how an attempt ended."""


@dataclass(slots=True)
class World:
    """Everything in one history. ``plan`` decides the fate of each port call, ``later`` adds to the agenda."""

    crew: Crew
    deployment: Deployment = field(default_factory=Deployment)
    seed: int = 0
    plan: Plan = no_faults
    suspended_for: Callable[[Worker], int | None] = lambda _: None
    """How long a suspended worker sleeps, in ms; None for until it is woken."""
    time: int = BEGIN
    calls: int = 0
    history: list[Line] = field(default_factory=list)
    agenda: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    platform: Platform = field(init=False)
    rules: Rules = field(init=False)
    ledger: Ledger = field(init=False)
    audit: Audit = field(init=False)
    cache: Cache = field(init=False)
    payloads: Payloads = field(init=False)
    queue: ExecutionMessages = field(init=False)
    deliveries: DeliveryMessages = field(init=False)
    dead_letters: DeadLetters = field(init=False)
    webhook_ids: WebhookIds = field(init=False)
    receiver: Receiver = field(init=False)
    tokens: Tokens = field(init=False)
    gate: Gate = field(init=False)
    flows: FlowLedger = field(init=False)
    flow_messages: FlowMessages = field(init=False)
    flow_rules: FlowRules = field(init=False)
    flow_calls: list[str] = field(default_factory=list)
    """The ports that the code that runs workflows has called, if a plan records them."""
    use_cases: UseCases = field(init=False)
    _number: int = 0

    def __post_init__(self) -> None:
        self.platform = Platform(
            carries_id=self.deployment.api is GenesysApi.DATA_ACTIONS,
            later=self.later,
            padding=self.deployment.padding,
        )
        self.rules = Rules(MAX_ATTEMPTS, self.platform)
        self.ledger = Ledger(self._cross, self._watch)
        self.audit, self.cache, self.payloads = Audit(self._cross), Cache(self._cross), Payloads(self._cross)
        self.queue = ExecutionMessages(self._cross, self.now)
        self.deliveries = DeliveryMessages(self._cross, self.now)
        self.flow_messages = FlowMessages(self._cross, self.now)
        for function, queue in (("execute", self.queue.queue), ("deliver", self.deliveries.queue)):
            queue.function, queue.sender = function, self._lineage
        self.flow_messages.queue.function, self.flow_messages.queue.sender = "workflows", self._lineage
        self.flows = FlowLedger(self._cross)
        self.flow_rules = FlowRules(self.rules, self.flows, self.ledger.records, self.payloads)
        self.flows.written = self.flow_rules.written
        self.dead_letters, self.webhook_ids = DeadLetters(self._cross), WebhookIds(self._cross)
        self.receiver, self.tokens = Receiver(self._cross), Tokens(self._cross)
        self.gate = Gate(self._cross, Sharing(Rate(self.deployment.per_minute)), self._granted)
        self.use_cases = UseCases(self, self.deployment, self.seed)

    # -- A clock, an agenda, an action client --

    def now(self) -> int:
        """Return the time, as a ``Clock``."""
        return self.time

    def later(self, after_ms: int, task: Callable[[], None]) -> None:
        """Add a task to the agenda."""
        self._number += 1
        self.agenda.append((self.time + after_ms, self._number, task))

    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:
        """Post to Genesys Cloud, as an ``ActionClient``: it takes time, and never raises a service's failure."""
        worker, name = self._worker(), self._name(call)
        call = replace(call, trace_id=name)

        def post() -> Answer:
            self.flow_rules.requested(name)
            self.rules.requested(name, worker, self.time)
            if self.deployment.api is GenesysApi.DATA_ACTIONS:
                self.rules.sent(name, call.execution_id)
            answer = self.platform.arrive(call)
            if answer in COUNTED:
                self.rules.counted(name)
            self.rules.ran(name, repeatable=self.deployment.repeatable)
            self.crew.pause(self.time + (wait_ms if answer is Answer.LATE else LATENCY_MS))
            return answer

        try:
            answer = self._cross("genesys.post", name, post)
        except DependencyError as error:
            self.platform.doubted.add(name)
            return Reply(ReplyKind.NO_ANSWER, LATENCY_MS, error=ExecutionError("no_answer", error.message))
        return self.platform.reply(call, answer)

    def _name(self, call: ActionCall) -> str:
        """Return the execution of a call: its trace id, which is the same for all runs; steps share one."""
        if call.trace_id in self.ledger.records:
            return call.trace_id
        (name,) = (each.execution_id for each in self.ledger.records.values() if each.sent_as == call.execution_id)
        return name

    # -- Every port call --

    def _cross[Value](self, port: str, subject: str, effect: Callable[[], Value]) -> Value:
        worker = self._worker()
        call = Call(self.calls, worker, port, subject)
        self.calls += 1
        while (move := self.plan(call)) is Move.SUSPEND:
            self._note(port, subject, move)
            pause_for = self.suspended_for(worker)
            self.crew.pause(None if pause_for is None else self.time + pause_for)
            if 0 < worker.ends_at < self.time:
                self._lose(worker, port, died=True)  # it is too late to record what it knows
        self._note(port, subject, move)
        if move is Move.PROCEED:
            value = effect()
            if port == "gate.pause":
                self.rules.paused.append((self.time, self.gate.state.paused_until))
            return value
        return self._hit(move, port, worker, effect)

    def _hit[Value](self, move: Move, port: str, worker: Worker, effect: Callable[[], Value]) -> Value:
        if move in {Move.DIE_BEFORE, Move.DIE_AFTER}:
            self._lose(worker, port, died=True)
        elif move in {Move.ERROR, Move.LOST}:
            self._lose(worker, port, died=False)
        if move is Move.DIE_BEFORE:
            raise Died
        if move is Move.ERROR:
            raise _failure(port)
        try:
            value = effect()
        except Exception:
            if move is Move.DIE_AFTER:
                raise Died from None
            if move is Move.LOST:
                raise _failure(port) from None
            raise
        if move is Move.DIE_AFTER:
            raise Died
        if move is Move.LOST:
            raise _failure(port)
        # Neither the HTTP client of Genesys Cloud nor the sender of webhooks retries.
        return value if port in {"genesys.post", "receiver.post", "gate.take"} else effect()

    def _lose(self, worker: Worker, port: str, *, died: bool) -> None:
        """Record what a fault may have lost."""
        worker.troubled |= died or port in _DECISIVE
        if died or port == "payloads.result":
            self.rules.unstored.update(worker.subjects)

    def _watch(self, before: Execution | None, after: Execution) -> None:
        self.rules.written(before, after, self._worker(), self.time)
        if before is None:
            self.flow_rules.begun(after)

    def _granted(self, decided_at: int) -> None:
        self._worker().granted_at = decided_at

    def _worker(self) -> Worker:
        worker = self.crew.current
        assert worker is not None
        return worker

    def _lineage(self) -> Lineage:
        return self.crew.current.lineage if self.crew.current is not None else {}

    def _note(self, port: str, subject: str, move: str) -> None:
        worker = self._worker()
        about = subject or worker.subjects[0]
        self.history.append(Line(self.time, worker.name, port, about, move, self.ledger.records.get(about)))

    def timeline(self, names: Collection[str]) -> str:
        """Format the history of some executions."""
        return timeline([line for line in self.history if line.subject in names])


def _failure(port: str) -> ActionRelayError:
    if port.startswith(("queue.", "deliveries.", "notify.")):
        return QueueUnavailableError("the queue does not answer")
    if port.startswith("tokens."):
        return TokenUnavailableError("the login host does not answer")
    if port.startswith("receiver."):
        return DeliveryFailedError("the receiver does not answer")
    return StoreUnavailableError(f"{port} does not answer")
