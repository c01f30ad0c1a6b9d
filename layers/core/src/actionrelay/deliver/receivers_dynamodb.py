"""The receivers that have taken a webhook, in the executions table: ``receiver#<owner>``, ``answered``."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, override

from actionrelay.aws.attributes import attribute, key, value_of
from actionrelay.aws.clients import failures_as
from actionrelay.deliver.receivers import REMEMBERED_MS, Receivers
from actionrelay.errors import StoreUnavailableError
from actionrelay.timestamps import DAY_MS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_KEPT = 10_000
"""Owners that a process remembers."""


@dataclass(frozen=True, slots=True)
class TableReceivers(Receivers):
    """``Receivers`` in the executions table. A process writes an owner at most once a day."""

    client: "DynamoDBClient"
    table: str
    _written: dict[str, int] = field(default_factory=dict)

    @override
    def took_one(self, owner: str, now: int) -> None:
        if now - self._written.get(owner, now - DAY_MS) < DAY_MS:
            return
        with failures_as(StoreUnavailableError, "the table can't be written"):
            self.client.put_item(
                TableName=self.table,
                Item={
                    **key(f"receiver#{owner}", "answered"),
                    "answered_at": attribute(now),
                    "expires_at": attribute((now + REMEMBERED_MS) // 1_000),
                },
            )
        if len(self._written) >= _MOST_KEPT:
            self._written.clear()
        self._written[owner] = now

    @override
    def has_taken_one(self, owner: str, now: int) -> bool:
        """Read the item. DynamoDB deletes expired items late, so the time is compared."""
        if now - self._written.get(owner, now - DAY_MS) < DAY_MS:
            return True
        with failures_as(StoreUnavailableError, "the table can't be read"):
            answer = self.client.query(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": attribute(f"receiver#{owner}")},
                ConsistentRead=True,
            )
        return any(int(value_of(item["answered_at"])) > now - REMEMBERED_MS for item in answer["Items"])
