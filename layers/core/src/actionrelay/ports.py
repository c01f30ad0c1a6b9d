"""What the use cases need from the world. Adapters implement these, tests bring fakes.

Every port may raise ``DependencyError`` when the service behind it does not answer; what else it raises is said here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from actionrelay.audit.trail import Opening, Trail
from actionrelay.genesys.verdict import Reply
from actionrelay.ledger.execution import (
    ActionCall,
    AuditEntry,
    CachedResult,
    Execution,
    IndexPage,
    Message,
    PayloadRef,
    Position,
    QueueDepth,
    Span,
    Status,
)
from actionrelay.preflight.checks import Sight
from actionrelay.signals import Count, Duration
from actionrelay.token.lease import TokenLease

if TYPE_CHECKING:
    from actionrelay.statistics.counters import Counter
    from actionrelay.statistics.tally import Counts
    from actionrelay.webhooks.targets import DeliveryAnswer  # with the address rules, which most functions don't need


class Clock(Protocol):
    """The time."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        ...


class Randomness(Protocol):
    """A source of ids and jitter."""

    def uniform(self) -> float:
        """A number in [0, 1)."""
        ...

    def new_id(self) -> str:
        """A fresh UUID, lower case."""
        ...


class ExecutionStore(Protocol):
    """The ledger's table."""

    def create(self, execution: Execution) -> None:
        """Write a record that must not exist yet.

        Raises:
            AlreadyRecordedError: an execution with this id is there.
        """
        ...

    def load(self, execution_id: str) -> Execution | None:
        """Read a record as last written (a consistent read)."""
        ...

    def save(self, execution: Execution) -> None:
        """Replace the version before this one.

        Raises:
            StaleWriteError: the stored version is another than ``execution.version - 1``.
        """
        ...


class ResultCache(Protocol):
    """Results of successful executions, by action and inputs."""

    def lookup(self, key: str) -> CachedResult | None:
        """Read an entry, ended or not."""
        ...

    def remember(self, entry: CachedResult) -> None:
        """Write an entry; the last one wins."""
        ...


class WebhookIds(Protocol):
    """What the ids of received webhooks stand for, for as long as their senders may repeat them."""

    def claim(self, webhook_id: str, content: str, now: int, until: int) -> str:
        """Let an id stand for a content (its digest) up to ``until``, unless it stands for one already at ``now``.

        Return what it stands for: ``content``, or what came first.
        """
        ...


class AuditTrail(Protocol):
    """The append-only history."""

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries; one that is there already is left as it is."""
        ...


class AuditReader(Protocol):
    """Reads what an ``AuditTrail`` wrote, and whatever somebody else has made of it."""

    def trail(self, execution_id: str) -> Trail:
        """All that is there of one execution, oldest first; empty when there is nothing."""
        ...

    def openings(self, day: str, after: Opening | None, limit: int) -> tuple[Opening, ...]:
        """The next executions of a UTC day (``2026-11-24``), ``limit`` at most, in the order of the day.

        Fewer than ``limit`` are the last ones. One execution may be there twice, one right after the other.
        """
        ...


class DayFiles(Protocol):
    """Where the files of exported days lie."""

    def write(self, name: str, lines: Iterable[bytes]) -> int:
        """Store lines as they come as one file, in place of an older one; return its size in bytes.

        The file is there whole, or as it was before: where ``lines`` raises, nothing has changed.
        """
        ...


class CounterStore(Protocol):
    """The stored counters, as their one writer sees them."""

    def add(self, part: str, first: int, last: int, tally: "Mapping[Counter, Counts]") -> int:
        """Add the tally of a stream's changes from ``first`` to ``last``, all of it, unless ``first`` is counted.

        Return the sequence number up to which that part of the stream is counted then.
        """
        ...


class CounterReader(Protocol):
    """The stored counters, as they are read: a little later than written, and each in whole."""

    def totals(self) -> "Iterable[tuple[Counter, Counts]]":
        """Each action's counter of all time."""
        ...

    def days(self, action_id: str, first: str, last: str) -> "Iterable[tuple[Counter, Counts]]":
        """The counters of an action, or of all (``""``), each day from ``first`` to ``last``, inclusive, in order."""
        ...

    def hours(self, first: str, last: str) -> "Iterable[tuple[Counter, Counts]]":
        """The counters of each hour from ``first`` to ``last`` (``YYYY-MM-DDTHH``), inclusive, in order."""
        ...


