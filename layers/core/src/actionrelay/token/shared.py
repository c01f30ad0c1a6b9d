"""Use case: one OAuth token for all workers.

A valid token in memory is used at once. Without one, ``next_move`` decides by the lease what this worker does, and
the loop here does it. The worker that gets the lease asks the login host. Meanwhile a worker with a valid token goes
on, and one without it does not sleep: its execution is tried again later (``TokenBeingRefreshedError``).
"""

import threading
from dataclasses import dataclass, field, replace
from typing import override

from actionrelay.errors import DependencyError, TokenBeingRefreshedError, TokenError, TokenUnavailableError
from actionrelay.ports import Clock, Telemetry
from actionrelay.signals import Count
from actionrelay.token.lease import TokenLease
from actionrelay.token.next_move import (
    REFRESH_BEFORE_MS,
    Announce,
    Ask,
    GiveUp,
    InStore,
    Known,
    ReadStore,
    Take,
    Use,
    next_move,
)
from actionrelay.token.ports import AccessToken, TokenIssuer, TokenLeases, TokenSource, TokenStore

_TRIES = 3


@dataclass(slots=True)
class SharedToken(TokenSource):
    """A ``TokenSource`` that keeps the token in this process and shares it with other workers.

    Threads of one process take turns to look for a token and share what they find. A thread with a valid token never
    waits.
    """

    worker: str
    """The name of this process in the lease."""
    store: TokenStore
    leases: TokenLeases
    issuer: TokenIssuer
    telemetry: Telemetry
    clock: Clock
    _held: AccessToken | None = field(default=None, repr=False)
    _refused: set[str] = field(default_factory=set, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _looks: int = 0
    _failure: TokenError | None = field(default=None, repr=False)

    @override
    def token(self) -> AccessToken:
        """Return a token with at least a minute left, or one that is still valid while no newer one can be obtained.

        Raises:
            TokenBeingRefreshedError: another worker is asking, and there is no valid token until it has one.
            TokenError: the login host refused, here or to another worker a moment ago.
        """
        known = self._known()
        if known.held is None or not known.lasts(known.held):
            return self._in_turn()
        return known.held if known.lasts(known.held, REFRESH_BEFORE_MS) else self._ahead(known.held)

    @override
    def refuse(self, version: str) -> None:
        """Never use this version again, wherever it is found."""
        self._refused.add(version)

    def _ahead(self, held: AccessToken) -> AccessToken:
        """Replace a token that is still valid, unless another thread is doing so."""
        if not self._lock.acquire(blocking=False):
            return held
        try:
            return self._look()
        except TokenError as error:
            self.telemetry.event("token_not_refreshed", code=error.code)
            return held
        finally:
            self._lock.release()

    def _in_turn(self) -> AccessToken:
        looks = self._looks
        with self._lock:
            known = self._known()
            if known.held is not None and known.lasts(known.held):
                return known.held
            if self._looks != looks and self._failure is not None:
                # The thread before this one has just got that answer; asking again would bring the same.
                raise self._failure.again()
            self._failure = None
            try:
                return self._look()
            except TokenError as error:
                self._failure = error.again()
                raise
            finally:
                self._looks += 1

    def _look(self) -> AccessToken:
        """Find a token outside of this process, or request one."""
        issuer = self.issuer.issuer
        try:
            self._held = self._by_lease(issuer)
        except DependencyError as error:
            # Without the lease, nobody knows whether others are asking: what is shared may be used, and no more.
            self.telemetry.event("token_lease_unusable", code=error.code)
            token = replace(self._known(), in_store=self._read_store(issuer)).best()
            if token is None:
                raise TokenUnavailableError("whether another worker is getting a token can't be read") from None
            self._held = token
        return self._held

    def _by_lease(self, issuer: str) -> AccessToken:
        """Make the moves that the lease calls for. Other workers may be first ``_TRIES`` times."""
        lease = self.leases.read(issuer)
        known, lost = self._known(), 0
        while lost < _TRIES:
            if lease.refused:
                self._refused.add(lease.refused)
            known = replace(known, now=self.clock.now())
            match next_move(lease, known):
                case ReadStore():
                    known = replace(known, in_store=self._read_store(issuer))
                case Use(token):
                    return token
                case GiveUp(error):
                    raise error
                case Take() as take:
                    lease = self._take(issuer, lease, take)
                    known = replace(known, holds_lease=lease == take.lease)
                    lost += not known.holds_lease
                case Announce(ended, token):
                    self._end(issuer, lease, ended)
                    return token
                case Ask(within_ms):
                    return self._ask(issuer, lease, known, within_ms)
        raise TokenBeingRefreshedError("other workers were first each time")

    def _take(self, issuer: str, lease: TokenLease, take: Take) -> TokenLease:
        """Try to take the lease; return the recorded one, which is another worker's if that was first."""
        stored = self.leases.swap(issuer, lease, take.lease)
        if stored == take.lease and take.from_dead:
            self.telemetry.count(Count.TOKEN_LEASE_TAKEOVERS)
        return stored

    def _ask(self, issuer: str, lease: TokenLease, known: Known, within_ms: int) -> AccessToken:
        """Ask the login host as the holder of the lease, and end the lease with the result."""
        try:
            token = self.issuer.request(known.now, within_ms)
        except TokenError as error:
            known = replace(known, now=self.clock.now())
            self.telemetry.count(Count.TOKEN_REFRESH_FAILURES, error.code)
            if not error.retryable:
                self.telemetry.count(Count.TOKENS_REFUSED)
            self._end(issuer, lease, lease.gave_up(error, known.now))
            valid = known.best()
            if valid is None:
                raise
            self.telemetry.event("token_not_refreshed", code=error.code)
            return valid
        self.telemetry.count(Count.TOKEN_REFRESHES)
        # The store is written before the lease, so that a reader of the lease finds the token.
        shared, now = self._share(token), self.clock.now()
        self._end(issuer, lease, lease.announced(token.version, token.expires_at, now) if shared else lease.kept(now))
        return token

    def _read_store(self, issuer: str) -> InStore:
        """Read the shared token, if it is valid and of this client."""
        try:
            token = self.store.read()
        except DependencyError as error:
            self.telemetry.event("token_store_unreadable", code=error.code)
            return InStore(None, lacks=False)
        ours = token is not None and token.issuer == issuer and set(self.issuer.required_scopes) <= set(token.scopes)
        usable = token if ours and self._known().lasts(token) else None
        return InStore(usable, lacks=usable is None)

    def _share(self, token: AccessToken) -> bool:
        try:
            shared = self.store.write(token)
        except DependencyError as error:
            self.telemetry.event("token_store_unwritable", code=error.code)
            return False
        if not shared:
            self.telemetry.event("token_too_large_to_share", version=token.version)
        return shared

    def _end(self, issuer: str, lease: TokenLease, ended: TokenLease) -> None:
        """Record how the request ended. If that fails, the lease expires, and the next holder reads the store."""
        try:
            stored = self.leases.swap(issuer, lease, ended)
        except DependencyError as error:
            self.telemetry.event("token_lease_unusable", code=error.code)
        else:
            if stored != ended:
                self.telemetry.event("token_lease_lost")

    def _known(self) -> Known:
        return Known(self.worker, self.clock.now(), self._held, self._refused)
