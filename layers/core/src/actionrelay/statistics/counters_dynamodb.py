"""The counters, as items of the executions table.

::

    pk                     sk                                       what
    counters#journal       <number>                                 counts to be settled; marks of the streams
    counters#total         <actionId>#<number>                      since the deployment
    counters#day#<action>  <YYYY-MM-DD>#<number>                    of a day; without an action, of all
    counters#hour          <YYYY-MM-DDTHH>#<number>                 of an hour, all actions, for nine days

Each number is an attribute, which DynamoDB adds to. A counter has an item for each journal, which only that journal
adds to. Its attribute ``settled`` is the number of the last settlement that is in it. So a reader that reads the
journal first knows whether the counter already has the journal's counts.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, override

from botocore.exceptions import ClientError

from actionrelay.aws.attributes import Attribute, attribute, key, value_of
from actionrelay.aws.clients import aws_code, failures_as
from actionrelay.errors import StoreUnavailableError
from actionrelay.ports import Clock
from actionrelay.statistics.counters import Counter
from actionrelay.statistics.journal import Journal, Mark, Row
from actionrelay.statistics.ports import CounterReader, CounterStore
from actionrelay.statistics.tally import Counts, added

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SMALL_BYTES = 900
"""The size of a journal's compressed part up to which the whole item is one write unit (1 KB)."""
_HOUR_SECONDS = 9 * 86_400
_SETTLED = "settled"
_KEYS = frozenset({"pk", "sk", "expires_at", _SETTLED})
_JOURNALS = "counters#journal"


@dataclass(frozen=True, slots=True)
class TableCounters(CounterStore, CounterReader):
    """A ``CounterStore`` and a ``CounterReader``."""

    client: "DynamoDBClient"
    table: str
    clock: Clock

    @override
    def journal(self, number: int) -> Journal:
        with failures_as(StoreUnavailableError, "the counters can't be read"):
            answer = self.client.get_item(TableName=self.table, Key=key(_JOURNALS, str(number)), ConsistentRead=True)
        return _journal(answer["Item"]) if "Item" in answer else Journal()

    @override
    def is_small(self, journal: Journal) -> bool:
        return len(_detail(journal)) <= _SMALL_BYTES

    @override
    def write(self, number: int, journal: Journal, sums: Mapping[Counter, Counts]) -> bool:
        """Put the journal, by itself or in one transaction with the updates of its counters."""
        put: Any = {
            "TableName": self.table,
            "Item": {
                **key(_JOURNALS, str(number)),
                "version": attribute(journal.version),
                "settlements": attribute(journal.settlements),
                "detail": attribute(_detail(journal)),
            },
            "ConditionExpression": "attribute_not_exists(pk)" if journal.version == 1 else "version = :before",
        }
        if journal.version > 1:
            put["ExpressionAttributeValues"] = {":before": attribute(journal.version - 1)}
        with failures_as(StoreUnavailableError, "the counters can't be written"):
            try:
                if sums:
                    self._settle(number, put, journal.settlements, sums)
                else:
                    self.client.put_item(**put)
            except ClientError as failure:
                if not _was_late(failure):
                    raise
                return False
        return True

    @override
    def totals(self, after: str, most: int) -> Iterator[tuple[Counter, Counts]]:
        """Read the counters of all time by id; one item for each journal, and up to a query page more."""
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

    def _settle(self, number: int, put: Any, settlement: int, sums: Mapping[Counter, Counts]) -> None:
        now = self.clock.now() // 1_000
        updates: list[Any] = [
            {"Update": self._update(counter, number, counts, settlement, now)} for counter, counts in sums.items()
        ]
        self.client.transact_write_items(TransactItems=[{"Put": put}, *updates])

    def _update(self, counter: Counter, number: int, counts: Counts, settlement: int, now: int) -> dict[str, Any]:
        names = {f"#n{index}": name for index, name in enumerate(counts)}
        values: dict[str, Attribute] = {f":n{index}": attribute(count) for index, count in enumerate(counts.values())}
        expression = "ADD " + ", ".join(f"#n{index} :n{index}" for index in range(len(counts)))
        expression += f" SET {_SETTLED} = :settled"
        values[":settled"] = attribute(settlement)
        if counter.span == "hour":
            expression += ", expires_at = :expires_at"
            values[":expires_at"] = attribute(now + _HOUR_SECONDS)
        return {
            "TableName": self.table,
            "Key": key(_partition(counter.span, counter.action_id), f"{_named(counter)}#{number}"),
            "UpdateExpression": expression,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }

    def _read(
        self, span: str, action_id: str, first: str, last: str, most: int | None = None
    ) -> Iterator[tuple[Counter, Counts]]:
        """Read a span's counters in order, with the counts that journals hold for them; ``most`` of them at most.

        Journals are read first: counts that are settled between the two reads are in a counter, whose ``settled`` shows
        it. In the other order they would be in neither.
        """
        partition = _partition(span, action_id)
        found: dict[Counter, list[Counts]] = {}
        with failures_as(StoreUnavailableError, "the counters can't be read"):
            journals = {value_of(item["sk"]): _journal(item) for page in self._pages(_JOURNALS) for item in page}
            lacking = {
                (number, counter): counts
                for number, journal in journals.items()
                for counter, counts in journal.counters().items()
                if _partition(counter.span, counter.action_id) == partition
                and first <= f"{_named(counter)}#{number}" <= last
            }
            for page in self._pages(partition, first, last):
                if most is not None and len(found) > most:
                    break
                for item in page:
                    named, _, number = value_of(item["sk"]).rpartition("#")
                    counter = Counter(span, "", named) if span == "total" else Counter(span, named, action_id)
                    numbers = {name: value_of(value) for name, value in item.items() if name not in _KEYS}
                    found.setdefault(counter, []).append(numbers)
                    if number in journals and _settlement(item) > journals[number].settlements:
                        lacking.pop((number, counter), None)
        for (_, counter), counts in lacking.items():
            found.setdefault(counter, []).append(counts)
        return iter(sorted((counter, added(parts)) for counter, parts in found.items()))

    def _pages(
        self, partition: str, first: str = "", last: str = "\U0010ffff"
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Read a range of a partition consistently, page by page."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":pk": attribute(partition),
                ":first": attribute(first or "\u0000"),
                ":last": attribute(last),
            },
            ConsistentRead=True,
        )
        return (page["Items"] for page in pages)


