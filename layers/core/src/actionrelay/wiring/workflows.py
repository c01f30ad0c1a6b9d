"""How ``workflows`` is built."""

import os

from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.queues_sqs import SqsDeadLetters, SqsDeliveryQueue, SqsWorkflowQueue
from actionrelay.submit.rules import RequestRules
from actionrelay.submit.submission import SubmitExecution
from actionrelay.webhooks.resolver_dns import SystemResolver
from actionrelay.webhooks.targets import OutboundPolicy
from actionrelay.wiring.learning import learning
from actionrelay.wiring.ledger import execution_queue, executions_table, recorder
from actionrelay.wiring.operating import taking_decisions
from actionrelay.wiring.process import SystemClock, SystemRandomness, aws, once, prepare
from actionrelay.wiring.settings import WorkflowsSettings
from actionrelay.wiring.step_requests import SubmittedSteps
from actionrelay.wiring.telemetry import telemetry
from actionrelay.wiring.workflow_records import workflow_records
from actionrelay.workflows.advance import AdvanceWorkflow


@once
def workflows_settings() -> WorkflowsSettings:
    """Read what ``workflows`` needs of its environment."""
    return WorkflowsSettings.read(os.environ)


@once
def workflow_dead_letters() -> SqsDeadLetters:
    """Takes the messages of the workflow queue that can't be processed."""
    return SqsDeadLetters(aws().sqs, workflows_settings().workflow_dlq_url)


@once
def advance_workflow() -> AdvanceWorkflow:
    """Advances workflows."""
    settings = workflows_settings()
    queue = execution_queue(settings)
    deliveries = SqsDeliveryQueue(aws().sqs, settings.delivery_queue_url)
    # Steps have no webhooks, so no address is checked here.
    rules = RequestRules(
        settings.genesys_api,
        settings.max_payload_bytes,
        settings.max_input_depth,
        OutboundPolicy(),
        SystemResolver(),
        learning(settings),
    )
    submitting = SubmitExecution(
        rules=rules,
        recorder=recorder(settings),
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        cache=executions_table(settings),
        queue=queue,
        deliveries=deliveries,
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
        audit_kept_days=settings.audit_retention_days,
        backlog=None,
    )
    return AdvanceWorkflow(
        records=workflow_records(settings),
        executions=executions_table(settings),
        steps=SubmittedSteps(submitting, taking_decisions(settings, None)),
        queue=SqsWorkflowQueue(aws().sqs, settings.workflow_queue_url),
        deliveries=deliveries,
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
    )


prepare(advance_workflow)
