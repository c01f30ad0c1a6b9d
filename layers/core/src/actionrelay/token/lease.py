"""The lease on the token: who may ask the login host for one, and what all workers know about the last one.

One small record for each OAuth client. It names tokens by version and holds none. Every change is one write on
condition of the revision that was read, so of all that want to ask the login host, one does.

::

    free ── taken ──► asking ── announced ──► resting ──► free
     ▲                  │  └─── gave_up ────────┘
     └── lease ends ────┘   (the worker died)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from actionrelay.errors import (
    CredentialsRefusedError,
    PermissionMissingError,
    ScopeMissingError,
    TokenBeingRefreshedError,
    TokenError,
    TokenUnavailableError,
)
from actionrelay.retry_after import RETRY_AFTER_CAP_MS

LEASE_MS = 15_000
"""How long a worker may hold the lease: longer than a request for a token takes, and short enough for those who wait
for one that died."""
CLOCK_MARGIN_MS = 1_000
"""A request ends this much before the lease does, since clocks don't agree: a dead worker's request and its successor's
never overlap."""
REST_MS = 2_000
"""After an answer, for this long nobody asks again. A token that was just shared has time to be seen by all who read; a
failure is the answer to all that come, instead of being met again by each."""

_SHORTEST_WAIT_MS = 1_000

_FAILURES: Mapping[str, type[TokenError]] = MappingProxyType(
    {
        kind.code: kind
        for kind in (TokenUnavailableError, CredentialsRefusedError, PermissionMissingError, ScopeMissingError)
    }
)


@dataclass(frozen=True, slots=True)
class TokenLease:
    """What is on record for one OAuth client; all empty before its first token. Times are ms since the epoch."""

    holder: str = ""
    """The worker that asks the login host; none while free or resting."""
    until: int = 0
    """When the lease, or the rest, ends."""
    shared: str = ""
    """The version of the token in the store; none where it is not there, or not what it should be."""
    shared_until: int = 0
    """When that token ends."""
    refused: str = ""
    """The version that Genesys Cloud refused last."""
    failure: str = ""
    """The code of the error that the last request ended with; none if it brought a token."""
    failure_text: str = ""
    rest_ms: int = 0
    """How long the rest was meant to be, where the login host asked for one."""
    revision: int = 0

    def offers(self, now: int, left_ms: int) -> bool:
        """Whether the store should have a token that is valid for more than ``left_ms``."""
        return bool(self.shared) and self.shared_until - now > left_ms

    def closed(self, now: int, worker: str) -> bool:
        """Whether ``worker`` may not ask the login host now; a lease that it took itself, unknowingly, is no bar.

        Nor is one that ends later than it could: a clock that was ahead wrote it.
        """
        longest = max(LEASE_MS, 0 if self.holder else self.rest_ms) + CLOCK_MARGIN_MS
        return now < self.until <= now + longest and self.holder != worker

    def was_left(self, now: int, worker: str) -> bool:
        """Whether another worker held the lease until it ended, and so most likely died."""
        return bool(self.holder) and self.holder != worker and self.until <= now

    def taken(self, worker: str, now: int, *, refused: str = "", usable: bool = True) -> "TokenLease":
        """Let ``worker`` ask. Unless the token in the store is still ``usable``, others need not look for it."""
        return replace(
            self,
            holder=worker,
            until=now + LEASE_MS,
            shared=self.shared if usable else "",
            shared_until=self.shared_until if usable else 0,
            refused=refused or self.refused,
            revision=self.revision + 1,
        )

    def announced(self, version: str, expires_at: int, now: int) -> "TokenLease":
        """Announce to all workers that the store has this token."""
        return replace(self._answered(now + REST_MS), shared=version, shared_until=expires_at)

    def kept(self, now: int) -> "TokenLease":
        """The worker could not share its token, so others need their own, one after the other and without a rest."""
        return replace(self._answered(now), shared="", shared_until=0)

    def gave_up(self, error: TokenError, now: int) -> "TokenLease":
        """Share the login host's refusal with all workers, and let the host rest for as long as it asks."""
        asked_for = error.retry_after_ms if isinstance(error, TokenUnavailableError) else 0
        rest_ms = max(REST_MS, min(asked_for, RETRY_AFTER_CAP_MS))
        given_up = replace(self._answered(now + rest_ms), failure=error.code, failure_text=error.message)
        return replace(given_up, rest_ms=rest_ms)

    def _answered(self, until: int) -> "TokenLease":
        revision = self.revision + 1
        return replace(self, holder="", until=until, failure="", failure_text="", rest_ms=0, revision=revision)

    def why_closed(self, now: int) -> TokenError:
        """The error for a worker that has no token and may not ask for one: the failure on record, or to try again.

        The next try is about as far away as the lease is old, and not long after its end. So an answer that took a
        second is found within the next, and a worker that died is not asked after at each second of its lease.
        """
        known = _FAILURES.get(self.failure) if not self.holder else None
        if known is TokenUnavailableError and self.rest_ms > REST_MS:
            return known(self.failure_text, retry_after_ms=self.until - now)
        if known is not None:
            return known(self.failure_text)
        left = self.until - now
        retry_within_ms = min(max(LEASE_MS - left, _SHORTEST_WAIT_MS), left + _SHORTEST_WAIT_MS)
        return TokenBeingRefreshedError("another worker is getting a token", retry_within_ms=retry_within_ms)
