"""The queues: one of executions for each lane, one of deliveries. Messages name an execution, with hints."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, override

from actionrelay.aws.clients import failures_as
from actionrelay.errors import QueueUnavailableError
from actionrelay.lanes import Lane
from actionrelay.ledger.message import Message
from actionrelay.ledger.ports import DeadLetters, DeliveryQueue, ExecutionQueue
from actionrelay.ledger.receiver import receiver_group

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_DELAY_SECONDS = 900
"""The longest ``DelaySeconds`` of SQS. A longer wait is a chain: a message that comes early is sent again."""
REASON = "reason"
"""The attribute of a dead letter that says why it is one."""
GIVEN_UP = "given_up"
"""The reason of a delivery that was given up."""
MAX_GROUP_LENGTH = 128
"""The longest ``MessageGroupId`` of SQS; the end of a host name says more about who it is than its beginning."""


@dataclass(frozen=True, slots=True)
class SqsExecutionQueue(ExecutionQueue):
    """An ``ExecutionQueue`` in SQS: a queue for each lane."""

    client: "SQSClient"
    urls: Mapping[Lane, str]

    @override
    def send(self, message: Message, delay_ms: int = 0) -> None:
        """Queue a message in the group of its caller, so that SQS hands out the messages of the others first while one
        caller takes up most of the workers' time.
        """
        hints = {
            "version": message.version,
            "dueAt": message.due_at,
            "lane": None if message.lane is Lane.INTERACTIVE else message.lane.value,
            "caller": message.caller or None,
        }
        document = {"executionId": message.execution_id, "kind": message.kind.value, **hints}
        group = {"MessageGroupId": message.caller} if message.caller else {}
        _send(self.client, self.urls[message.lane], document, delay_ms, **group)


@dataclass(frozen=True, slots=True)
class SqsDeliveryQueue(DeliveryQueue):
    """A ``DeliveryQueue`` in SQS."""

    client: "SQSClient"
    url: str
    reason: str | None = None
    """Goes beside each message, where it is a dead letter."""

    @override
    def send(
        self, execution_id: str, delay_ms: int = 0, version: int | None = None, receiver: str | None = None
    ) -> None:
        """Queue a delivery in the group of its receiver's owner.

        Groups make a standard queue a fair one: SQS hands out the messages of the others first while one group takes up
        most of the workers' time. The owner of a domain is one group, whatever names below it a caller makes up.
        """
        owner = receiver_group(receiver) if receiver else None
        beside: dict[str, Any] = {"MessageGroupId": owner[-MAX_GROUP_LENGTH:]} if owner else {}
        if self.reason is not None:
            beside["MessageAttributes"] = _reason(self.reason)
        _send(self.client, self.url, {"executionId": execution_id, "version": version}, delay_ms, **beside)


@dataclass(frozen=True, slots=True)
class SqsDeadLetters(DeadLetters):
    """``DeadLetters`` in SQS: the body as it came, the reason as an attribute beside it."""

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


def _send(
    client: "SQSClient", url: str, document: Mapping[str, str | int | None], delay_ms: int, **parameters: Any
) -> None:
    delay = min(max(math.ceil(delay_ms / 1_000), 0), MAX_DELAY_SECONDS)
    with failures_as(QueueUnavailableError, "a message can't be queued"):
        body = json.dumps({name: value for name, value in document.items() if value is not None})
        client.send_message(QueueUrl=url, MessageBody=body, DelaySeconds=delay, **parameters)
