"""The slots of waiting requests: a counting semaphore with leases, shared between callers.

Each waiting request keeps a function busy, and a new account has ten at once. So slots are few, and no caller gets the
last one: it gets another only while more are free than it holds. That is the dynamic threshold of shared buffers
(Choudhury and Hahne, 1998); a single caller gets half of them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """One waiting request."""

    number: int
    """The version of the state in which it was taken."""
    caller: str
    until: int
    """When its lease expires (ms), in case its function died."""


@dataclass(frozen=True, slots=True)
class Slots:
    """All taken slots, over all functions."""

    taken: tuple[Slot, ...] = ()
    version: int = 0

    def take(self, most: int, caller: str, now: int, until: int) -> "Slots | None":
        """Return the next state, in which a caller has one more slot; None if it may not."""
        held = tuple(slot for slot in self.taken if slot.until > now)
        own = sum(slot.caller == caller for slot in held)
        if own >= most - len(held):
            return None
        version = self.version + 1
        return Slots((*held, Slot(version, caller, until)), version)

    def without(self, number: int) -> "Slots":
        """Return the next state, in which a slot is free; safe to repeat."""
        left = tuple(slot for slot in self.taken if slot.number != number)
        return self if left == self.taken else Slots(left, self.version + 1)
