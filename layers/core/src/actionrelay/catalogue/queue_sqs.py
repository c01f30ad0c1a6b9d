"""The catalogue's queue in SQS."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from actionrelay.aws.clients import failures_as
from actionrelay.catalogue.ports import SyncMessage, SyncQueue
from actionrelay.errors import QueueUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_DELAY_S = 900


@dataclass(frozen=True, slots=True)
class SqsSyncQueue(SyncQueue):
    """A ``SyncQueue`` in SQS."""

    client: "SQSClient"
    url: str

    @override
    def push(self, message: SyncMessage, delay_ms: int = 0) -> None:
        names = {"reason": message.reason, "run": message.run, "waited": message.waited or None}
        given = {name: value for name, value in names.items() if value is not None}
        with failures_as(QueueUnavailableError, "the reading of the catalogue can't be queued"):
            self.client.send_message(
                QueueUrl=self.url,
                MessageBody=json.dumps(given),
                DelaySeconds=min(-(-delay_ms // 1_000), _LONGEST_DELAY_S),
            )
