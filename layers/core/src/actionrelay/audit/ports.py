"""What reading the audit needs from the world. Each may raise ``DependencyError``."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from actionrelay.audit.trail import Opening, Trail
from actionrelay.ledger.refusals import Refusals
from actionrelay.strict_json import Json


class AuditReader(Protocol):
    """Reads what an ``AuditTrail`` wrote, and whatever somebody else has made of it."""

    def trail(self, execution_id: str) -> Trail:
        """All that is there of one execution, oldest first; empty when there is nothing."""
        ...

    def openings(self, day: str, after: Opening | None, limit: int) -> tuple[Opening, ...]:
        """The next executions of a UTC day (``2026-11-24``), ``limit`` at most, in the order of the day.

        Fewer than ``limit`` are the last ones. One execution may be there twice, one right after the other.
        """
        ...


class DayRefusals(Protocol):
    """How many submissions were refused."""

    def of(self, day: str) -> tuple[Refusals, ...]:
        """The number of each caller on a UTC day, always in the same order."""
        ...


class DayFile(Protocol):
    """One file that is being written. Nobody sees it before ``finish``."""

    def write(self, lines: bytes, place: Mapping[str, Json]) -> None:
        """Add whole lines; ``place`` says how far the writer is after them."""
        ...

    def pause(self) -> bool:
        """Keep what has gone out so far, and the place after it, for another invocation to resume within a day.

        False where nothing has gone out yet: the next one begins from the start.
        """
        ...

    def finish(self) -> int:
        """Put the whole file in the place of an older one; return its size in bytes."""
        ...


class DayFiles(Protocol):
    """Where the files of exported days are."""

    def lines(self, name: str, offset: int = 0) -> Iterator[bytes]:
        """Stream the lines of a stored file, newlines included, from a byte on; none where there is no such file."""
        ...

    def begin(self, name: str) -> DayFile:
        """Begin a file."""
        ...

    def resume(self, name: str) -> tuple[DayFile, Mapping[str, Json]] | None:
        """Go on with a file that was paused: it and the place that was kept with it; None where there is none."""
        ...
