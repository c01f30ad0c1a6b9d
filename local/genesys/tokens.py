"""OAuth client credentials: which client gets a token, and whether a token is still good.

The rules are those of the platform's `POST /oauth/token`: Basic authentication,
`grant_type=client_credentials`, a lifetime per client, no refresh token. Tokens are kept by hash; the token
itself leaves only in the answer that made it.
"""

import base64
import binascii
import hashlib
import hmac
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.genesys.rules import TokenRules


class TokenRefusedError(Exception):
    """No token: the status and the OAuth error body to answer with."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description

    def body(self) -> dict[str, str]:
        """Return the body as the login host words it."""
        return {"error": self.error, "description": self.description, "error_description": self.description}


@dataclass(frozen=True)
class Token:
    """An issued token, without the token. `scopes` None is a token for which no scope was ever spoken of."""

    client_id: str
    expires_at: float
    scopes: frozenset[str] | None


def token_hash(token: str) -> str:
    """Return the name under which a token is spoken of: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


class TokenBook:
    """Every token that was issued and not revoked."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._tokens: dict[str, Token] = {}

    def issue(
        self, authorization: str | None, form: Mapping[str, str], rules: TokenRules, now: float
    ) -> dict[str, Any]:
        """Return the body of a token answer, or raise `TokenRefusedError`.

        400 for an unknown or disabled client, a malformed request or another grant; 401 for a wrong secret.
        """
        client_id, secret = _basic_credentials(authorization)
        if form.get("grant_type") != "client_credentials":
            raise TokenRefusedError(400, "unsupported_grant_type", "grant_type must be client_credentials")
        client = rules.clients.get(client_id)
        if client is None or not client.enabled:
            raise TokenRefusedError(400, "invalid_client", "client not found: invalid or disabled client")
        if not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise TokenRefusedError(401, "invalid_client", "authentication failed: wrong client secret")
        asked = form.get("scope", "").split()
        granted = rules.granted_scopes if rules.granted_scopes is not None else (tuple(asked) or None)
        token = f"{self._source.getrandbits(256):064x}"
        self._tokens[token_hash(token)] = Token(
            client_id, now + rules.expires_in, None if granted is None else frozenset(granted)
        )
        body: dict[str, Any] = {"access_token": token, "token_type": "bearer", "expires_in": rules.expires_in}
        if asked:
            body["scope"] = " ".join(granted or ())
        return body

    def find(self, name: str | None, now: float) -> Token | None:
        """Return the token that goes by this hash, or None if it is unknown, revoked or past its time."""
        token = self._tokens.get(name) if name else None
        return token if token is not None and now < token.expires_at else None

    def revoke(self, *, name: str | None = None, client_id: str | None = None) -> int:
        """Revoke one token by hash, or a client's, or all of them; return how many."""
        gone = [
            known
            for known, token in self._tokens.items()
            if name in (None, known) and client_id in (None, token.client_id)
        ]
        for known in gone:
            del self._tokens[known]
        return len(gone)


def bearer(authorization: str | None) -> str | None:
    """Return the token of an `Authorization: Bearer` header, or None if there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _basic_credentials(authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        raise TokenRefusedError(400, "invalid_request", "missing Basic authorization header")
    try:
        client_id, separator, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        client_id = separator = secret = ""
    if not separator:
        raise TokenRefusedError(400, "invalid_request", "malformed Basic authorization header")
    return client_id, secret
