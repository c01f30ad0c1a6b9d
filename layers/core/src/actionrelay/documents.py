"""The documents that go out, as types: what ``views`` and the boundary spell, and what the OpenAPI document is made of.

Names are JSON's. The text below a field is its description in the OpenAPI document; times are ISO 8601 in UTC with ms.
For type checkers and generators alone: nothing that runs in Lambda imports this module.
"""

from typing import Literal, NotRequired, TypedDict

from actionrelay.errors import CheckStatus, FaultCode
from actionrelay.models import CacheStatus, Status, WebhookStatus
from actionrelay.strict_json import Json

type Timestamp = str


class ErrorDocument(TypedDict):
    """Why an execution did not complete."""

    code: str
    """Genesys Cloud's own where it gave one, else one of ours, such as `no_answer` or `webhook_timeout`."""
    message: str
    status: int | None
    """The HTTP status that Genesys Cloud answered with."""
    correlationId: str | None
    """Genesys Cloud's `ININ-Correlation-Id`."""


class ExecutionSummaryDocument(TypedDict):
    """One execution, as it stands, but for its result."""

    executionId: str
    actionId: str
    traceId: str
    status: Status
    """`completed`, `failed`, `unknown` and `cancelled` are ends; an operator can send `failed` and `unknown` back to
    `queued`."""
    webhookStatus: WebhookStatus
    """The caller's own webhook. `none`: not asked for; `failed`: given up."""
    cacheStatus: CacheStatus
    """`hit`: this execution was answered from the cache."""
    error: ErrorDocument | None
    attempts: int
    """How many times a request was about to go to Genesys Cloud."""
    createdAt: Timestamp
    updatedAt: Timestamp
    completedAt: Timestamp | None
    """When the outcome was recorded, whatever it was."""
    latencyMs: int | None
    """From `createdAt` to `completedAt`, in ms."""


class ExecutionDocument(ExecutionSummaryDocument):
    """One execution, as it stands."""

    result: Json
    """What the action returned; null before it completed, and for a result that is not stored any more."""


class ExecutionListDocument(TypedDict):
    """A page of executions, newest first."""

    executions: list[ExecutionSummaryDocument]
    next: str | None
    """Where the next page begins; null where there is none. A page with few executions, or none, may have one."""


type QueueName = Literal["executions", "deliveries"]


class QueueDocument(TypedDict):
    """How many messages a queue holds; SQS says about how many."""

    name: QueueName
    waiting: int
    """Ready to be worked on."""
    delayed: int
    """Planned for later: retries, reminders, places in the line before the rate gate."""
    inFlight: int
    """Being worked on."""
    deadLetters: int
    """In the dead-letter queue, for a person to look at."""


class RateGateDocument(TypedDict):
    """How fast Genesys Cloud is asked."""

    requestsPerMinute: int
    """The most, over all workers together."""
    pausedUntil: Timestamp | None
    """Nothing goes out before that, since Genesys Cloud answered 429; null where nothing is held up."""


class QueuesDocument(TypedDict):
    """What waits, and whether anything holds it up."""

    queues: list[QueueDocument]
    rateGate: RateGateDocument


class AuditDocument(TypedDict):
    """One line of an execution's history; `hash` covers every other field, `previousHash` included."""

    seq: int
    """1, 2, 3, … without a gap."""
    timestamp: Timestamp
    executionId: str
    actionId: str
    event: str
    """What happened: `accepted`, `attempt_started`, `completed`, `webhook_delivered`, …"""
    status: str
    """Of the execution after it."""
    latencyMs: int | None
    """Of the attempt or the delivery, in ms."""
    attempt: int
    """Attempts so far."""
    payloadSizeBytes: int | None
    """Of the request or the result that the event is about; the content itself is not recorded."""
    payloadSha256: str | None
    webhookUrl: str | None
    successRate: float | None
    """Kept for a later version."""
    traceId: str
    correlationId: str | None
    code: str | None
    """The error's."""
    day: str | None
    """In an execution's first entry of each UTC day: that day."""
    actor: str | None
    """Who decided, in the events of an operator."""
    note: str | None
    """What the operator wrote down."""
    limit: str | None
    """Which limit of Genesys Cloud the attempt ran into, as `namespace/key=value`."""
    previousHash: str
    hash: str


class HistoryDocument(TypedDict):
    """The history of one execution, oldest entry first."""

    executionId: str
    entries: list[AuditDocument]


class ReceiptDocument(TypedDict):
    """That an outcome is on record."""

    executionId: str
    status: Status


class CheckDocument(TypedDict):
    """One thing that the preflight looked at."""

    name: str
    status: CheckStatus
    detail: str
    advice: str | None
    """What to do about it; null for `ok`."""


class HealthDocument(TypedDict):
    """That the API answers; of a preflight, also what it found."""

    status: Literal["ok", "degraded"]
    checks: NotRequired[list[CheckDocument]]


class FaultDocument(TypedDict):
    """One thing that is wrong with a request."""

    pointer: str
    """Where, as a JSON pointer (RFC 6901); empty for the request as a whole."""
    code: FaultCode
    detail: str
    path: NotRequired[list[str]]
    """For `cycle`: the names on it, closed."""


class ProblemDocument(TypedDict):
    """Everything that is no success (RFC 9457)."""

    type: str
    """`urn:actionrelay:problem:` and the code."""
    title: str
    status: int
    detail: str
    code: str
    """For programs; stable."""
    traceId: str
    """The request's id at API Gateway, which finds it in the logs; not the execution's `traceId`."""
    errors: NotRequired[list[FaultDocument]]
    """For `invalid_request`: every fault."""
    executionId: NotRequired[str]
    """For `queue_unavailable`: the id under which a repeat finishes what was recorded."""
    checks: NotRequired[list[CheckDocument]]
    """For `preflight_failed`: every check."""


class WebhookDocument(TypedDict):
    """What a caller's webhook gets when an execution has ended."""

    type: Literal["execution.completed", "execution.failed", "execution.unknown"]
    timestamp: Timestamp
    """When it ended."""
    data: ExecutionDocument
