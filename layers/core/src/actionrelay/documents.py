"""The documents that go out, as types: what ``views`` and the boundary spell, and what the OpenAPI document is made of.

Names are JSON's. The text below a field is its description in the OpenAPI document; times are ISO 8601 in UTC with ms.
For type checkers and generators alone: nothing that runs in Lambda imports this module.
"""

from typing import Literal, NotRequired, TypedDict

from actionrelay.errors import CheckStatus, FaultCode
from actionrelay.ledger.execution import CacheStatus, Status, WebhookStatus
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
    """In an outcome: the deployment's of the day until then, from 0 to 1; null where nothing had ended, or it could not
    be read."""
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


class VerificationDocument(TypedDict):
    """Whether a history is whole: every entry as it was written, none missing, none added."""

    intact: bool
    checkedEntries: int
    """Entries found in order, up to the first that is not."""
    brokenAt: int | None
    """The `seq` of the first entry that is changed, missing or too many."""
    detail: str | None
    """What is wrong, in words; of an intact history, what could not be checked."""


class HistoryDocument(TypedDict):
    """The history of one execution, oldest entry first."""

    executionId: str
    entries: list[AuditDocument]
    """Those included that the execution's record has and the audit table not yet."""
    verification: NotRequired[VerificationDocument]
    """With `verify=true`."""


class AuditDayDocument(TypedDict):
    """What happened on one UTC day: an execution's entries together and in order, executions by action, then time."""

    date: str
    entries: list[AuditDocument]
    next: str | None
    """Asks for the next page; null on the last one."""


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


class LatencyDocument(TypedDict):
    """Latencies in ms that so many did not exceed, within 5 %; null where none was measured."""

    p50: int | None
    p95: int | None
    p99: int | None


class CountsDocument(TypedDict):
    """What was counted, by the UTC day and hour of acceptance, as things stand now."""

    totalExecutions: int
    """Accepted, answers from the cache included."""
    successfulExecutions: int
    failedExecutions: int
    unknownExecutions: int
    cancelledExecutions: int
    inProgressExecutions: int
    """Accepted and not ended."""
    cacheHits: int
    """Of the successful ones, those that the cache answered."""
    rejectedRequests: int
    """Refused as invalid; none of the executions."""
    averageLatencyMs: int | None
    """From acceptance, or an operator's last retry, to outcome, of what ended as `completed` or `failed`; without what
    the cache answered and what an operator resolved. Null where nothing has."""
    latencyMs: LatencyDocument
    successRate: float | None
    """Successful over successful, failed and unknown, from 0 to 1; null where nothing has ended."""


class DayDocument(CountsDocument):
    """What was counted of one day."""

    date: str
    """The UTC day."""


class HourDocument(CountsDocument):
    """What was counted of one hour, all actions together."""

    hour: Timestamp
    """When it began."""


class ActionDocument(CountsDocument):
    """What was counted of one action."""

    actionId: str


class MetricsDocument(CountsDocument):
    """How the deployment is doing: since it was deployed, or of the days that were asked for."""

    firstDay: str | None
    """What was asked for as `from`."""
    lastDay: str | None
    """What was asked for as `to`."""
    actionId: str | None
    """The only action that was counted, where one was asked for."""
    days: list[DayDocument]
    """Those that were asked for, else the last 30; one on which nothing happened is left out."""
    hours: list[HourDocument]
    """The last 48 hours, whatever was asked for; one in which nothing happened is left out."""
    actions: list[ActionDocument]
    """Since the deployment, whatever was asked."""


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
