"""What each route does, takes and answers: what neither the types nor the template say."""

from dataclasses import dataclass, field
from typing import Any

from actionrelay.errors import (
    ActionNotFoundError,
    ActionRelayError,
    BacklogFullError,
    CallerUnknownError,
    DecisionNotFoundError,
    ExecutionConflictError,
    ExecutionNotFoundError,
    InvalidRequestError,
    MalformedJsonError,
    NoCatalogueError,
    OperatorsOnlyError,
    OutcomeConflictError,
    PayloadTooLargeError,
    PreflightFailedError,
    QueueUnavailableError,
    RecordUnreadableError,
    SecretUnavailableError,
    SettingsError,
    StaleWriteError,
    StoreUnavailableError,
    UnauthenticWebhookError,
    UnsupportedMediaTypeError,
    WebhookConflictError,
    WorkflowConflictError,
    WorkflowNotFoundError,
    WrongStateError,
)
from tools.openapi import examples

type Errors = tuple[type[ActionRelayError], ...]

ANYWHERE: Errors = (InvalidRequestError, ActionRelayError)
"""What any route can answer: a request that its route does not take, or a bug."""
READ_FIRST: Errors = (UnsupportedMediaTypeError,)
"""What any route can answer but those that take nothing before its proof."""
CALLERS_ALONE: Errors = (CallerUnknownError,)
"""What any route but the open ones can answer."""
OPERATORS_ALONE: Errors = (OperatorsOnlyError,)
"""What any route for operators can answer."""
_DEPLOYED: Errors = (SettingsError,)
_STORED: Errors = (StoreUnavailableError, *_DEPLOYED)
_READ: Errors = (ExecutionNotFoundError, *_STORED)
_DECIDED: Errors = (ExecutionNotFoundError, WrongStateError, StaleWriteError, QueueUnavailableError, *_STORED)
_UNREADABLE: Errors = (RecordUnreadableError,)
_WORKFLOW_DECIDED: Errors = (
    WorkflowNotFoundError,
    WrongStateError,
    StaleWriteError,
    QueueUnavailableError,
    *_UNREADABLE,
    *_STORED,
)
_RECEIVED: Errors = (
    UnauthenticWebhookError,
    PayloadTooLargeError,
    InvalidRequestError,
    ExecutionNotFoundError,
    OutcomeConflictError,
    WebhookConflictError,
    StaleWriteError,
    SecretUnavailableError,
    QueueUnavailableError,
    *_STORED,
)
_BODY: Errors = (MalformedJsonError, PayloadTooLargeError, InvalidRequestError)


@dataclass(frozen=True, slots=True)
class Success:
    """An answer that is none of the problems."""

    description: str
    schemas: tuple[str, ...]
    """Names of components: the answer is any of them."""
    examples: dict[str, Any]
    headers: tuple[str, ...] = ()
    """Names of components that every such answer carries."""
    optional_headers: tuple[str, ...] = ()
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Operation:
    """What there is to say about one route of ``boundary.routes``."""

    tag: str
    summary: str
    description: str
    answers: dict[int, Success]
    errors: Errors
    body: str | None = None
    body_examples: dict[str, Any] = field(default_factory=dict)
    body_required: bool = True


def _execution(description: str, **shown: dict[str, Any]) -> Success:
    return Success(description, ("Execution",), shown)


def _decision(description: str, shown: dict[str, Any]) -> Success:
    return Success(description, ("Execution",), {"execution": shown}, headers=("X-Trace-Id",))


def _workflow(description: str, **shown: dict[str, Any]) -> Success:
    return Success(description, ("Workflow",), shown)


TAGS = {
    "Executions": "Submit one, and see what became of it.",
    "Workflows": "Run several that depend on each other.",
    "Decisions": "What an operator decides about one execution. Who decided is on record.",
    "Actions": "What the organisation's actions take, and what follows from it.",
    "Genesys Cloud": "Where results come in.",
    "About": "The API itself.",
}

