"""DynamoDB in memory: items by their keys, ranges of partitions and of indexes, in pages of 1 MB.

Conditions are not looked at: in what is measured here each write is the first one.
"""

import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any

PAGE_BYTES = 1_000_000
_TABLE_KEYS = (("pk", "sk"), ("executionId", "seq"))
_EQUAL = re.compile(r"(#?\w+) = (:\w+)")
_RANGE = re.compile(r"AND (#?\w+) BETWEEN (:\w+) AND (:\w+)")

type Item = dict[str, Any]


@dataclass(slots=True)
class Tables:
    """All tables as one: no two of them have equal keys."""

    items: dict[str, Item] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Do what a request asks for."""
        with self._lock:
            match operation:
                case "PutItem":
                    self.items[_key(request["Item"])] = request["Item"]
                    return {}
                case "GetItem":
                    found = self.items.get(_key(request["Key"]))
                    return {"Item": found} if found else {}
                case "BatchGetItem":
                    return self._batch(request["RequestItems"])
                case "Query":
                    return self._query(request)
                case "UpdateItem":
                    return {"Attributes": {}}
        return {}

    def _batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        [(table, wanted)] = asked.items()
        found = [self.items[key] for key in map(_key, wanted["Keys"]) if key in self.items]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def _query(self, request: dict[str, Any]) -> dict[str, Any]:
        found = self._range(request)
        after = request.get("ExclusiveStartKey")
        begin = 0 if after is None else 1 + [_key(item) for item in found].index(_key(after))
        page: list[Item] = []
        size = 0
        for item in found[begin:]:
            if len(page) == request.get("Limit") or size > PAGE_BYTES:
                names = {*_names(item), *_order_of(request)}
                last = {name: value for name, value in page[-1].items() if name in names}
                return {"Items": page, "Count": len(page), "ScannedCount": len(page), "LastEvaluatedKey": last}
            page.append(item)
            size += len(json.dumps(item))
        return {"Items": page, "Count": len(page), "ScannedCount": len(page)}

    def _range(self, request: dict[str, Any]) -> list[Item]:
        values = request["ExpressionAttributeValues"]
        partition, *order = _order_of(request)
        wanted = values[_EQUAL.search(request["KeyConditionExpression"])[2]]  # type: ignore[index]
        found = [item for item in self.items.values() if item.get(partition) == wanted]
        if not found:
            return []
        by = order[0] if order else _names(found[0])[1]
        if between := _RANGE.search(request["KeyConditionExpression"]):
            low, high = _value(values[between[2]]), _value(values[between[3]])
            found = [item for item in found if low <= _value(item[by]) <= high]
        return sorted(found, key=lambda item: _value(item[by]), reverse=request.get("ScanIndexForward") is False)


def _order_of(request: dict[str, Any]) -> list[str]:
    """Return the attributes that a query's condition names."""
    expression, names = request["KeyConditionExpression"], request.get("ExpressionAttributeNames", {})
    found = [match[1] for match in (_EQUAL.search(expression), _RANGE.search(expression)) if match]
    if request.get("IndexName") == "by_day" and len(found) == 1:
        found.append("openedAt")
    return [names.get(name, name) for name in found]


def _names(item: Item) -> tuple[str, str]:
    return next(names for names in _TABLE_KEYS if names[0] in item and names[1] in item)


def _key(item: Item) -> str:
    return json.dumps([item[name] for name in _names(item)])


def _value(attribute: dict[str, Any]) -> Any:
    [(kind, value)] = attribute.items()
    return float(value) if kind == "N" else value
