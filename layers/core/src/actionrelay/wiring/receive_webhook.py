"""How ``receive_webhook`` is built."""

import os

from actionrelay.aws.secret import NamedSecret
from actionrelay.receive.receipt import ReceiveResult
from actionrelay.receive.webhook_ids_dynamodb import TableWebhookIds
from actionrelay.webhooks.signatures import HubSignatureVerifier, StandardWebhooksVerifier, Verifier
from actionrelay.wiring.ledger import completion, execution_queue, executions_table, recorder, success_rate
from actionrelay.wiring.process import SystemClock, aws, once, prepare
from actionrelay.wiring.settings import ReceiveWebhookSettings, WebhookScheme
from actionrelay.wiring.signing import signing_secrets
from actionrelay.wiring.telemetry import telemetry


@once
def receive_result() -> ReceiveResult:
    """Takes the results that Genesys Cloud sends."""
    settings = ReceiveWebhookSettings.read(os.environ)
    secret = NamedSecret(aws().secrets, settings.webhook_secret_name)

    def verifier() -> Verifier:
        secrets = signing_secrets(secret)
        if settings.webhook_scheme is WebhookScheme.HUB_SIGNATURE:
            return HubSignatureVerifier(secrets)
        return StandardWebhooksVerifier(secrets)

    return ReceiveResult(
        verifier=verifier,
        ids=TableWebhookIds(aws().dynamodb, settings.executions_table),
        runs=executions_table(settings),
        recorder=recorder(settings),
        completion=completion(settings),
        success_rate=success_rate(settings),
        queue=execution_queue(settings),
        telemetry=telemetry(),
        clock=SystemClock(),
    )


prepare(receive_result)
