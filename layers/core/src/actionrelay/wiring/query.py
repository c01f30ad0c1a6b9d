"""How ``query`` is built. It only reads, except for the slots of waiting requests."""

import os

from actionrelay.audit.day import ReadAuditDays
from actionrelay.audit.history import ReadHistory
from actionrelay.audit.reader_dynamodb import AuditTableReader
from actionrelay.catalogue.actions import ReadActions
from actionrelay.catalogue.store_dynamodb import TableCatalogue
from actionrelay.find.attention import ReadAttention
from actionrelay.find.execution import ReadExecution
from actionrelay.find.indexes_dynamodb import TableIndexes
from actionrelay.find.listing import ListExecutions
from actionrelay.find.outlook import LookAhead
from actionrelay.gate.gate_dynamodb import TableGateGauge
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.lanes import Lane
from actionrelay.ledger.executions_dynamodb import ExecutionsTable
from actionrelay.ledger.gauge_sqs import SqsGauge
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.retention import RetainedExecutions
from actionrelay.operate.queues import ReadQueues, WatchedQueue
from actionrelay.site.console_page import ConsolePage, PageFacts, assemble
from actionrelay.site.description import ApiDescription
from actionrelay.statistics.counters_dynamodb import TableCounters
from actionrelay.statistics.report import ReadMetrics
from actionrelay.timestamps import DAY_MS
from actionrelay.wiring.ledger import retained, retention
from actionrelay.wiring.process import SystemClock, aws, once, prepare
from actionrelay.wiring.settings import QuerySettings
from actionrelay.wiring.telemetry import telemetry
from actionrelay.wiring.waiting import awaiting
from actionrelay.workflows.reading import ListWorkflows, ReadWorkflow
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.step_results import StepResults
from actionrelay.workflows.table_dynamodb import WorkflowsTable


@once
def query_settings() -> QuerySettings:
    """Read what ``query`` needs of its environment."""
    return QuerySettings.read(os.environ)


@once
def read_execution() -> ReadExecution:
    """Shows one execution."""
    settings = query_settings()
    store = _executions_table(settings)
    return ReadExecution(
        store=store,
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        ahead=LookAhead(
            gate=TableGateGauge(aws().dynamodb, settings.executions_table),
            gauges=lambda lane: SqsGauge(
                aws().sqs, settings.bulk_queue_url if lane is Lane.BULK else settings.execution_queue_url
            ),
            sharing=_sharing(settings),
        ),
        clock=SystemClock(),
        telemetry=telemetry(),
        ending=awaiting(settings, store),
    )


@once
def read_workflow() -> ReadWorkflow:
    """Shows one workflow."""
    settings = query_settings()
    payloads = BucketPayloads(aws().s3, settings.payload_bucket)
    return ReadWorkflow(
        records=WorkflowRecords(_workflows_table(settings), payloads, retention(settings.execution_retention_days)),
        results=StepResults(_executions_table(settings), payloads),
        telemetry=telemetry(),
    )


@once
def list_workflows() -> ListWorkflows:
    """Lists workflows."""
    settings = query_settings()
    return ListWorkflows(_workflows_table(settings), SystemClock(), settings.execution_retention_days * DAY_MS)


@once
def read_history() -> ReadHistory:
    """Shows the history of one execution."""
    settings = query_settings()
    return ReadHistory(
        store=_executions_table(settings),
        audit=AuditTableReader(aws().dynamodb, settings.audit_table),
        clock=SystemClock(),
    )


@once
def list_executions() -> ListExecutions:
    """Lists executions."""
    settings = query_settings()
    return ListExecutions(
        index=TableIndexes(aws().dynamodb, settings.executions_table, settings.audit_table),
        clock=SystemClock(),
        api=settings.genesys_api,
        retention_ms=settings.execution_retention_days * DAY_MS,
    )


@once
def read_attention() -> ReadAttention:
    """Lists what needs attention."""
    return ReadAttention(list_executions(), SystemClock())


@once
def read_audit_days() -> ReadAuditDays:
    """Shows what happened on a day."""
    settings = query_settings()
    return ReadAuditDays(AuditTableReader(aws().dynamodb, settings.audit_table))


@once
def read_metrics() -> ReadMetrics:
    """Reports the deployment's counters."""
    settings = query_settings()
    counters = TableCounters(aws().dynamodb, settings.executions_table, SystemClock())
    return ReadMetrics(counters, SystemClock(), settings.genesys_api)


@once
def read_queues() -> ReadQueues:
    """Reports what waits."""
    settings = query_settings()

    def watched(queue_url: str, dlq_url: str) -> WatchedQueue:
        return WatchedQueue(SqsGauge(aws().sqs, queue_url), SqsGauge(aws().sqs, dlq_url))

    return ReadQueues(
        queues={
            "executions": watched(settings.execution_queue_url, settings.execution_dlq_url),
            "bulk": watched(settings.bulk_queue_url, settings.bulk_dlq_url),
            "deliveries": watched(settings.delivery_queue_url, settings.delivery_dlq_url),
            "workflows": watched(settings.workflow_queue_url, settings.workflow_dlq_url),
            "decisions": watched(settings.decision_queue_url, settings.decision_dlq_url),
            "catalogue": watched(settings.catalogue_queue_url, settings.catalogue_dlq_url),
        },
        gate=TableGateGauge(aws().dynamodb, settings.executions_table),
        sharing=_sharing(settings),
        clock=SystemClock(),
    )


@once
def read_actions() -> ReadActions:
    """Shows the organisation's actions."""
    return ReadActions(TableCatalogue(aws().dynamodb, query_settings().executions_table))


@once
def describe_api() -> ApiDescription:
    """Describes the API."""
    return ApiDescription.packaged()


@once
def serve_console() -> ConsolePage:
    """Serves the console."""
    settings = query_settings()
    return assemble(PageFacts(settings.api_auth, os.environ["AWS_REGION"], settings.genesys_api, settings.runbook_url))


def _workflows_table(settings: QuerySettings) -> WorkflowsTable:
    return WorkflowsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days)


def _sharing(settings: QuerySettings) -> Sharing:
    return Sharing(Rate(settings.requests_per_minute), settings.bulk_share_percent, settings.max_in_flight)


def _executions_table(settings: QuerySettings) -> RetainedExecutions:
    return retained(ExecutionsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days))


prepare(read_execution, list_executions)
