"""deliver: posts ended executions and workflows to their callers' webhooks, up to ten at once."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import batch
from actionrelay.wiring.deliver import deliver, delivery_dead_letters
from actionrelay.wiring.telemetry import observed


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    read = batch.read_delivery_message
    return batch.serve_kind(event, context, lambda _: lambda message, _: deliver(message), delivery_dead_letters, read)
