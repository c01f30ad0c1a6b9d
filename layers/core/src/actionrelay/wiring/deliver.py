"""How ``deliver`` is built."""

import os
from functools import partial

from actionrelay.aws.secret import NamedSecret
from actionrelay.deliver.delivery import DeliverWebhook
from actionrelay.deliver.receivers import Places
from actionrelay.deliver.receivers_dynamodb import TableReceivers
from actionrelay.deliver.workflow import DeliverWorkflow
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.queues_sqs import GIVEN_UP, SqsDeadLetters, SqsDeliveryQueue
from actionrelay.webhooks.resolver_dns import SystemResolver
from actionrelay.webhooks.sender_http import PinnedSender
from actionrelay.webhooks.targets import OutboundPolicy
from actionrelay.wiring.ledger import recorder
from actionrelay.wiring.process import SystemClock, SystemRandomness, aws, once, prepare
from actionrelay.wiring.settings import DeliverSettings
from actionrelay.wiring.signing import signing_secrets
from actionrelay.wiring.telemetry import telemetry
from actionrelay.wiring.workflow_outcomes import RecordedOutcomes
from actionrelay.wiring.workflow_records import step_results, workflow_records


@once
def deliver_settings() -> DeliverSettings:
    """Read what ``deliver`` needs of its environment."""
    return DeliverSettings.read(os.environ)


@once
def delivery_dead_letters() -> SqsDeadLetters:
    """Takes the messages of the delivery queue that nobody can work on."""
    return SqsDeadLetters(aws().sqs, deliver_settings().delivery_dlq_url)


@once
def deliver_webhook() -> DeliverWebhook:
    """Posts outcomes to callers' webhooks."""
    settings = deliver_settings()
    secret = NamedSecret(aws().secrets, settings.delivery_secret_name)
    return DeliverWebhook(
        recorder=recorder(settings),
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        queue=SqsDeliveryQueue(aws().sqs, settings.delivery_queue_url),
        dead_letters=SqsDeliveryQueue(aws().sqs, settings.delivery_dlq_url, GIVEN_UP),
        sender=PinnedSender(SystemResolver(), OutboundPolicy(settings.allow_private_webhooks, settings.webhook_ports)),
        receivers=TableReceivers(aws().dynamodb, settings.executions_table),
        places=Places(),
        secrets=partial(signing_secrets, secret),
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
    )


@once
def deliver_workflow() -> DeliverWorkflow:
    """Posts what workflows have come to to their callers' webhooks."""
    settings = deliver_settings()
    execution = deliver_webhook()
    return DeliverWorkflow(
        outcomes=RecordedOutcomes(workflow_records(settings), step_results(settings)),
        queue=execution.queue,
        dead_letters=execution.dead_letters,
        sender=execution.sender,
        receivers=execution.receivers,
        places=execution.places,
        secrets=execution.secrets,
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
    )


def deliver(message: Message) -> None:
    """Do what a message of the delivery queue asks for, be it about an execution or a workflow."""
    if message.kind is MessageKind.WORKFLOW:
        deliver_workflow().deliver(message.execution_id)
    else:
        deliver_webhook().deliver(message.execution_id, message.version)


prepare(deliver_webhook)
