"""The ports that every capability uses: the time, randomness and telemetry.

The other ports are in the ``ports`` module of the capability that uses them. Adapters implement ports, tests use fakes.
"""

from typing import Protocol

from actionrelay.signals import Count, Duration


class Clock(Protocol):
    """Returns the time."""

    def now(self) -> int:
        """Return the milliseconds since the epoch."""
        ...


class Randomness(Protocol):
    """A source of ids and jitter."""

    def uniform(self) -> float:
        """Return a number in [0, 1)."""
        ...

    def new_id(self) -> str:
        """Return a new UUID in lower case."""
        ...


class Telemetry(Protocol):
    """Metrics and log lines. They never contain a token, secret, signature, input or result."""

    def count(self, metric: Count, code: str | None = None, *, by: int = 1) -> None:
        """Add to a counter, and to its counter by error code; 0 is recorded as a sample of 0."""
        ...

    def duration(self, metric: Duration, milliseconds: float) -> None:
        """Record one duration."""
        ...

    def concerning(self, execution_id: str, trace_id: str) -> None:
        """Add an execution's id and trace id to every line that this thread writes.

        This lasts until the next call, or until the thread's present message or request is done.
        """
        ...

    def event(self, name: str, **fields: str | float | None) -> None:
        """Write one structured log line."""
        ...
