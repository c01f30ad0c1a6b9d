"""What an answer of Genesys Cloud means for an execution, and when to try again.

The one place of two rules: which answers prove that an action did not run (design, promise 2), and how long to wait
(full jitter, as in the AWS Architecture Blog's "Exponential Backoff And Jitter"; ``Retry-After`` is a floor).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from actionrelay.ledger.execution import ExecutionError
from actionrelay.retry_after import has_retry_after, retry_after_ms

BACKOFF_BASE_MS = 1_000
BACKOFF_CAP_MS = 15 * 60_000
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
    """How one attempt ended. ``latency_ms`` runs from the first byte out; ``retry_after`` is the raw header.

    ``result`` is JSON text as it came, but for what ``mended`` names (``json_text.Flaw``); None is null. A success has
    an error where its result can't be handed on.
    """

    kind: ReplyKind
    latency_ms: int
    result: bytes | None = field(default=None, repr=False)
    error: ExecutionError | None = None
    retry_after: str | None = field(default=None, repr=False)
    correlation_id: str | None = None
    rate: RateReading | None = None
    mended: tuple[str, ...] = ()

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
            return _judge_status(reply.http_status or 0, shed=has_retry_after(reply.retry_after))
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


def next_try_at(now: int, tries: int, random: Callable[[], float], retry_after: str | None = None) -> int:
    """Return when to try again: ``Retry-After`` is a floor and the jitter comes on top, so that workers spread."""
    return now + retry_after_ms(retry_after, now) + backoff_ms(tries, random)
