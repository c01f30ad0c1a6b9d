"""DynamoDB's form of values, as far as it is used here: strings, numbers, booleans and bytes."""

from collections.abc import Mapping
from typing import Any

type Attribute = Mapping[str, Any]
type Item = dict[str, Attribute]


def key(partition: str, sort: str) -> Item:
    """Build the key of an item; every kind of item names itself in its partition key."""
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def attribute(value: str | float | bool | bytes) -> Attribute:
    """Return a value as DynamoDB takes it."""
    match value:
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
    return {"S": str(value)}


def value_of(given: Attribute) -> Any:
    """Read a value back."""
    [(kind, value)] = given.items()
    if kind == "N":
        return int(value) if value.lstrip("-").isdigit() else float(value)
    return value
