"""What a response of Genesys Cloud means for an execution, and when to try again.

Two rules are here and nowhere else: which responses prove that an action did not run, and how long to wait (full
jitter, as in the AWS Architecture Blog's "Exponential Backoff And Jitter"; ``Retry-After`` is a floor).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from actionrelay.ledger.execution import ExecutionError
from actionrelay.retry_after import has_retry_after, retry_after_ms

BACKOFF_BASE_MS = 1_000
BACKOFF_CAP_MS = 15 * 60_000
REPEAT_BASE_MS = 2_000
REPEAT_CAP_MS = 2 * 60_000
"""Backoff after an ambiguous response to a request that may be repeated."""
REPEAT_SPREAD_MS = 15 * 60_000
"""The tries after the first of them are spread over at least this long: no shorter outage leads to ``unknown``."""
LONGEST_GAP_MS = 4 * 60_000
"""The gap between the last tries, plus jitter, if jitter alone would end before the spread does."""
LEAST_PAUSE_MS = 1_000
GIVE_UP_AFTER_MS = 24 * 3_600_000
"""An execution that has only waited fails after a day, so that every execution ends."""


class ReplyKind(StrEnum):
    """How an attempt can end, as seen from the connection."""

    SUCCEEDED = "succeeded"
    """It ran; the response has the result."""
    ACCEPTED = "accepted"
    """Genesys Cloud accepted it; the result arrives by webhook."""
    REPORTED_FAILURE = "reported_failure"
    """It ran; the response says that it failed."""
    HTTP_ERROR = "http_error"
    """A status of 300 or more."""
    NOT_SENT = "not_sent"
    """No byte of the request went out: DNS, connect or TLS failure."""
    NO_ANSWER = "no_answer"
    """The request may have arrived; there is no usable response."""


@dataclass(frozen=True, slots=True)
class RateReading:
    """The token's rate by a response's headers: requests so far, requests allowed, seconds to the next window."""

    count: int | None
    allowed: int | None
    reset_seconds: int | None


@dataclass(frozen=True, slots=True)
class Reply:
    """How one attempt ended. ``latency_ms`` runs from the first byte out; ``retry_after`` is the raw header.

    ``result`` is JSON text as received, apart from the flaws in ``mended`` (``json_text.Flaw``); None is null. A
    success has an error if its result can't be passed on.
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
        """The status of an error response."""
        return self.error.status if self.error else None


class Verdict(StrEnum):
    """What may follow an attempt that did not succeed."""

    POSTPONE = "postpone"
    """It did not run, for a passing reason: try again, without using up a chance."""
    RETRY = "retry"
    """It did not run, for a reason that may last: try again, which uses up a chance."""
    AMBIGUOUS = "ambiguous"
    """It may have run: try again only if that is harmless, otherwise the outcome is ``unknown``."""
    FINAL = "final"
    """Genesys Cloud has decided: ``failed``."""


_DECIDED_5XX = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})


def judge(reply: Reply) -> Verdict:
    """Return what may follow a reply other than a success."""
    match reply.kind:
        case ReplyKind.NOT_SENT:
            return Verdict.POSTPONE
        case ReplyKind.NO_ANSWER:
            return Verdict.AMBIGUOUS
        case ReplyKind.HTTP_ERROR:
            return _judge_status(reply.http_status or 0, shed=has_retry_after(reply.retry_after))
    return Verdict.FINAL


def _judge_status(status: int, *, shed: bool) -> Verdict:
    """A 429, and a 503 with ``Retry-After``, come before the action; any other 503 may come from behind it.

    ``execute.after_attempt`` does what follows: a 429 pauses all workers.
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and shed):
        return Verdict.POSTPONE
    if status == HTTPStatus.UNAUTHORIZED:
        return Verdict.RETRY
    if status == HTTPStatus.REQUEST_TIMEOUT or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _DECIDED_5XX
    ):
        return Verdict.AMBIGUOUS
    return Verdict.FINAL


def backoff_ms(
    tries: int, random: Callable[[], float], base_ms: int = BACKOFF_BASE_MS, cap_ms: int = BACKOFF_CAP_MS
) -> int:
    """Full jitter: a uniform draw from 0 to ``min(cap, base x 2^(tries-1))``, in ms. ``tries`` starts at 1."""
    return int(random() * min(cap_ms, base_ms * 2 ** min(max(tries, 1) - 1, 32)))


def next_try_at(now: int, tries: int, random: Callable[[], float], retry_after: str | None = None) -> int:
    """Return when to try again: jitter on top of ``Retry-After``, so that workers spread."""
    return now + retry_after_ms(retry_after, now) + backoff_ms(tries, random)


def pause_ms(retry_after: str | None, now: int) -> int:
    """Return how long a 429 pauses all workers: as long as it says, and at least ``LEAST_PAUSE_MS``."""
    return max(retry_after_ms(retry_after, now), LEAST_PAUSE_MS)


@dataclass(frozen=True, slots=True)
class Repeats:
    """The ambiguous responses of an execution since ``first_at`` (ms), and how many tries it may have."""

    first_at: int
    so_far: int
    most: int

    def next_at(self, now: int, random: Callable[[], float]) -> int:
        """Return when to ask again, at ``now`` or later, with ``so_far`` below ``most``.

        Full jitter, plus a floor once the remaining waits of ``LONGEST_GAP_MS`` would not reach the end of the spread.
        So the last try comes at least ``REPEAT_SPREAD_MS`` after the first response, early tries come soon, and few
        tries are enough. Fewer than 5 can't be spread that far, and end sooner.
        """
        waits_left = self.most - self.so_far
        floor = self.first_at + REPEAT_SPREAD_MS - now - LONGEST_GAP_MS * (waits_left - 1)
        if floor > LONGEST_GAP_MS:
            floor = 0
        return now + max(floor, 0) + backoff_ms(self.so_far, random, REPEAT_BASE_MS, REPEAT_CAP_MS)
