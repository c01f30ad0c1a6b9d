"""What the tables of executions and of workflows share: how a record's items are put, and for how long they are kept.

A record is an acceptance, put once on condition of absence, and items with its current state, each put on condition of
the version before. ``created_at`` is in every item: it says which acceptance an item belongs to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import Attribute, Item, attribute, value_of
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.timestamps import DAY_MS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RUN_OUT_DAYS = 7
"""How much longer than its retention a record is kept: what begins on its last day, and the webhook about it, can still
end."""
_DELETED_WITHIN_DAYS = 7
"""DynamoDB deletes expired items within days, in any order. The current state expires this much after the acceptance:
an acceptance without one looks like a record that no worker has touched."""


@dataclass(frozen=True, slots=True)
class RecordItems:
    """Puts the items of records."""

    client: "DynamoDBClient"
    table: str
    retention_days: int

    def put_acceptance(self, item: Item) -> bool:
        """Put an acceptance; False when another one that is within its retention has its key."""
        created_at = value_of(item["created_at"])
        gone = {":gone": attribute(created_at - self.retention_days * DAY_MS)}
        return self.put(self.expiring(item), "attribute_not_exists(pk) OR created_at <= :gone", gone)

    def put_version(self, item: Item, *, first: int) -> bool:
        """Replace the version before an item's own; False when the stored version is another.

        Version ``first`` replaces nothing, or what an older acceptance has left under its key.
        """
        values = {":created_at": item["created_at"]}
        version = value_of(item["version"])
        if version == first:
            condition = "attribute_not_exists(pk) OR created_at <> :created_at"
        else:
            condition = "version = :before AND created_at = :created_at"
            values[":before"] = attribute(version - 1)
        return self.put(self.expiring(item, _DELETED_WITHIN_DAYS), condition, values)

    def expiring(self, item: Item, extra_days: int = 0) -> Item:
        """Return an item with the time at which DynamoDB may delete it."""
        days = self.retention_days + RUN_OUT_DAYS + extra_days
        return {**item, "expires_at": attribute((value_of(item["created_at"]) + days * DAY_MS) // 1_000)}

    def put(self, item: Item, condition: str = "", values: Mapping[str, Attribute] | None = None) -> bool:
        """Put an item; False when the condition does not hold.

        Raises:
            StoreUnavailableError: it may or may not have been written.
        """
        optional: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        if values:
            optional["ExpressionAttributeValues"] = values
        with failures_as(StoreUnavailableError, "the table can't be written"):
            try:
                self.client.put_item(TableName=self.table, Item=item, **optional)
            except ClientError as failure:
                if aws_code(failure) != "ConditionalCheckFailedException":
                    raise
                return False
        return True
