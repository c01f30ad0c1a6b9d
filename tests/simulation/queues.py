"""SQS as it is: at least once, in any order, with delays, visibility, receive counts and a dead-letter queue; and
Lambda's guard against recursive loops, which sits between a queue and its function.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from actionrelay.ledger.message import Message, WorkflowMessage

MAX_DELAY_MS = 900_000
VISIBILITY_MS = 540_000
MAX_RECEIVES = 5
LONGEST_LINEAGE = 16
"""About so many invocations of a function in one chain, and Lambda ends it (its manual, "recursive loop detection")."""

type Lineage = Mapping[str, int]
"""How often each function was invoked in the chain that led to a message. The SDK hands it on with what is sent."""


@dataclass(slots=True, eq=False)
class Parcel[Body: (Message, WorkflowMessage)]:
    """One message in a queue."""

    body: Body
    visible_at: int
    receives: int = 0
    lineage: Lineage = field(default_factory=dict)


@dataclass(slots=True)
class SimulatedQueue[Body: (Message, WorkflowMessage)]:
    """One queue with its DLQ, and the function that works it off."""

    function: str = ""
    recursive_loop: str = "Allow"
    """The function's `RecursiveLoop`; `Terminate` ends chains that are too long."""
    sender: Callable[[], Lineage] = dict
    """The lineage of the invocation that sends."""
    parcels: list[Parcel[Body]] = field(default_factory=list)
    dead: list[Body] = field(default_factory=list)

    def send(self, body: Body, now: int, delay_ms: int = 0) -> None:
        """Queue a message; SQS delays by whole seconds and by 15 minutes at most."""
        delay = min(max(math.ceil(delay_ms / 1_000) * 1_000, 0), MAX_DELAY_MS)
        self.parcels.append(Parcel(body, now + delay, lineage=self.sender()))

    def visible(self, now: int) -> list[Parcel[Body]]:
        """What can be received; what was received too often moves to the DLQ."""
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
        """Hide a message from the others for the visibility timeout."""
        parcel.receives += 1
        parcel.visible_at = now + VISIBILITY_MS

    def delete(self, parcel: Parcel[Body], receipt: int) -> None:
        """Acknowledge; with the receipt of an earlier reception the request succeeds and deletes nothing."""
        if parcel in self.parcels and parcel.receives == receipt:
            self.parcels.remove(parcel)

    def next_at(self) -> int | None:
        """When the next message can be seen."""
        return min((parcel.visible_at for parcel in self.parcels), default=None)

    def redrive(self, now: int) -> int:
        """Move the DLQ back, as an operator does by the runbook."""
        moved = len(self.dead)
        for body in self.dead:
            self.send(body, now)
        self.dead.clear()
        return moved
