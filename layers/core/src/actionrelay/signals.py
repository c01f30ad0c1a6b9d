"""The names of all metrics, in one place: what alarms and the dashboard of the template may ask for.

Names are part of what operators rely on. A counter that is given a code has a twin, ``…ByCode``, with the code as its
second dimension; every other metric has the dimension ``service`` alone, which is the stack's name.
"""

from enum import StrEnum


class Count(StrEnum):
    """What is counted. The statistic to read is the sum, but where it says otherwise."""

    EXECUTIONS_ACCEPTED = "ExecutionsAccepted"
    """Recorded and queued."""
    CACHE_HITS = "CacheHits"
    """Answered with an equal request's result; these are neither accepted nor succeeded."""
    SUBMISSIONS_REJECTED = "SubmissionsRejected"
    """Submissions, dry runs left out, that were refused for what they say: nothing was recorded."""
    REQUESTS_REFUSED = "RequestsRefused"
    """Requests to any route that were answered with a problem, the gateway's own answers left out."""
    WAITS_REFUSED = "WaitsRefused"
    """Requests that wanted to wait for an end and were answered at once, since no slot was free."""
    EXECUTIONS_SUCCEEDED = "ExecutionsSucceeded"
    EXECUTIONS_FAILED = "ExecutionsFailed"
    EXECUTIONS_UNKNOWN = "ExecutionsUnknown"
    EXECUTIONS_UNSUCCESSFUL = "ExecutionsUnsuccessful"
    """0 for each execution that ended as completed, 1 for each that ended otherwise: its average is the error rate, its
    number of samples the volume, and neither can be missing while the other is there."""
    EXECUTIONS_RERUN = "ExecutionsRerun"
    EXECUTIONS_CANCELLED = "ExecutionsCancelled"
    RETRIES_PLANNED = "RetriesPlanned"
    THROTTLED = "Throttled"
    """429 from Genesys Cloud."""
    RATE_GATE_WAITS = "RateGateWaits"
    ATTEMPTS_TAKEN_OVER = "AttemptsTakenOver"
    """Workers that died with an execution in hand."""
    TOKEN_REFRESHES = "TokenRefreshes"
    TOKEN_REFRESH_FAILURES = "TokenRefreshFailures"
    """Requests for a token that the login host refused or did not answer: one in two seconds at most, over all workers,
    however many executions wait for it."""
    TOKENS_REFUSED = "TokensRefused"
    """Those of them that don't pass by themselves: refused credentials, a missing permission or scope."""
    TOKEN_WAITS = "TokenWaits"
    """Executions that are tried again later because another worker was getting the token."""
    TOKEN_LEASE_TAKEOVERS = "TokenLeaseTakeovers"
    TOKEN_FAILURES = "TokenFailures"
    """Executions that could not be run for want of a token."""
    RESULTS_NOT_STORED = "ResultsNotStored"
    WEBHOOKS_RECEIVED = "WebhooksReceived"
    WEBHOOKS_REFUSED = "WebhooksRefused"
    """Webhooks whose origin was not proven."""
    WEBHOOK_CONFLICTS = "WebhookConflicts"
    AUDIT_CONFLICTS = "AuditConflicts"
    """Audit entries that found another one in their place, and are in no table."""
    REJECTIONS_NOT_RECORDED = "RejectionsNotRecorded"
    """Refused submissions that the audit lacks, since the table did not answer in time."""
    WEBHOOK_DEADLINES_PASSED = "WebhookDeadlinesPassed"
    """Executions that became unknown because their webhook did not come in time."""
    WEBHOOK_DELIVERIES = "WebhookDeliveries"
    """Tries to deliver, by what they left the delivery at."""
    DELIVERIES_GIVEN_UP = "DeliveriesGivenUp"
    REDELIVERIES_REQUESTED = "RedeliveriesRequested"
    EXECUTIONS_ACKNOWLEDGED = "ExecutionsAcknowledged"
    MESSAGES_POSTPONED = "MessagesPostponed"
    """Messages that are sent again with a delay because a service failed or another worker was first."""
    MESSAGES_RETURNED = "MessagesReturned"
    MESSAGES_BURIED = "MessagesBuried"
    """Messages that went back to their queue, and count towards the dead-letter queue."""
    WORKFLOWS_ACCEPTED = "WorkflowsAccepted"
    WORKFLOWS_COMPLETED = "WorkflowsCompleted"
    WORKFLOWS_FAILED = "WorkflowsFailed"
    WORKFLOWS_BLOCKED = "WorkflowsBlocked"
    """Workflows that began to wait for a step whose outcome nobody knows."""
    WORKFLOWS_CANCELLED = "WorkflowsCancelled"
    WORKFLOWS_RETRIED = "WorkflowsRetried"
    CHANGES_NOT_COUNTED = "ChangesNotCounted"
    """Changes of the tables that could not be read, and that the counters lack."""


class Duration(StrEnum):
    """What is timed, in milliseconds."""

    QUEUE_WAIT = "QueueWait"
    """From acceptance, or an operator's retry, to the first attempt."""
    GENESYS_LATENCY = "GenesysLatency"
    """One request to Genesys Cloud."""
    END_TO_END_LATENCY = "EndToEndLatency"
    """From acceptance, or an operator's retry, to the outcome; cache hits and what operators decide left out."""


def by_code(count: Count) -> str:
    """Name the twin of a counter that has the code as its second dimension."""
    return f"{count}ByCode"
