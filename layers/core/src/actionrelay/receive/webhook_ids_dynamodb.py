"""The ids of received webhooks in the executions table: one item each, put once, expiring."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import attribute, key
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.receive.ports import WebhookIds

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class TableWebhookIds(WebhookIds):
    """``WebhookIds`` in the executions table. An item holds a digest and nothing else of the webhook."""

    client: "DynamoDBClient"
    table: str

    @override
    def claim(self, webhook_id: str, content: str, now: int, until: int) -> str:
        """Put the item of an id, or get the one that is there, in one request that needs no permission to read.

        DynamoDB deletes expired items late, so the condition compares the time itself. When the SDK repeats a put
        whose response was lost, it finds its own item, which has the same content.
        """
        with failures_as(StoreUnavailableError, "the id of a webhook can't be kept"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item={
                        **key(f"webhook#{webhook_id}", "id"),
                        "content": attribute(content),
                        "expires_at": attribute(until // 1_000),
                    },
                    ConditionExpression="attribute_not_exists(pk) OR expires_at <= :now",
                    ExpressionAttributeValues={":now": attribute(now // 1_000)},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as failure:
                if aws_code(failure) != "ConditionalCheckFailedException":
                    raise
                return str(failure.response["Item"]["content"]["S"])  # type: ignore[typeddict-item]
        return content
