"""SQS: at least once, in any order, with delays, visibility, receive counts and a dead-letter queue; and Lambda's guard
against recursive loops, between a queue and its function.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from actionrelay.ledger.message import DeliveryMessage, Message, WorkflowMessage

MAX_DELAY_MS = 900_000
VISIBILITY_MS = 540_000
MAX_RECEIVES = 5
LONGEST_LINEAGE = 16
"""Lambda ends a chain after about this many invocations of a function (its manual, "recursive loop detection")."""

type Lineage = Mapping[str, int]
"""The number of invocations of each function in the chain that led to a message. The SDK passes it on."""


@dataclass(slots=True, eq=False)
class Parcel[Body: (Message, DeliveryMessage, WorkflowMessage)]:
    """One message in a queue."""

    body: Body
    visible_at: int
    receives: int = 0
    lineage: Lineage = field(default_factory=dict)


@dataclass(slots=True)
class SimulatedQueue[Body: (Message, DeliveryMessage, WorkflowMessage)]:
    """One queue with its DLQ and its function."""

    function: str = ""
    recursive_loop: str = "Allow"
    """The function's `RecursiveLoop`; `Terminate` ends chains that are too long."""
    sender: Callable[[], Lineage] = dict
    """The lineage of the invocation that sends."""
    parcels: list[Parcel[Body]] = field(default_factory=list)
    dead: list[Body] = field(default_factory=list)

    def send(self, body: Body, now: int, delay_ms: int = 0) -> None:
        """Queue a message; SQS delays by whole seconds, 15 minutes at most."""
        delay = min(max(math.ceil(delay_ms / 1_000) * 1_000, 0), MAX_DELAY_MS)
        self.parcels.append(Parcel(body, now + delay, lineage=self.sender()))

    def visible(self, now: int) -> list[Parcel[Body]]:
        """Return the messages that can be received; move those that were received too often to the DLQ."""
        found = []
        for parcel in [parcel for parcel in self.parcels if parcel.visible_at <= now]:
            if parcel.receives >= MAX_RECEIVES or self._loops(parcel):
                self.parcels.remove(parcel)
                self.dead.append(parcel.body)
            else:
                found.append(parcel)
        return found

    def _loops(self, parcel: Parcel[Body]) -> bool:
        return self.recursive_loop != "Allow" and parcel.lineage.get(self.function, 0) >= LONGEST_LINEAGE

    def receive(self, parcel: Parcel[Body], now: int) -> None:
        """Receive a message, which hides it for the visibility timeout."""
        parcel.receives += 1
        parcel.visible_at = now + VISIBILITY_MS

    def delete(self, parcel: Parcel[Body], receipt: int) -> None:
        """Acknowledge a message; the receipt of an earlier reception succeeds but deletes nothing."""
        if parcel in self.parcels and parcel.receives == receipt:
            self.parcels.remove(parcel)

    def next_at(self) -> int | None:
        """Return when the next message becomes visible; None if there is none."""
        return min((parcel.visible_at for parcel in self.parcels), default=None)

    def redrive(self, now: int) -> int:
        """Redrive the DLQ, as an operator does by the runbook."""
        moved = len(self.dead)
        for body in self.dead:
            self.send(body, now)
        self.dead.clear()
        return moved
