"""What an action takes, as far as a row can be checked here. The deployment checks the rest."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from actionrelay_client import json_text
from actionrelay_client.documents import Action

TYPES = ("string", "integer", "number", "boolean", "json")
"""The types that a cell can be read as; ``json`` is any JSON value."""
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 400
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True)
class Contract:
    """The inputs of an action."""

    types: Mapping[str, str]
    """By input: one of JSON Schema's types, or the empty text where it is not said."""
    required: frozenset[str] = frozenset()
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By input: its JSON Schema."""

    def faults(self, inputs: Mapping[str, Any]) -> Iterator[str]:
        """Return what is wrong with a row's inputs, in words."""
        for name in sorted(self.required - inputs.keys()):
            yield f"{name} is required"
        for name, value in inputs.items():
            if name not in self.types:
                yield f"{name} is no input of the action; it has {', '.join(self.types) or 'none'}"
            elif fault := _type_fault(value, self.types[name]) or _rule_fault(value, self.rules.get(name, {})):
                yield f"{name} {fault}"


def contract_of(action: Action) -> Contract | None:
    """Read the contract out of an action of the catalogue; None where it has none that says its inputs.

    ``inputs`` is the table (`name, type, required`), ``inputSchema`` the JSON Schema; either is enough.
    """
    schema = action.document.get("inputSchema")
    table = action.document.get("inputs")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    listed = properties.items() if isinstance(properties, dict) else ()
    rules = {name: rule for name, rule in listed if isinstance(rule, dict)}
    types = {name: _type_of(rule.get("type")) for name, rule in rules.items()}
    wanted = schema.get("required") if isinstance(schema, dict) else None
    required = {name for name in wanted if isinstance(name, str)} if isinstance(wanted, list) else set()
    for each in table if isinstance(table, list) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            types.setdefault(each["name"], _type_of(each.get("type")))
            if each.get("required") is True:
                required.add(each["name"])
    return Contract(types, frozenset(required), rules) if types else None


def _type_of(value: Any) -> str:
    """Return the one type that is meant: of ``["string", "null"]`` that is ``string``."""
    named = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
    named = [each for each in named if each != "null"]
    return named[0] if len(named) == 1 else ""


def read_cell(text: str, kind: str) -> Any:
    """Read a CSV's cell, which is not empty, as a value of a type; a type that is not known is a text.

    Raises:
        ValueError: it is none, with what it has to be.
    """
    if kind in {"integer", "number"}:
        bare = text.strip()
        if len(bare) > _LONGEST_NUMBER or not _NUMBER.fullmatch(bare):
            raise ValueError("must be a number such as 12 or 10.50")
        try:
            value = json_text.read(bare, strict=True)
        except ValueError:
            raise ValueError("must be a number that a double can hold") from None
        if kind == "integer" and not _is_whole(value):
            raise ValueError("must be an integer")
        return int(value) if kind == "integer" else value
    if kind == "boolean":
        if text.strip().lower() not in _FLAGS:
            raise ValueError("must be true or false")
        return _FLAGS[text.strip().lower()]
    if kind in {"json", "array", "object"}:
        try:
            return json_text.read(text, strict=True)
        except ValueError:
            raise ValueError("must be JSON") from None
    return text


_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, Decimal),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def _type_fault(value: Any, kind: str) -> str | None:
    if kind not in _KINDS:
        return None
    # A boolean is an int in Python, and no number in JSON; 1.0 is an integer, as Genesys Cloud has it.
    fits = isinstance(value, _KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if kind == "integer" and isinstance(value, Decimal):
        fits = _is_whole(value)
    return None if fits else f"must be of type {kind}"


def _is_whole(value: int | Decimal) -> bool:
    return isinstance(value, int) or value == value.to_integral_value()


def _rule_fault(value: Any, rule: Mapping[str, Any]) -> str | None:
    listed = rule.get("enum")
    if isinstance(listed, list) and value not in listed:
        return f"must be one of {json_text.to_text(listed)[:200]}"
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        least, most = rule.get("minimum"), rule.get("maximum")
        if isinstance(least, int | Decimal) and Decimal(value) < least:
            return f"must be at least {least}"
        if isinstance(most, int | Decimal) and Decimal(value) > most:
            return f"must be at most {most}"
    if isinstance(value, str):
        return _length_fault(len(value), rule)
    return None


def _length_fault(length: int, rule: Mapping[str, Any]) -> str | None:
    least, most = rule.get("minLength"), rule.get("maxLength")
    if isinstance(least, int) and length < least:
        return f"must have at least {least} characters"
    if isinstance(most, int) and length > most:
        return f"must have at most {most} characters"
    return None
