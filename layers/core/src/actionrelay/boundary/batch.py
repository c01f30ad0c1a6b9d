"""SQS batches: messages are handled concurrently, and only those that failed are returned to the queue.

A message that can never be handled goes to the dead-letter queue at once, with the reason.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.errors import ActionRelayError, MessageUnreadableError, RecordUnreadableError
from actionrelay.ids import could_be_recorded, is_uuid
from actionrelay.lanes import Lane, is_caller_name
from actionrelay.ledger.execution import WorkflowPlace
from actionrelay.ledger.message import DeliveryMessage, Message, MessageKind, WorkflowMessage
from actionrelay.ledger.ports import DeadLetters
from actionrelay.operate.ports import SWEEP, DecisionMessage
from actionrelay.signals import Count
from actionrelay.wiring.telemetry import log_bug, log_refusal, logger, on_every_line, telemetry

if TYPE_CHECKING:
    # For the type checker only: other functions' cold starts don't load the catalogue.
    from actionrelay.catalogue.ports import SyncMessage

type MessageHandler[Kind] = Callable[[Kind, int], None]
"""Handles a message; also gets the time (ms since the epoch) at which this invocation is cut off."""


def serve(
    event: Mapping[str, Any],
    context: LambdaContext,
    prepare: Callable[[Sequence[Message]], MessageHandler[Message]],
    dead_letters: Callable[[], DeadLetters],
) -> dict[str, Any]:
    """Handle a batch of messages about executions (``serve_kind``)."""
    return serve_kind(event, context, prepare, dead_letters, lambda record: read_message(_text(record)))


def serve_kind[Kind: (Message, DeliveryMessage, DecisionMessage, WorkflowMessage, SyncMessage)](
    event: Mapping[str, Any],
    context: LambdaContext,
    prepare: Callable[[Sequence[Kind]], MessageHandler[Kind]],
    dead_letters: Callable[[], DeadLetters],
    read: Callable[[Mapping[str, Any]], Kind],
) -> dict[str, Any]:
    """Handle each message in its own thread, with the handler that ``prepare`` makes for the batch.

    Only messages whose handler raised are returned to the queue.
    """
    records = {record["messageId"]: record for record in event.get("Records") or []}
    messages, failed = _read_each(records, dead_letters, read)
    if messages:
        ends_at = time.time_ns() // 1_000_000 + context.get_remaining_time_in_millis()
        handle = prepare(tuple(messages.values()))

        def done(item: tuple[str, Kind]) -> bool:
            return _done(records[item[0]], item[1], ends_at, handle, dead_letters)

        with ThreadPoolExecutor(max_workers=len(messages), thread_name_prefix="message") as threads:
            outcomes = threads.map(done, messages.items())
            failed |= {message_id for message_id, ok in zip(messages, outcomes, strict=True) if not ok}
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in records if message_id in failed]}


def in_turn[Kind](handle: MessageHandler[Kind], subject: Callable[[Kind], str]) -> MessageHandler[Kind]:
    """Handle a batch's messages about one subject one at a time, since they write to the same records."""
    turns: dict[str, Lock] = {}

    def handle_in_turn(message: Kind, ends_at: int) -> None:
        with turns.setdefault(subject(message), Lock()):
            handle(message, ends_at)

    return handle_in_turn


def _read_each[Kind](
    records: Mapping[str, Mapping[str, Any]],
    dead_letters: Callable[[], DeadLetters],
    read: Callable[[Mapping[str, Any]], Kind],
) -> tuple[dict[str, Kind], set[str]]:
    """Return the readable messages by id, and the ids of those that could be neither read nor buried."""
    messages: dict[str, Kind] = {}
    failed: set[str] = set()
    for message_id, record in records.items():
        try:
            messages[message_id] = read(record)
        except MessageUnreadableError as error:
            with on_every_line(message_id=message_id):
                if not _buried(record, error, dead_letters):
                    failed.add(message_id)
    return messages, failed


def _done[Kind: (Message, DeliveryMessage, DecisionMessage, WorkflowMessage, SyncMessage)](
    record: Mapping[str, Any],
    message: Kind,
    ends_at: int,
    handle: MessageHandler[Kind],
    dead_letters: Callable[[], DeadLetters],
) -> bool:
    with on_every_line(message_id=record["messageId"], **message.log_ids):
        try:
            handle(message, ends_at)
        except RecordUnreadableError as error:
            return _buried(record, error, dead_letters)
        except Exception as error:  # noqa: BLE001 - last line of defence: one message's bug must not fail the batch
            _log(error)
            return False
        return True


