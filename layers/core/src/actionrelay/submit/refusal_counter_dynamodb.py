"""Counts refused submissions by caller and day."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from actionrelay.aws.clients import failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.ledger.refusals_dynamodb import counting_update, number_in, refusals_key
from actionrelay.submit.rejection import RefusalCounter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class TableRefusalCounter(RefusalCounter):
    """A ``RefusalCounter`` in the executions table."""

    client: "DynamoDBClient"
    table: str

    @override
    def count(self, day: str, caller: str, expires_at: int) -> int:
        """Add one in one write. The SDK repeats a write whose answer is lost, so a refusal may be counted twice."""
        with failures_as(StoreUnavailableError, "a refusal can't be counted"):
            answer = self.client.update_item(  # "refusals#…" items alone, by IAM
                TableName=self.table,
                Key=refusals_key(day, caller),
                **counting_update(expires_at),  # type: ignore[arg-type]  # a literal of another module
            )
        return number_in(answer["Attributes"])
