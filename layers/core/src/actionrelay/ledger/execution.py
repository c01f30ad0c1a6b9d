"""The record of an execution: its states, its outcome, its delivery and the end of its history.

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
    """An execution's state; ``ledger.steps`` has the steps between them."""

    QUEUED = "queued"
    RUNNING = "running"
    AWAITING_WEBHOOK = "awaiting_webhook"
    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.UNKNOWN, Status.CANCELLED})
"""No worker changes an execution in one of these; only a late webhook or an operator does."""

INDEXED_ENDS = frozenset({Status.FAILED, Status.UNKNOWN, Status.CANCELLED})
"""The ends that have an index: they are rare and searched for. An ordinary execution pays for no index."""


class WebhookStatus(StrEnum):
    """The state of the caller's own webhook."""

    NONE = "none"
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class CacheStatus(StrEnum):
    """Whether the result cache may answer an execution, and whether it did."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    HIT = "hit"


@dataclass(frozen=True, slots=True)
class PayloadRef:
    """Where a request or a result is stored, with the size and digest that it must have."""

    key: str
    size: int
    digest: str
    inline: bytes | None = field(default=None, repr=False)
    """The compressed bytes, if they are stored in the record."""


@dataclass(frozen=True, slots=True)
class ExecutionError:
    """Why an execution did not complete, as callers see it."""

    code: str
    message: str = field(repr=False)
    """May quote inputs, so it is only for the caller and never logged."""
    status: int | None = None
    correlation_id: str | None = None
    limit: str | None = field(default=None, compare=False)
    """The limit of Genesys Cloud that was hit, as ``namespace/key=value``. Callers don't see it; it is not compared."""


