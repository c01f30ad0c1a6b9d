"""What the login host's answers mean: a token, a refusal, or an outage. Pure.

An answer with a token is a grant, whatever else is in it. A refusal has the form of RFC 6749, section 5.2. A page of a
gateway, a firewall or a proxy is an outage, whatever its status: it says nothing about the client.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from actionrelay.errors import (
    CredentialsRefusedError,
    MalformedJsonError,
    PermissionMissingError,
    TokenError,
    TokenUnavailableError,
)
from actionrelay.foreign_json import TOKEN, read
from actionrelay.retry_after import retry_after_ms

ASSUMED_SECONDS = 300
"""The lifetime of a token that states none, which RFC 6749 allows: the shortest that Genesys Cloud can be set to."""
LONGEST_SECONDS = 30 * 86_400
_TOKEN = re.compile(r"[!-~]+")
_SUCCESS = 2
_REFUSALS = frozenset(
    {
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),
        *("unsupported_grant_type", "invalid_scope", "access_denied"),
    }
)
"""The codes of RFC 6749, sections 5.2 and 4.1.2.1. ``temporarily_unavailable`` and ``server_error`` are outages."""
_LACKING = re.compile(r"insufficient_[a-z_]{1,60}|(missing|not)[._][a-z._]{1,60}")
"""The error codes with which hosts report a missing permission, with 403."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A granted token. ``scopes`` is None if the answer names none: then the requested scopes are granted."""

    value: str = field(repr=False)
    seconds: float
    scopes: tuple[str, ...] | None


def read_grant(status: int, body: bytes, headers: Mapping[str, str], now: int) -> Grant:
    """Read an answer to a request for a token.

    Raises:
        CredentialsRefusedError: 400 or 401 with an OAuth error.
        PermissionMissingError: 403 with one.
        TokenUnavailableError: any other answer without a token; with the wait that the host asks for.
    """
    try:
        document: Any = read(body, TOKEN)
    except MalformedJsonError:
        document = None
    known: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
    if status // 100 == _SUCCESS and (value := _text(known.get("access_token"))):
        return Grant(value, _seconds(known.get("expires_in")), _scopes(known.get("scope")))
    raise _refusal(status, known.get("error")) or TokenUnavailableError(
        "the login host answered without a token",
        status=status,
        retry_after_ms=retry_after_ms(headers.get("Retry-After"), now),
    )


def _refusal(status: int, code: object) -> TokenError | None:
    if not isinstance(code, str):
        return None
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED} and code in _REFUSALS:
        return CredentialsRefusedError("the login host refused the client id and secret", status=status)
    if status == HTTPStatus.FORBIDDEN and (code in _REFUSALS or _LACKING.fullmatch(code)):
        return PermissionMissingError("the login host knows the client and denies it a token", status=status)
    return None


def _text(value: object) -> str:
    """Return a text that can be sent in a header; else an empty one."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _TOKEN.fullmatch(text) else ""


def _seconds(value: object) -> float:
    """Read a lifetime, a number or a text, with or without a fraction; by default ``ASSUMED_SECONDS``."""
    try:
        seconds = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
    except ValueError:
        seconds = 0.0
    return min(seconds, LONGEST_SECONDS) if seconds > 0 else ASSUMED_SECONDS  # NaN is not above 0


def _scopes(value: object) -> tuple[str, ...] | None:
    """Read a scope, a text with spaces (RFC 6749) or a list. An empty one grants nothing."""
    if not isinstance(value, str | list):
        return None
    listed = value if isinstance(value, list) else [value]
    return tuple(scope for part in listed if isinstance(part, str) for scope in part.split())
