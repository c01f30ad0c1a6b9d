"""The lease on the token: which worker may request one, and what all workers know about the last one.

One small record for each OAuth client. It names tokens by version and contains none. Every change is a write on
condition of the revision that was read, so only one of the workers that need a token requests it.

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
"""How long a worker may hold the lease: longer than a request for a token takes, and short enough for the workers that
wait if it dies."""
CLOCK_MARGIN_MS = 1_000
"""A request ends this long before its lease does, since clocks differ: the request of a dead worker and that of its
successor never overlap."""
REST_MS = 2_000
"""After an answer, no worker asks again for this long. A shared token has time to become visible, and a failure is the
answer for all workers, so that not each of them meets it."""

_SHORTEST_WAIT_MS = 1_000

_FAILURES: Mapping[str, type[TokenError]] = MappingProxyType(
    {
        kind.code: kind
        for kind in (TokenUnavailableError, CredentialsRefusedError, PermissionMissingError, ScopeMissingError)
    }
)


@dataclass(frozen=True, slots=True)
class TokenLease:
    """The record of one OAuth client; empty before its first token. Times are ms since the epoch."""

    holder: str = ""
    """The worker that requests a token; empty while the lease is free or resting."""
    until: int = 0
    """When the lease, or the rest, ends."""
    shared: str = ""
    """The version of the token in the store; empty if the store has no usable one."""
    shared_until: int = 0
    """When that token ends."""
    refused: str = ""
    """The last version that Genesys Cloud refused."""
    failure: str = ""
    """The error code of the last request; empty if it returned a token."""
    failure_text: str = ""
    rest_ms: int = 0
    """The length of the rest, if the login host asked for one."""
    revision: int = 0

    def offers(self, now: int, left_ms: int) -> bool:
        """Whether the store should have a token that is valid for more than ``left_ms``."""
        return bool(self.shared) and self.shared_until - now > left_ms

    def closed(self, now: int, worker: str) -> bool:
        """Return whether ``worker`` may not ask the login host now.

        Its own lease does not keep it from asking, and neither does one that ends later than a lease can: a clock that
        was ahead wrote it.
        """
        longest = max(LEASE_MS, 0 if self.holder else self.rest_ms) + CLOCK_MARGIN_MS
        return now < self.until <= now + longest and self.holder != worker

    def was_left(self, now: int, worker: str) -> bool:
        """Return whether another worker held the lease until it expired, and so most likely died."""
        return bool(self.holder) and self.holder != worker and self.until <= now

    def taken(self, worker: str, now: int, *, refused: str = "", usable: bool = True) -> "TokenLease":
        """Give the lease to ``worker``. Unless the stored token is still ``usable``, other workers stop reading it."""
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
        """End the lease without a shared token: each worker requests its own, one after the other, without a rest."""
        return replace(self._answered(now), shared="", shared_until=0)

    def gave_up(self, error: TokenError, now: int) -> "TokenLease":
        """End the lease with the error of the login host, for all workers, and rest as long as the host asks."""
        asked_for = error.retry_after_ms if isinstance(error, TokenUnavailableError) else 0
        rest_ms = max(REST_MS, min(asked_for, RETRY_AFTER_CAP_MS))
        given_up = replace(self._answered(now + rest_ms), failure=error.code, failure_text=error.message)
        return replace(given_up, rest_ms=rest_ms)

    def _answered(self, until: int) -> "TokenLease":
        revision = self.revision + 1
        return replace(self, holder="", until=until, failure="", failure_text="", rest_ms=0, revision=revision)

    def why_closed(self, now: int) -> TokenError:
        """Return the error for a worker without a token that may not ask: the recorded failure, or to try again later.

        The wait is about the age of the lease, and ends soon after the lease does. So an answer that took a second is
        found within the next one, and a dead worker's lease is not read every second.
        """
        known = _FAILURES.get(self.failure) if not self.holder else None
        if known is TokenUnavailableError and self.rest_ms > REST_MS:
            return known(self.failure_text, retry_after_ms=self.until - now)
        if known is not None:
            return known(self.failure_text)
        left = self.until - now
        retry_within_ms = min(max(LEASE_MS - left, _SHORTEST_WAIT_MS), left + _SHORTEST_WAIT_MS)
        return TokenBeingRefreshedError("another worker is getting a token", retry_within_ms=retry_within_ms)