def result_unreadable(reason: str, status: int | None = None, correlation_id: str | None = None) -> ExecutionError:
    """Return the error of a completed execution whose result can't be passed on."""
    message = f"the action ran, and its result can't be handed on: {reason}"
    return ExecutionError("result_unreadable", message, status, correlation_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended: ``completed`` with a result, or ``failed``/``unknown`` with an error.

    A completed one has an error if its result can't be passed on (``result_unreadable``).
    """

    status: Status
    result: PayloadRef | None = None
    error: ExecutionError | None = None


@dataclass(frozen=True, slots=True)
class LearnedDefault:
    """The value of a field that a caller left out, derived from what is known of the action, and why."""

    field: str
    """Its name in requests."""
    value: bool | int
    reason: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One worker's attempt. ``attempt_id`` fences its writes; no other worker may try before the lease ends."""

    attempt_id: str
    number: int
    lease_until: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A series of tries to deliver one outcome to the caller's webhook, and its state."""

    status: WebhookStatus = WebhookStatus.NONE
    attempts: int = 0
    next_at: int | None = None
    """When the next try is due."""
    repeats: int = 0
    """How often an operator had this outcome delivered again; each time starts a new series of tries."""

    @classmethod
    def due(cls, url: str | None) -> "Delivery":
        """Return the first series of an outcome; ``none`` if the caller named no URL."""
        return cls(WebhookStatus.PENDING if url else WebhookStatus.NONE)

    def tried(self, status: WebhookStatus, next_at: int | None) -> "Delivery":
        """Return the series after one more try."""
        return replace(self, status=status, attempts=self.attempts + 1, next_at=next_at)

    def again(self) -> "Delivery":
        """Return a new series for the same outcome."""
        return Delivery(WebhookStatus.PENDING, repeats=self.repeats + 1)

    def due_now(self) -> "Delivery":
        """Return the same series with its next try due now."""
        return replace(self, next_at=None)

    @property
    def is_due_now(self) -> bool:
        """Whether its next try is due now."""
        return self.status is WebhookStatus.PENDING and self.next_at is None

    @property
    def untried(self) -> bool:
        """Whether it waits for its first try."""
        return self.status is WebhookStatus.PENDING and self.attempts == 0


@dataclass(frozen=True, slots=True)
class WorkflowPlace:
    """The workflow and step that an execution belongs to, and the item if the step is a ``forEach``."""

    workflow_id: str
    step: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """The record of one execution. ``version`` counts its writes, and every write is conditional on it."""

    execution_id: str
    action_id: str
    trace_id: str
    content_hash: str
    request: PayloadRef
    timeout_ms: int
    cache_key: str | None
    webhook_url: str | None
    repeatable: bool
    """The action may run again: the contract carries the id, or the caller said ``idempotent``."""
    created_at: int
    updated_at: int
    queued_at: int
    """When it was accepted, or last retried by an operator."""
    status: Status = Status.QUEUED
    delivery: Delivery = field(default_factory=Delivery)
    cache_status: CacheStatus = CacheStatus.DISABLED
    idempotent: bool | None = None
    """Whether the caller said ``idempotent``; None in a record of an earlier release."""
    references: PayloadRef | None = None
    """The request's ``actionReferences`` as sent; None if it had none, and in a record of an earlier release."""
    acceptance_id: str = ""
    """Identifies the request that created this record, so that of two equal simultaneous ones only one did."""
    workflow: WorkflowPlace | None = None
    """None for an execution that belongs to no workflow."""
    audit_kept_days: int = 0
    """How many days the audit keeps each entry; 0 in a record of an earlier release, whose entries don't have it."""
    lane: Lane = Lane.INTERACTIVE
    caller: str = ""
    """The caller whose turns it takes (``lanes.caller_name``); empty in a record of an earlier release."""
    defaults: tuple[LearnedDefault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    """What the action's contract does not allow in an accepted request."""
    attempts: int = 0
    chances_used: int = 0
    """Attempts that were refused or ambiguous; waiting, throttling and outages do not count."""
    doubts: int = 0
    """The ambiguous ones of them."""
    doubted_at: int | None = None
    """When the first ambiguous attempt ended."""
    reruns: int = 0
    run: int = 1
    """The number of this run; each run is sent under its own id. Asking again about a run keeps its number."""
    runs_decided: int = 0
    """The outcomes of all runs up to this number are known, so a webhook about one of them decides nothing."""
    postponements: int = 0
    """How many retries were planned; the backoff grows with it."""
    may_have_run: bool = False
    """An earlier attempt ended ambiguously, so a later failure does not prove that the action did not run."""
    attempt: Attempt | None = None
    next_at: int | None = None
    without_token: bool = False
    """It was postponed because there was no token."""
    deadline_at: int | None = None
    outcome: Outcome | None = None
    completed_at: int | None = None
    resolved: bool = False
    """An operator recorded the outcome, so its latency says nothing about the action."""
    settled_late: bool = False
    """Its outcome came after it was ``unknown``, by a webhook or from an operator. The cache does not use it."""
    acknowledged: bool = False
    """An operator has seen that it failed, is unknown or was not delivered; the next change resets this."""
    decision_ids: tuple[str, ...] = ()
    """The last decisions about many that included this one, so that a repeated message decides nothing."""
    webhook_ids: tuple[str, ...] = ()
    """The ids of webhooks that brought an outcome, so that a repeat of one decides nothing."""
    version: int = 0
    audit: AuditHead = field(default_factory=AuditHead)

    @property
    def sent_as(self) -> str:
        """The id under which this run is sent to Genesys Cloud, and under which its webhook arrives."""
        return run_id(self.execution_id, self.run)

    @property
    def reusable_result(self) -> PayloadRef | None:
        """The result that may answer equal requests: one that the action returned before it was ever ``unknown``."""
        if self.cache_key is None or self.status is not Status.COMPLETED or self.settled_late or self.resolved:
            return None
        return self.outcome.result if self.outcome else None

    @property
    def ended(self) -> bool:
        """Whether no worker will change it any more."""
        return self.status in ENDED

    def paid(self) -> "Execution":
        """Return the record with no outstanding audit entries."""
        return replace(self, audit=replace(self.audit, owed=()))
