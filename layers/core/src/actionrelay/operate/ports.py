"""What an operator looks at. Each may raise ``DependencyError``."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many messages of a queue can be received, will be later, and are being worked on; about as many."""

    waiting: int
    delayed: int
    in_flight: int

    @property
    def all(self) -> int:
        """Every message that is there."""
        return self.waiting + self.delayed + self.in_flight


class QueueGauge(Protocol):
    """Looks at one queue without receiving from it."""

    def depth(self) -> QueueDepth:
        """About how many messages there are.

        Raises:
            QueueUnavailableError: nobody knows.
        """
        ...
