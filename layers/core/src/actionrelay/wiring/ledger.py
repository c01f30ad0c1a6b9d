"""The parts of every function that writes executions."""

from actionrelay.lanes import Lane
from actionrelay.ledger.executions_dynamodb import ExecutionsTable
from actionrelay.ledger.follow_up import Completion
from actionrelay.ledger.history_dynamodb import AuditTable
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.ports import SuccessRate
from actionrelay.ledger.queues_sqs import SqsDeliveryQueue, SqsExecutionQueue, SqsWorkflowQueue
from actionrelay.ledger.recorder import Recorder
from actionrelay.ledger.retention import RetainedExecutions, Retention
from actionrelay.statistics.counters_dynamodb import TableCounters
from actionrelay.statistics.success_rate import RememberedSuccessRate
from actionrelay.timestamps import DAY_MS
from actionrelay.wiring.process import SystemClock, aws
from actionrelay.wiring.settings import CompletingSettings, WriterSettings
from actionrelay.wiring.telemetry import telemetry


def executions_table(settings: WriterSettings) -> ExecutionsTable:
    """Return the table of executions and of cached results."""
    return ExecutionsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days)


def recorder(settings: WriterSettings) -> Recorder:
    """Return the writer of executions and their history."""
    audit = AuditTable(aws().dynamodb, settings.audit_table, settings.audit_retention_days, telemetry())
    return Recorder(executions_table(settings), audit)


def retained(table: ExecutionsTable) -> RetainedExecutions:
    """Return the table as callers and operators see it: without what is past its retention."""
    return RetainedExecutions(table, retention(table.retention_days))


def retention(days: int) -> Retention:
    """Return how long callers and operators see a record."""
    return Retention(SystemClock(), days * DAY_MS)


def callers_recorder(settings: WriterSettings) -> Recorder:
    """Return the same writer as callers and operators see it."""
    return Recorder(retained(executions_table(settings)), recorder(settings).audit)


def execution_queue(settings: CompletingSettings) -> SqsExecutionQueue:
    """Return the queues of the lanes."""
    urls = {Lane.INTERACTIVE: settings.execution_queue_url, Lane.BULK: settings.bulk_queue_url}
    return SqsExecutionQueue(aws().sqs, urls)


def success_rate(settings: CompletingSettings) -> SuccessRate:
    """Return the day's success rate, for the audit entries of endings."""
    return RememberedSuccessRate(TableCounters(aws().dynamodb, settings.executions_table, SystemClock()), SystemClock())


def completion(settings: CompletingSettings) -> Completion:
    """Return what follows an ending."""
    return Completion(
        recorder(settings),
        BucketPayloads(aws().s3, settings.payload_bucket),
        executions_table(settings),
        SqsDeliveryQueue(aws().sqs, settings.delivery_queue_url),
        SqsWorkflowQueue(aws().sqs, settings.workflow_queue_url),
        telemetry(),
        settings.result_cache_seconds,
    )