class SuccessRate(Protocol):
    """Which part of today's executions succeeded, as far as this process knows."""

    def refresh(self) -> None:
        """Read it anew where it is out of date. Never raises; may take a while, so nothing that is urgent follows."""
        ...

    def latest(self) -> float | None:
        """The rate as last read, from 0 to 1; None where it is not known. Asks no service."""
        ...


class ExecutionIndex(Protocol):
    """Finds executions by what lists ask for, each read on its own. It may lag behind what was written last."""

    def actions(self, day: str, most: int) -> Sequence[tuple[str, Position]]:
        """Up to ``most`` actions with a position on a UTC day (``2026-11-24``), and the newest of each."""
        ...

    def of_action(self, action_id: str, day: str, span: Span, limit: int) -> IndexPage:
        """Positions of one action on one day: executions accepted then, and some that merely went on then."""
        ...

    def ended_as(self, status: Status, span: Span, limit: int) -> IndexPage:
        """Executions that have ended as failed, unknown or cancelled."""
        ...

    def undelivered(self, span: Span, limit: int) -> IndexPage:
        """Executions whose webhook was given up."""
        ...

    def traced(self, trace_id: str, span: Span, limit: int) -> IndexPage:
        """Executions whose caller gave them this trace id."""
        ...

    def read(self, execution_ids: Sequence[str]) -> Mapping[str, Execution]:
        """Executions by id, those that are there, without the bytes of requests and results."""
        ...


class QueueGauge(Protocol):
    """Looks at one queue without receiving from it."""

    def depth(self) -> QueueDepth:
        """About how many messages there are.

        Raises:
            QueueUnavailableError: nobody knows.
        """
        ...


class GateGauge(Protocol):
    """Looks at the rate gate without asking it for anything."""

    def paused_until(self) -> int:
        """The end of the last pause, in ms; 0 before the first."""
        ...


class PayloadStore(Protocol):
    """Requests and results, small ones beside the record and large ones in the bucket."""

    def refer(self, key: str, data: bytes) -> PayloadRef:
        """Name data without writing it; small data comes back inline and needs no ``put``."""
        ...

    def put(self, ref: PayloadRef, data: bytes) -> None:
        """Write what a reference names; does nothing for an inline one."""
        ...

    def get(self, ref: PayloadRef) -> bytes | None:
        """Read what a reference names, checked against its digest; None when it is not there."""
        ...


class ExecutionQueue(Protocol):
    """The queue that ``execute`` works from."""

    def send(self, message: Message, delay_ms: int = 0) -> None:
        """Queue a message, to be seen after ``delay_ms`` or, past what the queue can delay, earlier.

        Raises:
            QueueUnavailableError: it may or may not have been queued.
        """
        ...


class DeliveryQueue(Protocol):
    """The queue that ``deliver`` works from."""

    def send(
        self, execution_id: str, delay_ms: int = 0, version: int | None = None, receiver: str | None = None
    ) -> None:
        """Queue a delivery, the record's audit paid up to ``version``; the same terms as ``ExecutionQueue.send``.

        ``receiver`` is the URL that it goes to: what waits for one receiver shall not keep the others waiting.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class AccessToken:
    """A bearer token. ``version`` names it without revealing it; ``issuer`` says which client of which host got it."""

    value: str
    expires_at: int
    scopes: tuple[str, ...]
    issuer: str
    version: str

    def __repr__(self) -> str:
        """Show everything but the token."""
        return f"AccessToken(version={self.version!r}, expires_at={self.expires_at}, issuer={self.issuer!r})"


class TokenStore(Protocol):
    """Where workers share a token."""

    def read(self) -> AccessToken | None:
        """The shared token, of whatever issuer and age; None when there is none that can be read."""
        ...

    def write(self, token: AccessToken) -> bool:
        """Share a token; False when it is too large for the store, which then keeps what it had."""
        ...


class TokenLeases(Protocol):
    """What all workers know about the token of each issuer, and which of them may ask for the next."""

    def read(self, issuer: str) -> TokenLease:
        """The lease as last written (a consistent read); an empty one before the first."""
        ...

    def swap(self, issuer: str, before: TokenLease, after: TokenLease) -> TokenLease:
        """Write ``after`` if ``before`` is what is there, and return what is there then: ``after``, or another's."""
        ...


