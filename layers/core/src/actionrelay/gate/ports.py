"""The rate gate, as workers and operators see it. Each port may raise ``DependencyError``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from actionrelay.lanes import Flow, Lane


@dataclass(frozen=True, slots=True)
class Ask:
    """How one message asks for a permit."""

    flow: Flow = field(default_factory=Flow)
    waited: bool = False
    """Whether it has waited in a line before."""


class RateGate(Protocol):
    """Keeps all workers together below the allowed rate, and shares it between lanes and callers."""

    def for_batch(self, asks: Sequence[Ask]) -> "BatchGate":
        """Return the gate of one batch, which asks once for all of its messages."""
        ...

    def pause(self, until: int) -> None:
        """Grant no permit before ``until`` (ms), because Genesys Cloud answered 429."""
        ...


class BatchGate(Protocol):
    """The rate gate for the messages of one batch, whose threads share it."""

    def take(self, now: int, ask: Ask, ends_at: int = 0) -> int:
        """Take one permit: return 0 if it is granted, else the ms after which to try again.

        A message that has waited before gets a short wait, any other a place in the line. A granted message counts
        as in flight until ``finished`` is called for it, or until ``ends_at`` (ms), when its worker ends.
        """
        ...

    def finished(self) -> None:
        """Report that one message of the batch is done, whatever its outcome. Never fails."""
        ...

    def hold(self, until: int) -> None:
        """Grant no permit to this batch before ``until`` (ms). Calls no service and never fails."""
        ...

    def held(self, now: int) -> int:
        """Return for how many more ms this batch is held; 0 if it is not."""
        ...

    def pause(self, until: int) -> None:
        """Hold this batch until then, and pause all others with ``RateGate.pause``."""
        ...


@dataclass(frozen=True, slots=True)
class GateView:
    """What the API shows of the rate gate."""

    paused_until: int = 0
    """The end of the last pause, in ms; 0 before the first."""
    in_flight: int = 0
    """Actions under way, approximately: the end of one may be recorded later."""
    callers_waiting: Mapping[Lane, int] = field(default_factory=dict)
    """The number of callers that wait for permits, by lane."""

    def waits(self, lane: Lane) -> bool:
        """Return whether a caller waits in a lane."""
        return self.callers_waiting.get(lane, 0) > 0

    def waits_beside(self, lane: Lane) -> bool:
        """Return whether a lane shares the rate, since a caller waits in the other one."""
        return any(self.waits(other) for other in Lane if other is not lane)


class GateGauge(Protocol):
    """Reads the rate gate's state without asking for a permit."""

    def look(self, now: int) -> GateView:
        """Return the state at ``now`` (ms)."""
        ...
