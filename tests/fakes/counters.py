"""Counters in memory, and in a table that adds within transactions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from actionrelay.statistics.counters import Counter
from actionrelay.statistics.tally import Counts, added
from tests.fakes.aws import FakeDynamoDb, aws_error, check
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class InMemoryCounters:
    """A ``CounterStore`` and a ``CounterReader``."""

    kept: dict[Counter, Counts] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)

    def add(self, part: str, first: int, last: int, tally: Mapping[Counter, Counts]) -> int:
        self.trouble.strike_before("add")
        if self.marks.get(part, -1) >= first:
            return self.marks[part]
        for counter, counts in tally.items():
            self.kept[counter] = added((self.kept.get(counter, {}), counts))
        self.marks[part] = last
        self.trouble.strike_after("add")
        return last

    def totals(self, after: str, most: int) -> Iterator[tuple[Counter, Counts]]:
        return islice((each for each in self._of("total", "", "\U0010ffff") if each[0].action_id > after), most)

    def total(self, action_id: str) -> Counts:
        return self.kept.get(Counter("total", "", action_id), {})

    def days(self, action_id: str, first: str, last: str) -> Iterator[tuple[Counter, Counts]]:
        return ((counter, counts) for counter, counts in self._of("day", first, last) if counter.action_id == action_id)

    def hours(self, first: str, last: str) -> Iterator[tuple[Counter, Counts]]:
        return self._of("hour", first, last)

    def _of(self, span: str, first: str, last: str) -> Iterator[tuple[Counter, Counts]]:
        return (
            (counter, counts)
            for counter, counts in sorted(self.kept.items())
            if counter.span == span and first <= counter.start <= last
        )


@dataclass(slots=True)
class KnownSuccessRate:
    """A ``SuccessRate`` that has to be refreshed before it says anything."""

    rate: float | None = None
    _latest: float | None = None

    def refresh(self) -> None:
        self._latest = self.rate

    def latest(self) -> float | None:
        return self._latest


@dataclass(slots=True)
class FakeCounterTable(FakeDynamoDb):
    """The part of DynamoDB that the counters need: a mark and additions, all or nothing; ranges."""

    def transact_write_items(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "TransactWriteItems", parameters)
        self.trouble.strike_before("transact_write_items")
        [mark, *additions] = [item["Update"] for item in parameters["TransactItems"]]
        assert mark["ConditionExpression"] == "attribute_not_exists(last_sequence) OR last_sequence < :first"
        values, stored = mark["ExpressionAttributeValues"], self.items.get(self.key_of(mark["Key"]))
        if stored and stored["last_sequence"]["S"] >= values[":first"]["S"]:
            raise cancelled("ConditionalCheckFailed", *("None" for _ in additions))
        moved = {"last_sequence": values[":last"], "expires_at": values[":expires_at"]}
        self.items[self.key_of(mark["Key"])] = {**mark["Key"], **moved}
        for addition in additions:
            self._add(addition)
        self.trouble.strike_after("transact_write_items")
        return {}

    def paginate(self, **parameters: Any) -> Any:
        check("dynamodb", "Query", parameters)
        self.trouble.strike_before("query")
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
        if settings:
            attribute, value = settings.split(" = ")
            item[attribute] = update["ExpressionAttributeValues"][value]


def cancelled(*reasons: str) -> Exception:
    """DynamoDB's answer when a transaction was not made, with a reason for each of its items."""
    error = aws_error("TransactionCanceledException", "TransactWriteItems")
    response: Any = error.response
    response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return error
