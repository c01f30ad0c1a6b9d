"""OAuth client credentials (RFC 6749, section 4.4) against the login host."""

import base64
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override
from urllib.parse import urlencode

import urllib3

from actionrelay.errors import (
    CredentialsRefusedError,
    MalformedJsonError,
    ScopeMissingError,
    SecretUnavailableError,
    TokenUnavailableError,
)
from actionrelay.foreign_json import SECRET, read
from actionrelay.genesys.contract import GenesysApi
from actionrelay.genesys.http import NoAnswerError, NotSentError, post
from actionrelay.token.grant import Grant, read_grant
from actionrelay.token.ports import AccessToken, TokenIssuer

DATA_ACTION_SCOPES = ("data:action:execute", "data:action:view")
_WAIT_SECONDS = 10.0
_MIN_WAIT_SECONDS = 0.5
"""No request is begun with less time than this."""


def _nothing_kept() -> None:
    """Do nothing: for credentials that are read each time."""


@dataclass(frozen=True, slots=True, repr=False)
class _Client:
    """An OAuth client, as the secret has it."""

    client_id: str
    secret: str

    def basic(self) -> str:
        """Return the credentials as they are, in UTF-8 (RFC 7617), as Genesys Cloud's own SDKs send them (ADR 37)."""
        return "Basic " + base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()


@dataclass(frozen=True, slots=True)
class ClientCredentialsIssuer(TokenIssuer):
    """A ``TokenIssuer`` that asks the login host with the client's id and secret."""

    pool: urllib3.PoolManager
    login_url: str
    api: GenesysApi
    secret_name: str
    credentials: Callable[[], str]
    """Returns the secret, JSON ``{"clientId", "clientSecret"}``, which may be cached."""
    forget: Callable[[], None] = _nothing_kept
    """Makes ``credentials`` read the secret again."""

    @property
    @override
    def issuer(self) -> str:
        """Name the host, the client and the contract; the name of the secret does not matter.

        Raises:
            TokenUnavailableError: the secret can't be read.
            CredentialsRefusedError: it holds no client.
        """
        return self._named(self._client())

    @property
    @override
    def required_scopes(self) -> tuple[str, ...]:
        """Return the scopes of the data-actions contract; the platform API has roles instead."""
        return DATA_ACTION_SCOPES if self.api is GenesysApi.DATA_ACTIONS else ()

    @override
    def request(self, now: int, within_ms: int = int(_WAIT_SECONDS * 1_000)) -> AccessToken:
        """Ask for a token, and once more if the client was refused and the secret has changed since it was read.

        Raises:
            TokenUnavailableError: no answer within 10 s or ``within_ms``, or none that holds a token.
            CredentialsRefusedError: 400 or 401 with an OAuth error.
            PermissionMissingError: 403 with one.
            ScopeMissingError: granted, and not enough.
        """
        ends = time.monotonic() + within_ms / 1_000
        client = self._client()
        try:
            return self._ask(client, now, ends)
        except CredentialsRefusedError:
            self.forget()
            rotated = self._client()
            if rotated == client:
                raise
        return self._ask(rotated, now, ends)

    def _ask(self, client: _Client, now: int, ends: float) -> AccessToken:
        form = {"grant_type": "client_credentials"}
        if self.required_scopes:
            form["scope"] = " ".join(self.required_scopes)
        headers = {
            "Authorization": client.basic(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        wait = min(_WAIT_SECONDS, ends - time.monotonic())
        if wait < _MIN_WAIT_SECONDS:
            raise TokenUnavailableError("no time was left to ask the login host")
        try:
            answer = post(self.pool, f"{self.login_url}/oauth/token", headers, urlencode(form).encode(), wait)
        except (NotSentError, NoAnswerError) as error:
            raise TokenUnavailableError("the login host gave no answer", reason=str(error)) from None
        return self._token(read_grant(answer.status, answer.body, answer.headers, now), client, now)

    def _client(self) -> _Client:
        try:
            secret: Any = read(self.credentials().encode("utf-8", "surrogatepass"), SECRET)
            return _Client(str(secret["clientId"]), str(secret["clientSecret"]))
        except SecretUnavailableError as error:
            raise TokenUnavailableError(error.message) from None
        except (MalformedJsonError, ValueError, TypeError, KeyError):
            self.forget()
            raise CredentialsRefusedError(
                f'the secret {self.secret_name} must hold {{"clientId": "...", "clientSecret": "..."}}'
            ) from None

    def _named(self, client: _Client) -> str:
        named = f"{self.login_url}\n{client.client_id}\n{self.api}"
        return hashlib.sha256(named.encode()).hexdigest()[:16]

    def _token(self, grant: Grant, client: _Client, now: int) -> AccessToken:
        # RFC 6749, section 5.1: no `scope` in the answer means that what was asked for was granted.
        granted = self.required_scopes if grant.scopes is None else grant.scopes
        missing = [scope for scope in self.required_scopes if scope not in granted]
        if missing:
            raise ScopeMissingError(f"the OAuth client was not granted {' and '.join(missing)}")
        version = hashlib.sha256(grant.value.encode()).hexdigest()[:16]
        return AccessToken(grant.value, now + int(grant.seconds * 1_000), granted, self._named(client), version)
