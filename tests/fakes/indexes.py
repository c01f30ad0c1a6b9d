"""Both tables in memory with the indexes of the template; reads are counted as DynamoDB counts them."""

import bisect
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from actionrelay.strict_json import digest
from tests.fakes.aws import FakeDynamoDb, check
from tests.fakes.trouble import Trouble
from tests.template.cloudformation import ROOT, Template

EXECUTIONS, AUDIT = "executions", "audit"
_RESOURCES = {EXECUTIONS: "ExecutionsTable", AUDIT: "AuditTable"}

type _Entry = tuple[str | int, str, dict[str, Any]]


@cache
def _indexes(table: str) -> dict[str, tuple[str, str]]:
    """Return the hash and the range key of each index of a table, by its name."""
    template = Template((ROOT / "template.yaml").read_text(encoding="utf-8"))
    declared = template.resource(_RESOURCES[table]).properties["GlobalSecondaryIndexes"]
    return {
        index["IndexName"]: (index["KeySchema"][0]["AttributeName"], index["KeySchema"][1]["AttributeName"])
        for index in declared
    }


@dataclass(slots=True)
class FakeIndexedTables:
    """A DynamoDB client for two tables. Entries with the same range key are in arbitrary order, as in AWS."""

    tables: dict[str, FakeDynamoDb] = field(
        default_factory=lambda: {EXECUTIONS: FakeDynamoDb(), AUDIT: FakeDynamoDb(keys=("executionId", "seq"))}
    )
    requests: Counter[str] = field(default_factory=Counter)
    scanned: Counter[str] = field(default_factory=Counter)
    """The number of items read, by index; ``records`` are those read by key."""
    answered_at_once: int = 100
    """The number of keys of a batch that are answered; the others are returned unprocessed."""
    trouble: Trouble = field(default_factory=Trouble)
    _entries: dict[tuple[str, str, str], list[_Entry]] = field(default_factory=dict)

    def put_item(self, **parameters: Any) -> dict[str, Any]:
        table, item = self.tables[parameters["TableName"]], parameters["Item"]
        before = table.items.get(table.key_of(item))
        answer = table.put_item(**parameters)
        for index, (partition, order) in _indexes(parameters["TableName"]).items():
            for each, change in ((before, self._remove), (item, self._add)):
                if each is not None and partition in each and order in each:
                    change((parameters["TableName"], index, each[partition]["S"]), _entry(each, order, table))
        return answer

    def query(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "Query", parameters)
        if "IndexName" not in parameters:
            return self.tables[parameters["TableName"]].query(**parameters)
        self.trouble.strike_before("query")
        name, values = parameters["IndexName"], parameters["ExpressionAttributeValues"]
        assert parameters["KeyConditionExpression"] == "#partition = :partition AND #order BETWEEN :from AND :to"
        assert tuple(parameters["ExpressionAttributeNames"].values()) == _indexes(parameters["TableName"])[name]
        assert not parameters.get("ConsistentRead"), "no index of this kind is consistent"
        assert parameters["ScanIndexForward"] is False
        low, high = _value(values[":from"]), _value(values[":to"])
        assert low <= high, "AWS refuses such a range"
        entries = self._entries.get((parameters["TableName"], name, values[":partition"]["S"]), [])
        found = entries[
            bisect.bisect_left(entries, low, key=lambda each: each[0]) : bisect.bisect_right(
                entries, high, key=lambda each: each[0]
            )
        ]
        found.reverse()
        if "ExclusiveStartKey" in parameters:
            last = parameters["ExclusiveStartKey"]
            found = found[[each[2] for each in found].index(last) + 1 :]
        page = found[: parameters["Limit"]]
        self.requests[name] += 1
        self.scanned[name] += len(page)
        more = {"LastEvaluatedKey": page[-1][2]} if len(page) == parameters["Limit"] else {}
        return {"Items": [each[2] for each in page], "Count": len(page), "ScannedCount": len(page), **more}

    def batch_get_item(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "BatchGetItem", parameters)
        self.trouble.strike_before("batch_get_item")
        [(table, asked)] = parameters["RequestItems"].items()
        keys = asked["Keys"]
        assert len(keys) <= 100
        assert len({str(key) for key in keys}) == len(keys), "AWS refuses a key that comes twice"
        shown = [asked["ExpressionAttributeNames"][name] for name in asked["ProjectionExpression"].split(", ")]
        stored = (self.tables[table].items.get(self.tables[table].key_of(key)) for key in keys[: self.answered_at_once])
        found = [{name: item[name] for name in shown if name in item} for item in stored if item is not None]
        self.requests["records"] += 1
        self.scanned["records"] += len(found)
        left = {**asked, "Keys": keys[self.answered_at_once :]}
        return {"Responses": {table: found}, "UnprocessedKeys": {table: left} if left["Keys"] else {}}

    def _add(self, where: tuple[str, str, str], entry: _Entry) -> None:
        bisect.insort(self._entries.setdefault(where, []), entry, key=lambda each: each[:2])

    def _remove(self, where: tuple[str, str, str], entry: _Entry) -> None:
        self._entries[where].remove(entry)


def _entry(item: dict[str, Any], order: str, table: FakeDynamoDb) -> _Entry:
    key = {name: item[name] for name in table.keys}
    return _value(item[order]), digest(str(key).encode()), {**key, order: item[order]}


def _value(attribute: dict[str, str]) -> Any:
    [(kind, value)] = attribute.items()
    return int(value) if kind == "N" else value
