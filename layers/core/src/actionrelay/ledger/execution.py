"""What actionrelay keeps and passes on: the execution record, its states, its outcome and its history.

All frozen. Times are milliseconds since the epoch (``…_at``), sizes are bytes; ``ledger.document`` writes times as ISO
8601.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from actionrelay.fault import Fault
from actionrelay.ids import run_id
from actionrelay.lanes import Lane
from actionrelay.ledger.audit_entry import AuditHead


class Status(StrEnum):
    """An execution's state; ``ledger.steps`` has the steps between these."""

    QUEUED = "queued"
    RUNNING = "running"
    AWAITING_WEBHOOK = "awaiting_webhook"
    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.UNKNOWN, Status.CANCELLED})
"""No worker touches an execution in one of these; only a late webhook or an operator does."""

INDEXED_ENDS = frozenset({Status.FAILED, Status.UNKNOWN, Status.CANCELLED})
"""The ends that an index holds: those that are rare and looked for, so that an ordinary execution pays for none."""


class WebhookStatus(StrEnum):
    """How far the caller's own webhook has come."""

    NONE = "none"
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class CacheStatus(StrEnum):
    """Whether the result cache may serve an execution, and whether it did."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    HIT = "hit"


@dataclass(frozen=True, slots=True)
class PayloadRef:
    """Where a request or a result is stored, and what it must turn out to be."""

    key: str
    size: int
    digest: str
    inline: bytes | None = field(default=None, repr=False)
    """The bytes themselves, compressed, when they travel inside the record."""


@dataclass(frozen=True, slots=True)
class ExecutionError:
    """Why an execution did not complete, in the form that callers see."""

    code: str
    message: str = field(repr=False)
    """May repeat inputs, so it is for the caller alone and never logged."""
    status: int | None = None
    correlation_id: str | None = None
    limit: str | None = field(default=None, compare=False)
    """Which limit of Genesys Cloud was hit, as ``namespace/key=value``; callers do not see it, so two errors that
    differ in it alone are the same."""


def result_unreadable(reason: str, status: int | None = None, correlation_id: str | None = None) -> ExecutionError:
    """Return the error of an execution that completed with a result that can't be handed on."""
    message = f"the action ran, and its result can't be handed on: {reason}"
    return ExecutionError("result_unreadable", message, status, correlation_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended: ``completed`` with a result, or ``failed``/``unknown`` with an error.

    A completed one has an error where its result can't be handed on (``result_unreadable``).
    """

    status: Status
    result: PayloadRef | None = None
    error: ExecutionError | None = None


@dataclass(frozen=True, slots=True)
class LearnedDefault:
    """What took the place of a field that a caller left out, and why: what is known of the action says so."""

    field: str
    """As requests have it."""
    value: bool | int
    reason: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One worker's try. ``attempt_id`` fences its writes; the lease says until when nobody else may try."""

    attempt_id: str
    number: int
    lease_until: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A series of tries to deliver one outcome to the caller's webhook, and how far it has come."""

    status: WebhookStatus = WebhookStatus.NONE
    attempts: int = 0
    next_at: int | None = None
    """When the next try is due."""
    repeats: int = 0
    """How often an operator had this outcome delivered again; each time is a series of tries of its own."""

    @classmethod
    def due(cls, url: str | None) -> "Delivery":
        """Return the first series of an outcome; none where the caller named no URL."""
        return cls(WebhookStatus.PENDING if url else WebhookStatus.NONE)

    def tried(self, status: WebhookStatus, next_at: int | None) -> "Delivery":
        """Return the series after one more try."""
        return replace(self, status=status, attempts=self.attempts + 1, next_at=next_at)

    def again(self) -> "Delivery":
        """Return a new series for the same outcome."""
        return Delivery(WebhookStatus.PENDING, repeats=self.repeats + 1)

    def due_now(self) -> "Delivery":
        """Return the same series, its next try due at once."""
        return replace(self, next_at=None)

    @property
    def is_due_now(self) -> bool:
        """Whether its next try waits for nothing."""
        return self.status is WebhookStatus.PENDING and self.next_at is None

    @property
    def untried(self) -> bool:
        """Whether it waits for its first try."""
        return self.status is WebhookStatus.PENDING and self.attempts == 0


@dataclass(frozen=True, slots=True)
class WorkflowPlace:
    """Of which step of which workflow an execution is, and of which item, where the step runs once for each."""

    workflow_id: str
    step: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """The ledger's record of one execution. ``version`` counts its writes, and every write is conditional on it."""

    execution_id: str
    action_id: str
    trace_id: str
    content_hash: str
    request: PayloadRef
    timeout_ms: int
    cache_key: str | None
    webhook_url: str | None
    repeatable: bool
    """Running the action again does no harm: the contract carries the id, or the caller said ``idempotent``."""
    created_at: int
    updated_at: int
    queued_at: int
    """Since when it has waited to be run: its acceptance, or the last time that an operator asked for another run."""
    status: Status = Status.QUEUED
    delivery: Delivery = field(default_factory=Delivery)
    cache_status: CacheStatus = CacheStatus.DISABLED
    idempotent: bool | None = None
    """Whether the caller said that running the action twice does no harm; None in a record of an earlier release."""
    references: PayloadRef | None = None
    """The request's ``actionReferences``, as they came; None where it had none, and in a record of an earlier
    release."""
    acceptance_id: str = ""
    """Names the request that opened this record: of two equal ones at the same moment, one did."""
    workflow: WorkflowPlace | None = None
    """None for what was submitted by itself."""
    audit_kept_days: int = 0
    """How long the audit keeps each entry; 0 in a record of an earlier release, whose entries don't say it."""
    lane: Lane = Lane.INTERACTIVE
    caller: str = ""
    """Whom it takes its turns with (``lanes.caller_name``); nothing in a record of an earlier release."""
    defaults: tuple[LearnedDefault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    """What the action's contract does not allow, of a request that was accepted all the same."""
    attempts: int = 0
    chances_used: int = 0
    """Attempts that were refused or ambiguous; waiting, throttling and outages do not count."""
    doubts: int = 0
    """Those of them that were ambiguous."""
    doubted_at: int | None = None
    """When the first of those ended."""
    reruns: int = 0
    run: int = 1
    """Which run this is; each goes out under an id of its own. Asking again about the same run keeps its number."""
    runs_decided: int = 0
    """The outcome of every run up to this one is known, so a webhook about one of them decides nothing."""
    postponements: int = 0
    """How often another try was planned; the backoff grows with it."""
    may_have_run: bool = False
    """An earlier attempt ended ambiguously, so a later failure does not prove that the action did not run."""
    attempt: Attempt | None = None
    next_at: int | None = None
    without_token: bool = False
    """It was put off until then since there was no token."""
    deadline_at: int | None = None
    outcome: Outcome | None = None
    completed_at: int | None = None
    resolved: bool = False
    """An operator said how it ended, so how long that took says nothing about the action."""
    settled_late: bool = False
    """Its outcome came when it was ``unknown`` already, by a webhook or from an operator: good for this execution, and
    never for another one by the cache."""
    acknowledged: bool = False
    """An operator has seen that it failed, is unknown or was not delivered; whatever comes of it next is news again."""
    decision_ids: tuple[str, ...] = ()
    """The last decisions about many that were taken about this one, so that a repeat of their message takes none."""
    webhook_ids: tuple[str, ...] = ()
    """The ids of the webhooks that brought an outcome: a repeat of one decides nothing, whatever has come since."""
    version: int = 0
    audit: AuditHead = field(default_factory=AuditHead)

    @property
    def sent_as(self) -> str:
        """The id under which this run goes out to Genesys Cloud, and under which its webhook arrives."""
        return run_id(self.execution_id, self.run)

    @property
    def reusable_result(self) -> PayloadRef | None:
        """The result that may answer equal requests: one that the action itself returned while it was under way."""
        if self.cache_key is None or self.status is not Status.COMPLETED or self.settled_late or self.resolved:
            return None
        return self.outcome.result if self.outcome else None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status in ENDED

    def paid(self) -> "Execution":
        """Return the record with nothing owed to the audit table."""
        return replace(self, audit=replace(self.audit, owed=()))
