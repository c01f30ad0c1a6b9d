"""What finding executions needs from the world: an index, its positions and pages. It may raise ``DependencyError``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from actionrelay.ledger.execution import Execution, Status


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """An execution's place among all: by when it was accepted, and by id within the same ms. Newest is largest."""

    created_at: int
    execution_id: str


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the list: from just below ``before`` down to everything that was accepted at ``since`` (ms)."""

    since: int
    before: Position

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be in it."""
        return self.since > self.before.created_at


@dataclass(frozen=True, slots=True)
class IndexPage:
    """Positions of one read of an index, newest first and without a gap, and whether there are more below them."""

    positions: tuple[Position, ...] = ()
    more: bool = False


class ExecutionIndex(Protocol):
    """Finds executions by what lists ask for, each read on its own. It may lag behind what was written last."""

    def of_day(self, day: str, span: Span, limit: int) -> IndexPage:
        """Positions of one UTC day (``2026-11-24``), whatever the action: executions accepted then, and some others.

        Where all that it read were no executions, the last of those is returned for them, so that the next read goes
        on.
        """
        ...

    def of_action(self, action_id: str, day: str, span: Span, limit: int) -> IndexPage:
        """Positions of one action on one day: executions accepted then, and some that merely went on then."""
        ...

    def ended_as(self, status: Status, span: Span, limit: int) -> IndexPage:
        """Executions that have ended as failed, unknown or cancelled."""
        ...

    def undelivered(self, span: Span, limit: int) -> IndexPage:
        """Executions whose webhook was given up."""
        ...

    def traced(self, trace_id: str, span: Span, limit: int) -> IndexPage:
        """Executions whose caller gave them this trace id."""
        ...

    def read(self, execution_ids: Sequence[str]) -> Mapping[str, Execution]:
        """Executions by id, those that are there, without the bytes of requests and results."""
        ...


class WaitSlots(Protocol):
    """How many requests may wait at once, over all functions, shared out between callers."""

    def take(self, caller: str, until: int) -> int | None:
        """Take a slot until it is released, or ``until`` (ms); None where this caller gets none now."""
        ...

    def release(self, slot: int) -> None:
        """Give a slot back. Can't fail."""
        ...


class Sleep(Protocol):
    """Passes the time."""

    def sleep(self, milliseconds: int) -> None:
        """Return after so long."""
        ...
