"""Which schemas are used: those whose cost is bounded whatever they say, and that fetch nothing. Pure.

A schema comes from those who define actions in the organisation, and every request that names the action is checked by
it. So before it is kept it is measured: its bytes, its depth, and how many rules one look at one value can come to once
each reference is followed. A reference that leads around in a circle has no such number, and is refused.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from actionrelay.catalogue.action import SchemaProblem

MAX_SCHEMA_BYTES = 65_536
"""Of a schema as JSON. Two of them, uncompressed, are a third of what an item of DynamoDB holds."""
MAX_SCHEMA_DEPTH = 32
MAX_RULES = 5_000
"""Values of a schema with each reference followed."""
MAX_PATTERN_LENGTH = 1_000

_DATA = frozenset({"enum", "default", "const", "example", "examples"})
"""What holds values, and no schemas."""


def problem_of(schema: Mapping[str, Any]) -> SchemaProblem | None:
    """Return why a schema is not used; None where it may be tried."""
    try:
        _Measure(schema).rules(schema, 0)
    except _UnusableError as found:
        return found.problem
    size = len(json.dumps(schema, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return SchemaProblem.TOO_LARGE if size > MAX_SCHEMA_BYTES else None


def rules_in(schema: Mapping[str, Any]) -> int:
    """Return how many rules a schema has with each reference followed. It has no problem."""
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
        """Count the values of a part of the schema.

        Raises:
            _UnusableError: with what is wrong.
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
    """Return what a local reference (``#/definitions/name``) leads to.

    Raises:
        _UnusableError: it leads out of the document, or nowhere.
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
