"""How ``deliver`` is built."""

import os
from functools import partial

from actionrelay.aws.secret import NamedSecret
from actionrelay.deliver.delivery import DeliverWebhook
from actionrelay.deliver.executions import EndedExecutions
from actionrelay.deliver.posting import PostWebhook
from actionrelay.deliver.receivers import Places
from actionrelay.deliver.receivers_dynamodb import TableReceivers
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.message import DeliveryMessage, MessageKind
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.queues_sqs import GIVEN_UP, SqsDeadLetters, SqsDeliveryQueue
from actionrelay.webhooks.resolver_dns import SystemResolver
from actionrelay.webhooks.sender_http import PinnedSender
from actionrelay.webhooks.targets import OutboundPolicy
from actionrelay.wiring.ledger import recorder
from actionrelay.wiring.process import SystemClock, SystemRandomness, aws, once, prepare
from actionrelay.wiring.settings import DeliverSettings
from actionrelay.wiring.settled_workflows import SettledWorkflows
from actionrelay.wiring.signing import signing_secrets
from actionrelay.wiring.telemetry import telemetry
from actionrelay.wiring.workflow_records import step_results, workflow_records
from actionrelay.workflows.run import Workflow


@once
def deliver_settings() -> DeliverSettings:
    """Read what ``deliver`` needs of its environment."""
    return DeliverSettings.read(os.environ)


@once
def delivery_dead_letters() -> SqsDeadLetters:
    """Takes the messages of the delivery queue that can't be processed."""
    return SqsDeadLetters(aws().sqs, deliver_settings().delivery_dlq_url)


@once
def deliver_webhook() -> DeliverWebhook[Execution]:
    """Posts the outcomes of executions to callers' webhooks."""
    settings = deliver_settings()
    clock, randomness = SystemClock(), SystemRandomness()
    secret = NamedSecret(aws().secrets, settings.delivery_secret_name)
    policy = OutboundPolicy(settings.allow_private_webhooks, settings.webhook_ports)
    return DeliverWebhook(
        EndedExecutions(recorder(settings), BucketPayloads(aws().s3, settings.payload_bucket), clock),
        queue=SqsDeliveryQueue(aws().sqs, settings.delivery_queue_url),
        dead_letters=SqsDeliveryQueue(aws().sqs, settings.delivery_dlq_url, GIVEN_UP),
        places=Places(),
        posting=PostWebhook(
            sender=PinnedSender(SystemResolver(), policy),
            receivers=TableReceivers(aws().dynamodb, settings.executions_table),
            secrets=partial(signing_secrets, secret),
            clock=clock,
            randomness=randomness,
        ),
        telemetry=telemetry(),
        clock=clock,
        randomness=randomness,
    )


@once
def deliver_workflow() -> DeliverWebhook[Workflow]:
    """Posts the outcomes of workflows to callers' webhooks."""
    settings = deliver_settings()
    shared = deliver_webhook()
    return DeliverWebhook(
        SettledWorkflows(workflow_records(settings), step_results(settings), shared.telemetry),
        shared.queue,
        shared.dead_letters,
        shared.places,
        shared.posting,
        shared.telemetry,
        shared.clock,
        shared.randomness,
    )


def deliver(message: DeliveryMessage) -> None:
    """Do what a message of the delivery queue asks for, about an execution or a workflow."""
    wired = deliver_workflow() if message.kind is MessageKind.WORKFLOW else deliver_webhook()
    wired.deliver(message.subject_id, message.version)


prepare(deliver_webhook)
