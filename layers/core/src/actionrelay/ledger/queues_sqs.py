"""The queues in SQS: of executions (one per lane), of deliveries and of workflows."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, override

from actionrelay.aws.clients import failures_as
from actionrelay.errors import QueueUnavailableError
from actionrelay.lanes import Lane
from actionrelay.ledger.message import Message, MessageKind, WorkflowMessage
from actionrelay.ledger.ports import DeadLetters, DeliveryQueue, ExecutionQueue, WorkflowQueue
from actionrelay.ledger.receiver import receiver_group

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_DELAY_SECONDS = 900
"""The longest ``DelaySeconds`` of SQS. A message that arrives too early is sent again, so longer waits are chains."""
REASON = "reason"
"""The message attribute that says why a message is a dead letter."""
GIVEN_UP = "given_up"
"""The reason of a delivery that was given up."""
LARGEST_SEND = 10
"""Messages in one request."""
MAX_GROUP_LENGTH = 128
"""The longest ``MessageGroupId`` of SQS. A longer host name keeps its end, which identifies its owner."""


@dataclass(frozen=True, slots=True)
class SqsExecutionQueue(ExecutionQueue):
    """An ``ExecutionQueue`` in SQS, one queue per lane."""

    client: "SQSClient"
    urls: Mapping[Lane, str]

    @override
    def send(self, message: Message, delay_ms: int = 0) -> None:
        """Queue a message in its caller's group: while one group occupies most workers, SQS prefers the others."""
        document, group = _document(message)
        send_document(self.client, self.urls[message.lane], document, delay_ms, **group)

    @override
    def send_all(self, messages: Sequence[Message]) -> list[Message]:
        """Queue messages ten at a time, which SQS bills as one request."""
        lost: list[Message] = []
        for lane, url in self.urls.items():
            of_lane = [message for message in messages if message.lane is lane]
            for begins in range(0, len(of_lane), LARGEST_SEND):
                lost += self._send_ten(url, of_lane[begins : begins + LARGEST_SEND])
        return lost

    def _send_ten(self, url: str, messages: Sequence[Message]) -> list[Message]:
        entries: list[Any] = []
        for number, message in enumerate(messages):
            document, group = _document(message)
            entries.append({"Id": str(number), "MessageBody": _body(document), **group})
        try:
            with failures_as(QueueUnavailableError, "messages can't be queued"):
                answer = self.client.send_message_batch(QueueUrl=url, Entries=entries)
        except QueueUnavailableError:
            return list(messages)
        return [messages[int(failed["Id"])] for failed in answer.get("Failed", ())]


def _document(message: Message) -> tuple[dict[str, str | int | None], dict[str, str]]:
    """Return a message's document and its group parameter."""
    hints: dict[str, str | int | None] = {
        "version": message.version,
        "dueAt": message.due_at,
        "lane": None if message.lane is Lane.INTERACTIVE else message.lane.value,
        "caller": message.caller or None,
    }
    group = {"MessageGroupId": message.caller} if message.caller else {}
    return {"executionId": message.execution_id, "kind": message.kind.value, **hints}, group


@dataclass(frozen=True, slots=True)
class SqsDeliveryQueue(DeliveryQueue):
    """A ``DeliveryQueue`` in SQS."""

    client: "SQSClient"
    url: str
    reason: str | None = None
    """The reason attribute of each message, if these are dead letters."""

    @override
    def send(
        self,
        subject_id: str,
        delay_ms: int = 0,
        version: int | None = None,
        receiver: str | None = None,
        kind: MessageKind = MessageKind.RUN,
    ) -> None:
        """Queue a delivery in the group of its receiver's owner, which makes a standard queue fair between owners.

        All names below a domain are one group, so a caller can't get more turns by inventing names.
        """
        owner = receiver_group(receiver) if receiver else None
        beside: dict[str, Any] = {"MessageGroupId": owner[-MAX_GROUP_LENGTH:]} if owner else {}
        if self.reason is not None:
            beside["MessageAttributes"] = _reason(self.reason)
        name = "workflowId" if kind is MessageKind.WORKFLOW else "executionId"
        send_document(self.client, self.url, {name: subject_id, "version": version}, delay_ms, **beside)


@dataclass(frozen=True, slots=True)
class SqsWorkflowQueue(WorkflowQueue):
    """A ``WorkflowQueue`` in SQS."""

    client: "SQSClient"
    url: str

    @override
    def notify(self, message: WorkflowMessage, delay_ms: int = 0) -> None:
        place = message.place
        step = {"step": place.step, "index": place.index} if place else {}
        document = {"workflowId": message.workflow_id, "watch": message.watch, "again": message.again or None, **step}
        send_document(self.client, self.url, document, delay_ms)


@dataclass(frozen=True, slots=True)
class SqsDeadLetters(DeadLetters):
    """``DeadLetters`` in SQS: the body as it came, the reason as a message attribute."""

    client: "SQSClient"
    url: str

    @override
    def put(self, body: str, reason: str) -> None:
        with failures_as(QueueUnavailableError, "a dead letter could not be sent"):
            self.client.send_message(
                QueueUrl=self.url,
                MessageBody=body,
                MessageAttributes=_reason(reason),
            )


def _reason(reason: str) -> dict[str, Any]:
    return {REASON: {"DataType": "String", "StringValue": reason}}


def send_document(
    client: "SQSClient", url: str, document: Mapping[str, str | int | None], delay_ms: int, **parameters: Any
) -> None:
    """Send a message without the members that are None, delayed by at most ``MAX_DELAY_SECONDS``.

    Raises:
        QueueUnavailableError: it may or may not have been queued.
    """
    delay = min(max(math.ceil(delay_ms / 1_000), 0), MAX_DELAY_SECONDS)
    with failures_as(QueueUnavailableError, "a message can't be queued"):
        client.send_message(QueueUrl=url, MessageBody=_body(document), DelaySeconds=delay, **parameters)


def _body(document: Mapping[str, str | int | None]) -> str:
    return json.dumps({name: value for name, value in document.items() if value is not None})
