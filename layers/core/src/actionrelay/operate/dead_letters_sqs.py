"""The dead-letter queue of deliveries, in SQS."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any, override

from actionrelay.aws.clients import failures_as
from actionrelay.errors import QueueUnavailableError
from actionrelay.ledger.queues_sqs import GIVEN_UP, REASON
from actionrelay.operate.ports import DeliveryLetters, Letter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_AT_ONCE = 10
"""The most messages of one request to SQS."""
_IN_HAND_SECONDS = 60


@dataclass(frozen=True, slots=True)
class SqsLetters(DeliveryLetters):
    """``DeliveryLetters`` in SQS. If a worker dies, its letters are visible again a minute later."""

    client: "SQSClient"
    url: str

    @override
    def receive(self) -> Sequence[Letter]:
        with failures_as(QueueUnavailableError, "dead letters can't be received"):
            answer = self.client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=_AT_ONCE,
                VisibilityTimeout=_IN_HAND_SECONDS,
                MessageAttributeNames=[REASON],
            )
        return [_letter(each) for each in answer.get("Messages", ())]

    @override
    def delete(self, letters: Sequence[Letter]) -> None:
        with failures_as(QueueUnavailableError, "dead letters can't be deleted"):
            for some in _some(letters):
                self.client.delete_message_batch(
                    QueueUrl=self.url,
                    Entries=[{"Id": str(place), "ReceiptHandle": each.handle} for place, each in some],
                )

    @override
    def give_back(self, letters: Sequence[Letter]) -> None:
        with failures_as(QueueUnavailableError, "dead letters can't be given back"):
            for some in _some(letters):
                self.client.change_message_visibility_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": each.handle, "VisibilityTimeout": 0} for place, each in some
                    ],
                )


def _letter(message: Mapping[str, Any]) -> Letter:
    reason = message.get("MessageAttributes", {}).get(REASON, {}).get("StringValue")
    return Letter(message.get("Body", ""), message["ReceiptHandle"], given_up=reason == GIVEN_UP)


def _some(letters: Sequence[Letter]) -> Iterator[tuple[tuple[int, Letter], ...]]:
    yield from batched(enumerate(letters), _AT_ONCE, strict=False)
