"""The preflight's board in the executions table: one item, written on condition of its version."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import attribute, key
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.preflight.ports import NoticeBoard, Posted
from actionrelay.preflight_check import Check, CheckStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = key("preflight#shared", "result")
_KEPT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class TableNoticeBoard(NoticeBoard):
    """A ``NoticeBoard`` in DynamoDB."""

    client: "DynamoDBClient"
    table: str

    @override
    def read(self) -> Posted:
        with failures_as(StoreUnavailableError, "the preflight's board can't be read"):
            answer = self.client.get_item(TableName=self.table, Key=_KEY, ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return Posted()
        return Posted(
            checks=tuple(
                Check(each["name"], CheckStatus(each["status"]), each["detail"], each["advice"])
                for each in json.loads(item["checks"]["S"])
            ),
            looked_at=int(item["looked_at"]["N"]),
            claimed_until=int(item["claimed_until"]["N"]),
            version=int(item["version"]["N"]),
        )

    @override
    def swap(self, before: Posted, after: Posted) -> bool:
        expires_at = max(after.looked_at, after.claimed_until) // 1_000 + _KEPT_SECONDS
        with failures_as(StoreUnavailableError, "the preflight's board can't be written"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item={
                        **_KEY,
                        "checks": attribute(json.dumps([asdict(check) for check in after.checks])),
                        "looked_at": attribute(after.looked_at),
                        "claimed_until": attribute(after.claimed_until),
                        "version": attribute(after.version),
                        "expires_at": attribute(expires_at),
                    },
                    ConditionExpression="attribute_not_exists(pk) OR version = :before",
                    ExpressionAttributeValues={":before": attribute(before.version)},
                )
            except ClientError as failure:
                if aws_code(failure) != "ConditionalCheckFailedException":
                    raise
                return False
        return True
