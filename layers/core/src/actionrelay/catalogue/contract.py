"""The contract of an action: its inputs as a table, and the names that it has. Pure; schemas are measured before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from actionrelay.catalogue.schema_limits import target_of
from actionrelay.fault import cut

MAX_ROWS = 500
"""Rows of the table; the schema has all inputs."""
MAX_DESCRIPTION = 500
_COMBINED = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Input:
    """One input of an action. A nested one is named by its path: ``address.city``, ``items[].id``."""

    name: str
    type: str
    """JSON Schema's, several joined by a bar; empty if the schema names none."""
    required: bool
    description: str | None = None


def inputs_of(schema: Mapping[str, Any]) -> tuple[Input, ...]:
    """Return the inputs as a table, each before its nested ones; at most ``MAX_ROWS``."""
    rows: list[Input] = []
    for row in _rows(schema, schema, ""):
        if len(rows) == MAX_ROWS:
            break
        rows.append(row)
    return tuple(rows)


def _rows(root: Mapping[str, Any], schema: Mapping[str, Any], prefix: str) -> Iterator[Input]:
    required = {name for part in parts_of(root, schema, choices=False) for name in _texts(part.get("required"))}
    for name, parts in _properties(root, schema).items():
        kinds = dict.fromkeys(kind for part in parts for kind in _texts(part.get("type")))
        described = next((text for part in parts if isinstance(text := part.get("description"), str)), None)
        yield Input(
            prefix + name,
            " | ".join(kinds),
            required=name in required,
            description=None if described is None else cut(described, MAX_DESCRIPTION),
        )
        for part in parts:
            yield from _rows(root, part, f"{prefix}{name}.")
            if isinstance(items := part.get("items"), dict):
                yield from _rows(root, items, f"{prefix}{name}[].")


def _properties(root: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the schemas of each property that a schema names, in itself or in those that it combines or refers to."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for part in parts_of(root, schema):
        properties = part.get("properties")
        for name, rule in properties.items() if isinstance(properties, dict) else ():
            found.setdefault(name, []).extend(parts_of(root, rule, choices=False) if isinstance(rule, dict) else [])
    return found


def parts_of(root: Mapping[str, Any], schema: Mapping[str, Any], *, choices: bool = True) -> list[Mapping[str, Any]]:
    """Return a schema with those that it refers to and combines; with ``choices``, also its alternatives."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = target_of(root, reference)
        return parts_of(root, target, choices=choices) if isinstance(target, dict) else []
    found: list[Mapping[str, Any]] = [schema]
    for keyword in _COMBINED if choices else _COMBINED[:1]:
        combined = schema.get(keyword)
        for each in combined if isinstance(combined, list) else ():
            if isinstance(each, dict):
                found.extend(parts_of(root, each, choices=choices))
    return found


def names_known(root: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the names that a schema allows in an object; None if it allows any.

    ``additionalProperties: true`` does not count: nearly every exported action has it, and so Genesys Cloud accepts
    misspelled names. A schema there, or a pattern of names, means that callers choose the names.
    """
    parts = parts_of(root, schema)
    if not any(isinstance(part.get("properties"), dict) for part in parts):
        closed = any(part.get("additionalProperties") is False for part in parts)
        return () if closed else None
    for part in parts:
        additional = part.get("additionalProperties")
        if (isinstance(additional, dict) and additional) or part.get("patternProperties"):
            return None
    return tuple(_properties(root, schema))


def property_parts(root: Mapping[str, Any], schema: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the schemas that a schema has for one property."""
    return _properties(root, schema).get(name, [])


def _texts(value: Any) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
