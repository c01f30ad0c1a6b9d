"""What every capability needs from the world: the time, chance, and somewhere to leave a trace.

What one capability needs is in its own ``ports``. Adapters implement ports, tests bring fakes.
"""

from typing import Protocol

from actionrelay.signals import Count, Duration


class Clock(Protocol):
    """The time."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        ...


class Randomness(Protocol):
    """A source of ids and jitter."""

    def uniform(self) -> float:
        """A number in [0, 1)."""
        ...

    def new_id(self) -> str:
        """A fresh UUID, lower case."""
        ...


class Telemetry(Protocol):
    """Metrics and log lines. Never given a token, secret, signature, input or result."""

    def count(self, metric: Count, code: str | None = None, *, by: int = 1) -> None:
        """Add to a counter, by error code where there is one; 0 counts as a sample of nothing."""
        ...

    def duration(self, metric: Duration, milliseconds: float) -> None:
        """Record one duration."""
        ...

    def concerning(self, execution_id: str, trace_id: str) -> None:
        """Put an execution's id and trace id on every line that this thread writes from now on.

        Until the next call, or until the message or the request that the thread is at is done with.
        """
        ...

    def event(self, name: str, **fields: str | float | None) -> None:
        """Write one structured log line."""
        ...
