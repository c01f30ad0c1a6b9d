"""Use case: one OAuth token for everybody.

It is looked for in memory, then in the shared store if the lease says that a usable one is there, and the worker that
gets the lease asks the login host. A worker with a valid token goes on with it meanwhile, and nobody sleeps: without
one, the execution is tried again later (``TokenBeingRefreshedError``).
"""

import threading
from dataclasses import dataclass, field
from typing import override

from actionrelay.errors import DependencyError, TokenBeingRefreshedError, TokenError, TokenUnavailableError
from actionrelay.ports import Clock, Telemetry
from actionrelay.signals import Count
from actionrelay.token.lease import CLOCK_MARGIN_MS, TokenLease
from actionrelay.token.ports import AccessToken, TokenIssuer, TokenLeases, TokenSource, TokenStore

REFRESH_BEFORE_MS = 60_000
"""A token is replaced from a minute before it ends, so that none ends on its way to Genesys Cloud."""
_TRIES = 3


@dataclass(slots=True)
class SharedToken(TokenSource):
    """A ``TokenSource`` that keeps the token in this process and shares it with others.

    Threads of one process take turns to look for a token, and share what the one before them found. Who has a valid
    token does not wait for a turn.
    """

    worker: str
    """Names this process to the others that want the lease."""
    store: TokenStore
    leases: TokenLeases
    issuer: TokenIssuer
    telemetry: Telemetry
    clock: Clock
    _held: AccessToken | None = field(default=None, repr=False)
    _refused: set[str] = field(default_factory=set, repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _looks: int = 0
    _failure: TokenError | None = field(default=None, repr=False)

    @override
    def token(self) -> AccessToken:
        """Return a token with a minute left, or, while no newer one can be had, one that is still valid.

        Raises:
            TokenBeingRefreshedError: another worker is asking, and there is no valid token until it is done.
            TokenError: what the login host said, here or to another worker a moment ago.
        """
        held, now = self._held, self.clock.now()
        if held is None or not self._lasts(held, now):
            return self._in_turn()
        return held if self._lasts(held, now, REFRESH_BEFORE_MS) else self._ahead(held)

    @override
    def refuse(self, version: str) -> None:
        """Never use this version again, wherever it is offered."""
        self._refused.add(version)

    def _ahead(self, held: AccessToken) -> AccessToken:
        """Replace a token that is still valid, unless another thread is at it."""
        if not self._turn.acquire(blocking=False):
            return held
        try:
            return self._look()
        except TokenError as error:
            self.telemetry.event("token_not_refreshed", code=error.code)
            return held
        finally:
            self._turn.release()

    def _in_turn(self) -> AccessToken:
        looks = self._looks
        with self._turn:
            held = self._held
            if held is not None and self._lasts(held, self.clock.now()):
                return held
            if self._looks != looks and self._failure is not None:
                # The thread before this one has just got that answer; asking again would bring the same.
                raise _again(self._failure)
            self._failure = None
            try:
                return self._look()
            except TokenError as error:
                self._failure = _again(error)
                raise
            finally:
                self._looks += 1

    def _look(self) -> AccessToken:
        """Find a token outside of this process, or have one issued."""
        issuer = self.issuer.issuer
        try:
            self._held = self._by_lease(issuer)
        except DependencyError as error:
            # Without the lease, nobody knows whether others are asking: what is shared may be used, and no more.
            self.telemetry.event("token_lease_unusable", code=error.code)
            token = self._best(self.clock.now(), self._shared(issuer)[0], self._held)
            if token is None:
                raise TokenUnavailableError("whether another worker is getting a token can't be read") from None
            self._held = token
        return self._held

    def _by_lease(self, issuer: str) -> AccessToken:
        lease = self.leases.read(issuer)
        found, looked, lost = None, False, False
        for _ in range(_TRIES):
            now = self.clock.now()
            if lease.refused:
                self._refused.add(lease.refused)
            closed = lease.closed(now, self.worker)
            if not looked and self._is_worth_reading(lease, now, closed=closed):
                looked = True
                found, lost = self._shared(issuer)
                if found is not None and self._lasts(found, now, REFRESH_BEFORE_MS):
                    return found
            if closed:
                token = self._best(now, found, self._held)
                if token is None:
                    raise lease.why_closed(now)
                return token
            refused = lease.shared if lease.shared in self._refused else ""
            taken = lease.taken(self.worker, now, refused=refused, usable=not lost)
            stored = self.leases.swap(issuer, lease, taken)
            if stored == taken:
                if lease.was_left(now, self.worker):
                    self.telemetry.count(Count.TOKEN_LEASE_TAKEOVERS)
                if not looked:
                    found, _ = self._shared(issuer)
                return self._as_holder(issuer, taken, found)
            lease = stored
        raise TokenBeingRefreshedError("other workers were first each time")

    def _is_worth_reading(self, lease: TokenLease, now: int, *, closed: bool) -> bool:
        """Whether the store should have what this worker needs: reading it for anything else costs everybody a call."""
        if lease.shared in self._refused or (self._held is not None and lease.shared == self._held.version):
            return False
        has_one = self._held is not None and self._lasts(self._held, now)
        return lease.offers(now, REFRESH_BEFORE_MS if has_one or not closed else 0)

    def _as_holder(self, issuer: str, lease: TokenLease, found: AccessToken | None) -> AccessToken:
        """Ask the login host, unless a worker that died, or another stack, has left a fresh token in the store."""
        now = self.clock.now()
        if found is not None and self._lasts(found, now, REFRESH_BEFORE_MS):
            self._end(issuer, lease, lease.announced(found.version, found.expires_at, now))
            return found
        try:
            token = self.issuer.request(now, lease.until - CLOCK_MARGIN_MS - now)
        except TokenError as error:
            now = self.clock.now()
            self.telemetry.count(Count.TOKEN_REFRESH_FAILURES, error.code)
            if not error.retryable:
                self.telemetry.count(Count.TOKENS_REFUSED)
            self._end(issuer, lease, lease.gave_up(error, now))
            valid = self._best(now, found, self._held)
            if valid is None:
                raise
            self.telemetry.event("token_not_refreshed", code=error.code)
            return valid
        self.telemetry.count(Count.TOKEN_REFRESHES)
        # First the store, then the lease: a reader of the lease then finds the token.
        shared, now = self._share(token), self.clock.now()
        ended = lease.announced(token.version, token.expires_at, now) if shared else lease.kept(now)
        self._end(issuer, lease, ended)
        return token

    def _shared(self, issuer: str) -> tuple[AccessToken | None, bool]:
        """Read the shared token, if it is ours; and whether the store was read and has none that is of use."""
        try:
            token = self.store.read()
        except DependencyError as error:
            self.telemetry.event("token_store_unreadable", code=error.code)
            return None, False
        ours = token is not None and token.issuer == issuer and set(self.issuer.required_scopes) <= set(token.scopes)
        usable = token if ours and token is not None and self._lasts(token, self.clock.now()) else None
        return usable, usable is None

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
        """Write how asking ended; where that fails the lease ends by itself, and the next holder reads the store."""
        try:
            stored = self.leases.swap(issuer, lease, ended)
        except DependencyError as error:
            self.telemetry.event("token_lease_unusable", code=error.code)
        else:
            if stored != ended:
                self.telemetry.event("token_lease_lost")

    def _lasts(self, token: AccessToken, now: int, left_ms: int = 0) -> bool:
        return token.expires_at - now > left_ms and token.version not in self._refused

    def _best(self, now: int, *tokens: AccessToken | None) -> AccessToken | None:
        """Of the tokens that are still valid, the one that lasts longest."""
        valid = [token for token in tokens if token is not None and self._lasts(token, now)]
        return max(valid, key=lambda token: token.expires_at, default=None)


def _again(error: TokenError) -> TokenError:
    """Make the same error for another thread, without the frames that the first has been through."""
    return type(error)(error.message, **error.context)
