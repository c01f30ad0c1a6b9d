"""The rate gate, as workers and operators see it. Each may raise ``DependencyError``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from actionrelay.lanes import Flow, Lane


@dataclass(frozen=True, slots=True)
class Ask:
    """What one message is before the gate."""

    flow: Flow = field(default_factory=Flow)
    waited: bool = False
    """It returns from a place in the line, and is no newcomer."""


class RateGate(Protocol):
    """Keeps all workers together below the allowed rate, and shares it out between lanes and callers."""

    def for_batch(self, asks: Sequence[Ask]) -> "BatchGate":
        """Return a gate for one batch, that asks once for all of its messages."""
        ...

    def pause(self, until: int) -> None:
        """Grant nothing to anybody before ``until``: Genesys Cloud answered 429."""
        ...


class BatchGate(Protocol):
    """The rate gate for the messages of one batch, whose threads share it."""

    def take(self, now: int, ask: Ask, ends_at: int = 0) -> int:
        """Take one permit: 0 when granted, else after how many ms to try again.

        A message that has waited its turn already gets a short wait, every other one a place in the line. Who takes a
        permit is under way until ``finished`` is called for it, or its worker is gone, at ``ends_at``.
        """
        ...

    def finished(self) -> None:
        """Say that one message of the batch is done with, whatever became of it. Can't fail."""
        ...

    def hold(self, until: int) -> None:
        """Let nobody of this batch go out before ``until``, from this moment on. Asks no service and can't fail."""
        ...

    def held(self, now: int) -> int:
        """How many ms this batch is held for yet; 0 when it is not."""
        ...

    def pause(self, until: int) -> None:
        """Hold this batch until then, and let ``RateGate.pause`` stop everybody else."""
        ...


@dataclass(frozen=True, slots=True)
class GateView:
    """What can be seen of the rate gate."""

    paused_until: int = 0
    """The end of the last pause, in ms; 0 before the first."""
    in_flight: int = 0
    """How many actions are under way, about: what has ended may be reported later."""
    callers_waiting: Mapping[Lane, int] = field(default_factory=dict)
    """How many callers of a lane wait for permits."""

    def waits(self, lane: Lane) -> bool:
        """Whether somebody in a lane waits."""
        return self.callers_waiting.get(lane, 0) > 0

    def waits_beside(self, lane: Lane) -> bool:
        """Whether a lane has to share the rate: somebody in the other one waits."""
        return any(self.waits(other) for other in Lane if other is not lane)


class GateGauge(Protocol):
    """Looks at the rate gate without asking it for anything."""

    def look(self, now: int) -> GateView:
        """Return what can be seen now."""
        ...
