"""Events that ask for work by themselves, by schedule or by hand: what they get back, and what is logged."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.errors import ActionRelayError
from actionrelay.wiring.telemetry import log_refusal, logger


def serve(
    event: Mapping[str, Any], context: LambdaContext, work: Callable[[Mapping[str, Any], int], dict[str, Any]]
) -> dict[str, Any]:
    """Do the work that an event asks for; ``work`` also gets the time at which this invocation is cut off (ms since
    the epoch).

    What it raises is logged and raised again: the invocation has failed, and Lambda counts it (its alarm) and, where
    nobody waits for the answer, tries again.
    """
    ends_at = time.time_ns() // 1_000_000 + context.get_remaining_time_in_millis()
    try:
        return work(event, ends_at)
    except ActionRelayError as error:
        log_refusal(logger(), error)
        raise
