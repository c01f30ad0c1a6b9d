"""Decides what a worker without a fresh token does next, by the lease and by what the worker knows. Pure.

Read from the top; the first row that applies is the move:

=======================================================  =======================================================
the worker, by the lease                                 does this next
=======================================================  =======================================================
may find in the store what it needs, not read yet        ``ReadStore``
found a fresh token there, does not hold the lease       ``Use`` it
may not ask, and has a valid token                       ``Use`` the one that lasts longest
may not ask, and has none                                ``GiveUp`` with the recorded failure, or to try again
may ask, does not hold the lease                         ``Take`` it; only one worker gets it
holds it, found a fresh token in the store               ``Announce`` it: a worker that died has left it there
holds it                                                 ``Ask`` the login host
=======================================================  =======================================================
"""

from collections.abc import Container
from dataclasses import dataclass

from actionrelay.errors import TokenError
from actionrelay.token.lease import CLOCK_MARGIN_MS, TokenLease
from actionrelay.token.ports import AccessToken

REFRESH_BEFORE_MS = 60_000
"""A token is replaced from a minute before it expires on, so that none expires on its way to Genesys Cloud."""


@dataclass(frozen=True, slots=True)
class InStore:
    """The result of reading the store: a valid token of this client, if there was one."""

    token: AccessToken | None
    lacks: bool
    """The store could be read and has no usable token, even if the lease names one."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a worker knows when it reads the lease. Times are ms since the epoch."""

    worker: str
    now: int
    held: AccessToken | None
    """The token that this process has, valid or not."""
    refused: Container[str]
    """Versions that Genesys Cloud refused."""
    in_store: InStore | None = None
    """None until the store has been read, which happens once."""
    holds_lease: bool = False

    def lasts(self, token: AccessToken | None, left_ms: int = 0) -> bool:
        """Whether a token is valid for more than ``left_ms``."""
        return token is not None and token.expires_at - self.now > left_ms and token.version not in self.refused

    def best(self) -> AccessToken | None:
        """Return the valid token that lasts longest, of the one held and the one found in the store."""
        found = self.in_store.token if self.in_store else None
        valid = [token for token in (found, self.held) if token is not None and self.lasts(token)]
        return max(valid, key=lambda token: token.expires_at, default=None)


@dataclass(frozen=True, slots=True)
class ReadStore:
    """Read the shared store."""


@dataclass(frozen=True, slots=True)
class Use:
    """Use this token."""

    token: AccessToken


@dataclass(frozen=True, slots=True)
class GiveUp:
    """There is no token for now."""

    error: TokenError


@dataclass(frozen=True, slots=True)
class Take:
    """Write this lease, if no other worker has written since."""

    lease: TokenLease
    from_dead: bool
    """Whether another worker held it until it expired, and so most likely died."""


@dataclass(frozen=True, slots=True)
class Announce:
    """Write this lease, which ends it and names the token, and use the token."""

    lease: TokenLease
    token: AccessToken


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the login host."""

    within_ms: int
    """After this time no request may be under way, in ms."""


type Move = ReadStore | Use | GiveUp | Take | Announce | Ask


def next_move(lease: TokenLease, known: Known) -> Move:
    """Return what ``known.worker`` does next, given the recorded lease."""
    closed = not known.holds_lease and lease.closed(known.now, known.worker)
    if known.in_store is None and (known.holds_lease or _is_worth_reading(lease, known, closed=closed)):
        return ReadStore()
    found = known.in_store.token if known.in_store else None
    if found is not None and known.lasts(found, REFRESH_BEFORE_MS):
        if known.holds_lease:
            return Announce(lease.announced(found.version, found.expires_at, known.now), found)
        return Use(found)
    if known.holds_lease:
        return Ask(lease.until - CLOCK_MARGIN_MS - known.now)
    if closed:
        best = known.best()
        return GiveUp(lease.why_closed(known.now)) if best is None else Use(best)
    refused = lease.shared if lease.shared in known.refused else ""
    usable = known.in_store is None or not known.in_store.lacks
    return Take(
        lease.taken(known.worker, known.now, refused=refused, usable=usable),
        from_dead=lease.was_left(known.now, known.worker),
    )


def _is_worth_reading(lease: TokenLease, known: Known, *, closed: bool) -> bool:
    """Return whether the store should have what this worker needs, so that it is not read in vain."""
    if lease.shared in known.refused or (known.held is not None and lease.shared == known.held.version):
        return False
    return lease.offers(known.now, REFRESH_BEFORE_MS if known.lasts(known.held) or not closed else 0)