class TokenIssuer(Protocol):
    """The OAuth host."""

    @property
    def issuer(self) -> str:
        """Names the host, the client and the contract, so that two clients never take each other's token.

        Raises:
            TokenError: nobody can say who the client is.
        """
        ...

    @property
    def required_scopes(self) -> tuple[str, ...]:
        """The scopes that the contract needs; empty when rights do not come from scopes."""
        ...

    def request(self, now: int, within_ms: int) -> AccessToken:
        """Ask for a token with client credentials; when ``within_ms`` have passed, no request is under way any more.

        Raises:
            TokenError: by what the host answered.
        """
        ...


class TokenSource(Protocol):
    """Gives a usable token."""

    def token(self) -> AccessToken:
        """A token that is valid for a minute at least, where one can be had.

        Raises:
            TokenError: none can be had.
        """
        ...

    def refuse(self, version: str) -> None:
        """Forget exactly this version: Genesys Cloud answered 401 to it."""
        ...


class ActionClient(Protocol):
    """Genesys Cloud's execution endpoint, by whichever contract."""

    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:
        """Post once, without any retry, and wait at most ``wait_ms`` for the answer. Never raises."""
        ...


class PlatformProbe(Protocol):
    """What the preflight may look at on the API host. No look runs anything, is retried, or raises."""

    def about_client(self, token: AccessToken | None, wait_ms: int) -> Sight:
        """Look at who the client is and what it may do; without a token, at whether the host answers at all."""
        ...

    def limits(self, token: AccessToken, wait_ms: int) -> Sight:
        """Look at the organisation's limits of data actions."""
        ...


class RateGate(Protocol):
    """Keeps all workers together below the allowed rate."""

    def for_batch(self, size: int, newcomers: int) -> "RateGate":
        """Return a gate for one batch, that asks once for all of its ``size`` messages.

        ``newcomers`` of them have had no place in the line yet.
        """
        ...

    def take(self, now: int, *, waited: bool = False) -> int:
        """Take one permit: 0 when granted, else how many ms to come back after.

        Who has ``waited`` its turn already is told a short wait, and everybody else a place in the line.
        """
        ...

    def pause(self, until: int) -> None:
        """Grant nothing to anybody before ``until``: Genesys Cloud answered 429."""
        ...

    def hold(self, until: int) -> None:
        """Let nobody of this batch go out before ``until``, from this moment on. Asks no service and can't fail."""
        ...

    def held(self, now: int) -> int:
        """How many ms this batch is held for yet; 0 when it is not."""
        ...


class WebhookSender(Protocol):
    """Posts a webhook to its receiver."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> "DeliveryAnswer":
        """Post once; no retries, no redirects.

        Raises:
            DeliveryRefusedError: the outbound rules forbid the address.
            DeliveryFailedError: no answer.
        """
        ...


class Telemetry(Protocol):
    """Metrics and log lines. Never given a token, secret, signature, input or result."""

    def count(self, metric: Count, code: str | None = None, *, by: int = 1) -> None:
        """Add to a counter, by error code where there is one; 0 counts as a sample of nothing."""
        ...

    def duration(self, metric: Duration, milliseconds: float) -> None:
        """Record one duration."""
        ...

    def concerning(self, execution: Execution) -> None:
        """Put this execution's id and trace id on every line that this thread writes from now on.

        Until the next call, or until the message or the request that the thread is at is done with.
        """
        ...

    def event(self, name: str, **fields: str | float | None) -> None:
        """Write one structured log line."""
        ...
