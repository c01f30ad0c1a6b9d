"""Reads Genesys Cloud's errors, in both dialects, and its headers.

A message goes only into the execution's ``error``. A code, a correlation id and a limit are logged and audited, too, so
they are used only if they have the form of one (``error_forms``).
"""

import re
from collections.abc import Mapping
from typing import Any

from actionrelay.genesys.causes import message_of
from actionrelay.genesys.error_forms import ACTION_FAILED, as_code, as_id
from actionrelay.genesys.verdict import RateReading
from actionrelay.ledger.execution import ExecutionError

UNSAID = ExecutionError(ACTION_FAILED, "Genesys Cloud reported a failure")
"""The error of a failure that was reported without details."""
_STATUS = re.compile(r"[1-9][0-9]{2}")
_COUNT = re.compile(r"[0-9]{1,9}")


def read_error(document: Any, status: int, headers: Mapping[str, str], unsaid: str) -> ExecutionError:
    """Read an error in either dialect; ``unsaid`` is the code of one that has none.

    The platform's has ``message, code, contextId, limit{namespace, key, value}`` (``ErrorBody`` of its SDKs), the older
    one of action tests ``userMessage, errorCode, correlationId``. The header takes precedence over either id. The
    message includes the innermost cause.
    """
    known: Mapping[str, Any] = document if isinstance(document, dict) else {}
    code = as_code(known.get("code")) or as_code(known.get("errorCode")) or unsaid
    message = message_of(document) or f"Genesys Cloud answered {status}"
    named = read_correlation_id(headers) or as_id(known.get("contextId") or known.get("correlationId"))
    return ExecutionError(code, message, status, named, _limit(known.get("limit")))


def read_reported_error(document: Any) -> ExecutionError:
    """Read an error that a webhook reports: an object in either dialect, a text, or ``UNSAID`` for anything else."""
    known: Mapping[str, Any] = document if isinstance(document, dict) else {}
    code = as_code(known.get("code")) or as_code(known.get("errorCode")) or UNSAID.code
    named = as_id(known.get("correlationId") or known.get("contextId"))
    return ExecutionError(code, message_of(document) or UNSAID.message, _status(known.get("status")), named)


def read_correlation_id(headers: Mapping[str, str]) -> str | None:
    """Read ``ININ-Correlation-Id``, by which Genesys Cloud's support finds the request."""
    return as_id(headers.get("ININ-Correlation-Id"))


def read_rate(headers: Mapping[str, str]) -> RateReading | None:
    """Read ``inin-ratelimit-count``, ``-allowed`` and ``-reset`` (seconds); None if all are missing."""
    count, allowed, reset = (_number(headers.get(f"inin-ratelimit-{name}")) for name in ("count", "allowed", "reset"))
    if count is None and allowed is None and reset is None:
        return None
    return RateReading(count, allowed, reset)


def _limit(document: Any) -> str | None:
    """Return the limit that was hit, as ``namespace/key=value``; a missing part is left out."""
    if not isinstance(document, dict):
        return None
    key, namespace = as_code(document.get("key")), as_code(document.get("namespace"))
    if key is None:
        return None
    value = document.get("value")
    known_value = f"={value}" if type(value) in {int, float} else ""
    return (f"{namespace}/" if namespace else "") + key + known_value


def _status(value: Any) -> int | None:
    """Read an HTTP status: a number, a number with the fraction .0, or a text."""
    number = str(value).removesuffix(".0") if type(value) in {int, float, str} else ""
    return int(number) if _STATUS.fullmatch(number) else None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and _COUNT.fullmatch(text) else None
