"""The ports of the token: what sharing one needs, and what its users need. Each may raise ``DependencyError``."""

from dataclasses import dataclass
from typing import Protocol

from actionrelay.token.lease import TokenLease


@dataclass(frozen=True, slots=True, repr=False)
class AccessToken:
    """A bearer token. ``version`` names it without revealing it; ``issuer`` names the host and the client."""

    value: str
    expires_at: int
    scopes: tuple[str, ...]
    issuer: str
    version: str

    def __repr__(self) -> str:
        """Show everything but the token."""
        return f"AccessToken(version={self.version!r}, expires_at={self.expires_at}, issuer={self.issuer!r})"


class TokenStore(Protocol):
    """Holds the token that workers share."""

    def read(self) -> AccessToken | None:
        """Return the shared token, whatever its issuer and age; None if there is no readable one."""
        ...

    def write(self, token: AccessToken) -> bool:
        """Share a token. False if it is too large for the store, which then keeps the token that it has."""
        ...


class TokenLeases(Protocol):
    """The lease of each issuer: what all workers know about its token, and which of them may request the next."""

    def read(self, issuer: str) -> TokenLease:
        """Return the lease as last written (a consistent read); an empty one before the first."""
        ...

    def swap(self, issuer: str, before: TokenLease, after: TokenLease) -> TokenLease:
        """Write ``after`` if ``before`` is on record, and return what is on record then."""
        ...


class TokenIssuer(Protocol):
    """The OAuth host."""

    @property
    def issuer(self) -> str:
        """Name the host, the client and the contract, so that two clients never use each other's token.

        Raises:
            TokenError: the client is not known.
        """
        ...

    @property
    def required_scopes(self) -> tuple[str, ...]:
        """Return the scopes that the contract needs; none if rights don't depend on scopes."""
        ...

    def request(self, now: int, within_ms: int) -> AccessToken:
        """Request a token with client credentials. No request is under way after ``within_ms``.

        Raises:
            TokenError: by what the host answered.
        """
        ...


class TokenSource(Protocol):
    """Gives a usable token."""

    def token(self) -> AccessToken:
        """Return a token that is valid for at least a minute, if one can be obtained.

        Raises:
            TokenError: there is no valid token.
        """
        ...

    def refuse(self, version: str) -> None:
        """Forget exactly this version: Genesys Cloud answered 401 to it."""
        ...
