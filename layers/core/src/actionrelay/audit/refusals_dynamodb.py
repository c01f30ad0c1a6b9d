"""Reads how many submissions of each caller were refused on a day."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from actionrelay.audit.ports import DayRefusals
from actionrelay.aws.attributes import attribute
from actionrelay.aws.clients import failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.ledger.refusals import Refusals
from actionrelay.ledger.refusals_dynamodb import number_in, partition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class TableRefusals(DayRefusals):
    """``DayRefusals`` from the executions table."""

    client: "DynamoDBClient"
    table: str

    @override
    def of(self, day: str) -> tuple[Refusals, ...]:
        found: list[Refusals] = []
        with failures_as(StoreUnavailableError, "the numbers of refusals can't be read"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": attribute(partition(day))},
                ConsistentRead=True,
            )
            for page in pages:
                found += (Refusals(item["sk"]["S"], number_in(item)) for item in page["Items"])
        return tuple(found)
