"""Use case: say how much waits in the queues, and whether anything keeps it from going on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from actionrelay.gate.outlook import worked_off_at
from actionrelay.gate.ports import GateGauge, GateView
from actionrelay.gate.turns import Sharing
from actionrelay.lanes import Lane
from actionrelay.ledger.ports import QueueDepth, QueueGauge
from actionrelay.ports import Clock
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import Timestamp, iso, iso_or_none

type QueueName = Literal["executions", "bulk", "deliveries", "workflows", "decisions", "catalogue"]
_QUEUE_OF: "dict[Lane, QueueName]" = {Lane.INTERACTIVE: "executions", Lane.BULK: "bulk"}


class QueueDocument(TypedDict):
    """How many messages a queue holds; SQS says about how many."""

    name: QueueName
    waiting: int
    """Ready to be worked on."""
    delayed: int
    """Planned for later: retries, reminders, places in the line before the rate gate."""
    inFlight: int
    """Being worked on."""
    deadLetters: int
    """In the dead-letter queue, for a person to look at."""


class RateGateLaneDocument(TypedDict):
    """How a lane gets on before the rate gate."""

    name: Lane
    sharePercent: int
    """How much of the rate it has while both wait; what one leaves is the other's."""
    callersWaiting: int
    """How many callers wait for permits, of whom twelve are known apart."""
    workedOffBy: Timestamp | None
    """About when all that waits now has had its turn, at the pace of now. Null where nobody waits, and where nobody
    knows."""


class RateGateDocument(TypedDict):
    """How fast Genesys Cloud is asked, and how many actions run at once."""

    requestsPerMinute: int
    """The most, over all workers together."""
    pausedUntil: Timestamp | None
    """Nothing goes out before that, since Genesys Cloud answered 429; null where nothing is held up."""
    inFlight: int
    """How many actions are under way, about."""
    maxInFlight: int
    """The most. Where there are as many, everybody waits for one of them to end."""
    lanes: list[RateGateLaneDocument]


class QueuesDocument(TypedDict):
    """What waits, and whether anything holds it up."""

    queues: list[QueueDocument]
    rateGate: RateGateDocument


@dataclass(frozen=True, slots=True)
class WatchedQueue:
    """A queue, and the one that takes what nobody could work off."""

    queue: QueueGauge
    dead_letters: QueueGauge


@dataclass(frozen=True, slots=True)
class ReadQueues:
    """Answers how the queues and the rate gate are."""

    queues: "Mapping[QueueName, WatchedQueue]"
    gate: GateGauge
    sharing: Sharing
    clock: Clock

    def read(self) -> dict[str, Json]:
        """Return the depths of all queues, and what holds up those that wait before the rate gate."""
        now = self.clock.now()
        view = self.gate.look(now)
        depths = {name: watched.queue.depth() for name, watched in self.queues.items()}
        document: QueuesDocument = {
            "queues": [_document(name, depths[name], watched) for name, watched in self.queues.items()],
            "rateGate": {
                "requestsPerMinute": self.sharing.rate.per_minute,
                "pausedUntil": iso(view.paused_until) if view.paused_until > now else None,
                "inFlight": view.in_flight,
                "maxInFlight": self.sharing.max_in_flight,
                "lanes": [self._lane(lane, depths[name], view, now) for lane, name in _QUEUE_OF.items()],
            },
        }
        return as_json(document)

    def _lane(self, lane: Lane, depth: QueueDepth, view: GateView, now: int) -> RateGateLaneDocument:
        ends_at = worked_off_at(self.sharing, view, lane, depth.all, now) if view.waits(lane) else None
        return {
            "name": lane,
            "sharePercent": self.sharing.percent(lane),
            "callersWaiting": view.callers_waiting.get(lane, 0),
            "workedOffBy": iso_or_none(ends_at),
        }


def _document(name: "QueueName", depth: QueueDepth, watched: WatchedQueue) -> QueueDocument:
    return {
        "name": name,
        "waiting": depth.waiting,
        "delayed": depth.delayed,
        "inFlight": depth.in_flight,
        "deadLetters": watched.dead_letters.depth().all,
    }
