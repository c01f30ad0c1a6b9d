"""The counters, as items of the executions table.

::

    pk                     sk                                       what
    counters#total         <actionId>#<shard>                       since the deployment
    counters#day#<action>  <YYYY-MM-DD>#<shard>                     of a day; without an action, of all
    counters#hour          <YYYY-MM-DDTHH>#<shard>                  of an hour, all actions, for nine days
    counters#told          <part of a stream>                       up to where it is counted, for two days after

Each number is an attribute, which DynamoDB adds to. Parts of a stream are counted at the same time, so each has a shard
that it begins with; who meets another writer there goes on to the next.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import Attribute, attribute, key, value_of
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.ports import Clock
from actionrelay.statistics.counters import Counter
from actionrelay.statistics.ports import CounterReader, CounterStore
from actionrelay.statistics.tally import Counts, added

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHARDS = 4
_MARK_SECONDS = 2 * 86_400
"""A stream keeps a change for a day; after two nobody asks any more."""
_HOUR_SECONDS = 9 * 86_400
_TRIES = 2 * SHARDS
_SEQUENCE_DIGITS = 40
"""The longest sequence number of a stream, by DynamoDB Streams' API; text of one length compares as numbers do."""
_KEYS = frozenset({"pk", "sk", "expires_at"})


@dataclass(frozen=True, slots=True)
class TableCounters(CounterStore, CounterReader):
    """A ``CounterStore`` and a ``CounterReader``."""

    client: "DynamoDBClient"
    table: str
    clock: Clock

    @override
    def add(self, part: str, first: int, last: int, tally: Mapping[Counter, Counts]) -> int:
        """Add a tally and move the mark of its part, in one transaction; where the mark is further, read it."""
        mark = key("counters#told", part)
        now = self.clock.now() // 1_000
        moved = {
            "TableName": self.table,
            "Key": mark,
            "UpdateExpression": "SET last_sequence = :last, expires_at = :expires_at",
            "ConditionExpression": "attribute_not_exists(last_sequence) OR last_sequence < :first",
            "ExpressionAttributeValues": {
                ":first": attribute(_padded(first)),
                ":last": attribute(_padded(last)),
                ":expires_at": attribute(now + _MARK_SECONDS),
            },
        }
        first_shard = zlib.crc32(part.encode())
        with failures_as(StoreUnavailableError, "the counters can't be written"):
            for shard in range(first_shard, first_shard + _TRIES):
                updates: list[Any] = [
                    moved,
                    *(self._update(counter, shard % SHARDS, counts, now) for counter, counts in tally.items()),
                ]
                try:
                    self.client.transact_write_items(TransactItems=[{"Update": update} for update in updates])
                except ClientError as failure:
                    reasons = _reasons(failure)
                    if reasons[:1] == ["ConditionalCheckFailed"]:
                        return self._counted_to(mark)
                    if "TransactionConflict" not in reasons:
                        raise
                else:
                    return last
        raise StoreUnavailableError("the counters are busy")

    @override
    def totals(self, after: str, most: int) -> Iterator[tuple[Counter, Counts]]:
        """Read counters of all time, by id; about as many items as they have shards, and a page of a query more."""
        return islice(self._read("total", "", f"{after}#\U0010ffff" if after else "", "\U0010ffff", most), most)

    @override
    def total(self, action_id: str) -> Counts:
        return added(counts for _, counts in self._read("total", "", f"{action_id}#", f"{action_id}#\U0010ffff"))

    @override
    def days(self, action_id: str, first: str, last: str) -> Iterator[tuple[Counter, Counts]]:
        return self._read("day", action_id, first, f"{last}#\U0010ffff")

    @override
    def hours(self, first: str, last: str) -> Iterator[tuple[Counter, Counts]]:
        return self._read("hour", "", first, f"{last}#\U0010ffff")

    def _update(self, counter: Counter, shard: int, counts: Counts, now: int) -> dict[str, Any]:
        names = {f"#n{index}": name for index, name in enumerate(counts)}
        values: dict[str, Attribute] = {f":n{index}": attribute(number) for index, number in enumerate(counts.values())}
        expression = "ADD " + ", ".join(f"#n{index} :n{index}" for index in range(len(counts)))
        if counter.span == "hour":
            expression += " SET expires_at = :expires_at"
            values[":expires_at"] = attribute(now + _HOUR_SECONDS)
        return {
            "TableName": self.table,
            "Key": key(_partition(counter.span, counter.action_id), f"{_named(counter)}#{shard}"),
            "UpdateExpression": expression,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }

    def _counted_to(self, mark: Mapping[str, Attribute]) -> int:
        answer = self.client.get_item(TableName=self.table, Key=mark, ConsistentRead=True)
        return int(answer["Item"]["last_sequence"]["S"])

    def _read(
        self, span: str, action_id: str, first: str, last: str, most: int | None = None
    ) -> Iterator[tuple[Counter, Counts]]:
        """Read a span's counters, shards added up, in order; of more than ``most`` the others are left unread."""
        found: dict[Counter, Counts] = {}
        with failures_as(StoreUnavailableError, "the counters can't be read"):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":pk": attribute(_partition(span, action_id)),
                    ":first": attribute(first or "\u0000"),
                    ":last": attribute(last),
                },
            )
            for page in pages:
                if most is not None and len(found) > most:
                    break
                for item in page["Items"]:
                    named = item["sk"]["S"].rpartition("#")[0]
                    counter = Counter(span, "", named) if span == "total" else Counter(span, named, action_id)
                    counts = {name: value_of(value) for name, value in item.items() if name not in _KEYS}
                    found[counter] = added((found.get(counter, {}), counts))
        return iter(sorted(found.items()))


def _padded(sequence: int) -> str:
    return str(sequence).zfill(_SEQUENCE_DIGITS)


def _partition(span: str, action_id: str) -> str:
    return f"counters#day#{action_id}" if span == "day" else f"counters#{span}"


def _named(counter: Counter) -> str:
    return counter.action_id if counter.span == "total" else counter.start


def _reasons(failure: ClientError) -> list[str]:
    if aws_code(failure) != "TransactionCanceledException":
        return []
    reasons: list[dict[str, str]] = failure.response.get("CancellationReasons", [])  # type: ignore[assignment]
    return [str(reason.get("Code")) for reason in reasons]
