"""count: keeps the counters in step with the tables' streams."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import job, streams
from actionrelay.wiring.count import count_changes
from actionrelay.wiring.telemetry import observed


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return job.serve(event, context, _count)


def _count(event: Mapping[str, Any], _ends_at: int) -> dict[str, Any]:
    part, records = streams.read_batch(event)
    count_changes().count(part, records)
    return {"state": {}}  # the tumbling window is only used for the shard's name
