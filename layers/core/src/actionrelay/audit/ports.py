"""What the audit is read from and exported to. Each call may raise ``DependencyError``."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from actionrelay.audit.trail import Opening, Trail
from actionrelay.ledger.refusals import Refusals
from actionrelay.strict_json import Json


class AuditReader(Protocol):
    """Reads what an ``AuditTrail`` wrote, even if it was tampered with."""

    def trail(self, execution_id: str) -> Trail:
        """Return everything that is stored of one execution, oldest first; an empty trail if there is nothing."""
        ...

    def openings(self, day: str, after: Opening | None, limit: int) -> tuple[Opening, ...]:
        """Return the next executions of a UTC day (``2026-11-24``) in the day's order, ``limit`` at most.

        Fewer than ``limit`` are the last ones. An execution may occur twice in succession.
        """
        ...


class DayRefusals(Protocol):
    """Counts refused submissions."""

    def of(self, day: str) -> tuple[Refusals, ...]:
        """Return the number of refusals of each caller on a UTC day, always in the same order."""
        ...


class DayFile(Protocol):
    """One file that is being written. It is invisible before ``finish``."""

    def write(self, lines: bytes, place: Mapping[str, Json]) -> None:
        """Add whole lines; ``place`` is the writer's place after them."""
        ...

    def pause(self) -> bool:
        """Keep what has been sent, and the place after it, so that another invocation can resume within a day.

        Return False if nothing has been sent: the next one begins from the start.
        """
        ...

    def finish(self) -> int:
        """Store the whole file, in place of an earlier one. Return its size in bytes."""
        ...


class DayFiles(Protocol):
    """The files of exported days."""

    def lines(self, name: str, offset: int = 0) -> Iterator[bytes]:
        """Yield the lines of a stored file from a byte on, with their newlines; none if the file does not exist."""
        ...

    def begin(self, name: str) -> DayFile:
        """Begin a file."""
        ...

    def resume(self, name: str) -> tuple[DayFile, Mapping[str, Json]] | None:
        """Return a paused file, to go on with, and the place that was kept with it; None if no file is paused."""
        ...
