"""Ten messages share a worker's memory: those that look into large results do so one after the other.

JSON becomes up to 45 times as large when it is read into objects, so ten steps that refer to 8 MB each would take 3 GB.
"""

from dataclasses import dataclass, field
from threading import Lock
from typing import Self

LIGHT_BYTES = 64 * 1_024
"""Results, of one template together, that are read without a turn: ten times their objects take less than 30 MB."""


@dataclass(slots=True)
class Turn:
    """What one message takes before it reads large results, and has until it is done with what it found in them."""

    _worker: Lock
    """Shared by all messages of a worker."""
    _is_taken: bool = field(default=False, init=False)

    def take(self) -> None:
        """Wait until no other message has a turn; one that has it already keeps it."""
        if not self._is_taken:
            self._worker.acquire()
            self._is_taken = True

    def __enter__(self) -> Self:
        """Begin what may need a turn."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back, if it was needed."""
        if self._is_taken:
            self._is_taken = False
            self._worker.release()
