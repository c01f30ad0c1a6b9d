"""The rate gate, as workers and operators see it. Each may raise ``DependencyError``."""

from typing import Protocol


class RateGate(Protocol):
    """Keeps all workers together below the allowed rate."""

    def for_batch(self, size: int, newcomers: int) -> "BatchGate":
        """Return a gate for one batch, that asks once for all of its ``size`` messages.

        ``newcomers`` of them have had no place in the line yet.
        """
        ...

    def pause(self, until: int) -> None:
        """Grant nothing to anybody before ``until``: Genesys Cloud answered 429."""
        ...


class BatchGate(Protocol):
    """The rate gate for the messages of one batch, whose threads share it."""

    def take(self, now: int, *, waited: bool = False) -> int:
        """Take one permit: 0 when granted, else after how many ms to try again.

        A message that has ``waited`` its turn already gets a short wait, every other one a place in the line.
        """
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


class GateGauge(Protocol):
    """Looks at the rate gate without asking it for anything."""

    def paused_until(self) -> int:
        """The end of the last pause, in ms; 0 before the first."""
        ...
