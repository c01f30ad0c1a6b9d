"""What reading the audit needs from the world. Each may raise ``DependencyError``."""

from collections.abc import Iterable
from typing import Protocol

from actionrelay.audit.trail import Opening, Trail


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


class DayFiles(Protocol):
    """Where the files of exported days lie."""

    def write(self, name: str, lines: Iterable[bytes]) -> int:
        """Store lines as they come as one file, in place of an older one; return its size in bytes.

        The file is there whole, or as it was before: where ``lines`` raises, nothing has changed.
        """
        ...
