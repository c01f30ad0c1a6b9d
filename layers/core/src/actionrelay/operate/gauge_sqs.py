"""A ``QueueGauge`` over SQS."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actionrelay.aws.clients import failures_as
from actionrelay.errors import QueueUnavailableError
from actionrelay.operate.ports import QueueDepth

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class SqsGauge:
    """A ``QueueGauge`` of one queue in SQS."""

    client: "SQSClient"
    url: str

    def depth(self) -> QueueDepth:
        """Ask SQS, whose numbers are right within a minute of the last change."""
        with failures_as(QueueUnavailableError, "a queue can't be looked at"):
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
