"""Reads the audit table, whatever it holds, and its index by day."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from actionrelay.audit.entry_reading_dynamodb import read_item
from actionrelay.audit.ports import AuditReader
from actionrelay.audit.trail import Flaw, Opening, Trail
from actionrelay.aws.attributes import attribute
from actionrelay.aws.clients import failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.ledger.audit_entry import AuditEntry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef


@dataclass(frozen=True, slots=True)
class AuditTableReader(AuditReader):
    """An ``AuditReader`` of the audit table."""

    client: "DynamoDBClient"
    table: str

    @override
    def trail(self, execution_id: str) -> Trail:
        """Read everything that is stored of one execution, consistently. No stored value makes this fail."""
        entries: list[AuditEntry] = []
        flaws: list[Flaw] = []
        with failures_as(StoreUnavailableError, "the audit trail can't be read"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="executionId = :id",
                ExpressionAttributeValues={":id": {"S": execution_id}},
                ConsistentRead=True,
            )
            for page in pages:
                for item in page["Items"]:
                    found, wrong = read_item(item)
                    entries += found
                    flaws += wrong
        return Trail.of(entries, flaws)

    @override
    def openings(self, day: str, after: Opening | None, limit: int) -> tuple[Opening, ...]:
        """Read the next part of the index by day, which follows the table within moments."""
        asked: QueryInputTypeDef = {
            "TableName": self.table,
            "IndexName": "by_day",
            "KeyConditionExpression": "dayOpened = :day",
            "ExpressionAttributeValues": {":day": {"S": day}},
            "Limit": limit,
        }
        if after is not None:
            asked["ExclusiveStartKey"] = {
                "executionId": attribute(after.execution_id),
                "seq": attribute(after.seq),
                "dayOpened": attribute(day),
                "openedAt": attribute(after.opened_at),
            }
        with failures_as(StoreUnavailableError, "the audit trail can't be read"):
            answer = self.client.query(**asked)
        return tuple(
            Opening(item["executionId"]["S"], int(float(item["seq"]["N"])), item["openedAt"]["S"])
            for item in answer["Items"]
        )
