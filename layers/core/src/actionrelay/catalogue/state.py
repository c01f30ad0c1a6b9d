"""How far the catalogue is, and when it is read again. Pure.

One reading lists all actions, page by page, and then reads the definition of each that is new or has changed. It goes
on in parts, each a message, since it spends from the rate that executions share: what there is no permit for waits for
its turn. Until a reading has ended, the list before it is what everybody sees.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

LOST_MS = 30 * 60_000
"""A reading that has not moved for so long has lost its message; the next reason begins another."""
MET_AGAIN_MS = 10 * 60_000
"""How long after a reading began an unknown action is no reason for another."""
FRESH_MS = 86_400_000
"""A list that is older proves nothing about an action that it lacks; a definition that is older is read again."""


class Reason(StrEnum):
    """Why a reading begins."""

    HOURLY = "hourly"
    OPERATOR = "operator"
    """Reads every definition again, whatever its version says."""
    UNKNOWN = "unknown"
    """A request named an action that the catalogue does not have."""


class Phase(StrEnum):
    """What a reading is at."""

    LISTING = "listing"
    DEFINITIONS = "definitions"
    CLOSING = "closing"
    """Actions that are gone are taken out."""


class Problem(StrEnum):
    """Why the last reading did not end, or left something out."""

    PERMISSION_MISSING = "permission_missing"
    """A role of the OAuth client needs ``integrations:action:view``."""
    UNREACHABLE = "unreachable"
    """Call after call failed."""
    INCOMPLETE = "incomplete"
    """The list lacks actions: there are more than are kept, or they changed while they were listed."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that is whole in itself: the one that everybody sees, or none yet."""

    slot: int = 0
    """Which of the two places its pages are in."""
    pages: int = 0
    count: int = 0
    begun_at: int | None = None
    """When its reading began: what it lacks was not there then, or came later."""
    complete: bool = False
    """Genesys Cloud listed no more than this."""


@dataclass(frozen=True, slots=True)
class Run:
    """A reading that is under way."""

    number: int
    begun_at: int
    moved_at: int
    afresh: bool = False
    """Every definition is read again."""
    phase: Phase = Phase.LISTING
    slot: int = 0
    pages: int = 0
    """Pages that are listed."""
    count: int = 0
    complete: bool = False
    place: int = 0
    """The page whose definitions are read, or how many of the actions that are gone were taken out."""
    failures: int = 0
    """Calls that failed one after the other."""
    left_out: int = 0
    """Definitions that could not be read."""


@dataclass(frozen=True, slots=True)
class CatalogueState:
    """Where the catalogue is. ``version`` counts its writes, and every write is conditional on it."""

    listed: Listed = Listed()
    run: Run | None = None
    runs: int = 0
    since: int | None = None
    """When the first reading began."""
    tried_at: int | None = None
    """When the last one began."""
    problem: Problem | None = None
    version: int = 0

    def age_ms(self, now: int) -> int:
        """How old the list is; before the first one, for how long it has been tried."""
        known = self.listed.begun_at if self.listed.begun_at is not None else self.since
        return 0 if known is None else max(now - known, 0)

    def proves_absence(self, now: int) -> bool:
        """Whether an action that the catalogue lacks is unknown to the organisation."""
        begun_at = self.listed.begun_at
        return self.listed.complete and begun_at is not None and now - begun_at < FRESH_MS

    def wants(self, reason: Reason, now: int) -> bool:
        """Whether a reason begins a reading: not where one is under way, nor soon after one for an unknown action."""
        if self.run is not None:
            return now - self.run.moved_at >= LOST_MS
        return reason is not Reason.UNKNOWN or self.tried_at is None or now - self.tried_at >= MET_AGAIN_MS

    def begun(self, reason: Reason, now: int) -> "CatalogueState":
        """Return the state in which a reading has just begun."""
        run = Run(
            number=self.runs + 1,
            begun_at=now,
            moved_at=now,
            afresh=reason is Reason.OPERATOR,
            slot=1 - self.listed.slot,
        )
        return replace(self, run=run, runs=run.number, since=now if self.since is None else self.since, tried_at=now)

    def ended(self, run: Run) -> "CatalogueState":
        """Return the state in which a reading's list is the one that everybody sees."""
        listed = Listed(run.slot, run.pages, run.count, run.begun_at, run.complete)
        return replace(self, listed=listed, run=None, problem=None if run.complete else Problem.INCOMPLETE)

    def abandoned(self, problem: Problem) -> "CatalogueState":
        """Return the state in which a reading came to nothing; the list before it stays."""
        return replace(self, run=None, problem=problem)
