"""What an action takes, as far as a row can be checked here. The deployment checks the rest."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from actionrelay_client import json_text
from actionrelay_client.bulk.schema import direct_rules, names_of, required_of, rule_fault, table_rows
from actionrelay_client.documents import Action

TYPES = ("string", "integer", "number", "boolean", "json")
"""The types that a cell can be read as; ``json`` is any JSON value."""
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 400
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True)
class Contract:
    """The inputs of an action, judged more leniently than the deployment does: what it takes is never refused here."""

    types: Mapping[str, str]
    """By input: the type that a CSV's cell is read as, or the empty text where there is not exactly one."""
    required: frozenset[str] = frozenset()
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By input: its JSON Schema, as far as that holds for every row."""
    free_names: bool = False
    """Whether it takes names that it does not list."""

    def takes(self, name: str) -> bool:
        """Whether an input may have this name."""
        return self.free_names or name in self.types

    def faults(self, inputs: Mapping[str, Any]) -> Iterator[str]:
        """Return what is wrong with a row's inputs, in words."""
        for name in sorted(self.required - inputs.keys()):
            yield f"{name} is required"
        for name, value in inputs.items():
            if not self.takes(name):
                yield f"{name} is no input of the action; it has {', '.join(self.types) or 'none'}"
            elif fault := rule_fault(value, self.rules.get(name, {})):
                yield f"{name} {fault}"


def contract_of(action: Action) -> Contract | None:
    """Read the contract out of an action of the catalogue; None where it has none that says its inputs.

    ``inputs`` is the table (`name, type, required`), ``inputSchema`` the JSON Schema; either is enough. Where the
    deployment checks nothing by the contract (``contractProblem``), it only says how cells are read.
    """
    schema = action.document.get("inputSchema")
    rows = table_rows(action.document.get("inputs"))
    direct = direct_rules(schema) if isinstance(schema, dict) else {}
    types = {name: _type_of(rule.get("type")) for name, rule in direct.items()}
    for name, row in rows.items():
        types[name] = types.get(name) or _type_of(_listed_types(row))
    names = names_of(schema) if isinstance(schema, dict) else ()
    for name in names or ():
        types.setdefault(name, "")
    if not types:
        return None
    if action.document.get("contractProblem") is not None:
        return Contract(types, free_names=True)
    required = {name for name, row in rows.items() if row.get("required") is True}
    if isinstance(schema, dict):
        return Contract(types, frozenset(required | required_of(schema)), direct, free_names=names is None)
    listed = {name: kinds for name, row in rows.items() if (kinds := _listed_types(row))}
    return Contract(types, frozenset(required), {name: {"type": kinds} for name, kinds in listed.items()})


def _listed_types(row: Mapping[str, Any]) -> list[str]:
    """Return the types in a row of the table, which joins several by a bar."""
    kinds = row.get("type")
    return kinds.split(" | ") if isinstance(kinds, str) and kinds else []


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


def _is_whole(value: int | Decimal) -> bool:
    return isinstance(value, int) or value == value.to_integral_value()
