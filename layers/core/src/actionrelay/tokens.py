"""Use case: one OAuth token for everybody, looked for in memory, then in the shared store, then at the login host."""

import threading
from dataclasses import dataclass, field

from actionrelay.errors import DependencyError, TokenError
from actionrelay.ports import AccessToken, Clock, Telemetry, TokenIssuer, TokenStore

REFRESH_BEFORE_MS = 60_000
"""A token is replaced from a minute before it ends, so that none ends on its way to Genesys Cloud."""


@dataclass(slots=True)
class SharedToken:
    """A ``TokenSource`` that keeps the token in this process and shares it through a ``TokenStore``.

    Threads of one process take turns, so that a batch makes one request at most.
    """

    store: TokenStore
    issuer: TokenIssuer
    telemetry: Telemetry
    clock: Clock
    _held: AccessToken | None = field(default=None, repr=False)
    _refused: str | None = field(default=None, repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def token(self) -> AccessToken:
        """Return a token with a minute left, or, when no newer one can be had, one that is still valid.

        Raises:
            TokenError: no valid token here, none shared, none issued.
        """
        with self._turn:
            now = self.clock.now()
            held = self._held
            if held and self._fresh(held, now):
                return held
            shared = self._shared()
            if shared and self._fresh(shared, now):
                self._held = shared
                return shared
            try:
                self._held = self._request(now)
            except TokenError:
                self._held = self._still_valid(now, held, shared)
                if self._held is None:
                    raise
            return self._held

    def refuse(self, version: str) -> None:
        """Forget this version, here and, since it is remembered as refused, when the store still offers it."""
        with self._turn:
            self._refused = version
            if self._held and self._held.version == version:
                self._held = None

    def _fresh(self, token: AccessToken, now: int) -> bool:
        return token.expires_at - now > REFRESH_BEFORE_MS and token.version != self._refused

    def _still_valid(self, now: int, *tokens: AccessToken | None) -> AccessToken | None:
        """Of the tokens that are too old to be fresh, one that is not over yet."""
        return next(
            (token for token in tokens if token and token.expires_at > now and token.version != self._refused), None
        )

    def _shared(self) -> AccessToken | None:
        """Read the shared token if it is ours: same host and client, no required scope missing."""
        try:
            token = self.store.read()
        except DependencyError as error:
            self.telemetry.event("token_store_unreadable", code=error.code)
            return None
        if token is None or token.issuer != self.issuer.issuer:
            return None
        if not set(self.issuer.required_scopes) <= set(token.scopes):
            return None
        return token

    def _request(self, now: int) -> AccessToken:
        token = self.issuer.request(now)
        self.telemetry.count("TokenRefreshes")
        try:
            self.store.write(token)
        except DependencyError as error:
            self.telemetry.event("token_store_unwritable", code=error.code)
        return token
