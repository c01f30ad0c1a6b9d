"""Use case: report how much waits in the queues, and what holds it up."""

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
    """How many messages a queue holds, as SQS approximates it."""

    name: QueueName
    waiting: int
    """Ready to be received."""
    delayed: int
    """Delayed: retries, reminders, places in the line at the rate gate."""
    inFlight: int
    """Being processed."""
    deadLetters: int
    """In the dead-letter queue, for an operator."""


class RateGateLaneDocument(TypedDict):
    """The state of a lane at the rate gate."""

    name: Lane
    sharePercent: int
    """Its share of the rate while both lanes wait; what one leaves is the other's."""
    callersWaiting: int
    """How many callers wait for permits; twelve are distinguished."""
    workedOffBy: Timestamp | None
    """About when everything that waits now has had its turn, at the current pace. Null if nothing waits or it is
    unknown."""


class RateGateDocument(TypedDict):
    """The rate of requests to Genesys Cloud, and how many actions run at once."""

    requestsPerMinute: int
    """The limit for all workers together."""
    pausedUntil: Timestamp | None
    """No request is sent before this time, after a 429 of Genesys Cloud; null without a pause."""
    inFlight: int
    """About how many actions are running."""
    maxInFlight: int
    """The limit. When it is reached, executions wait until one of them ends."""
    lanes: list[RateGateLaneDocument]


class QueuesDocument(TypedDict):
    """What waits, and what holds it up."""

    queues: list[QueueDocument]
    rateGate: RateGateDocument


@dataclass(frozen=True, slots=True)
class WatchedQueue:
    """A queue and its dead-letter queue."""

    queue: QueueGauge
    dead_letters: QueueGauge


@dataclass(frozen=True, slots=True)
class ReadQueues:
    """Reports the state of the queues and the rate gate."""

    queues: "Mapping[QueueName, WatchedQueue]"
    gate: GateGauge
    sharing: Sharing
    clock: Clock

    def read(self) -> dict[str, Json]:
        """Return the depths of all queues and the state of the rate gate."""
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
