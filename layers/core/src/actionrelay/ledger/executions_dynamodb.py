"""The executions table: the ledger's records and the result cache.

A record is two items under one partition key, its acceptance and its current state (``ledger.records_dynamodb``). So a
step costs only what changes, however large the request is, and one query reads both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, override

from actionrelay.aws.attributes import Attribute, Item, attribute, key
from actionrelay.aws.clients import failures_as
from actionrelay.errors import AlreadyRecordedError, RecordUnreadableError, StaleWriteError, StoreUnavailableError
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.items_dynamodb import accepted_item, is_name_of_run, ledger_item, read_execution
from actionrelay.ledger.ports import CachedResult, ExecutionStore, ResultCache, SentRun, SentRuns
from actionrelay.ledger.records_dynamodb import RecordItems

_ACCEPTED, _LEDGER = "accepted", "ledger"
_FIRST_STEP = 2
"""The version that the first step after acceptance writes; there is no current state before it."""


@dataclass(frozen=True, slots=True)
class ExecutionsTable(RecordItems, ExecutionStore, SentRuns, ResultCache):
    """An ``ExecutionStore``, ``SentRuns`` and a ``ResultCache`` in one DynamoDB table."""

    @override
    def create(self, execution: Execution) -> None:
        if not self.put_acceptance({**key(record_name(execution.execution_id), _ACCEPTED), **accepted_item(execution)}):
            raise AlreadyRecordedError("this id is taken", execution_id=execution.execution_id)

    @override
    def load(self, execution_id: str) -> Execution | None:
        return read_record(execution_id, self._items(execution_id))

    @override
    def reserve(self, sent_as: str, run: SentRun) -> bool:
        """Put a name under the key of a record's acceptance: each prevents the other from being created."""
        execution = run.execution
        item = {
            **key(record_name(sent_as), _ACCEPTED),
            "run_of": attribute(execution.execution_id),
            "run": attribute(run.run),
            "created_at": attribute(execution.created_at),
        }
        return self.put(self.expiring(item), "attribute_not_exists(pk) OR run_of = :id", {":id": item["run_of"]})

    @override
    def sent(self, sent_as: str) -> SentRun | None:
        """Read the record that an id belongs to; another run's takes a second read."""
        items = self._items(sent_as)
        own = read_record(sent_as, items)
        if own is not None:
            return SentRun(own, 1)
        name = next((item for item in items if is_name_of_run(item)), None)
        if name is None:
            return None
        execution, run = self.load(name["run_of"]["S"]), int(name["run"]["N"])
        # The name may have outlived its execution, and another one may have its id since.
        known = execution is not None and attribute(execution.created_at) == name["created_at"] and run <= execution.run
        return SentRun(execution, run) if execution is not None and known else None

    @override
    def save(self, execution: Execution) -> None:
        item = {**key(record_name(execution.execution_id), _LEDGER), **ledger_item(execution)}
        if not self.put_version(item, first=_FIRST_STEP):
            raise StaleWriteError("another writer was first", execution_id=execution.execution_id)

    @override
    def lookup(self, key: str) -> CachedResult | None:
        """Read a cache entry. DynamoDB deletes expired items late, so the caller compares the time."""
        with failures_as(StoreUnavailableError, "the table can't be read"):
            answer = self.client.get_item(TableName=self.table, Key=_cache_key(key), ConsistentRead=True)
        item = answer.get("Item")
        if not item:
            return None
        return CachedResult(key, item["execution_id"]["S"], int(item["ends_at"]["N"]))

    @override
    def remember(self, entry: CachedResult) -> None:
        self.put(
            {
                **_cache_key(entry.key),
                "execution_id": attribute(entry.execution_id),
                "ends_at": attribute(entry.expires_at),
                "expires_at": attribute(entry.expires_at // 1_000),
            }
        )

    def _items(self, name: str) -> Sequence[Mapping[str, Any]]:
        with failures_as(StoreUnavailableError, "the table can't be read"):
            answer = self.client.query(
                TableName=self.table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": attribute(record_name(name))},
                ConsistentRead=True,
            )
        return answer["Items"]


def record_name(execution_id: str) -> str:
    """Return the partition that holds a record."""
    return f"execution#{execution_id}"


def record_keys(execution_id: str) -> tuple[Item, ...]:
    """Return the keys of a record's items; the second exists once a step was taken."""
    return tuple(key(record_name(execution_id), part) for part in (_ACCEPTED, _LEDGER))


def read_record(execution_id: str, items: Iterable[Mapping[str, Attribute]]) -> Execution | None:
    """Build a record from its items; None without an acceptance."""
    found = {item["sk"]["S"]: item for item in items}
    accepted, current = found.get(_ACCEPTED), found.get(_LEDGER)
    if accepted is None or is_name_of_run(accepted):
        return None
    # The current state may be of an older record with this id.
    if current is not None and current["created_at"] != accepted["created_at"]:
        current = None
    try:
        return read_execution(execution_id, accepted, current)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RecordUnreadableError("the record can't be read", execution_id=execution_id) from None


def _cache_key(cache_key: str) -> Item:
    return key(f"cache#{cache_key}", "result")
