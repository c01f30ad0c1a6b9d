"""Examples of requests and answers. The answers are what the code makes of one execution, not what somebody typed."""

import json
import uuid
from dataclasses import replace
from typing import Any, cast, override

from actionrelay.audit.day import AuditDayDocument
from actionrelay.audit.day import cursor as day_cursor
from actionrelay.audit.document import audit_document
from actionrelay.audit.history import HistoryDocument
from actionrelay.audit.trail import Opening, Trail
from actionrelay.audit.verification import verification_document, verify
from actionrelay.boundary import http
from actionrelay.boundary.batches import BatchDocument
from actionrelay.boundary.problem import problem_document
from actionrelay.catalogue.action import Action, Entry
from actionrelay.catalogue.document import (
    ActionContractDocument,
    ActionsDocument,
    CatalogueDocument,
    action_document,
    summary_document,
)
from actionrelay.cursors import write_cursor
from actionrelay.errors import (
    ActionRelayError,
    BacklogFullError,
    InvalidRequestError,
    PreflightFailedError,
    UnauthenticWebhookError,
)
from actionrelay.fault import Fault
from actionrelay.find.attention import AttentionDocument
from actionrelay.find.filters import cursor
from actionrelay.find.listing import ExecutionListDocument
from actionrelay.find.ports import Position
from actionrelay.genesys.contract import GenesysApi
from actionrelay.json_text import to_text
from actionrelay.lanes import Lane
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.audit_entry import rejected
from actionrelay.ledger.document import RawDocument, execution_document, execution_summary
from actionrelay.ledger.execution import (
    CacheStatus,
    Delivery,
    Execution,
    ExecutionError,
    Outcome,
    Status,
    WebhookStatus,
)
from actionrelay.ledger.items_dynamodb import ledger_item
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.ports import ExecutionStore
from actionrelay.operate.queues import QueuesDocument
from actionrelay.operate.receiver_keys import ReceiverKeysDocument
from actionrelay.operate.request import accepted_document
from actionrelay.preflight_check import Check, CheckStatus
from actionrelay.statistics.changes_dynamodb import read_snapshot
from actionrelay.statistics.counters import Counter, counters_at, hour_of
from actionrelay.statistics.report import ReadMetrics
from actionrelay.statistics.tally import TOTAL, Counts, contribution
from actionrelay.strict_json import Json, canonical
from actionrelay.submit.request import ExecutionRequest
from actionrelay.submit.submission import content_hash
from actionrelay.timestamps import iso
from actionrelay.workflows.definition import Definition, read_definition
from actionrelay.workflows.document import workflow_document
from actionrelay.workflows.plan import plan
from actionrelay.workflows.run import Item, Run, StepRecord, StepState, Workflow, WorkflowStatus, never_written
from actionrelay.workflows.step_results import StepResults

REQUEST: dict[str, Any] = {
    "actionId": "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e",
    "inputs": {"customerId": "cust_998877", "transactionBatch": ["tx_001", "tx_002"]},
    "timeout": 120_000,
    "webhookUrl": "https://hooks.example.com/actionrelay",
    "executionId": "0d9f7f0e-6f0e-4a57-9d53-0f6f6f9f5f11",
    "traceId": "4f1c2d5e-7a0b-4f5e-8b53-9c3f3c1e2a77",
    "actionReferences": {"normalizeCurrency": ["applyTaxRate"], "applyTaxRate": []},
}
RESOLUTION: dict[str, Any] = {"status": "completed", "result": {"total": 1082.5}, "note": "found in the CRM"}
RESULT: dict[str, Any] = {"executionId": REQUEST["executionId"], "status": "completed", "result": {"total": 1082.5}}
DECISION_TAKEN: dict[str, Any] = {"decisionId": "7c1d7f5e-2f0b-4c8e-9d55-1b3c3f1e2a90", "matched": 50}
DECISION_PROGRESS: dict[str, Any] = {**DECISION_TAKEN, "status": "running", "decided": 24, "refused": 1}
WORKFLOW: dict[str, Any] = {
    "workflowId": "7c1d9a52-0b6e-4d0f-9a0c-2f4d5b6e7a81",
    "steps": {
        "customer": {
            "actionId": "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e",
            "inputs": {"customerId": "cust_998877"},
        },
        "orders": {
            "actionId": "2c5ea4c0-4067-4f2b-8d2f-0f4f3e6b7a90",
            "forEach": {"$from": "customer", "path": "orderIds"},
            "maxConcurrency": 5,
            "inputs": {"orderId": {"$from": "$item"}},
        },
        "total": {
            "actionId": "b1f0c9d8-7e6f-4a5b-8c9d-0e1f2a3b4c5d",
            "inputs": {"totals": {"$from": "orders", "path": "[].total"}},
        },
    },
}
REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

