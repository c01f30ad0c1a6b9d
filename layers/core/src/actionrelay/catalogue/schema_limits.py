"""Decides which schemas are used: those that fetch nothing and whose cost is bounded. Pure.

Administrators of the organisation write the schemas, and every request that names the action is checked by its schema.
So a schema is measured before it is kept: its bytes, its depth, and the number of its rules with every reference
followed. A circular reference has no such number, and is refused.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from actionrelay.catalogue.action import SchemaProblem

MAX_SCHEMA_BYTES = 65_536
"""Of a schema as JSON. Two of them, uncompressed, are a third of DynamoDB's largest item."""
MAX_SCHEMA_DEPTH = 32
MAX_RULES = 5_000
"""Values of a schema with each reference followed."""
MAX_PATTERN_LENGTH = 1_000

_DATA = frozenset({"enum", "default", "const", "example", "examples"})
"""Keywords whose content is values, not schemas."""


def problem_of(schema: Mapping[str, Any]) -> SchemaProblem | None:
    """Return why a schema can't be used; None if it can be compiled."""
    try:
        _Measure(schema).rules(schema, 0)
    except _UnusableError as found:
        return found.problem
    size = len(json.dumps(schema, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return SchemaProblem.TOO_LARGE if size > MAX_SCHEMA_BYTES else None


def rules_in(schema: Mapping[str, Any]) -> int:
    """Return how many rules a schema without a problem has, with each reference followed."""
    return _Measure(schema).rules(schema, 0)


class _UnusableError(Exception):
    def __init__(self, problem: SchemaProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class _Measure:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._known: dict[str, int] = {}
        """The rules behind each reference."""
        self._open: set[str] = set()
        """References that are being followed."""

    def rules(self, value: Any, depth: int, *, data: bool = False) -> int:
        """Count the rules in a part of the schema.

        Raises:
            _UnusableError: the schema can't be used.
        """
        if depth > MAX_SCHEMA_DEPTH:
            raise _UnusableError(SchemaProblem.TOO_LARGE)
        total = 1
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str) and not data:
                total += self._behind(reference, depth)
            for name, child in value.items():
                if name in {"pattern", "$ref"} and isinstance(child, str):
                    total += self._text(child)
                else:
                    total += self.rules(child, depth + 1, data=data or name in _DATA)
                self._bounded(total)
        elif isinstance(value, list):
            for child in value:
                total += self.rules(child, depth + 1, data=data)
                self._bounded(total)
        return total

    def _behind(self, reference: str, depth: int) -> int:
        if reference in self._open:
            raise _UnusableError(SchemaProblem.RECURSIVE)
        if reference not in self._known:
            target = target_of(self._root, reference)
            self._open.add(reference)
            self._known[reference] = self.rules(target, depth + 1)
            self._open.discard(reference)
        return self._known[reference]

    def _text(self, text: str) -> int:
        if len(text) > MAX_PATTERN_LENGTH:
            raise _UnusableError(SchemaProblem.TOO_LARGE)
        return 1

    def _bounded(self, total: int) -> None:
        if total > MAX_RULES:
            raise _UnusableError(SchemaProblem.TOO_LARGE)


def target_of(root: Mapping[str, Any], reference: str) -> Any:
    """Return the target of a local reference (``#/definitions/name``).

    Raises:
        _UnusableError: it refers to another document, or to nothing.
    """
    if reference == "#":
        raise _UnusableError(SchemaProblem.RECURSIVE)
    if not reference.startswith("#/"):
        raise _UnusableError(SchemaProblem.REMOTE)
    here: Any = root
    for step in _steps(reference):
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(here):
            here = here[int(step)]
        else:
            raise _UnusableError(SchemaProblem.INVALID)
    return here


def _steps(reference: str) -> Iterator[str]:
    """Split a JSON pointer in a URI fragment (RFC 6901, section 6)."""
    for step in reference[2:].split("/"):
        yield unquote(step).replace("~1", "/").replace("~0", "~")