OPERATIONS: dict[str, Operation] = {
    "submitExecution": Operation(
        "Executions",
        "Submit an execution",
        "Checks the request, records it and queues it. All faults of a request are reported together. The same "
        "`executionId` with the same content is the same execution, so a request can be sent again safely.",
        {
            200: Success(
                "Answered from the cache, ended while the caller waited, or accepted before under this `executionId`, "
                "in its current state; for a dry run, the normalised request.",
                ("Execution", "NormalisedRequest"),
                {
                    "repeated": examples.completed(),
                    "dryRun": examples.request().model_dump(mode="json", by_alias=True),
                },
                optional_headers=("X-Trace-Id", "Location", "Preference-Applied"),
            ),
            202: Success(
                "Accepted and queued.",
                ("Execution",),
                {"queued": examples.queued()},
                headers=("X-Trace-Id", "Location"),
            ),
        },
        (*_BODY, ExecutionConflictError, BacklogFullError, QueueUnavailableError, *_STORED),
        body="ExecutionRequest",
        body_examples={"request": examples.REQUEST},
    ),
    "submitBatch": Operation(
        "Executions",
        "Submit a batch of executions",
        "Each is checked, recorded and queued as if it came alone, in the bulk lane unless it says otherwise. Where a "
        "request has no `executionId`, it is the UUIDv5 of batch and index; where it has no `traceId`, it is the "
        "`batchId`. So the same batch can be sent again safely.",
        {200: Success("What became of each.", ("Batch",), {"batch": examples.batch()})},
        (*_BODY, *_STORED),
        body="BatchRequest",
        body_examples={"batch": examples.BATCH},
    ),
    "listExecutions": Operation(
        "Executions",
        "List executions",
        "Newest first, in pages that what is accepted meanwhile does not move. All filters hold together. One answer "
        "looks at a bounded part of the list, so a page may hold fewer executions than `limit`, even none, and have a "
        "`next`.",
        {200: Success("A page.", ("ExecutionList",), {"page": examples.page()})},
        (InvalidRequestError, *_STORED),
    ),
    "getExecution": Operation(
        "Executions",
        "Read an execution",
        "As last written, with its result. With `wait` the answer comes when it has ended, or when that is over.",
        {200: _execution("The execution.", queued=examples.queued(), completed=examples.completed())},
        (InvalidRequestError, *_READ),
    ),
    "getExecutionAudit": Operation(
        "Executions",
        "Read the history of an execution",
        "Every step on record, oldest first, chained by hashes. With `verify=true` the chain is checked, and its end "
        "against the execution's record.",
        {
            200: Success(
                "The history.",
                ("History",),
                {"history": examples.history(), "verified": examples.verified(), "broken": examples.broken()},
            )
        },
        (InvalidRequestError, *_READ),
    ),
    "getExecutionRequest": Operation(
        "Decisions",
        "Read the request of an execution",
        "As it was accepted, with the values that `MaskInputs` names left out. Who reads it is on record before it is "
        "shown.",
        {200: Success("The request.", ("AcceptedRequest",), {"request": examples.accepted_request()})},
        (StaleWriteError, *_READ),
    ),
    "decideAboutMany": Operation(
        "Decisions",
        "Decide about many executions",
        "About each that the filter means, in the background: what is accepted or ends later is left alone, and so is "
        "what is in a state in which this can't be decided. At most a thousand at once; each has the decision's id in "
        "its history. With `dryRun`, says how many it would be about.",
        {
            200: Success(
                "How many it would be about; nothing has changed.", ("DecisionPreview",), {"preview": {"matched": 50}}
            ),
            202: Success(
                "On record and begun.", ("DecisionTaken",), {"taken": examples.DECISION_TAKEN}, headers=("Location",)
            ),
        },
        (*_BODY, QueueUnavailableError, *_STORED),
        body="DecisionRequest",
        body_examples={
            "retry": {"decision": "retry", "filter": {"errorCode": "http_503", "from": "2026-11-24T09:00:00Z"}},
            "resolve": {
                "decision": "resolve",
                "filter": {"status": "unknown", "actionId": examples.REQUEST["actionId"]},
                "resolution": {"status": "failed", "error": "the CRM was down"},
                "note": "incident 4711",
            },
            "preview": {"decision": "redeliver", "filter": {"webhookStatus": "failed"}, "dryRun": True},
        },
    ),
    "getDecision": Operation(
        "Decisions",
        "See how far a decision about many has come",
        "It has `completed` when each execution is decided about or refused.",
        {200: Success("Its progress.", ("DecisionProgress",), {"progress": examples.DECISION_PROGRESS})},
        (DecisionNotFoundError, *_STORED),
    ),
    "getAuditDay": Operation(
        "Executions",
        "Read what happened on a day",
        "All audit entries of one UTC day in pages: an execution's together and in order, executions by action, then "
        "time; refused submissions too. A page holds whole executions.",
        {200: Success("A page of the day.", ("AuditDay",), {"page": examples.audit_day()})},
        (InvalidRequestError, *_STORED),
    ),
    "retryExecution": Operation(
        "Decisions",
        "Run an execution again",
        "For one that is `failed` or `unknown`. After `failed` it is another run, under an id of its own. After "
        "`unknown`, with `data-actions`, it asks again under the same id, which runs nothing twice, unless `again` is "
        "true.",
        {202: _decision("Queued again.", examples.queued())},
        (*_BODY, *_DECIDED),
        body="Retry",
        body_examples={"askAgain": {"again": False}, "runAgain": {"again": True}},
        body_required=False,
    ),
    "resolveExecution": Operation(
        "Decisions",
        "Record how an unknown execution ended",
        "What an operator found out becomes the outcome, and is sent to the caller's webhook.",
        {200: _decision("On record.", examples.redelivered())},
        (*_BODY, *_DECIDED),
        body="Resolution",
        body_examples={
            "completed": examples.RESOLUTION,
            "failed": {"status": "failed", "error": "the CRM has no such order"},
        },
    ),
    "cancelExecution": Operation(
        "Decisions",
        "Stop an execution",
        "For one that is `queued`, and of which no attempt may have run; no body.",
        {200: _decision("Cancelled, for good.", examples.cancelled())},
        _DECIDED,
    ),
    "acknowledgeExecution": Operation(
        "Decisions",
        "Acknowledge what needs attention",
        "For one that is `failed` or `unknown`, or whose webhook was given up. It stays on record as it is, and leaves "
        "the lists of what needs attention until something comes of it.",
        {200: _decision("On record.", examples.redelivered())},
        (*_BODY, *_DECIDED),
        body="Acknowledgement",
        body_examples={"note": {"note": "informed the customer"}},
        body_required=False,
    ),
    "redeliverWebhook": Operation(
        "Decisions",
        "Deliver an execution's webhook again",
        "For one that has ended and has a webhook. One that was delivered or given up begins from the start, one that "
        "waits for its next try makes it now. No body.",
        {202: _decision("The delivery is queued.", examples.redelivered())},
        _DECIDED,
    ),
    "submitWorkflow": Operation(
        "Workflows",
        "Submit a workflow",
        "Checks the whole workflow, records it and begins it. Each step is an execution, begun when what it depends on "
        "has ended. The same `workflowId` with the same content is the same workflow.",
        {
            200: Success(
                "Accepted before under this `workflowId`, in its current state; for a dry run, the plan.",
                ("Workflow", "Plan"),
                {"repeated": examples.workflow(), "dryRun": examples.planned()},
                optional_headers=("X-Trace-Id", "Location"),
            ),
            202: Success(
                "Accepted and begun.",
                ("Workflow",),
                {"accepted": examples.accepted_workflow()},
                headers=("X-Trace-Id", "Location"),
            ),
        },
        (*_BODY, WorkflowConflictError, BacklogFullError, QueueUnavailableError, *_UNREADABLE, *_STORED),
        body="WorkflowRequest",
        body_examples={"workflow": examples.WORKFLOW},
    ),
    "listWorkflows": Operation(
        "Workflows",
        "List workflows",
        "Newest first. One answer looks at a bounded part of the list: a page may hold fewer workflows than `limit`, "
        "even none, and have a `next`.",
        {200: Success("A page.", ("WorkflowList",), {"page": examples.workflow_page()})},
        (InvalidRequestError, *_UNREADABLE, *_STORED),
    ),
    "getWorkflow": Operation(
        "Workflows",
        "Read a workflow",
        "As last written, with its steps and their results.",
        {200: _workflow("The workflow.", blocked=examples.workflow())},
        (WorkflowNotFoundError, *_UNREADABLE, *_STORED),
    ),
    "retryWorkflow": Operation(
        "Decisions",
        "Run some of a workflow again",
        "Failed and unknown steps and all that follows from them; or `from` a step, which with all that depends on it "
        "runs again, whatever its outcome. What is unknown is asked about again under the id that went out before. Not "
        "while it is `running`.",
        {
            202: Success(
                "It goes on.", ("Workflow",), {"workflow": examples.accepted_workflow()}, headers=("X-Trace-Id",)
            )
        },
        (*_BODY, *_WORKFLOW_DECIDED),
        body="WorkflowRetry",
        body_examples={"failed": {}, "fromOne": {"from": "orders"}},
        body_required=False,
    ),
    "cancelWorkflow": Operation(
        "Decisions",
        "Stop a workflow",
        "Nothing more starts; what is under way goes on, and is recorded. For one that is `running` or `blocked`; no "
        "body.",
        {200: Success("Cancelled.", ("Workflow",), {"workflow": examples.workflow()}, headers=("X-Trace-Id",))},
        _WORKFLOW_DECIDED,
    ),
    "getMetrics": Operation(
        "Executions",
        "Ask how the deployment is doing",
        "From stored counters, about a minute behind: each execution once, by the UTC day of its acceptance, as it "
        "is now. Since the deployment, unless `from` or `to` names days.",
        {200: Success("The counts.", ("Metrics",), {"metrics": examples.metrics()})},
        (InvalidRequestError, *_STORED),
    ),
    "listActions": Operation(
        "Actions",
        "List the organisation's actions",
        "All that can be executed, by name, from the catalogue that is read each hour (`integrations`). With "
        "`data-actions` there is none, and the list is empty.",
        {200: Success("The actions, and how far the catalogue is.", ("Actions",), {"actions": examples.actions()})},
        _STORED,
    ),
    "getAction": Operation(
        "Actions",
        "Show an action",
        "Its contract as a table and as its JSON Schema, and what takes the place of fields that a request leaves out.",
        {200: Success("The action.", ("ActionContract",), {"action": examples.action()})},
        (ActionNotFoundError, *_STORED),
    ),
    "syncActions": Operation(
        "Actions",
        "Read the actions now",
        "Has every definition read again, in the bulk lane: as fast as executions leave permits.",
        {
            202: Success(
                "It is queued. How far the catalogue is now.", ("Catalogue",), {"catalogue": examples.CATALOGUE}
            )
        },
        (NoCatalogueError, QueueUnavailableError, *_STORED),
    ),
    "getAttention": Operation(
        "Executions",
        "See what needs somebody",
        "Unknown outcomes, webhooks that were given up, and the failures of the last 24 hours, without what somebody "
        "has acknowledged. Each is the first page of a list; its `next` goes on there, with that list's filter.",
        {200: Success("What needs somebody.", ("Attention",), {"attention": examples.attention()})},
        _STORED,
    ),
    "getQueues": Operation(
        "About",
        "See what waits",
        "Depths of the queues and their dead-letter queues, about as SQS has them, and whether the rate gate pauses.",
        {200: Success("The queues.", ("Queues",), {"queues": examples.QUEUES})},
        (QueueUnavailableError, *_STORED),
    ),
    "getHealth": Operation(
        "About",
        "Ask whether the API answers",
        "With `deep=true`, a preflight: whether this deployment can execute actions now, and what to do "
        "where it can't. It runs no action and writes nothing.",
        {
            200: Success(
                "It answers. Of a preflight, `degraded` says that something is not as it should be; executions go on.",
                ("Health",),
                {
                    "plain": {"status": "ok"},
                    "deep": {
                        "status": "degraded",
                        "checks": [
                            {
                                "name": check.name,
                                "status": check.status,
                                "detail": check.detail,
                                "advice": check.advice,
                            }
                            for check in examples.CHECKS
                        ],
                    },
                },
            )
        },
        (InvalidRequestError, PreflightFailedError, *_DEPLOYED),
    ),
    "getReceiverKeys": Operation(
        "Decisions",
        "Read the keys of a receiver",
        "With which webhooks to a host are signed, for an operator to hand to its owner. Derived from the "
        "deployment's secrets and the host; nothing is kept.",
        {200: Success("The keys.", ("ReceiverKeys",), {"keys": examples.RECEIVER_KEYS})},
        (InvalidRequestError, SecretUnavailableError, *_DEPLOYED),
    ),
    "getOpenApi": Operation(
        "About",
        "Read this document",
        "The API's description as OpenAPI 3.1, as the deployed code was built with it.",
        {200: Success("The document.", (), {})},
        (),
    ),
    "getDocs": Operation(
        "About",
        "Read this document as a page",
        "One HTML page without scripts or outside resources.",
        {200: Success("The page.", (), {}, headers=("Content-Security-Policy",), media_type="text/html")},
        (),
    ),
    "getConsole": Operation(
        "About",
        "Open the console",
        "One HTML page without outside resources. It holds no data; it asks its reader for what the other routes want "
        "to see, and calls them from the browser.",
        {
            200: Success(
                "The page.",
                (),
                {},
                headers=("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"),
                media_type="text/html",
            )
        },
        _DEPLOYED,
    ),
    "receiveGenesysWebhook": Operation(
        "Genesys Cloud",
        "Take a result from Genesys Cloud",
        "Open at the gateway; believed only by its signature over the raw bytes, made with any of the secrets in "
        "`WebhookSecretName`. Which headers it needs depends on `WebhookScheme`; each comes exactly once.",
        {
            200: Success(
                "Recorded, now or by an equal webhook before.",
                ("Receipt",),
                {"receipt": {"executionId": examples.REQUEST["executionId"], "status": "completed"}},
                headers=("X-Trace-Id",),
            )
        },
        _RECEIVED,
        body="ResultWebhook",
        body_examples={
            "completed": examples.RESULT,
            "failed": {
                "executionId": examples.REQUEST["executionId"],
                "status": "failed",
                "error": {"code": "not_found", "message": "no such customer", "status": 404},
            },
        },
    ),
}
