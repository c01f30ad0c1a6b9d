"""The catalogue's queue in SQS."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from actionrelay.catalogue.ports import SyncMessage, SyncQueue
from actionrelay.ledger.queues_sqs import send_document

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class SqsSyncQueue(SyncQueue):
    """A ``SyncQueue`` in SQS."""

    client: "SQSClient"
    url: str

    @override
    def push(self, message: SyncMessage, delay_ms: int = 0) -> None:
        document = {"reason": message.reason, "run": message.run, "waited": message.waited or None}
        send_document(self.client, self.url, document, delay_ms)
