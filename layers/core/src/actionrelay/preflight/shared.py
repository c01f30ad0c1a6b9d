"""Use case: one look at the deployment for all who ask within a minute, whichever worker they reach.

What a look found is on a board that all workers share. Who finds it older than a minute claims the next look, and the
others get what is there, or, before the very first result, learn that a look is under way. So however often anybody
asks, a minute has one look: three requests to the API host at most, and one for a token.
"""

from dataclasses import dataclass, field, replace

from actionrelay.errors import DependencyError
from actionrelay.ports import Clock
from actionrelay.preflight.ports import NoticeBoard, Posted
from actionrelay.preflight.preflight import RunPreflight
from actionrelay.strict_json import Json

FRESH_MS = 60_000
"""For how long a result answers."""
CLAIM_MS = 15_000
"""How long one look may keep the others from looking: longer than it takes, and than its function lives."""
STALE_MS = 600_000
"""A result that is older answers nobody, not even while the next look is under way."""


@dataclass(slots=True)
class SharedPreflight:
    """A ``RunPreflight`` whose result is shared."""

    preflight: RunPreflight
    board: NoticeBoard
    clock: Clock
    _own: Posted = field(default_factory=Posted)
    """What this worker found itself while the board could not be used."""

    def run(self) -> dict[str, Json]:
        """Return ``{status, checks, checkedAt}``.

        A board that can't be used keeps nobody from looking; then each worker has its own minute.

        Raises:
            PreflightFailedError: at least one check failed; it has all of them.
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
        return self.preflight.report(self.preflight.nothing_yet("another look is under way"), None)

    def _posted(self, now: int) -> Posted:
        """Find a result on the board, or look and post what was found."""
        posted = self.board.read()
        if _is_fresh(posted, now) or posted.claimed_until > now:
            return posted
        claimed = replace(posted, claimed_until=now + CLAIM_MS, version=posted.version + 1)
        if not self.board.swap(posted, claimed):
            return posted  # somebody else looks
        found = Posted(self.preflight.look(), now, 0, claimed.version + 1)
        self.board.swap(claimed, found)
        return found


def _is_fresh(posted: Posted, now: int) -> bool:
    return bool(posted.checks) and now - posted.looked_at < FRESH_MS
