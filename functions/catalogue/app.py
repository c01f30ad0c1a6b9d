"""catalogue: reads the organisation's actions hourly, on an operator's request, and when an unknown one is named."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import batch, http, job
from actionrelay.boundary.sync_messages import HOURLY, read_sync_message
from actionrelay.wiring.catalogue import catalogue_dead_letters, request_sync, sync_actions
from actionrelay.wiring.telemetry import observed


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    if "Records" in event:
        work = sync_actions().work
        return batch.serve_kind(event, context, lambda _: work, catalogue_dead_letters, read_sync_message)
    if "httpMethod" in event:
        return http.serve(event, HANDLERS)
    return job.serve(event, context, _read_hourly)


def _read_hourly(_: Mapping[str, Any], ends_at: int) -> dict[str, Any]:
    sync_actions().work(HOURLY, ends_at)
    return {}


HANDLERS: dict[str, http.Handler] = {"syncActions": lambda _: http.answer(202, request_sync().request())}
