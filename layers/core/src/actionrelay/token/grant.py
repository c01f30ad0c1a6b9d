"""What the login host's answers mean: a token, a refusal, or an outage. Pure.

A token that came is used, whatever is around it. A refusal is what RFC 6749, section 5.2, gives a form for; a page of a
gateway, a firewall or a proxy, of whatever status, says nothing about the client and passes.
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
"""The shortest lifetime that an OAuth client of Genesys Cloud can have. RFC 6749 only recommends to say it."""
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
"""What hosts say of a permission that a client lacks, with 403."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A token as it was granted. ``scopes`` is None where the answer names none: then it is what was asked for."""

    value: str = field(repr=False)
    seconds: float
    scopes: tuple[str, ...] | None


def read_grant(status: int, body: bytes, headers: Mapping[str, str], now: int) -> Grant:
    """Read an answer to a request for a token.

    Raises:
        CredentialsRefusedError: 400 or 401 with an OAuth error.
        PermissionMissingError: 403 with one.
        TokenUnavailableError: anything else without a token; with how long the host wants to be left alone.
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
        retry_after_ms=retry_after_ms(headers.get("Retry-After"), now) or None,
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
    """Take what can go out in a header as it is."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _TOKEN.fullmatch(text) else ""


def _seconds(value: object) -> float:
    """Take a lifetime as a number or as text, with or without a fraction; one that says nothing is the shortest."""
    try:
        seconds = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
    except ValueError:
        seconds = 0.0
    return min(seconds, LONGEST_SECONDS) if seconds > 0 else ASSUMED_SECONDS  # NaN is not above 0


def _scopes(value: object) -> tuple[str, ...] | None:
    """Take a scope as RFC 6749 has it, a text with spaces, or as a list; one that is there and empty grants nothing."""
    if not isinstance(value, str | list):
        return None
    listed = value if isinstance(value, list) else [value]
    return tuple(scope for part in listed if isinstance(part, str) for scope in part.split())
