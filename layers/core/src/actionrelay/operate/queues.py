"""Use case: say how much waits in the queues, and whether anything keeps it from going on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actionrelay.ledger.document import as_json
from actionrelay.ports import Clock, GateGauge, QueueGauge
from actionrelay.strict_json import Json
from actionrelay.timestamps import iso

if TYPE_CHECKING:
    from actionrelay.documents import QueueDocument, QueueName, QueuesDocument


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


def _document(name: "QueueName", watched: WatchedQueue) -> "QueueDocument":
    depth = watched.queue.depth()
    return {
        "name": name,
        "waiting": depth.waiting,
        "delayed": depth.delayed,
        "inFlight": depth.in_flight,
        "deadLetters": watched.dead_letters.depth().all,
    }
