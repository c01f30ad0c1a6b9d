"""execute: works off the execution queues, up to ten messages at once."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import batch
from actionrelay.wiring.execute import execute_batch, execution_dead_letters
from actionrelay.wiring.telemetry import observed


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return batch.serve(
        event, context, lambda messages: execute_batch().for_batch(messages).work, execution_dead_letters
    )