def _detail(journal: Journal) -> bytes:
    """Return marks and counts as compressed JSON, equal for equal journals."""
    rows: dict[str, dict[str, Counts]] = {}
    for row, counts in sorted(journal.rows.items()):
        rows.setdefault(row.hour, {})[row.action_id] = counts
    written = json.dumps({"marks": journal.marks, "rows": rows}, separators=(",", ":"), sort_keys=True)
    return zlib.compress(written.encode(), 9)


def _journal(item: Mapping[str, Attribute]) -> Journal:
    detail = json.loads(zlib.decompress(bytes(value_of(item["detail"]))))
    return Journal(
        version=value_of(item["version"]),
        settlements=value_of(item["settlements"]),
        marks={name: Mark(*mark) for name, mark in detail["marks"].items()},
        rows={Row(hour, action): counts for hour, each in detail["rows"].items() for action, counts in each.items()},
    )


def _settlement(item: Mapping[str, Attribute]) -> int:
    """Return the last settlement that is in a counter; 0 in a counter of an earlier release."""
    return int(value_of(item.get(_SETTLED, attribute(0))))


def _partition(span: str, action_id: str) -> str:
    return f"counters#day#{action_id}" if span == "day" else f"counters#{span}"


def _named(counter: Counter) -> str:
    return counter.action_id if counter.span == "total" else counter.start


def _was_late(failure: ClientError) -> bool:
    """Return whether another version of the journal is on record, or is being written."""
    if aws_code(failure) in {"ConditionalCheckFailedException", "TransactionConflictException"}:
        return True
    if aws_code(failure) != "TransactionCanceledException":
        return False
    reasons: list[dict[str, str]] = failure.response.get("CancellationReasons", [])  # type: ignore[assignment]
    codes = {reason.get("Code") for reason in reasons} - {None, "None"}
    return bool(codes) and codes <= {"ConditionalCheckFailed", "TransactionConflict"}
