"""What sharing a token needs from the world, and what others need of it. Each may raise ``DependencyError``."""

from dataclasses import dataclass
from typing import Protocol

from actionrelay.token.lease import TokenLease


@dataclass(frozen=True, slots=True, repr=False)
class AccessToken:
    """A bearer token. ``version`` names it without revealing it; ``issuer`` says which client of which host got it."""

    value: str
    expires_at: int
    scopes: tuple[str, ...]
    issuer: str
    version: str

    def __repr__(self) -> str:
        """Show everything but the token."""
        return f"AccessToken(version={self.version!r}, expires_at={self.expires_at}, issuer={self.issuer!r})"


class TokenStore(Protocol):
    """Where workers share a token."""

    def read(self) -> AccessToken | None:
        """The shared token, of whatever issuer and age; None when there is none that can be read."""
        ...

    def write(self, token: AccessToken) -> bool:
        """Share a token; False when it is too large for the store, which then keeps what it had."""
        ...


class TokenLeases(Protocol):
    """What all workers know about the token of each issuer, and which of them may ask for the next."""

    def read(self, issuer: str) -> TokenLease:
        """The lease as last written (a consistent read); an empty one before the first."""
        ...

    def swap(self, issuer: str, before: TokenLease, after: TokenLease) -> TokenLease:
        """Write ``after`` if ``before`` is what is there, and return what is there then: ``after``, or another's."""
        ...


class TokenIssuer(Protocol):
    """The OAuth host."""

    @property
    def issuer(self) -> str:
        """Names the host, the client and the contract, so that two clients never take each other's token.

        Raises:
            TokenError: nobody can say who the client is.
        """
        ...

    @property
    def required_scopes(self) -> tuple[str, ...]:
        """The scopes that the contract needs; empty when rights do not come from scopes."""
        ...

    def request(self, now: int, within_ms: int) -> AccessToken:
        """Ask for a token with client credentials; when ``within_ms`` have passed, no request is under way any more.

        Raises:
            TokenError: by what the host answered.
        """
        ...


class TokenSource(Protocol):
    """Gives a usable token."""

    def token(self) -> AccessToken:
        """A token that is valid for a minute at least, where one can be had.

        Raises:
            TokenError: none can be had.
        """
        ...

    def refuse(self, version: str) -> None:
        """Forget exactly this version: Genesys Cloud answered 401 to it."""
        ...
