"""OAuth client credentials (RFC 6749, section 4.4) against the login host."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

from actionrelay.errors import (
    CredentialsRefusedError,
    MalformedJsonError,
    PermissionMissingError,
    ScopeMissingError,
    SecretUnavailableError,
    TokenUnavailableError,
)
from actionrelay.genesys.http import HttpAnswer, NoAnswerError, NotSentError, post
from actionrelay.models import GenesysApi
from actionrelay.ports import AccessToken
from actionrelay.strict_json import parse

DATA_ACTION_SCOPES = ("data:action:execute", "data:action:view")
_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ClientCredentialsIssuer:
    """A ``TokenIssuer``: asks the login host with the client's id and secret, read anew for each request."""

    pool: urllib3.PoolManager
    login_url: str
    api: GenesysApi
    secret_name: str
    credentials: Callable[[], str]
    """The secret string, JSON ``{"clientId", "clientSecret"}``."""

    @property
    def issuer(self) -> str:
        """Name the host and the client's secret, so that no deployment takes a token of another client."""
        named = f"{self.login_url}\n{self.secret_name}\n{self.api}"
        return hashlib.sha256(named.encode()).hexdigest()[:16]

    @property
    def required_scopes(self) -> tuple[str, ...]:
        """Scopes exist in the data-actions contract; the published API grants by role."""
        return DATA_ACTION_SCOPES if self.api is GenesysApi.DATA_ACTIONS else ()

    def request(self, now: int) -> AccessToken:
        """Ask for a token.

        Raises:
            TokenUnavailableError: no answer, or none that holds a token.
            CredentialsRefusedError: 400 or 401.
            PermissionMissingError: 403.
            ScopeMissingError: granted, and not enough.
        """
        form = {"grant_type": "client_credentials"}
        if self.required_scopes:
            form["scope"] = " ".join(self.required_scopes)
        headers = {
            "Authorization": "Basic " + self._basic(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        try:
            answer = post(self.pool, f"{self.login_url}/oauth/token", headers, urlencode(form).encode(), _WAIT_SECONDS)
        except (NotSentError, NoAnswerError) as error:
            raise TokenUnavailableError("the login host gave no answer", reason=str(error)) from None
        _require_granted(answer)
        return self._token(answer, now)

    def _basic(self) -> str:
        try:
            secret: Any = parse(self.credentials().encode(), unique_keys=False)
            pair = f"{secret['clientId']}:{secret['clientSecret']}"
        except SecretUnavailableError as error:
            raise TokenUnavailableError(error.message) from None
        except (MalformedJsonError, ValueError, TypeError, KeyError):
            raise CredentialsRefusedError(
                f'the secret {self.secret_name} must hold {{"clientId": "...", "clientSecret": "..."}}'
            ) from None
        return base64.b64encode(pair.encode()).decode()

    def _token(self, answer: HttpAnswer, now: int) -> AccessToken:
        try:
            document: Any = parse(answer.body, unique_keys=False)
            value = str(document["access_token"])
            expires_at = now + int(document["expires_in"]) * 1_000
        except (MalformedJsonError, ValueError, TypeError, KeyError, OverflowError):
            raise TokenUnavailableError("the login host answered without a token", status=answer.status) from None
        # RFC 6749, section 5.1: no `scope` in the answer means that what was asked for was granted.
        granted = tuple(str(document.get("scope") or " ".join(self.required_scopes)).split())
        missing = [scope for scope in self.required_scopes if scope not in granted]
        if missing:
            raise ScopeMissingError(f"the OAuth client was not granted {' and '.join(missing)}")
        return AccessToken(value, expires_at, granted, self.issuer, hashlib.sha256(value.encode()).hexdigest()[:16])


def _require_granted(answer: HttpAnswer) -> None:
    match answer.status:
        case 200:
            return
        case 400 | 401:
            raise CredentialsRefusedError("the login host refused the client id and secret", status=answer.status)
        case 403:
            raise PermissionMissingError("the login host knows the client and denies it a token", status=403)
    raise TokenUnavailableError("the login host answered without a token", status=answer.status)
