"""The queue of decisions about many, in SQS."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from actionrelay.aws.clients import failures_as
from actionrelay.errors import QueueUnavailableError
from actionrelay.operate.ports import SWEEP, DecisionMessage, DecisionQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class SqsDecisionQueue(DecisionQueue):
    """A ``DecisionQueue`` in SQS."""

    client: "SQSClient"
    url: str

    @override
    def enqueue(self, message: DecisionMessage) -> None:
        names = {"decisionId": message.decision_id, "part": message.part}
        given = {name: value for name, value in names.items() if value is not None}
        with failures_as(QueueUnavailableError, "a decision can't be queued"):
            self.client.send_message(QueueUrl=self.url, MessageBody=json.dumps(given or SWEEP))
