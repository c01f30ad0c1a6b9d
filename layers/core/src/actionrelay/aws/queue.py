"""The two queues. Messages name an execution, with hints that spare work."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actionrelay.aws.clients import failures_as
from actionrelay.errors import QueueUnavailableError
from actionrelay.models import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_DELAY_SECONDS = 900
"""The longest ``DelaySeconds`` of SQS. A longer wait is a chain: whoever receives early sends again."""


@dataclass(frozen=True, slots=True)
class SqsExecutionQueue:
    """An ``ExecutionQueue`` in SQS."""

    client: "SQSClient"
    url: str

    def send(self, message: Message, delay_ms: int = 0) -> None:
        """Queue a message."""
        document: dict[str, str | int] = {"executionId": message.execution_id, "kind": message.kind.value}
        if message.version is not None:
            document["version"] = message.version
        if message.due_at is not None:
            document["dueAt"] = message.due_at
        _send(self.client, self.url, document, delay_ms)


@dataclass(frozen=True, slots=True)
class SqsDeliveryQueue:
    """A ``DeliveryQueue`` in SQS."""

    client: "SQSClient"
    url: str

    def send(self, execution_id: str, delay_ms: int = 0) -> None:
        """Queue a delivery."""
        _send(self.client, self.url, {"executionId": execution_id}, delay_ms)


def _send(client: "SQSClient", url: str, document: Mapping[str, str | int], delay_ms: int) -> None:
    delay = min(max(math.ceil(delay_ms / 1_000), 0), MAX_DELAY_SECONDS)
    with failures_as(QueueUnavailableError, "a message can't be queued"):
        client.send_message(QueueUrl=url, MessageBody=json.dumps(document), DelaySeconds=delay)
