"""A ``QueueGauge`` over SQS."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from actionrelay.aws.clients import failures_as
from actionrelay.errors import QueueUnavailableError
from actionrelay.ledger.ports import QueueDepth, QueueGauge

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class SqsGauge(QueueGauge):
    """A ``QueueGauge`` of one queue in SQS."""

    client: "SQSClient"
    url: str

    @override
    def depth(self) -> QueueDepth:
        """Ask SQS, whose numbers are right about a minute after the last change."""
        with failures_as(QueueUnavailableError, "a queue can't be read"):
            answer = self.client.get_queue_attributes(
                QueueUrl=self.url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesDelayed",
                    "ApproximateNumberOfMessagesNotVisible",
                ],
            )
        counted = answer["Attributes"]
        return QueueDepth(
            waiting=int(counted["ApproximateNumberOfMessages"]),
            delayed=int(counted["ApproximateNumberOfMessagesDelayed"]),
            in_flight=int(counted["ApproximateNumberOfMessagesNotVisible"]),
        )
