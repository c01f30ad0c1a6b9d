"""SQS batches: every message on its own, at the same time, and only the failed ones come back."""

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.errors import ActionRelayError
from actionrelay.models import Message, MessageKind
from actionrelay.observability import log_bug, log_refusal, logger, telemetry

type MessageHandler = Callable[[Message, int], None]
"""Takes a message and the time, in ms since the epoch, at which this invocation is cut off."""


def serve(event: Mapping[str, Any], context: LambdaContext, handle: MessageHandler) -> dict[str, Any]:
    """Hand each message to ``handle`` in a thread of its own; what it raises brings back that message alone."""
    records = event.get("Records") or []
    if not records:
        return {"batchItemFailures": []}
    ends_at = time.time_ns() // 1_000_000 + context.get_remaining_time_in_millis()
    with ThreadPoolExecutor(max_workers=len(records), thread_name_prefix="message") as threads:
        done = list(threads.map(lambda record: _done(record, ends_at, handle), records))
    failed = [record["messageId"] for record, ok in zip(records, done, strict=True) if not ok]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _done(record: Mapping[str, Any], ends_at: int, handle: MessageHandler) -> bool:
    try:
        handle(read_message(record["body"]), ends_at)
    except ActionRelayError as error:
        log_refusal(logger(), error, {"message_id": record["messageId"]})
        telemetry().count("MessagesReturned", error.code)
        return False
    except Exception as error:  # noqa: BLE001 - the last line of defence: one message's bug must not take the batch
        log_bug(logger(), error, {"message_id": record["messageId"]})
        telemetry().count("MessagesReturned", ActionRelayError.code)
        return False
    return True


def read_message(body: str) -> Message:
    """Read a message of either queue; one of the delivery queue has no kind.

    Raises:
        ValueError: it is none of ours.
    """
    try:
        document = json.loads(body)
        return Message(str(document["executionId"]), MessageKind(document.get("kind", MessageKind.RUN)))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a message of this queue") from error
