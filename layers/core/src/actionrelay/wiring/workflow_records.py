"""What every function is built from that reads workflows. Those that only run executions import none of it."""

from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.timestamps import DAY_MS
from actionrelay.wiring.ledger import executions_table
from actionrelay.wiring.process import SystemClock, aws
from actionrelay.wiring.settings import WriterSettings
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.results import StepResults
from actionrelay.workflows.retention import RetainedWorkflows
from actionrelay.workflows.table_dynamodb import WorkflowsTable


def workflow_records(settings: WriterSettings) -> WorkflowRecords:
    """Return the records of workflows."""
    table = WorkflowsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days)
    return WorkflowRecords(table, BucketPayloads(aws().s3, settings.payload_bucket))


def retained_workflows(table: WorkflowsTable) -> RetainedWorkflows:
    """Return the table as callers and operators see it: without what is past its retention."""
    return RetainedWorkflows(table, SystemClock(), table.retention_days * DAY_MS)


def callers_workflow_records(settings: WriterSettings) -> WorkflowRecords:
    """Return the same records, for what callers and operators do."""
    table = WorkflowsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days)
    return WorkflowRecords(retained_workflows(table), BucketPayloads(aws().s3, settings.payload_bucket))


def step_results(settings: WriterSettings) -> StepResults:
    """Return the results of steps, where their executions have left them."""
    return StepResults(executions_table(settings), BucketPayloads(aws().s3, settings.payload_bucket))
