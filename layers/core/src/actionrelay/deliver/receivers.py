"""Receivers: which have taken a webhook, and how many deliveries are in flight to each."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

PLACES_EACH = 8
"""How many of a worker's ten deliveries may be in flight to one receiver's owner (``ledger.receiver``), and for one
caller. A caller with ten hanging hosts leaves two places to others."""
PATIENCE_SECONDS = 2.0
"""How long a delivery waits for a place. Receivers that answer free theirs at once. The wait costs nothing: the worker
is busy with the deliveries that hold the places anyway."""
REMEMBERED_MS = 90 * 86_400_000
"""How long a receiver that took a webhook is remembered."""


class Receivers(Protocol):
    """The receivers that have answered 2xx. Each call may raise ``DependencyError``."""

    def took_one(self, owner: str, now: int) -> None:
        """Remember an owner for ``REMEMBERED_MS``."""
        ...

    def has_taken_one(self, owner: str, now: int) -> bool:
        """Whether an owner is remembered."""
        ...


@dataclass(slots=True)
class Places:
    """The deliveries of this process that are in flight, counted by receiver's owner and by caller."""

    most: int = PLACES_EACH
    patience_seconds: float = PATIENCE_SECONDS
    _taken: Counter[str] = field(default_factory=Counter)
    _lock: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def one_of(self, owner: str, caller: str = "") -> Iterator[bool]:
        """Hold a place while the block runs; yields False if all places of the owner, or of the caller, stay taken for
        ``patience_seconds``. Without a caller only the owner's are counted.
        """
        whose = [f"receiver {owner}", f"caller {caller}"] if caller else [f"receiver {owner}"]
        with self._lock:
            free = self._lock.wait_for(
                lambda: all(self._taken[each] < self.most for each in whose), self.patience_seconds
            )
            self._taken.update(whose if free else ())
        try:
            yield free
        finally:
            with self._lock:
                self._taken.subtract(whose if free else ())
                self._taken = +self._taken
                self._lock.notify_all()
