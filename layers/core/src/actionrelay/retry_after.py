"""Reads ``Retry-After`` (RFC 9110, section 10.2.3), of Genesys Cloud and of receivers alike. Pure.

It takes whole seconds or an HTTP date, as the RFC has it. A fraction of a second is rounded up. If the field occurs
twice, joined by a comma, the longest wait counts. Anything else (negative, empty, a unit, a word, more than
``MAX_LENGTH`` characters) counts as absent.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRY_AFTER_CAP_MS = 12 * 3_600_000
"""No wait is longer, whatever a host says."""
MAX_LENGTH = 64
"""An HTTP date has 29 characters; a much longer value is no ``Retry-After``."""

_SECONDS = re.compile(r"(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]*))?")
# The three forms of RFC 9110, section 5.6.7, and the numeric zones that mail servers write in them.
_DATE = re.compile(
    r"(?:[A-Za-z]{3,9}, )?[0-9]{1,2}[ -][A-Za-z]{3}[ -][0-9]{2,4} [0-9]{2}:[0-9]{2}:[0-9]{2} (?:GMT|UTC|[+-][0-9]{4})"
    r"|[A-Za-z]{3} [A-Za-z]{3} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}"
)
_CAP_DIGITS = len(str(RETRY_AFTER_CAP_MS))


def has_retry_after(header: str | None) -> bool:
    """Return whether ``header`` says when to try again, even if that time has passed."""
    return _wait_ms(header, 0) is not None


def retry_after_ms(header: str | None, now: int) -> int:
    """Return after how many ms to try again, at most ``RETRY_AFTER_CAP_MS``; ``now`` is in ms since the epoch.

    0 if ``header`` is absent, invalid or in the past.
    """
    return max(0, min(_wait_ms(header, now) or 0, RETRY_AFTER_CAP_MS))


def _wait_ms(header: str | None, now: int) -> int | None:
    if header is None or len(header) > MAX_LENGTH:
        return None
    text = header.strip(" \t")
    spans = [_SECONDS.fullmatch(part.strip(" \t")) for part in text.split(",")]
    if all(spans):
        return max(_whole_seconds(span) for span in spans if span) * 1_000
    if not _DATE.fullmatch(text):
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    wait = moment - datetime.fromtimestamp(now / 1_000, UTC)
    return int(wait.total_seconds() * 1_000)


def _whole_seconds(span: re.Match[str]) -> int:
    whole = span["whole"].lstrip("0")
    if len(whole) > _CAP_DIGITS:
        return RETRY_AFTER_CAP_MS  # as seconds, this is far above the cap, which the caller applies
    return int(whole or "0") + bool((span["fraction"] or "").strip("0"))
