"""DynamoDB's capacity rules, as its developer guide has them ("item sizes and formats", "read and write requests").

An item costs what its larger version does, and once more in each index that holds it.
"""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

type Item = Mapping[str, Mapping[str, Any]]

_WRITE_UNIT_BYTES = 1_024
_READ_UNIT_BYTES = 4_096
_STORAGE_OVERHEAD_BYTES = 100
"""Storage is billed with this much more per item; capacity is not."""
_CONTAINER_BYTES = 3
_ELEMENT_BYTES = 1


def item_bytes(item: Item) -> int:
    """Size an item as the service does: names and values, in UTF-8."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(size: int) -> int:
    """Units of one write; at least one."""
    return max(1, math.ceil(size / _WRITE_UNIT_BYTES))


def read_units(size: int, *, consistent: bool) -> float:
    """Units of one read; one that finds nothing costs the least unit."""
    units = max(1, math.ceil(size / _READ_UNIT_BYTES))
    return units if consistent else units / 2


def _value_bytes(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_bytes(content)
        case "B":
            return len(content) if isinstance(content, bytes) else len(base64.b64decode(content))
        case "BOOL" | "NULL":
            return 1
        case "SS":
            return sum(len(each.encode()) for each in content)
        case "NS":
            return sum(_number_bytes(each) for each in content)
        case "L":
            return _CONTAINER_BYTES + sum(_ELEMENT_BYTES + _value_bytes(each) for each in content)
        case "M":
            return _CONTAINER_BYTES + len(content) * _ELEMENT_BYTES + item_bytes(content)
    raise ValueError(f"no size is known for the type {kind}")


def _number_bytes(digits_as_text: str) -> int:
    """One byte per two significant digits, one more, and one for a minus sign."""
    digits = digits_as_text.lstrip("-").replace(".", "").strip("0")
    return math.ceil(len(digits) / 2) + 1 + digits_as_text.startswith("-")


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index; `included` is None where it holds all attributes."""

    name: str
    keys: tuple[str, ...]
    included: frozenset[str] | None

    def entry(self, item: Item | None) -> Item | None:
        """Return what the index holds of an item; None when the item lacks one of its keys."""
        if item is None or any(key not in item for key in self.keys):
            return None
        return item if self.included is None else {name: item[name] for name in item if name in self.included}


@dataclass(slots=True)
class Table:
    """One table: its shape, what was put into it, and the write units that took, by table and index name."""

    name: str
    keys: tuple[str, ...]
    indexes: tuple[Index, ...]
    items: dict[tuple[str, ...], Item] = field(default_factory=dict)
    changes: list[tuple[Item | None, Item]] = field(default_factory=list)
    """What its stream holds: each item before the change, if it existed, and after it."""

    @classmethod
    def described(cls, description: Mapping[str, Any]) -> "Table":
        """Read the shape from an answer of `DescribeTable`."""
        keys = _key_names(description["KeySchema"])
        indexes = description.get("GlobalSecondaryIndexes") or []
        return cls(description["TableName"], keys, tuple(_index(each, keys) for each in indexes))

    def put(self, item: Item) -> dict[str, int]:
        """Account for a `PutItem` that was carried out."""
        key = self._key(item)
        before = self.items.get(key)
        self.items[key] = item
        self.changes.append((before, item))
        larger = max(item_bytes(item), item_bytes(before or {}))
        units = {self.name: write_units(larger)}
        for index in self.indexes:
            if written := _index_units(index, before, item):
                units[f"{self.name} {index.name}"] = written
        return units

    def update(self, key: Item, changed: Item, writes: int = 2) -> dict[str, int]:
        """Account for an `UpdateItem`; within a transaction it is two writes, one to prepare it and one to commit."""
        named = self._key(key)
        before = self.items.get(named, {})
        after = {**before, **key, **changed}
        self.items[named] = after
        return {self.name: writes * write_units(max(item_bytes(before), item_bytes(after)))}

    def refused(self, item: Item) -> dict[str, int]:
        """Account for a `PutItem` whose condition did not hold: it costs what is there."""
        return {self.name: write_units(item_bytes(self.items.get(self._key(item), {})))}

    @property
    def stored_bytes(self) -> int:
        """What the items take up, indexes included, as storage is billed."""
        entries = [index.entry(item) for item in self.items.values() for index in self.indexes]
        held = [*self.items.values(), *(entry for entry in entries if entry is not None)]
        return sum(item_bytes(each) + _STORAGE_OVERHEAD_BYTES for each in held)

    def _key(self, item: Item) -> tuple[str, ...]:
        return tuple(str(item[name]) for name in self.keys)


def _index_units(index: Index, before: Item | None, after: Item) -> int:
    """A changed entry is one write, a changed key of an entry two: the old one goes, the new one comes."""
    old, new = index.entry(before), index.entry(after)
    if old == new:
        return 0
    if old is None or new is None:
        return write_units(item_bytes(old or new or {}))
    if any(old[key] != new[key] for key in index.keys):
        return write_units(item_bytes(old)) + write_units(item_bytes(new))
    return write_units(max(item_bytes(old), item_bytes(new)))


def _index(description: Mapping[str, Any], table_keys: tuple[str, ...]) -> Index:
    keys = _key_names(description["KeySchema"])
    projection = description["Projection"]
    if projection["ProjectionType"] == "ALL":
        return Index(description["IndexName"], keys, None)
    included = {*table_keys, *keys, *projection.get("NonKeyAttributes", ())}
    return Index(description["IndexName"], keys, frozenset(included))


def _key_names(schema: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(each["AttributeName"] for each in schema)
