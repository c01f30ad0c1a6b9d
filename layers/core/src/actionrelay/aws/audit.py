"""The audit table: append-only. Its writers hold ``dynamodb:PutItem`` alone, and each put wants absence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import attribute
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.aws.entries import by_day, entries_item, read_entries
from actionrelay.errors import StoreUnavailableError
from actionrelay.models import AuditEntry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class AuditTable:
    """An ``AuditTrail`` in a DynamoDB table of its own."""

    client: "DynamoDBClient"
    table: str
    retention_days: int

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Add entries that follow each other, those of a day as one item.

        What is there already stays as it is. The item is named after its last entry: whoever finds that one there finds
        all before it, here or in an item of their own.
        """
        for part in by_day(entries):
            self._append(part)

    def _append(self, entries: Sequence[AuditEntry]) -> None:
        last = entries[-1]
        expires_at = last.timestamp // 1_000 + self.retention_days * _SECONDS_PER_DAY
        with failures_as(StoreUnavailableError, "the audit trail can't be written"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item={**entries_item(entries), "expires_at": attribute(expires_at)},
                    ConditionExpression="attribute_not_exists(executionId)",
                )
            except ClientError as failure:
                if aws_code(failure) != "ConditionalCheckFailedException":
                    raise


@dataclass(frozen=True, slots=True)
class AuditTableReader:
    """An ``AuditReader`` of the same table."""

    client: "DynamoDBClient"
    table: str

    def entries(self, execution_id: str) -> tuple[AuditEntry, ...]:
        """Read all entries of one execution, oldest first, as last written; one that is there twice alike, once."""
        found: dict[AuditEntry, None] = {}
        with failures_as(StoreUnavailableError, "the audit trail can't be read"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="executionId = :id",
                ExpressionAttributeValues={":id": {"S": execution_id}},
                ConsistentRead=True,
            )
            for page in pages:
                found.update((entry, None) for item in page["Items"] for entry in read_entries(item))
        return tuple(sorted(found, key=lambda entry: entry.seq))