_DELETED = 2
_ACCEPTED_AT = 1_795_460_400_000
_INLINE = BucketPayloads(cast("Any", None), "never asked: the example's payloads are small")


def request() -> ExecutionRequest:
    """The request as it is read; raises where it is not valid."""
    return ExecutionRequest.model_validate(REQUEST)


def _accepted() -> Execution:
    read = request()
    inputs, references = (json.dumps(REQUEST[name]).encode() for name in ("inputs", "actionReferences"))
    execution = Execution(
        execution_id=read.execution_id or "",
        action_id=read.action_id,
        trace_id=read.trace_id or "",
        content_hash=content_hash(read, canonical(read.inputs)),
        request=_INLINE.refer("request", inputs),
        timeout_ms=read.timeout,
        cache_key="key",
        cache_status=CacheStatus.ENABLED,
        webhook_url=read.webhook_url,
        repeatable=True,
        idempotent=read.idempotent,
        references=_INLINE.refer("references", references),
        created_at=_ACCEPTED_AT,
        queued_at=_ACCEPTED_AT,
        updated_at=_ACCEPTED_AT,
    )
    return ledger.accept(execution)


def accepted_request() -> dict[str, Any]:
    """The request as an operator reads it."""
    return _shown(accepted_document(_accepted(), _INLINE, frozenset()))


class _Counted:
    """The counters of the example: one completed execution."""

    def totals(self, after: str, most: int) -> list[tuple[Counter, Counts]]:
        return [each for each in self._of("total") if each[0].action_id > after][:most]

    def total(self, action_id: str) -> Counts:
        return dict(self._of("total")[0][1]) if action_id else {}

    def days(self, action_id: str, _first: str, _last: str) -> list[tuple[Counter, Counts]]:
        return [each for each in self._of("day") if each[0].action_id == action_id]

    def hours(self, _first: str, _last: str) -> list[tuple[Counter, Counts]]:
        return self._of("hour")

    def now(self) -> int:
        return _ACCEPTED_AT

    def _of(self, span: str) -> list[tuple[Counter, Counts]]:
        execution = _completed()
        counts = {TOTAL: 1, **contribution(read_snapshot(ledger_item(execution)))}
        named = counters_at(hour_of(execution.created_at), execution.action_id)
        return [(counter, counts) for counter in named if counter.span == span]


def metrics() -> dict[str, Any]:
    """How it is doing after one execution."""
    return ReadMetrics(_Counted(), _Counted(), GenesysApi.DATA_ACTIONS).read({})


def _completed() -> Execution:
    claimed = ledger.claim(_accepted(), "attempt", _ACCEPTED_AT + 210, _ACCEPTED_AT + 90_000)
    outcome = Outcome(Status.COMPLETED, result=_INLINE.refer("result", json.dumps(RESULT["result"]).encode()))
    correlation_id = "b9e2f5c4-1d3a-4a7e-8c11-5f0e9d7c6b5a"
    return ledger.settle(claimed, outcome, _ACCEPTED_AT + 1_250, latency_ms=1_012, correlation_id=correlation_id)


def _shown(document: RawDocument) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(to_text(document))
    return shown


def queued() -> dict[str, Any]:
    """An execution that has just been accepted."""
    return _shown(execution_document(_accepted(), _INLINE))


def completed() -> dict[str, Any]:
    """The same one at its end, its webhook delivered."""
    return _shown(execution_document(replace(_completed(), delivery=Delivery(status=WebhookStatus.DELIVERED)), _INLINE))


def page() -> ExecutionListDocument:
    """A page of a list that has another one."""
    shown = [execution_summary(_completed())]
    return {"executions": shown, "next": cursor(Position(_ACCEPTED_AT, REQUEST["executionId"]))}


def attention() -> AttentionDocument:
    """One that failed needs somebody, and nothing else."""
    nothing: ExecutionListDocument = {"executions": [], "next": None}
    claimed = ledger.claim(_accepted(), "attempt", _ACCEPTED_AT + 210, _ACCEPTED_AT + 90_000)
    outcome = Outcome(Status.FAILED, error=ExecutionError("http_404", "customer 4711 not found", 404))
    failed = execution_summary(ledger.settle(claimed, outcome, _ACCEPTED_AT + 1_250, latency_ms=1_012))
    return {"unknown": nothing, "undelivered": nothing, "failed": {"executions": [failed], "next": None}}


def cancelled() -> dict[str, Any]:
    """Another end of it."""
    return _shown(execution_document(ledger.cancel(_accepted(), _ACCEPTED_AT + 900, None), _INLINE))


