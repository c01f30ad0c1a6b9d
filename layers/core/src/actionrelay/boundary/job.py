"""Jobs: invocations by schedule or by hand, without a queue or a caller of the API."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.errors import ActionRelayError
from actionrelay.wiring.telemetry import log_refusal, logger


def serve(
    event: Mapping[str, Any], context: LambdaContext, work: Callable[[Mapping[str, Any], int], dict[str, Any]]
) -> dict[str, Any]:
    """Do the work of an event; ``work`` also gets the time at which this invocation is cut off (ms since the epoch).

    An error is logged and raised, so that the invocation fails. Lambda counts it (its alarm), and retries an
    asynchronous invocation.
    """
    ends_at = time.time_ns() // 1_000_000 + context.get_remaining_time_in_millis()
    try:
        return work(event, ends_at)
    except ActionRelayError as error:
        log_refusal(logger(), error)
        raise
