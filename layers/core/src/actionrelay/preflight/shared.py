"""Use case: make at most one preflight a minute, for all callers and over all workers.

The result is on a board that all workers share. A worker that finds it older than a minute claims the next preflight.
Meanwhile the others return the result on the board or, before the first result, report that a preflight is running. So
a minute costs three requests to the API host at most, and one for a token, however many callers ask.
"""

from dataclasses import dataclass, field, replace

from actionrelay.errors import DependencyError
from actionrelay.ports import Clock
from actionrelay.preflight.ports import NoticeBoard, Posted
from actionrelay.preflight.preflight import RunPreflight
from actionrelay.strict_json import Json

FRESH_MS = 60_000
"""How long a result is used."""
CLAIM_MS = 15_000
"""How long a claim holds: longer than a preflight takes, and than its function's timeout."""
STALE_MS = 600_000
"""An older result is never returned, not even while the next preflight is running."""


@dataclass(slots=True)
class SharedPreflight:
    """A ``RunPreflight`` whose result is shared."""

    preflight: RunPreflight
    board: NoticeBoard
    clock: Clock
    _own: Posted = field(default_factory=Posted)
    """This worker's own result, for while the board can't be used."""

    def run(self) -> dict[str, Json]:
        """Return ``{status, checks, checkedAt}``.

        If the board can't be used, each worker makes its own preflight, at most once a minute.

        Raises:
            PreflightFailedError: at least one check failed. The error has all checks.
        """
        now = self.clock.now()
        try:
            seen = self._posted(now)
        except DependencyError:
            if not _is_fresh(self._own, now):
                self._own = Posted(self.preflight.look(), now)
            seen = self._own
        if seen.checks and now - seen.looked_at < STALE_MS:
            return self.preflight.report(seen.checks, seen.looked_at)
        return self.preflight.report(self.preflight.nothing_yet("another preflight is running"), None)

    def _posted(self, now: int) -> Posted:
        """Return the result on the board, or make a preflight and post it."""
        posted = self.board.read()
        if _is_fresh(posted, now) or posted.claimed_until > now:
            return posted
        claimed = replace(posted, claimed_until=now + CLAIM_MS, version=posted.version + 1)
        if not self.board.swap(posted, claimed):
            return posted  # another worker has claimed it
        found = Posted(self.preflight.look(), now, 0, claimed.version + 1)
        self.board.swap(claimed, found)
        return found


def _is_fresh(posted: Posted, now: int) -> bool:
    return bool(posted.checks) and now - posted.looked_at < FRESH_MS
