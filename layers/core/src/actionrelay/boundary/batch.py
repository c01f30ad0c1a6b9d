"""SQS batches: every message on its own, at the same time, and only the failed ones come back."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.errors import ActionRelayError
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.signals import Count
from actionrelay.wiring.telemetry import log_bug, log_refusal, logger, on_every_line, telemetry

type MessageHandler = Callable[[Message, int], None]
"""Takes a message and the time, in ms since the epoch, at which this invocation is cut off."""


def serve(
    event: Mapping[str, Any], context: LambdaContext, prepare: Callable[[Sequence[Message]], MessageHandler]
) -> dict[str, Any]:
    """Hand each message, in a thread of its own, to what ``prepare`` makes of the batch; who raises returns alone."""
    messages = {record["messageId"]: _read(record) for record in event.get("Records") or []}
    readable = {message_id: message for message_id, message in messages.items() if message is not None}
    failed = messages.keys() - readable.keys()
    if readable:
        ends_at = time.time_ns() // 1_000_000 + context.get_remaining_time_in_millis()
        handle = prepare(tuple(readable.values()))
        with ThreadPoolExecutor(max_workers=len(readable), thread_name_prefix="message") as threads:
            done = threads.map(lambda item: _done(item[0], item[1], ends_at, handle), readable.items())
            failed |= {message_id for message_id, ok in zip(readable, done, strict=True) if not ok}
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in messages if message_id in failed]}


def _read(record: Mapping[str, Any]) -> Message | None:
    try:
        return read_message(record["body"])
    except (ValueError, KeyError, RecursionError) as error:
        with on_every_line(message_id=record["messageId"]):
            _log(error)
        return None


def _done(message_id: str, message: Message, ends_at: int, handle: MessageHandler) -> bool:
    with on_every_line(message_id=message_id, execution_id=message.execution_id):
        try:
            handle(message, ends_at)
        except Exception as error:  # noqa: BLE001 - the last line of defence: one message's bug must not take the batch
            _log(error)
            return False
        return True


def _log(error: Exception) -> None:
    if isinstance(error, ActionRelayError):
        log_refusal(logger(), error)
        telemetry().count(Count.MESSAGES_RETURNED, error.code)
    else:
        log_bug(logger(), error)
        telemetry().count(Count.MESSAGES_RETURNED, ActionRelayError.code)


def read_message(body: str) -> Message:
    """Read a message of either queue; one of the delivery queue has no kind.

    Raises:
        ValueError: it is none of ours.
    """
    try:
        document = json.loads(body)
        return Message(
            str(document["executionId"]),
            MessageKind(document.get("kind", MessageKind.RUN)),
            _hint(document.get("version")),
            _hint(document.get("dueAt")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a message of this queue") from error


def _hint(value: Any) -> int | None:
    """Take a hint for what it is, or not at all: without it the work is the same, only more."""
    return value if type(value) is int else None
