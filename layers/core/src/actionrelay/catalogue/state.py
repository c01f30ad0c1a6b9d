"""The state of the catalogue, and when it is read again. Pure.

A reading lists all actions, page by page, and then reads the definition of each new or changed one. It uses permits of
the rate that executions share, so it runs in parts, each a message, and waits for its turn. Readers see the previous
list until a reading has ended.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

LOST_MS = 30 * 60_000
"""A reading that has not moved for this long has lost its message; the next reason begins another."""
MET_AGAIN_MS = 10 * 60_000
"""For this long after a reading began, an unknown action does not start another."""
FRESH_MS = 86_400_000
"""An older list does not prove that an action is unknown; an older definition is read again."""


class Reason(StrEnum):
    """Why a reading begins."""

    HOURLY = "hourly"
    OPERATOR = "operator"
    """Reads every definition again, even of an unchanged version."""
    UNKNOWN = "unknown"
    """A request named an action that is not in the catalogue."""


class Phase(StrEnum):
    """The phase of a reading."""

    LISTING = "listing"
    DEFINITIONS = "definitions"
    CLOSING = "closing"
    """Actions that no longer exist are removed."""


class Problem(StrEnum):
    """Why the last reading did not end, or left something out."""

    PERMISSION_MISSING = "permission_missing"
    """A role of the OAuth client needs ``integrations:action:view``."""
    UNREACHABLE = "unreachable"
    """Several calls in a row failed."""
    INCOMPLETE = "incomplete"
    """The list lacks actions: there are more than are kept, or they changed during the listing."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The list that readers see; empty before the first reading has ended."""

    slot: int = 0
    """Which of the two slots has its pages."""
    pages: int = 0
    count: int = 0
    begun_at: int | None = None
    """When its reading began: an action that it lacks did not exist then."""
    complete: bool = False
    """It has everything that Genesys Cloud listed."""


@dataclass(frozen=True, slots=True)
class Run:
    """A reading in progress."""

    number: int
    begun_at: int
    moved_at: int
    afresh: bool = False
    """Every definition is read again."""
    phase: Phase = Phase.LISTING
    slot: int = 0
    pages: int = 0
    """Pages listed so far."""
    count: int = 0
    complete: bool = False
    place: int = 0
    """The page whose definitions are read, or the number of removed actions."""
    failures: int = 0
    """Calls that failed in a row."""
    left_out: int = 0
    """Definitions that could not be read."""


@dataclass(frozen=True, slots=True)
class CatalogueState:
    """The catalogue's record. ``version`` counts its writes, and every write is conditional on it."""

    listed: Listed = Listed()
    run: Run | None = None
    runs: int = 0
    since: int | None = None
    """When the first reading began."""
    tried_at: int | None = None
    """When the last reading began."""
    problem: Problem | None = None
    version: int = 0

    def age_ms(self, now: int) -> int:
        """The age of the list; before the first one, the time since the first reading began."""
        known = self.listed.begun_at if self.listed.begun_at is not None else self.since
        return 0 if known is None else max(now - known, 0)

    def proves_absence(self, now: int) -> bool:
        """Whether an action that is not in the catalogue does not exist."""
        begun_at = self.listed.begun_at
        return self.listed.complete and begun_at is not None and now - begun_at < FRESH_MS

    def wants(self, reason: Reason, now: int) -> bool:
        """Whether a reason begins a reading: not if one is in progress, nor, for an unknown action, soon after one."""
        if self.run is not None:
            return now - self.run.moved_at >= LOST_MS
        return reason is not Reason.UNKNOWN or self.tried_at is None or now - self.tried_at >= MET_AGAIN_MS

    def begun(self, reason: Reason, now: int) -> "CatalogueState":
        """Return the state with a new reading."""
        run = Run(
            number=self.runs + 1,
            begun_at=now,
            moved_at=now,
            afresh=reason is Reason.OPERATOR,
            slot=1 - self.listed.slot,
        )
        return replace(self, run=run, runs=run.number, since=now if self.since is None else self.since, tried_at=now)

    def ended(self, run: Run) -> "CatalogueState":
        """Return the state with the reading's list as the one that readers see."""
        listed = Listed(run.slot, run.pages, run.count, run.begun_at, run.complete)
        return replace(self, listed=listed, run=None, problem=None if run.complete else Problem.INCOMPLETE)

    def abandoned(self, problem: Problem) -> "CatalogueState":
        """Return the state without the reading, which failed; the list stays."""
        return replace(self, run=None, problem=problem)
