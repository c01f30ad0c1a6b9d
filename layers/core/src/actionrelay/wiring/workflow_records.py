"""The parts of every function that reads workflows. Functions that only run executions import none of it."""

from dataclasses import replace

from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.wiring.ledger import executions_table, retention
from actionrelay.wiring.process import aws
from actionrelay.wiring.settings import WriterSettings
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.step_results import StepResults
from actionrelay.workflows.table_dynamodb import WorkflowsTable


def workflow_records(settings: WriterSettings) -> WorkflowRecords:
    """Return the records of workflows."""
    table = WorkflowsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days)
    return WorkflowRecords(table, BucketPayloads(aws().s3, settings.payload_bucket))


def callers_workflow_records(settings: WriterSettings) -> WorkflowRecords:
    """Return the same records as callers and operators see them."""
    return replace(workflow_records(settings), retention=retention(settings.execution_retention_days))


def step_results(settings: WriterSettings) -> StepResults:
    """Return what reads the results of steps."""
    return StepResults(executions_table(settings), BucketPayloads(aws().s3, settings.payload_bucket))
