"""What an answer of Genesys Cloud means for an execution, and when to try again.

The one place of two rules: which answers prove that an action did not run (design, promise 2), and how long to wait
(full jitter, as in the AWS Architecture Blog's "Exponential Backoff And Jitter"; ``Retry-After`` as in RFC 9110,
section 10.2.3, is a floor).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

from actionrelay.ledger.execution import ExecutionError
from actionrelay.strict_json import Json

BACKOFF_BASE_MS = 1_000
BACKOFF_CAP_MS = 15 * 60_000
RETRY_AFTER_CAP_MS = 12 * 3_600_000
GIVE_UP_AFTER_MS = 24 * 3_600_000
"""An execution that waiting alone has kept from running ends after a day, so that every execution ends."""


class ReplyKind(StrEnum):
    """The forms that an attempt's end can take, seen from the connection."""

    SUCCEEDED = "succeeded"
    """Ran, and here is the result."""
    ACCEPTED = "accepted"
    """Taken by Genesys Cloud; the result will arrive by webhook."""
    REPORTED_FAILURE = "reported_failure"
    """Ran, and the answer says that it failed."""
    HTTP_ERROR = "http_error"
    """Answered with a status of 300 or more."""
    NOT_SENT = "not_sent"
    """No byte of the request went out: DNS, connect or TLS failure."""
    NO_ANSWER = "no_answer"
    """The request may have arrived; no usable answer came back."""


@dataclass(frozen=True, slots=True)
class RateReading:
    """What an answer said about the token's rate: requests so far, how many are allowed, seconds to the next count."""

    count: int | None
    allowed: int | None
    reset_seconds: int | None


@dataclass(frozen=True, slots=True)
class Reply:
    """How one attempt ended. ``latency_ms`` runs from the first byte out; ``retry_after`` is the raw header."""

    kind: ReplyKind
    latency_ms: int
    result: Json = field(default=None, repr=False)
    error: ExecutionError | None = None
    retry_after: str | None = field(default=None, repr=False)
    correlation_id: str | None = None
    rate: RateReading | None = None

    @property
    def http_status(self) -> int | None:
        """The status of an error answer."""
        return self.error.status if self.error else None


class Verdict(StrEnum):
    """What an attempt that did not succeed allows."""

    POSTPONE = "postpone"
    """It did not run, for a reason that passes: try again, however often, without using up a chance."""
    RETRY = "retry"
    """It did not run, for a reason that may last: each try uses up a chance."""
    AMBIGUOUS = "ambiguous"
    """It may have run: try again only if that is harmless, else the outcome is unknown."""
    FINAL = "final"
    """Genesys Cloud has decided: failed."""


_DECIDED_5XX = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})


def judge(reply: Reply) -> Verdict:
    """Say what a reply other than a success allows."""
    match reply.kind:
        case ReplyKind.NOT_SENT:
            return Verdict.POSTPONE
        case ReplyKind.NO_ANSWER:
            return Verdict.AMBIGUOUS
        case ReplyKind.HTTP_ERROR:
            return _judge_status(reply.http_status or 0, shed=reply.retry_after is not None)
    return Verdict.FINAL


def _judge_status(status: int, *, shed: bool) -> Verdict:
    """A 503 with ``Retry-After`` is load shedding before the action; without, it may come from behind it."""
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and shed):
        return Verdict.POSTPONE
    if status == HTTPStatus.UNAUTHORIZED:
        return Verdict.RETRY
    if status == HTTPStatus.REQUEST_TIMEOUT or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _DECIDED_5XX
    ):
        return Verdict.AMBIGUOUS
    return Verdict.FINAL


def backoff_ms(tries: int, random: Callable[[], float]) -> int:
    """Full jitter: a uniform draw from 0 to ``min(cap, base x 2^(tries-1))``, in ms. ``tries`` starts at 1."""
    ceiling = min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** min(max(tries, 1) - 1, 32))
    return int(random() * ceiling)


def retry_after_ms(header: str | None, now: int) -> int:
    """Read ``Retry-After``: seconds or an HTTP date; 0 when absent, past or unreadable; at most 12 hours."""
    if header is None:
        return 0
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]) * 1_000, RETRY_AFTER_CAP_MS)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    wait = moment - datetime.fromtimestamp(now / 1_000, UTC)
    return max(0, min(int(wait.total_seconds() * 1_000), RETRY_AFTER_CAP_MS))


def next_try_at(now: int, tries: int, random: Callable[[], float], retry_after: str | None = None) -> int:
    """Return when to try again: ``Retry-After`` is a floor and the jitter comes on top, so that workers spread."""
    return now + retry_after_ms(retry_after, now) + backoff_ms(tries, random)
