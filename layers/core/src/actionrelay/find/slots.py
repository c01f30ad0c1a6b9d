"""Who may wait at once: a counting semaphore with leases, shared out between callers.

Each request that waits keeps a function busy, and a new account has ten of those at once. So there are few slots, and
one caller never has the last of them: it gets another only while more are free than it has. That is the dynamic
threshold of shared buffers (Choudhury and Hahne, 1998); a caller that is alone has half of them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """One request that waits."""

    number: int
    """The version of the state in which it was taken."""
    caller: str
    until: int
    """When it is free again at the latest, in ms: its function may be gone."""


@dataclass(frozen=True, slots=True)
class Slots:
    """All that are taken, over all functions."""

    taken: tuple[Slot, ...] = ()
    version: int = 0

    def take(self, most: int, caller: str, now: int, until: int) -> "Slots | None":
        """Return the state in which a caller has one more, under this state's next version; None where it may not."""
        held = tuple(slot for slot in self.taken if slot.until > now)
        own = sum(slot.caller == caller for slot in held)
        if own >= most - len(held):
            return None
        version = self.version + 1
        return Slots((*held, Slot(version, caller, until)), version)

    def without(self, number: int) -> "Slots":
        """Return the state in which a slot is free; saying it twice changes nothing more."""
        left = tuple(slot for slot in self.taken if slot.number != number)
        return self if left == self.taken else Slots(left, self.version + 1)
