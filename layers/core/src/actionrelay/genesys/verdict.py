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
REPEAT_BASE_MS = 2_000
REPEAT_CAP_MS = 2 * 60_000
"""Backoff after an ambiguous answer that may be repeated."""
REPEAT_SPREAD_MS = 15 * 60_000
"""Over at least this long the tries after the first such answer are spread: no shorter outage makes an ``unknown``."""
LONGEST_GAP_MS = 4 * 60_000
"""The late ones are this far apart, with jitter on top, where jitter alone would end before the spread does."""
LEAST_PAUSE_MS = 1_000
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
    """The request may have arrived; no usable answer came."""


@dataclass(frozen=True, slots=True)
class RateReading:
    """What an answer said about the token's rate: requests so far, how many are allowed, seconds to the next count."""

    count: int | None
    allowed: int | None
    reset_seconds: int | None


@dataclass(frozen=True, slots=True)
class Reply:
    """How one attempt ended. ``latency_ms`` runs from the first byte out; ``retry_after`` is the raw header.

    ``result`` is JSON text as it came, except what ``mended`` names (``json_text.Flaw``); None is null. A success has
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


def backoff_ms(
    tries: int, random: Callable[[], float], base_ms: int = BACKOFF_BASE_MS, cap_ms: int = BACKOFF_CAP_MS
) -> int:
    """Full jitter: a uniform draw from 0 to ``min(cap, base x 2^(tries-1))``, in ms. ``tries`` starts at 1."""
    return int(random() * min(cap_ms, base_ms * 2 ** min(max(tries, 1) - 1, 32)))


def next_try_at(now: int, tries: int, random: Callable[[], float], retry_after: str | None = None) -> int:
    """Return when to try again: ``Retry-After`` is a floor and the jitter comes on top, so that workers spread."""
    return now + retry_after_ms(retry_after, now) + backoff_ms(tries, random)


def pause_ms(retry_after: str | None, now: int) -> int:
    """Return for how long a 429 pauses all workers: as long as it says, and at least ``LEAST_PAUSE_MS``."""
    return max(retry_after_ms(retry_after, now), LEAST_PAUSE_MS)


@dataclass(frozen=True, slots=True)
class Repeats:
    """The ambiguous answers that an execution has met since ``first_at`` (ms), and how many tries it may have."""

    first_at: int
    so_far: int
    most: int

    def next_at(self, now: int, random: Callable[[], float]) -> int:
        """Return when to ask again, at ``now`` or later, with ``so_far`` below ``most``.

        Full jitter, and a floor below it once the waits that are left, each of ``LONGEST_GAP_MS``, would no more reach
        the end of the spread: whatever the draws, the last try comes ``REPEAT_SPREAD_MS`` after the first answer or
        later. So early tries come soon and few tries are enough. Fewer than 5 can't be spread so far, and end sooner.
        """
        waits_left = self.most - self.so_far
        floor = self.first_at + REPEAT_SPREAD_MS - now - LONGEST_GAP_MS * (waits_left - 1)
        if floor > LONGEST_GAP_MS:
            floor = 0
        return now + max(floor, 0) + backoff_ms(self.so_far, random, REPEAT_BASE_MS, REPEAT_CAP_MS)
