"""What is known of receivers: which have ever taken a webhook, and how many deliveries are under way to each."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

PLACES_EACH = 8
"""How many of a worker's ten deliveries may be under way to one receiver's owner (``ledger.receiver``), and for one
caller. A caller that names ten hanging hosts leaves two places to others."""
PATIENCE_SECONDS = 2.0
"""How long a delivery waits for a place: those of receivers that answer are free again at once. It costs no time of its
worker, which the deliveries that have the places keep busy."""
REMEMBERED_MS = 90 * 86_400_000
"""How long it is known that a receiver has taken a webhook."""


class Receivers(Protocol):
    """Which receivers have answered 2xx. Each may raise ``DependencyError``."""

    def took_one(self, owner: str, now: int) -> None:
        """Remember it for ``REMEMBERED_MS``."""
        ...

    def has_taken_one(self, owner: str, now: int) -> bool:
        """Whether it is remembered."""
        ...


@dataclass(slots=True)
class Places:
    """The deliveries of this process that are under way, by their receiver's owner and by their caller."""

    most: int = PLACES_EACH
    patience_seconds: float = PATIENCE_SECONDS
    _taken: Counter[str] = field(default_factory=Counter)
    _lock: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def one_of(self, owner: str, caller: str = "") -> Iterator[bool]:
        """Hold a place while the block runs; False where all of the owner's or all of the caller's stay taken for
        ``patience_seconds``. Without a caller only the owner counts.
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
