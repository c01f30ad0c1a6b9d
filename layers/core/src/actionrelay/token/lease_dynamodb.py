"""The token's lease in the executions table: an item for each OAuth client, changed on condition of its revision."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import Item, attribute, key
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.token.lease import TokenLease
from actionrelay.token.ports import TokenLeases

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT_SECONDS = 86_400
"""How long an obsolete item is kept. If an item is missing, the store is read once more."""


@dataclass(frozen=True, slots=True)
class TableTokenLeases(TokenLeases):
    """``TokenLeases`` in the executions table. No item holds a token."""

    client: "DynamoDBClient"
    table: str

    @override
    def read(self, issuer: str) -> TokenLease:
        with failures_as(StoreUnavailableError, "the token's lease can't be read"):
            answer = self.client.get_item(TableName=self.table, Key=_key(issuer), ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return TokenLease()
        return TokenLease(
            holder=item["holder"]["S"],
            until=int(item["until"]["N"]),
            shared=item["shared"]["S"],
            shared_until=int(item["shared_until"]["N"]),
            refused=item["refused"]["S"],
            failure=item["failure"]["S"],
            failure_text=item["failure_text"]["S"],
            rest_ms=int(item["rest_ms"]["N"]) if "rest_ms" in item else 0,  # older releases write none
            revision=int(item["version"]["N"]),
        )

    @override
    def swap(self, issuer: str, before: TokenLease, after: TokenLease) -> TokenLease:
        """Write ``after`` over ``before``.

        If the condition fails, the item is read. So a worker whose write succeeded, but whose answer was lost and was
        repeated by the SDK, learns that it has succeeded.
        """
        with failures_as(StoreUnavailableError, "the token's lease can't be written"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=_item(issuer, after),
                    ConditionExpression="attribute_not_exists(pk) OR version = :before",
                    ExpressionAttributeValues={":before": attribute(before.revision)},
                )
            except ClientError as failure:
                if aws_code(failure) != "ConditionalCheckFailedException":
                    raise
            else:
                return after
        return self.read(issuer)


def _item(issuer: str, lease: TokenLease) -> Item:
    return {
        **_key(issuer),
        "holder": attribute(lease.holder),
        "until": attribute(lease.until),
        "shared": attribute(lease.shared),
        "shared_until": attribute(lease.shared_until),
        "refused": attribute(lease.refused),
        "failure": attribute(lease.failure),
        "failure_text": attribute(lease.failure_text),
        "rest_ms": attribute(lease.rest_ms),
        "version": attribute(lease.revision),
        "expires_at": attribute(max(lease.until, lease.shared_until) // 1_000 + _KEPT_SECONDS),
    }


def _key(issuer: str) -> Item:
    return key(f"token#{issuer}", "lease")
