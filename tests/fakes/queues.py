"""The queues in memory: lists of what was sent, with delays."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from actionrelay.gate.ports import GateView
from actionrelay.lanes import Flow
from actionrelay.ledger.message import Message, MessageKind, WorkflowMessage
from actionrelay.ledger.ports import QueueDepth
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class RecordedExecutionQueue:
    """An ``ExecutionQueue`` that keeps its messages."""

    sent: list[tuple[Message, int]] = field(default_factory=list)
    loses: set[str] = field(default_factory=set)
    """Executions whose messages ``send_all`` fails to queue."""
    meanwhile: Callable[[], None] | None = None
    """Called just before a message is sent."""
    trouble: Trouble = field(default_factory=Trouble)

    def send(self, message: Message, delay_ms: int = 0) -> None:
        self.trouble.strike_before("send")
        if self.meanwhile is not None:
            self.meanwhile()
        self.sent.append((message, delay_ms))
        self.trouble.strike_after("send")

    def send_all(self, messages: Sequence[Message]) -> list[Message]:
        lost = [message for message in messages if message.execution_id in self.loses]
        self.sent += [(message, 0) for message in messages if message not in lost]
        return lost


@dataclass(slots=True)
class RecordedDeliveryQueue:
    """A ``DeliveryQueue`` that keeps its messages."""

    sent: list[tuple[str, int]] = field(default_factory=list)
    versions: list[int | None] = field(default_factory=list)
    receivers: list[str | None] = field(default_factory=list)
    kinds: list[MessageKind] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)

    def send(
        self,
        subject_id: str,
        delay_ms: int = 0,
        version: int | None = None,
        receiver: str | None = None,
        kind: MessageKind = MessageKind.RUN,
    ) -> None:
        self.trouble.strike_before("send")
        self.sent.append((subject_id, delay_ms))
        self.versions.append(version)
        self.receivers.append(receiver)
        self.kinds.append(kind)
        self.trouble.strike_after("send")


@dataclass(slots=True)
class RecordedWorkflowQueue:
    """A ``WorkflowQueue`` that keeps its messages."""

    sent: list[tuple[WorkflowMessage, int]] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)

    def notify(self, message: WorkflowMessage, delay_ms: int = 0) -> None:
        self.trouble.strike_before("notify")
        self.sent.append((message, delay_ms))
        self.trouble.strike_after("notify")


@dataclass(slots=True)
class RecordedDeadLetters:
    """``DeadLetters``: bodies with their reasons."""

    kept: list[tuple[str, str]] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)

    def put(self, body: str, reason: str) -> None:
        self.trouble.strike_before("put")
        self.kept.append((body, reason))


@dataclass(slots=True)
class FixedGauge:
    """A ``QueueGauge`` with a given depth."""

    shows: QueueDepth = field(default_factory=lambda: QueueDepth(0, 0, 0))
    trouble: Trouble = field(default_factory=Trouble)

    def depth(self) -> QueueDepth:
        self.trouble.strike_before("depth")
        return self.shows


@dataclass(slots=True)
class FixedGateGauge:
    """A ``GateGauge`` with a list of pauses; the rest of its view is given."""

    pauses: list[int]
    view: GateView = field(default_factory=GateView)

    def look(self, now: int) -> GateView:
        return replace(self.view, paused_until=max(self.pauses, default=0))


@dataclass(slots=True)
class CountedAcceptances:
    """``Acceptances`` in memory."""

    counted: Counter[tuple[Flow, int]] = field(default_factory=Counter)
    trouble: Trouble = field(default_factory=Trouble)

    def count(self, flow: Flow, hour: int, executions: int) -> int:
        self.trouble.strike_before("count")
        self.counted[flow, hour] += executions
        return self.counted[flow, hour]
