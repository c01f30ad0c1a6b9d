"""Ten messages share a worker's memory, so those that read large results do it one after the other.

JSON becomes up to 45 times as large when it is read into objects, so ten steps that refer to 8 MB each would take 3 GB.
"""

from dataclasses import dataclass, field
from threading import Lock
from typing import Self

LIGHT_BYTES = 64 * 1_024
"""Size of a template's results up to which no turn is needed: ten times their objects take less than 30 MB."""


@dataclass(slots=True)
class Turn:
    """The right to read large results. A message takes it before reading and keeps it until they are not needed."""

    _worker: Lock
    """Shared by all messages of a worker."""
    _is_taken: bool = field(default=False, init=False)

    def take(self) -> None:
        """Wait until no other message has the turn. Does nothing if this one has it."""
        if not self._is_taken:
            self._worker.acquire()
            self._is_taken = True

    def __enter__(self) -> Self:
        """Begin work that may need the turn."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the turn, if it was taken."""
        if self._is_taken:
            self._is_taken = False
            self._worker.release()
