"""Summaries, descriptions, examples and errors of each route, which neither the types nor the template have."""

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
"""Errors of any route: an invalid request, or a bug."""
READ_FIRST: Errors = (UnsupportedMediaTypeError,)
"""Errors of any route that does not verify a signature first."""
CALLERS_ALONE: Errors = (CallerUnknownError,)
"""Errors of any route except the open ones."""
OPERATORS_ALONE: Errors = (OperatorsOnlyError,)
"""Errors of any operators' route."""
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
    """A response that is not a problem."""

    description: str
    schemas: tuple[str, ...]
    """Names of components: the response is one of them."""
    examples: dict[str, Any]
    headers: tuple[str, ...] = ()
    """Names of components that every such response has."""
    optional_headers: tuple[str, ...] = ()
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Operation:
    """The description of one route of ``boundary.routes``."""

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
    "Executions": "Submit executions and read their state.",
    "Workflows": "Run several executions that depend on each other.",
    "Decisions": "Operators' decisions. Each is on record with its actor.",
    "Actions": "The organisation's actions and their contracts.",
    "Genesys Cloud": "Receives results.",
    "About": "The API itself.",
}

OPERATIONS: dict[str, Operation] = {
    "submitExecution": Operation(
        "Executions",
        "Submit an execution",
        "Validates the request, records it and queues it. All faults are reported together. The same "
        "`executionId` with the same content is the same execution, so a request is safe to repeat.",
        {
            200: Success(
                "Answered from the cache, ended while the caller waited, or the current state of an execution that was "
                "accepted before under this `executionId`; for a dry run, the normalised request.",
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
        "Each is validated, recorded and queued as if sent separately, by default in the bulk lane. `executionId` "
        "defaults to the UUIDv5 of batch and index, `traceId` to the `batchId`. So the same batch is safe to repeat.",
        {200: Success("The result of each.", ("Batch",), {"batch": examples.batch()})},
        (*_BODY, *_STORED),
        body="BatchRequest",
        body_examples={"batch": examples.BATCH},
    ),
    "listExecutions": Operation(
        "Executions",
        "List executions",
        "Newest first, in pages that new executions do not shift. An execution must match all filters. One response "
        "examines a bounded part of the list, so a page may have fewer executions than `limit`, even none, and still "
        "have a `next`.",
        {200: Success("A page.", ("ExecutionList",), {"page": examples.page()})},
        (InvalidRequestError, *_STORED),
    ),
    "getExecution": Operation(
        "Executions",
        "Read an execution",
        "Its current state, with its result. With `wait` the response comes when it has ended, or after that time.",
        {200: _execution("The execution.", queued=examples.queued(), completed=examples.completed())},
        (InvalidRequestError, *_READ),
    ),
    "getExecutionAudit": Operation(
        "Executions",
        "Read the history of an execution",
        "Every step on record, oldest first, chained by hashes. With `verify=true` the chain is verified, and its end "
        "compared with the execution's record.",
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
        "As accepted, with the values that `MaskInputs` names masked. The reader is on record before it is shown.",
        {200: Success("The request.", ("AcceptedRequest",), {"request": examples.accepted_request()})},
        (StaleWriteError, *_READ),
    ),
    "decideAboutMany": Operation(
        "Decisions",
        "Decide about many executions",
        "About each that matches the filter, in the background. Executions that are accepted or end later, or whose "
        "state does not allow the decision, are unchanged. At most a thousand at once; each has the decision's id in "
        "its history. With `dryRun`, returns how many match.",
        {
            200: Success("How many match; nothing has changed.", ("DecisionPreview",), {"preview": {"matched": 50}}),
            202: Success(
                "On record and started.", ("DecisionTaken",), {"taken": examples.DECISION_TAKEN}, headers=("Location",)
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
        "Read the progress of a decision about many",
        "It is `completed` when each execution is decided or refused.",
        {200: Success("Its progress.", ("DecisionProgress",), {"progress": examples.DECISION_PROGRESS})},
        (DecisionNotFoundError, *_STORED),
    ),
    "getAuditDay": Operation(
        "Executions",
        "Read what happened on a day",
        "All audit entries of one UTC day in pages: an execution's together and in order, executions by action, then "
        "time; refused submissions too. A page has whole executions.",
        {200: Success("A page of the day.", ("AuditDay",), {"page": examples.audit_day()})},
        (InvalidRequestError, *_STORED),
    ),
    "retryExecution": Operation(
        "Decisions",
        "Run an execution again",
        "For one that is `failed` or `unknown`. After `failed` it is another run, under a new id. After "
        "`unknown`, with `data-actions`, the request is repeated under the same id, which runs nothing twice, unless "
        "`again` is true.",
        {202: _decision("Queued again.", examples.queued())},
        (*_BODY, *_DECIDED),
        body="Retry",
        body_examples={"askAgain": {"again": False}, "runAgain": {"again": True}},
        body_required=False,
    ),
    "resolveExecution": Operation(
        "Decisions",
        "Record how an unknown execution ended",
        "What an operator found out becomes the outcome, and is delivered to the caller's webhook.",
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
        "For one that is `queued`, if no attempt may have run; no body.",
        {200: _decision("Cancelled; this is final.", examples.cancelled())},
        _DECIDED,
    ),
    "acknowledgeExecution": Operation(
        "Decisions",
        "Acknowledge what needs attention",
        "For one that is `failed` or `unknown`, or whose webhook was given up. Its state does not change; it leaves "
        "the lists of what needs attention until another outcome, run or redelivery.",
        {200: _decision("On record.", examples.redelivered())},
        (*_BODY, *_DECIDED),
        body="Acknowledgement",
        body_examples={"note": {"note": "informed the customer"}},
        body_required=False,
    ),
    "redeliverWebhook": Operation(
        "Decisions",
        "Deliver an execution's webhook again",
        "For one that has ended and has a webhook. A delivered or given-up delivery starts over, a pending one makes "
        "its next try now. No body.",
        {202: _decision("The delivery is queued.", examples.redelivered())},
        _DECIDED,
    ),
    "submitWorkflow": Operation(
        "Workflows",
        "Submit a workflow",
        "Validates the whole workflow, records it and starts it. Each step is an execution, which starts when its "
        "dependencies have ended. The same `workflowId` with the same content is the same workflow.",
        {
            200: Success(
                "The current state of a workflow that was accepted before under this `workflowId`; for a dry run, the "
                "plan.",
                ("Workflow", "Plan"),
                {"repeated": examples.workflow(), "dryRun": examples.planned()},
                optional_headers=("X-Trace-Id", "Location"),
            ),
            202: Success(
                "Accepted and started.",
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
        "Newest first. One response examines a bounded part of the list: a page may have fewer workflows than `limit`, "
        "even none, and still have a `next`.",
        {200: Success("A page.", ("WorkflowList",), {"page": examples.workflow_page()})},
        (InvalidRequestError, *_UNREADABLE, *_STORED),
    ),
    "getWorkflow": Operation(
        "Workflows",
        "Read a workflow",
        "Its current state, with its steps and their results.",
        {200: _workflow("The workflow.", blocked=examples.workflow())},
        (WorkflowNotFoundError, *_UNREADABLE, *_STORED),
    ),
    "retryWorkflow": Operation(
        "Decisions",
        "Run part of a workflow again",
        "Failed and unknown steps and everything that depends on them; or, with `from`, that step and everything that "
        "depends on it, whatever the outcome. An unknown step's request is repeated under the same id. Not while it "
        "is `running`.",
        {
            202: Success(
                "It continues.", ("Workflow",), {"workflow": examples.accepted_workflow()}, headers=("X-Trace-Id",)
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
        "No more steps start; running ones continue and are recorded. For one that is `running` or `blocked`; no body.",
        {200: Success("Cancelled.", ("Workflow",), {"workflow": examples.workflow()}, headers=("X-Trace-Id",))},
        _WORKFLOW_DECIDED,
    ),
    "getMetrics": Operation(
        "Executions",
        "Read counts, success rate and latency",
        "From stored counters, about a minute behind: each execution once, by the UTC day of its acceptance and its "
        "current state. Since the deployment, unless `from` or `to` names days.",
        {200: Success("The counts.", ("Metrics",), {"metrics": examples.metrics()})},
        (InvalidRequestError, *_STORED),
    ),
    "listActions": Operation(
        "Actions",
        "List the organisation's actions",
        "By name, from the catalogue, which is read each hour (`integrations`). With `data-actions` the list is empty.",
        {200: Success("The actions, and the catalogue's state.", ("Actions",), {"actions": examples.actions()})},
        _STORED,
    ),
    "getAction": Operation(
        "Actions",
        "Show an action",
        "Its contract as a table and as JSON Schema, and the defaults of fields that a request leaves out.",
        {200: Success("The action.", ("ActionContract",), {"action": examples.action()})},
        (ActionNotFoundError, *_STORED),
    ),
    "syncActions": Operation(
        "Actions",
        "Read the actions now",
        "Reads every definition again, in the bulk lane: as fast as executions leave permits.",
        {202: Success("Queued. The catalogue's current state.", ("Catalogue",), {"catalogue": examples.CATALOGUE})},
        (NoCatalogueError, QueueUnavailableError, *_STORED),
    ),
    "getAttention": Operation(
        "Executions",
        "Read what needs a person",
        "Unknown outcomes, given-up webhooks, and the failures of the last 24 hours, without acknowledged ones. Each "
        "is the first page of a list; its `next` continues there, with that list's filter.",
        {200: Success("What needs a person.", ("Attention",), {"attention": examples.attention()})},
        _STORED,
    ),
    "getQueues": Operation(
        "About",
        "Read what waits",
        "Approximate depths of the queues and their dead-letter queues, and whether the rate gate is paused.",
        {200: Success("The queues.", ("Queues",), {"queues": examples.QUEUES})},
        (QueueUnavailableError, *_STORED),
    ),
    "getHealth": Operation(
        "About",
        "Check whether the API answers",
        "With `deep=true`, a preflight: whether this deployment can execute actions now, and what to do "
        "if it can't. It runs no action.",
        {
            200: Success(
                "It answers. In a preflight, `degraded` means that something is wrong, but executions run.",
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
        "The keys that sign webhooks to a host, for an operator to hand to its owner. Derived from the "
        "deployment's secrets and the host; nothing is stored.",
        {200: Success("The keys.", ("ReceiverKeys",), {"keys": examples.RECEIVER_KEYS})},
        (InvalidRequestError, SecretUnavailableError, *_DEPLOYED),
    ),
    "getOpenApi": Operation(
        "About",
        "Read this document",
        "The deployed API as OpenAPI 3.1.",
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
        "One HTML page without outside resources. It contains no data; it asks for credentials and calls the other "
        "routes from the browser.",
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
        "Receive a result from Genesys Cloud",
        "Open at the gateway, and authenticated only by its signature over the raw bytes, made with any of the secrets "
        "in `WebhookSecretName`. `WebhookScheme` determines the headers; each must be present exactly once.",
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