def redelivered() -> dict[str, Any]:
    """The same one when its webhook is about to be delivered again."""
    return _shown(execution_document(_completed(), _INLINE))


def ended() -> dict[str, Any]:
    """What the caller's webhook gets."""
    document = redelivered()
    return {"type": "execution.completed", "timestamp": document["completedAt"], "data": document}


def history() -> HistoryDocument:
    """What is on record of it."""
    entries = [audit_document(entry) for entry in _completed().audit.owed]
    return {"executionId": REQUEST["executionId"], "entries": entries}


def verified() -> HistoryDocument:
    """The same, found whole."""
    whole = verify(Trail.of(_completed().audit.owed), _completed(), _ACCEPTED_AT)
    return {**history(), "verification": verification_document(whole)}


def broken() -> HistoryDocument:
    """The same after somebody deleted an entry of it."""
    rest = [entry for entry in _completed().audit.owed if entry.seq != _DELETED]
    broken = verify(Trail.of(rest), _completed().paid(), _ACCEPTED_AT)
    return {
        "executionId": REQUEST["executionId"],
        "entries": [audit_document(entry) for entry in rest],
        "verification": verification_document(broken),
    }


def audit_day() -> AuditDayDocument:
    """A day with one refused submission and this execution on its first page."""
    refused = rejected(REQUEST_ID, _ACCEPTED_AT, b"{}", InvalidRequestError.code, None)
    entries = [refused, *_completed().audit.owed]
    last = Opening(REQUEST["executionId"], 1, "the place of an execution in the order of its day")
    return {
        "date": iso(_ACCEPTED_AT)[:10],
        "entries": [audit_document(entry) for entry in entries],
        "next": day_cursor(last),
    }


_ACTION = Action(
    Entry(
        "custom_-_3f1c2b9a-6d1e-4f0e-9b57-2f6a0c1d4e88",
        "Get order status",
        "Shop",
        "9a1f0c34-0b7f-4a53-8d9c-0a4f5a4f4d11",
        "3",
        request_type="GET",
        timeout_seconds=20,
        read_at=_ACCEPTED_AT,
    ),
    input_schema={
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "properties": {"orderId": {"type": "string", "description": "As on the receipt"}},
        "required": ["orderId"],
        "additionalProperties": True,
    },
    output_schema={"type": "object", "properties": {"status": {"type": "string"}}},
)
CATALOGUE: CatalogueDocument = {
    "count": 1,
    "complete": True,
    "checkedAt": iso(_ACCEPTED_AT),
    "underWay": False,
    "problem": None,
}


def actions() -> ActionsDocument:
    """A catalogue of one action."""
    return {"actions": [summary_document(_ACTION.entry)], "catalogue": CATALOGUE}


def action() -> ActionContractDocument:
    """Its one action."""
    return action_document(_ACTION)


QUEUES: QueuesDocument = {
    "queues": [
        {"name": "executions", "waiting": 12, "delayed": 3, "inFlight": 10, "deadLetters": 0},
        {"name": "bulk", "waiting": 40, "delayed": 473, "inFlight": 10, "deadLetters": 0},
        {"name": "deliveries", "waiting": 0, "delayed": 1, "inFlight": 2, "deadLetters": 1},
        {"name": "workflows", "waiting": 1, "delayed": 14, "inFlight": 1, "deadLetters": 0},
        {"name": "decisions", "waiting": 1, "delayed": 0, "inFlight": 0, "deadLetters": 0},
        {"name": "catalogue", "waiting": 0, "delayed": 0, "inFlight": 0, "deadLetters": 0},
    ],
    "rateGate": {
        "requestsPerMinute": 270,
        "pausedUntil": None,
        "inFlight": 17,
        "maxInFlight": 30,
        "lanes": [
            {"name": Lane.INTERACTIVE, "sharePercent": 80, "callersWaiting": 0, "workedOffBy": None},
            {"name": Lane.BULK, "sharePercent": 20, "callersWaiting": 1, "workedOffBy": iso(_ACCEPTED_AT + 123_000)},
        ],
    },
}

RECEIVER_KEYS: ReceiverKeysDocument = {
    "host": "hooks.example.com",
    "keys": ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
}

CHECKS = (
    Check("credentials", CheckStatus.OK, "the secret actionrelay/genesys holds a client id and a client secret"),
    Check("clock", CheckStatus.WARNING, "the answer has no usable Date header", "Look at the host's clock."),
)


