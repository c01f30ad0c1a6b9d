"""Counters in memory, and in a fake table with transactions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Any, override

from botocore.exceptions import ClientError

from actionrelay.statistics.counters import Counter
from actionrelay.statistics.journal import Journal
from actionrelay.statistics.ports import CounterReader, CounterStore
from actionrelay.statistics.tally import Counts, added
from tests.fakes.aws import FakeDynamoDb, aws_error, check
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class InMemoryCounters(CounterStore, CounterReader):
    """Counters and journals in memory; a journal is small up to a number of rows."""

    kept: dict[Counter, Counts] = field(default_factory=dict)
    journals: dict[int, Journal] = field(default_factory=dict)
    small_rows: int = 10
    trouble: Trouble = field(default_factory=Trouble)

    @override
    def journal(self, number: int) -> Journal:
        self.trouble.strike_before("journal")
        return self.journals.get(number, Journal())

    @override
    def is_small(self, journal: Journal) -> bool:
        return len(journal.rows) <= self.small_rows

    @override
    def write(self, number: int, journal: Journal, sums: Mapping[Counter, Counts]) -> bool:
        self.trouble.strike_before("write")
        if self.journals.get(number, Journal()).version != journal.version - 1:
            return False
        self.journals[number] = journal
        for counter, counts in sums.items():
            self.kept[counter] = added((self.kept.get(counter, {}), counts))
        self.trouble.strike_after("write")
        return True

    @property
    def counted(self) -> dict[Counter, Counts]:
        """Return what is counted, in counters and journals."""
        return {counter: counts for counter, counts in self._counts(lambda _: True) if counts}

    @override
    def totals(self, after: str, most: int) -> Iterator[tuple[Counter, Counts]]:
        return self._counts(lambda each: each.span == "total" and each.action_id > after, most)

    @override
    def total(self, action_id: str) -> Counts:
        return self.counted.get(Counter("total", "", action_id), {})

    @override
    def days(self, action_id: str, first: str, last: str) -> Iterator[tuple[Counter, Counts]]:
        return self._counts(
            lambda each: each.span == "day" and first <= each.start <= last and each.action_id == action_id
        )

    @override
    def hours(self, first: str, last: str) -> Iterator[tuple[Counter, Counts]]:
        return self._counts(lambda each: each.span == "hour" and first <= each.start <= last)

    def _counts(self, wanted: Callable[[Counter], bool], most: int | None = None) -> Iterator[tuple[Counter, Counts]]:
        parts = [self.kept, *(journal.counters() for journal in self.journals.values())]
        counters = {counter for part in parts for counter in part if wanted(counter)}
        first = sorted(counters) if most is None else nsmallest(most, counters)
        return ((each, added(part.get(each, {}) for part in parts)) for each in first)


@dataclass(slots=True)
class KnownSuccessRate:
    """A ``SuccessRate`` that is known after its first refresh."""

    rate: float | None = None
    _latest: float | None = None

    def refresh(self) -> None:
        self._latest = self.rate

    def latest(self) -> float | None:
        return self._latest


@dataclass(slots=True)
class FakeCounterTable(FakeDynamoDb):
    """The part of DynamoDB that the counters need: a journal's put with additions, all or nothing; ranges."""

    def transact_write_items(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "TransactWriteItems", parameters)
        self.trouble.strike_before("transact_write_items")
        [put, *additions] = parameters["TransactItems"]
        try:
            self.put_item(**put["Put"])
        except ClientError:
            raise cancelled("ConditionalCheckFailed", *("None" for _ in additions)) from None
        for addition in additions:
            self._add(addition["Update"])
        self.trouble.strike_after("transact_write_items")
        return {}

    def paginate(self, **parameters: Any) -> Any:
        check("dynamodb", "Query", parameters)
        self.trouble.strike_before("query")
        assert parameters["ConsistentRead"]
        values = {name: value["S"] for name, value in parameters["ExpressionAttributeValues"].items()}
        found = [
            item
            for (partition, sort), item in sorted(self.items.items())
            if partition == values[":pk"] and values[":first"] <= sort <= values[":last"]
        ]
        for start in range(0, max(len(found), 1), self.page_size):
            yield {"Items": found[start : start + self.page_size]}

    def _add(self, update: dict[str, Any]) -> None:
        item = self.items.setdefault(self.key_of(update["Key"]), dict(update["Key"]))
        additions, _, settings = update["UpdateExpression"].removeprefix("ADD ").partition(" SET ")
        for addition in additions.split(", "):
            name, value = addition.split(" ")
            attribute = update["ExpressionAttributeNames"][name]
            before = int(item.get(attribute, {"N": "0"})["N"])
            item[attribute] = {"N": str(before + int(update["ExpressionAttributeValues"][value]["N"]))}
        for setting in settings.split(", "):
            attribute, value = setting.split(" = ")
            item[attribute] = update["ExpressionAttributeValues"][value]


def cancelled(*reasons: str) -> Exception:
    """Return DynamoDB's error for a cancelled transaction, with a reason for each item."""
    error = aws_error("TransactionCanceledException", "TransactWriteItems")
    response: Any = error.response
    response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return error
