"""The executions table: the ledger's records and the result cache.

Every write of a record is one conditional ``PutItem``: the first on absence, each later one on the version before
it. So ``dynamodb:GetItem`` and ``dynamodb:PutItem`` are all that a function needs.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.aws.items import Item, execution_item, read_execution, read_ref, spell_ref
from actionrelay.errors import AlreadyRecordedError, StaleWriteError, StoreUnavailableError
from actionrelay.models import CachedResult, Execution

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CONDITION_FAILED = "ConditionalCheckFailedException"
_SECONDS_PER_DAY = 86_400


def key(partition: str, sort: str) -> Item:
    """Spell the key of an item; every kind of item names itself in its partition key."""
    return {"pk": {"S": partition}, "sk": {"S": sort}}


@dataclass(frozen=True, slots=True)
class ExecutionsTable:
    """An ``ExecutionStore`` and a ``ResultCache`` in one DynamoDB table."""

    client: "DynamoDBClient"
    table: str
    retention_days: int

    def create(self, execution: Execution) -> None:
        """Write the first version of a record."""
        try:
            self._put(execution, "attribute_not_exists(pk)", {})
        except _ConditionFailedError:
            raise AlreadyRecordedError("this id is taken", execution_id=execution.execution_id) from None

    def load(self, execution_id: str) -> Execution | None:
        """Read a record, consistently."""
        item = self._get(_execution_key(execution_id))
        return read_execution(item) if item else None

    def save(self, execution: Execution) -> None:
        """Write the next version of a record, if nobody else has."""
        try:
            self._put(execution, "version = :before", {":before": {"N": str(execution.version - 1)}})
        except _ConditionFailedError:
            raise StaleWriteError("another writer was first", execution_id=execution.execution_id) from None

    def lookup(self, key: str) -> CachedResult | None:
        """Read a cache entry. DynamoDB deletes ended items late, so whoever reads compares the time."""
        item = self._get(_cache_key(key))
        if not item:
            return None
        return CachedResult(key, read_ref(item["result"]["S"]), int(item["ends_at"]["N"]))

    def remember(self, entry: CachedResult) -> None:
        """Write a cache entry; the last one wins."""
        item = {
            **_cache_key(entry.key),
            "result": {"S": spell_ref(entry.result)},
            "ends_at": {"N": str(entry.expires_at)},
            "expires_at": {"N": str(entry.expires_at // 1_000)},
        }
        with failures_as(StoreUnavailableError, "the result cache can't be written"):
            self.client.put_item(TableName=self.table, Item=item)

    def _put(self, execution: Execution, condition: str, values: Item) -> None:
        expires_at = execution.updated_at // 1_000 + self.retention_days * _SECONDS_PER_DAY
        item = {
            **_execution_key(execution.execution_id),
            **execution_item(execution),
            "expires_at": {"N": str(expires_at)},
        }
        with failures_as(StoreUnavailableError, "the ledger can't be written"):
            try:
                if values:
                    self.client.put_item(
                        TableName=self.table,
                        Item=item,
                        ConditionExpression=condition,
                        ExpressionAttributeValues=values,
                    )
                else:
                    self.client.put_item(TableName=self.table, Item=item, ConditionExpression=condition)
            except ClientError as failure:
                if aws_code(failure) == _CONDITION_FAILED:
                    raise _ConditionFailedError from None
                raise

    def _get(self, item_key: Item) -> Item:
        with failures_as(StoreUnavailableError, "the table can't be read"):
            answer = self.client.get_item(TableName=self.table, Key=item_key, ConsistentRead=True)
        return dict(answer.get("Item", {}))


class _ConditionFailedError(Exception):
    """The condition of a write did not hold."""


def _execution_key(execution_id: str) -> Item:
    return key(f"execution#{execution_id}", "ledger")


def _cache_key(cache_key: str) -> Item:
    return key(f"cache#{cache_key}", "result")
