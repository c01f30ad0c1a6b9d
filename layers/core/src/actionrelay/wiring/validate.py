"""How ``validate`` is built."""

import os

from actionrelay.find.waiting import AwaitEnd
from actionrelay.lanes import Lane
from actionrelay.ledger.gauge_sqs import SqsGauge
from actionrelay.ledger.history_dynamodb import AuditTable
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.queues_sqs import SqsDeliveryQueue, SqsWorkflowQueue
from actionrelay.operate.decisions import OperateExecution
from actionrelay.operate.request import ReadRequest
from actionrelay.submit.acceptances_dynamodb import TableAcceptances
from actionrelay.submit.backlog import DEFAULT_HOURS, Backlog
from actionrelay.submit.batch import SubmitBatch
from actionrelay.submit.refusal_counter_dynamodb import TableRefusalCounter
from actionrelay.submit.rejection import RecordRejection
from actionrelay.submit.rules import RequestRules
from actionrelay.submit.submission import SubmitExecution
from actionrelay.webhooks.resolver_dns import SystemResolver
from actionrelay.webhooks.targets import OutboundPolicy
from actionrelay.wiring.learning import learning
from actionrelay.wiring.ledger import (
    callers_recorder,
    execution_queue,
    executions_table,
    retained,
)
from actionrelay.wiring.operating import operating
from actionrelay.wiring.process import SystemClock, SystemRandomness, aws, once, prepare
from actionrelay.wiring.settings import ValidateSettings
from actionrelay.wiring.step_requests import RoomInBacklog, RulesOfSubmissions
from actionrelay.wiring.telemetry import telemetry
from actionrelay.wiring.waiting import awaiting
from actionrelay.wiring.workflow_records import callers_workflow_records, step_results
from actionrelay.workflows.decisions import OperateWorkflow
from actionrelay.workflows.rules import WorkflowRules
from actionrelay.workflows.step_results import StepResults
from actionrelay.workflows.submission import SubmitWorkflow


@once
def validate_settings() -> ValidateSettings:
    """Read what ``validate`` needs of its environment."""
    return ValidateSettings.read(os.environ)


@once
def backlog() -> Backlog:
    """Limits how much may wait."""
    settings = validate_settings()
    return Backlog(
        gauges=lambda lane: SqsGauge(
            aws().sqs, settings.bulk_queue_url if lane is Lane.BULK else settings.execution_queue_url
        ),
        acceptances=TableAcceptances(aws().dynamodb, settings.executions_table),
        most=settings.max_backlog or settings.requests_per_minute * 60 * DEFAULT_HOURS,
        per_minute=settings.requests_per_minute,
        clock=SystemClock(),
    )


@once
def submit_execution() -> SubmitExecution:
    """Accepts executions."""
    settings = validate_settings()
    return SubmitExecution(
        rules=RequestRules(
            settings.genesys_api,
            settings.max_payload_bytes,
            settings.max_input_depth,
            OutboundPolicy(settings.allow_private_webhooks, settings.webhook_ports),
            SystemResolver(),
            learning(settings),
        ),
        recorder=callers_recorder(settings),
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        cache=executions_table(settings),
        queue=execution_queue(settings),
        deliveries=SqsDeliveryQueue(aws().sqs, settings.delivery_queue_url),
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
        audit_kept_days=settings.audit_retention_days,
        backlog=backlog(),
    )


@once
def await_end() -> AwaitEnd:
    """Waits for what was submitted."""
    settings = validate_settings()
    return awaiting(settings, retained(executions_table(settings)))


@once
def take_batch() -> SubmitBatch:
    """Accepts batches."""
    return SubmitBatch(submit_execution())


@once
def operate_execution() -> OperateExecution:
    """Takes operators' decisions about executions."""
    settings = validate_settings()
    return operating(settings, settings.decision_queue_url, submit_execution().rules.body)


@once
def read_request() -> ReadRequest:
    """Shows operators the request of an execution."""
    settings = validate_settings()
    return ReadRequest(
        recorder=callers_recorder(settings),
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        telemetry=telemetry(),
        clock=SystemClock(),
        masks=settings.mask_inputs,
    )


@once
def submit_workflow() -> SubmitWorkflow:
    """Accepts workflows."""
    settings = validate_settings()
    return SubmitWorkflow(
        rules=WorkflowRules(RulesOfSubmissions(submit_execution().rules)),
        records=callers_workflow_records(settings),
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        queue=SqsWorkflowQueue(aws().sqs, settings.workflow_queue_url),
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
        room=RoomInBacklog(backlog()),
    )


@once
def operate_workflow() -> OperateWorkflow:
    """Takes operators' decisions about workflows."""
    settings = validate_settings()
    return OperateWorkflow(
        records=callers_workflow_records(settings),
        queue=SqsWorkflowQueue(aws().sqs, settings.workflow_queue_url),
        deliveries=SqsDeliveryQueue(aws().sqs, settings.delivery_queue_url),
        telemetry=telemetry(),
        clock=SystemClock(),
        body=submit_execution().rules.body,
        sweep_letters=operate_execution().taking.sweep_letters,
    )


@once
def read_steps() -> StepResults:
    """Reads the results of steps, for responses."""
    return step_results(validate_settings())


@once
def record_rejection() -> RecordRejection:
    """Records refused submissions, with a client that gives up within seconds."""
    settings = validate_settings()
    audit = AuditTable(aws().brief_dynamodb, settings.audit_table, settings.audit_retention_days, telemetry())
    counter = TableRefusalCounter(aws().brief_dynamodb, settings.executions_table)
    return RecordRejection(audit, counter, telemetry(), SystemClock(), settings.audit_retention_days)


prepare(submit_execution)
