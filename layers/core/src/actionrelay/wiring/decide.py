"""How ``decide`` is built."""

import os
from functools import partial

from actionrelay.find.indexes_dynamodb import TableIndexes
from actionrelay.find.listing import ListExecutions
from actionrelay.find.selection import SelectExecutions
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.queues_sqs import SqsDeadLetters
from actionrelay.operate.dead_letters import SweepLetters
from actionrelay.operate.dead_letters_sqs import SqsLetters
from actionrelay.operate.many import DecideAboutMany
from actionrelay.operate.many_dynamodb import TableDecisions
from actionrelay.operate.many_sqs import SqsDecisionQueue
from actionrelay.operate.many_work import WorkOnDecision
from actionrelay.schemas import read_body
from actionrelay.timestamps import DAY_MS
from actionrelay.wiring.ledger import executions_table
from actionrelay.wiring.operating import taking_decisions
from actionrelay.wiring.process import SystemClock, SystemRandomness, aws, once, prepare
from actionrelay.wiring.settings import DecideSettings
from actionrelay.wiring.telemetry import telemetry
from actionrelay.wiring.workflow_deliveries import RecordedDeliveries
from actionrelay.wiring.workflow_records import workflow_records


@once
def decide_settings() -> DecideSettings:
    """Read what ``decide`` needs of its environment."""
    return DecideSettings.read(os.environ)


@once
def decide_about_many() -> DecideAboutMany:
    """Takes decisions about many, and reports their progress."""
    settings = decide_settings()
    selection = _selection(settings)
    return DecideAboutMany(
        decisions=_decisions(settings),
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        queue=SqsDecisionQueue(aws().sqs, settings.decision_queue_url),
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
        body=partial(read_body, max_bytes=settings.max_payload_bytes),
        check=selection.check,
        select=selection.select,
    )


@once
def work_on_decision() -> WorkOnDecision:
    """Takes a decision about each of many."""
    settings = decide_settings()
    return WorkOnDecision(
        decisions=_decisions(settings),
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        queue=SqsDecisionQueue(aws().sqs, settings.decision_queue_url),
        taking=taking_decisions(settings, settings.decision_queue_url),
        clock=SystemClock(),
        wants=_selection(settings).wants,
        sweep=SweepLetters(
            SqsLetters(aws().sqs, settings.delivery_dlq_url),
            executions_table(settings),
            RecordedDeliveries(workflow_records(settings).store),
            telemetry(),
        ).sweep,
    )


@once
def decision_dead_letters() -> SqsDeadLetters:
    """Takes the messages of the decision queue that can't be processed."""
    return SqsDeadLetters(aws().sqs, decide_settings().decision_dlq_url)


def _decisions(settings: DecideSettings) -> TableDecisions:
    return TableDecisions(aws().dynamodb, settings.executions_table, settings.execution_retention_days, SystemClock())


def _selection(settings: DecideSettings) -> SelectExecutions:
    return SelectExecutions(
        ListExecutions(
            index=TableIndexes(aws().dynamodb, settings.executions_table, settings.audit_table),
            clock=SystemClock(),
            api=settings.genesys_api,
            retention_ms=settings.execution_retention_days * DAY_MS,
        )
    )


prepare(decide_about_many, work_on_decision)
