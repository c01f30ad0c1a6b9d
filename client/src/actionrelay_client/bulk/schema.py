"""What an action's JSON Schema says of its inputs, as far as that is certain without a library for JSON Schema.

The deployment judges by such a library (docs/catalogue.md). What is doubtful passes here, and is judged there.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import inf
from typing import Any
from urllib.parse import unquote

from actionrelay_client import json_text

_COMBINED = ("allOf", "anyOf", "oneOf")


def table_rows(table: Any) -> dict[str, Mapping[str, Any]]:
    """Return the rows of an action's table of inputs by name, without inputs that are within another one.

    Those are named by their path: ``address.city`` and ``items[].sku``.
    """
    listed = table if isinstance(table, list) else []
    rows = {each["name"]: each for each in listed if isinstance(each, dict) and isinstance(each.get("name"), str)}
    return {name: row for name, row in rows.items() if not any(each in rows for each in _parents(name))}


def _parents(name: str) -> Iterator[str]:
    """Return the names of what an input may be within."""
    for place in range(1, len(name)):
        if name[place] == "." or name.startswith("[]", place):
            yield name[:place]


def direct_rules(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the schemas of a schema's own properties, by name; those hold for every row.

    Beside a ``$ref`` nothing counts (draft-04).
    """
    properties = None if "$ref" in schema else schema.get("properties")
    listed = properties.items() if isinstance(properties, dict) else ()
    return {name: rule for name, rule in listed if isinstance(rule, dict) and "$ref" not in rule}


def required_of(schema: Mapping[str, Any]) -> set[str]:
    """Return what a schema itself requires."""
    required = None if "$ref" in schema else schema.get("required")
    return {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()


def names_of(schema: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the names that a schema knows, itself or in what it combines or refers to; None where any name will do.

    A schema for ``additionalProperties``, or a pattern of names, means that the names are the caller's;
    ``additionalProperties: true`` does not, as the deployment has it.
    """
    names: dict[str, None] = {}
    for part in _parts(schema):
        additional = part.get("additionalProperties")
        if (isinstance(additional, dict) and additional) or part.get("patternProperties"):
            return None
        properties = part.get("properties")
        listed = properties.items() if isinstance(properties, dict) else ()
        names |= dict.fromkeys(name for name, rule in listed if isinstance(rule, dict | bool))
    return tuple(names) or None


def _parts(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return a schema with what it combines and refers to, each once, so that a circle has an end.

    Of a schema with a ``$ref`` only what it refers to.
    """
    seen: set[int] = set()
    left: list[Any] = [schema]
    while left:
        part = left.pop(0)
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(reference := part.get("$ref"), str):
            left.append(_target(schema, reference))
            continue
        yield part
        for combined in map(part.get, _COMBINED):
            left.extend(combined if isinstance(combined, list) else ())


def _target(root: Any, reference: str) -> Any:
    """Return what a JSON pointer in a URI fragment leads to (RFC 6901, section 6); None where that is nowhere."""
    here = root
    for step in unquote(reference).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict):
            here = here.get(name)
        elif isinstance(here, list) and name.isascii() and name.isdigit() and int(name[:9]) < len(here):
            here = here[int(name[:9])]
        else:
            return None
    return here


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": (int, Decimal),
    "number": (int, Decimal),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def rule_fault(value: Any, rule: Mapping[str, Any]) -> str | None:
    """Return how a value breaks one of a schema's plain rules, in words; None where it does not."""
    if fault := _type_fault(value, rule.get("type")):
        return fault
    listed = rule.get("enum")
    if isinstance(listed, list) and not isinstance(value, dict | list) and _alike(value) not in map(_alike, listed):
        return f"must be one of {json_text.to_text(listed)[:200]}"
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _limit_fault(value, rule)
    return _length_fault(len(value), rule) if isinstance(value, str) else None


def _type_fault(value: Any, kinds: Any) -> str | None:
    named = [each for each in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(each, str)]
    if not named or not set(named) <= _KINDS.keys() or any(_is_of(value, kind) for kind in named):
        return None
    return f"must be of type {' or '.join(named)}"


def _is_of(value: Any, kind: str) -> bool:
    """Whether a value is of a type. A boolean is an int in Python, and no number in JSON."""
    if not isinstance(value, _KINDS[kind]) or isinstance(value, bool) != (kind == "boolean"):
        return False
    # 1.0 is an integer, as Genesys Cloud has it.
    return kind != "integer" or not isinstance(value, Decimal) or _double(value).is_integer()


def _limit_fault(value: int | Decimal, rule: Mapping[str, Any]) -> str | None:
    least, most = rule.get("minimum"), rule.get("maximum")
    if isinstance(least, int | Decimal) and _double(value) < _double(least):
        return f"must be at least {least}"
    if isinstance(most, int | Decimal) and _double(value) > _double(most):
        return f"must be at most {most}"
    return None


def _length_fault(length: int, rule: Mapping[str, Any]) -> str | None:
    least, most = rule.get("minLength"), rule.get("maxLength")
    if isinstance(least, int) and length < least:
        return f"must have at least {least} characters"
    if isinstance(most, int) and length > most:
        return f"must have at most {most} characters"
    return None


def _alike(value: Any) -> Any:
    """Return what equal values have in common: the deployment compares numbers as doubles."""
    return _double(value) if isinstance(value, int | Decimal) else value


def _double(value: int | Decimal) -> float:
    """Return the double that the deployment reads a number as; infinity beyond the largest one."""
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf
