"""The ports of finding executions. The index may raise ``DependencyError``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from actionrelay.ledger.execution import Execution, Status


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """An execution's place in the list: by acceptance, then by id within the same ms. The newest is the largest."""

    created_at: int
    execution_id: str


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the list: from just below ``before`` down to what was accepted at ``since`` (ms), inclusive."""

    since: int
    before: Position

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be in it."""
        return self.since > self.before.created_at


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The positions of one index read, newest first and without gaps, and whether there are more below."""

    positions: tuple[Position, ...] = ()
    more: bool = False


class ExecutionIndex(Protocol):
    """Finds executions for lists. It may lag behind the last writes."""

    def of_day(self, day: str, span: Span, limit: int) -> IndexPage:
        """Positions of one UTC day (``2026-11-24``), of all actions: executions accepted then, and some others.

        If none of the entries that it read is an execution's, it returns the last one, so that the next read goes on.
        """
        ...

    def of_action(self, action_id: str, day: str, span: Span, limit: int) -> IndexPage:
        """Positions of one action on one day: executions accepted then, and some that were only active then."""
        ...

    def ended_as(self, status: Status, span: Span, limit: int) -> IndexPage:
        """Executions that have ended as failed, unknown or cancelled."""
        ...

    def undelivered(self, span: Span, limit: int) -> IndexPage:
        """Executions whose delivery was given up."""
        ...

    def traced(self, trace_id: str, span: Span, limit: int) -> IndexPage:
        """Executions whose caller gave them this trace id."""
        ...

    def read(self, execution_ids: Sequence[str]) -> Mapping[str, Execution]:
        """Existing executions by id, without the bytes of requests and results."""
        ...


class WaitSlots(Protocol):
    """The slots for requests that wait, over all functions, shared between callers."""

    def take(self, caller: str, until: int) -> int | None:
        """Take a slot until it is released, or ``until`` (ms); None if this caller gets none now."""
        ...

    def release(self, slot: int) -> None:
        """Release a slot. Never raises."""
        ...


class Sleep(Protocol):
    """Lets time pass."""

    def sleep(self, milliseconds: int) -> None:
        """Return after ``milliseconds``."""
        ...
