"""What is known of receivers: which have ever taken a webhook, and how many deliveries are under way to each."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

PLACES_EACH = 8
"""How many of a worker's ten deliveries may be under way to one receiver's owner (``ledger.receiver``)."""
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
    """The deliveries of this process that are under way, by their receiver's owner."""

    most: int = PLACES_EACH
    patience_seconds: float = PATIENCE_SECONDS
    _taken: Counter[str] = field(default_factory=Counter)
    _turn: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def one_of(self, owner: str) -> Iterator[bool]:
        """Hold a place while the block runs; False where all of this owner's stay taken for ``patience_seconds``."""
        with self._turn:
            free = self._turn.wait_for(lambda: self._taken[owner] < self.most, self.patience_seconds)
            self._taken[owner] += free
        try:
            yield free
        finally:
            with self._turn:
                self._taken[owner] -= free
                if not self._taken[owner]:
                    del self._taken[owner]
                self._turn.notify_all()