def _buried(record: Mapping[str, Any], error: ActionRelayError, dead_letters: Callable[[], DeadLetters]) -> bool:
    """Move a message to the dead-letter queue; return whether that worked."""
    try:
        dead_letters().put(_text(record) or "(no body)", error.code)
    except ActionRelayError as failure:
        _log(failure)
        return False
    log_refusal(logger(), error)
    telemetry().count(Count.MESSAGES_BURIED, error.code)
    return True


def _log(error: Exception) -> None:
    if isinstance(error, ActionRelayError):
        log_refusal(logger(), error)
        telemetry().count(Count.MESSAGES_RETURNED, error.code)
    else:
        log_bug(logger(), error)
        telemetry().count(Count.MESSAGES_RETURNED, ActionRelayError.code)


def read_message(body: str) -> Message:
    """Read a message of an execution queue.

    Raises:
        MessageUnreadableError: it is not one, or its id can't be an execution's.
    """
    try:
        document = json.loads(body)
        name, kind = document["executionId"], MessageKind(document.get("kind", MessageKind.RUN))
        version, due_at = _hint(document.get("version")), _hint(document.get("dueAt"))
        lane, caller = document.get("lane"), document.get("caller")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise MessageUnreadableError("not a message of this queue", size=len(body)) from None
    lane = Lane.BULK if lane == Lane.BULK else Lane.INTERACTIVE
    return Message(_id(name, body), kind, version, due_at, lane, caller if is_caller_name(caller) else "")


def read_delivery_message(record: Mapping[str, Any]) -> DeliveryMessage:
    """Read a message of the delivery queue.

    Raises:
        MessageUnreadableError: it is not one, or its id can't be an execution's or a workflow's.
    """
    body = _text(record)
    try:
        document = json.loads(body)
        kind = MessageKind.WORKFLOW if "workflowId" in document else MessageKind.RUN
        subject_id = document["workflowId" if kind is MessageKind.WORKFLOW else "executionId"]
        version = _hint(document.get("version"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise MessageUnreadableError("not a message of this queue", size=len(body)) from None
    return DeliveryMessage(_id(subject_id, body), kind, version)


def read_workflow_message(record: Mapping[str, Any]) -> WorkflowMessage:
    """Read a message of the workflow queue.

    If it is received again, a worker may have died after recording what it was about to begin. Then all steps are
    checked, not only the one that the message names.

    Raises:
        MessageUnreadableError: it is not a message of this queue, or its id can't be on record.
    """
    body = _text(record)
    try:
        document = json.loads(body)
        name, step, index = document["workflowId"], document.get("step"), document.get("index")
        received = int((record.get("attributes") or {}).get("ApproximateReceiveCount", 1))
        again = document.get("again") is True or received > 1
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise MessageUnreadableError("not a message of this queue", size=len(body)) from None
    workflow_id = _id(name, body)
    place = WorkflowPlace(workflow_id, step, _hint(index)) if isinstance(step, str) and not again else None
    return WorkflowMessage(workflow_id, place, _hint(document.get("watch")), again)


def _text(record: Mapping[str, Any]) -> str:
    return str(record.get("body") or "")


def _id(name: Any, body: str) -> str:
    if not isinstance(name, str) or not could_be_recorded(name):
        raise MessageUnreadableError("nothing on record has such an id", size=len(body))
    return name


def read_decision_message(record: Mapping[str, Any]) -> DecisionMessage:
    """Read a message of the decision queue: it names a decision about many, or asks for a sweep of dead letters.

    Raises:
        MessageUnreadableError: it is not a message of this queue.
    """
    body = _text(record)
    try:
        document = json.loads(body)
        decision_id, part = document.get("decisionId"), document.get("part")
    except (ValueError, AttributeError, RecursionError):
        raise MessageUnreadableError("not a message of this queue", size=len(body)) from None
    if document == SWEEP:
        return DecisionMessage()
    known = isinstance(decision_id, str) and is_uuid(decision_id)
    if not known or not (part is None or (type(part) is int and part >= 0)):
        raise MessageUnreadableError("no decision has such an id or part", size=len(body))
    return DecisionMessage(decision_id, part)


def _hint(value: Any) -> int | None:
    """Return a hint if it is valid. Without it the result is the same, with more work."""
    return value if type(value) is int else None
