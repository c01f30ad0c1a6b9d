"""workflows: works off the workflow queue, up to ten messages at once, those of one workflow one after the other."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import batch
from actionrelay.wiring.telemetry import observed
from actionrelay.wiring.workflows import advance_workflow, workflow_dead_letters


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    advance = batch.in_turn(advance_workflow().advance, lambda message: message.workflow_id)
    return batch.serve_kind(event, context, lambda _: advance, workflow_dead_letters, batch.read_workflow_message)
