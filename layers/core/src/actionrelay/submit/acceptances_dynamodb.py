"""Counts accepted executions by caller and hour, in the executions table: one item for each hour."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from actionrelay.aws.attributes import key
from actionrelay.aws.clients import failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.lanes import Flow
from actionrelay.submit.backlog import Acceptances

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT_HOURS = 2


@dataclass(frozen=True, slots=True)
class TableAcceptances(Acceptances):
    """``Acceptances`` in DynamoDB. An item expires two hours after its hour."""

    client: "DynamoDBClient"
    table: str

    @override
    def count(self, flow: Flow, hour: int, executions: int) -> int:
        with failures_as(StoreUnavailableError, "acceptances can't be counted"):
            answer = self.client.update_item(
                TableName=self.table,
                Key=key(f"backlog#{flow.lane}#{flow.caller}", str(hour)),
                UpdateExpression="ADD accepted :executions SET expires_at = :end",
                ExpressionAttributeValues={
                    ":executions": {"N": str(executions)},
                    ":end": {"N": str((hour + 1 + _KEPT_HOURS) * 3_600)},
                },
                ReturnValues="UPDATED_NEW",
            )
        return int(answer["Attributes"]["accepted"]["N"])
