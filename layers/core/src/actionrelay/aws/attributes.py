"""DynamoDB's typed values, as far as they are used here: strings, numbers, booleans and bytes."""

from collections.abc import Mapping
from typing import Any

type Attribute = Mapping[str, Any]
type Item = dict[str, Attribute]


def key(partition: str, sort: str) -> Item:
    """Return the key of an item. The partition key begins with the kind of the item."""
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def attribute(value: str | float | bool | bytes) -> Attribute:
    """Return a value as DynamoDB's typed value."""
    match value:
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
    return {"S": str(value)}


def value_of(given: Attribute) -> Any:
    """Return the value of a typed value."""
    [(kind, value)] = given.items()
    if kind == "N":
        return int(value) if value.lstrip("-").isdigit() else float(value)
    return value