def problem(error: type[ActionRelayError]) -> dict[str, Any]:
    """The problem document of an error."""
    made: ActionRelayError
    if issubclass(error, InvalidRequestError):
        path = ("a", "b", "a")
        made = InvalidRequestError(
            (Fault("/actionReferences/a", "cycle", 'depends on itself: ["a","b","a"]', path=path),)
        )
    elif issubclass(error, PreflightFailedError):
        failed = Check("api", CheckStatus.FAILED, "the API host gave no answer (timeout)", "Check GenesysRegion.")
        made = PreflightFailedError((CHECKS[0], failed))
    elif issubclass(error, BacklogFullError):
        made = BacklogFullError("bulk", 60)
    elif issubclass(error, UnauthenticWebhookError):
        made = UnauthenticWebhookError("mismatch")
    else:
        made = error(error.title)
    document: dict[str, Any] = json.loads(http.problem(made, REQUEST_ID)["body"])
    return document


BATCH: dict[str, Any] = {
    "batchId": "5b1f2d5e-0c1b-4a7d-9a52-6f1f6a3f3a10",
    "defaults": {"actionId": REQUEST["actionId"], "cacheResults": False},
    "executions": [{"inputs": {"customerId": "cust_1"}}, {"inputs": {"customerId": "cust_2"}, "timeout": 0}],
}


def batch() -> BatchDocument:
    """What becomes of `BATCH`: the second one breaks a rule."""
    fault = Fault("/timeout", "schema", "input should be greater than or equal to 1")
    ids = [str(uuid.uuid5(uuid.UUID(BATCH["batchId"]), str(index))) for index in range(2)]
    problem = problem_document(InvalidRequestError((fault,)), "JJbxnHHVIAMEjCQ=")
    return {
        "batchId": BATCH["batchId"],
        "accepted": 1,
        "rejected": 1,
        "results": [
            {"index": 0, "status": 202, "executionId": ids[0]},
            {"index": 1, "status": 422, "executionId": ids[1], "problem": problem},
        ],
    }


class _Executions(ExecutionStore):
    """The executions of the example's steps: the first one has completed."""

    @override
    def create(self, execution: Execution) -> None:
        raise AssertionError("making an example writes nothing")

    @override
    def save(self, execution: Execution) -> None:
        raise AssertionError("making an example writes nothing")

    @override
    def load(self, execution_id: str) -> Execution:
        result = _INLINE.refer("result", b'{"orderIds":["o-1","o-2"]}')
        return replace(_accepted(), execution_id=execution_id, outcome=Outcome(Status.COMPLETED, result=result))


def _definition() -> Definition:
    steps: dict[str, Json] = {
        name: {"timeout": 60_000, "cacheResults": True, "idempotent": False, **step}
        for name, step in WORKFLOW["steps"].items()
    }
    return read_definition(
        {"onFailure": "continue", "deadlineSeconds": 86_400, "webhookUrl": None, "lane": "interactive", "steps": steps}
    )


def _workflow(status: WorkflowStatus, **steps: StepRecord) -> dict[str, Any]:
    definition = _definition()
    run = Run(
        workflow_id=WORKFLOW["workflowId"],
        trace_id=WORKFLOW["workflowId"],
        content_hash="",
        definition=_INLINE.refer("definition", b"{}"),
        webhook_url=None,
        lane="interactive",
        created_at=_ACCEPTED_AT,
        deadline_at=_ACCEPTED_AT + definition.deadline_ms,
        status=status,
        settled_at=None if status is WorkflowStatus.RUNNING else _ACCEPTED_AT + 2_400,
    )
    known = {name: steps.get(name) or never_written(definition, name) for name in definition.steps}
    shown = workflow_document(Workflow(run, definition, known), StepResults(_Executions(), _INLINE))
    return cast("dict[str, Any]", json.loads(to_text(shown)))


def accepted_workflow() -> dict[str, Any]:
    """The workflow as it is answered when it is accepted."""
    return _workflow(WorkflowStatus.RUNNING)


def workflow() -> dict[str, Any]:
    """The workflow blocked: of the second item nobody knows the outcome."""
    at = _ACCEPTED_AT
    customer = StepRecord("customer", state=StepState.COMPLETED, started_at=at + 20, completed_at=at + 900)
    items = (Item(StepState.COMPLETED), Item(StepState.UNKNOWN))
    orders = StepRecord("orders", state=StepState.UNKNOWN, items=items, started_at=at + 950, completed_at=at + 2_400)
    return _workflow(WorkflowStatus.BLOCKED, customer=customer, orders=orders)


def workflow_page() -> dict[str, Any]:
    """A page of workflows, with another one behind it."""
    summary = {name: value for name, value in workflow().items() if name not in {"steps", "criticalPathMs"}}
    return {"workflows": [summary], "next": write_cursor([_ACCEPTED_AT, WORKFLOW["workflowId"]])}


def planned() -> dict[str, Any]:
    """What a dry run of the workflow answers."""
    return cast("dict[str, Any]", plan(_definition()))
