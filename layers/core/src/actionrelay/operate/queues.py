"""Use case: say how much waits in the queues, and whether anything keeps it from going on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from actionrelay.gate.ports import GateGauge
from actionrelay.ledger.ports import QueueGauge
from actionrelay.ports import Clock
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import Timestamp, iso

type QueueName = Literal["executions", "bulk", "deliveries"]


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


class RateGateDocument(TypedDict):
    """How fast Genesys Cloud is asked."""

    requestsPerMinute: int
    """The most, over all workers together."""
    pausedUntil: Timestamp | None
    """Nothing goes out before that, since Genesys Cloud answered 429; null where nothing is held up."""


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
    requests_per_minute: int
    clock: Clock

    def read(self) -> dict[str, Json]:
        """Return the depths of all queues, and when a pause of the rate gate ends, where there is one."""
        paused_until = self.gate.paused_until()
        document: QueuesDocument = {
            "queues": [_document(name, watched) for name, watched in self.queues.items()],
            "rateGate": {
                "requestsPerMinute": self.requests_per_minute,
                "pausedUntil": iso(paused_until) if paused_until > self.clock.now() else None,
            },
        }
        return as_json(document)


def _document(name: "QueueName", watched: WatchedQueue) -> QueueDocument:
    depth = watched.queue.depth()
    return {
        "name": name,
        "waiting": depth.waiting,
        "delayed": depth.delayed,
        "inFlight": depth.in_flight,
        "deadLetters": watched.dead_letters.depth().all,
    }
