"""How a JSON document becomes a frozen dataclass: tolerantly, with what is not known kept aside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
D = TypeVar("D", bound="Document")
_LONGEST = 30
"""Digits of a count."""


def read_by(convert: Callable[[Any], T], *, name: str | None = None) -> T:
    """Declare a field: how its JSON value is read, and its name there where it is not its own in camelCase."""
    return field(default_factory=lambda: convert(None), metadata={"convert": convert, "name": name})


@dataclass(frozen=True, kw_only=True)
class Document:
    """What all documents have in common."""

    more: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The fields that this version of the client does not know, as they came."""
    document: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """All of it, as it came."""

    @classmethod
    def of(cls: type[D], document: Any) -> D:
        """Read a JSON object; of anything else all fields have their defaults."""
        known = _names(cls)  # type: ignore[arg-type]  # a type is hashable
        given = document if isinstance(document, dict) else {}
        values = {attribute: convert(given.get(name)) for name, (attribute, convert) in known.items()}
        return cls(**values, more={name: given[name] for name in given if name not in known}, document=given)


@cache
def _names(kind: type[Document]) -> Mapping[str, tuple[str, Callable[[Any], Any]]]:
    """The fields of a document by their names in JSON."""
    return {
        each.metadata["name"] or _camel(each.name): (each.name, each.metadata["convert"])
        for each in fields(kind)
        if each.metadata
    }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def text(value: Any) -> str:
    """Read a text; anything else is the empty one."""
    return value if isinstance(value, str) else ""


def text_or_none(value: Any) -> str | None:
    """Read a text; anything else is None."""
    return value if isinstance(value, str) else None


def flag(value: Any) -> bool:
    """Read a boolean; anything else is false."""
    return value is True


def flag_or_none(value: Any) -> bool | None:
    """Read a boolean; anything else is None."""
    return value if isinstance(value, bool) else None


def count(value: Any) -> int:
    """Read a whole number; anything else is 0."""
    return count_or_none(value) or 0


def count_or_none(value: Any) -> int | None:
    """Read a whole number, ``2.0`` included; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if isinstance(value, Decimal) and not -_LONGEST < value.adjusted() < _LONGEST:
        return None  # as an int it would fill the memory
    return int(value) if value == int(value) else None


def number_or_none(value: Any) -> float | None:
    """Read a number; anything else is None."""
    return None if isinstance(value, bool) or not isinstance(value, int | float | Decimal) else float(value)


def moment(value: Any) -> datetime | None:
    """Read an ISO 8601 time; None for what is none."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
    except ValueError:
        return None


def anything(value: Any) -> Any:
    """Take a value as it came."""
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """Read an object as it came; anything else is the empty one."""
    return value if isinstance(value, dict) else {}


def texts(value: Any) -> tuple[str, ...]:
    """Read a list of texts; what is none is left out."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def one(kind: type[D]) -> Callable[[Any], D | None]:
    """Read a document; anything else is None."""
    return lambda value: kind.of(value) if isinstance(value, dict) else None


def several(kind: type[D]) -> Callable[[Any], tuple[D, ...]]:
    """Read a list of documents; anything else is the empty one."""
    return lambda value: tuple(map(kind.of, value)) if isinstance(value, list) else ()


def by_name(kind: type[D]) -> Callable[[Any], Mapping[str, D]]:
    """Read an object of documents; anything else is the empty one."""
    return lambda value: {name: kind.of(each) for name, each in value.items()} if isinstance(value, dict) else {}
