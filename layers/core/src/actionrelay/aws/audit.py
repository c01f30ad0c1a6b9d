"""The audit table: append-only. Its writers hold ``dynamodb:PutItem`` alone, and each put wants absence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.aws.items import entry_item, read_entry
from actionrelay.errors import StoreUnavailableError
from actionrelay.models import AuditEntry
from actionrelay.timestamps import iso

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
        """Add entries in order; one that is there already stays as it is."""
        for entry in entries:
            self._append(entry)

    def _append(self, entry: AuditEntry) -> None:
        # The index is sparse: it holds the entry that opens a day for its execution, by time.
        in_index = {"daySort": {"S": f"{iso(entry.timestamp)}#{entry.execution_id}"}} if entry.day else {}
        item = {
            **entry_item(entry),
            **in_index,
            "expires_at": {"N": str(entry.timestamp // 1_000 + self.retention_days * _SECONDS_PER_DAY)},
        }
        with failures_as(StoreUnavailableError, "the audit trail can't be written"):
            try:
                self.client.put_item(
                    TableName=self.table, Item=item, ConditionExpression="attribute_not_exists(executionId)"
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
        """Read all entries of one execution, oldest first, as last written."""
        found: list[AuditEntry] = []
        with failures_as(StoreUnavailableError, "the audit trail can't be read"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="executionId = :id",
                ExpressionAttributeValues={":id": {"S": execution_id}},
                ConsistentRead=True,
            )
            for page in pages:
                found.extend(read_entry(item) for item in page["Items"])
        return tuple(found)
