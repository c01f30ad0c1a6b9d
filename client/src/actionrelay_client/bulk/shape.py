"""How a row becomes the inputs of an execution."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from actionrelay_client.bulk.contract import Contract, read_cell
from actionrelay_client.bulk.order import content_key
from actionrelay_client.bulk.table import Row, Table, TableError

LONGEST_KEY = 1_000
"""Characters of a key."""
MAX_INPUT_DEPTH = 5
"""The deployment's `MaxInputDepth`, unless it was changed."""


@dataclass(frozen=True)
class Prepared:
    """A row, ready to be sent or known not to be."""

    number: int
    line: int
    key: str
    inputs: Mapping[str, Any]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """What of a row is an input, under which name, of which type, and what its key is."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """From column to input. Without any, each column is the input of its name."""
    key: str | None = None
    """The column whose value is different in every row; None is the row's content."""
    types: Mapping[str, str] = field(default_factory=dict)
    """By input, where it is not the contract's."""
    contract: Contract | None = None
    max_depth: int = MAX_INPUT_DEPTH

    def fit(self, table: Table) -> None:
        """Refuse a table without the columns that are named.

        Raises:
            TableError: it has none of the name, and which it has.
        """
        columns = table.columns()
        if columns is None:
            return
        for name in (*self.columns, *([self.key] if self.key is not None else ())):
            if name not in columns:
                close = difflib.get_close_matches(name, columns, 1)
                meant = f"; did you mean {close[0]!r}?" if close else f"; it has {', '.join(columns)}"
                raise TableError(f"{table.path} has no column {name!r}{meant}")

    def read(self, row: Row, *, typed: bool) -> Prepared:
        """Make a row's inputs, with every fault of it. ``typed``: its values have types of their own."""
        if row.fault is not None:
            return Prepared(row.number, row.line, "", {}, (row.fault,))
        faults: list[str] = []
        inputs: dict[str, Any] = {}
        for column, value in row.values.items():
            name = self._input(column)
            if name is None or (not typed and value == ""):
                continue
            if typed:
                inputs[name] = value
                continue
            try:
                inputs[name] = read_cell(value, self._type(name))
            except ValueError as error:
                faults.append(f"{column} {error}")
        key = self._key(row, inputs, faults)
        if self.contract and not faults:
            faults.extend(self.contract.faults(inputs))
        faults.extend(_too_deep(inputs, self.max_depth))
        return Prepared(row.number, row.line, key, inputs, tuple(faults))

    def _input(self, column: str) -> str | None:
        """Return the input that a column is; None where it is none.

        A key that the contract does not take only makes rows different.
        """
        if self.columns:
            return self.columns.get(column)
        if column == self.key and self.contract and not self.contract.takes(column):
            return None
        return column

    def _type(self, name: str) -> str:
        return self.types.get(name) or (self.contract.types.get(name, "") if self.contract else "")

    def _key(self, row: Row, inputs: Mapping[str, Any], faults: list[str]) -> str:
        if self.key is None:
            return content_key(inputs)
        value = row.values.get(self.key)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            faults.append(f"{self.key} is the key, and must be a text or an integer")
            return ""
        key = str(value)
        if len(key) > LONGEST_KEY:
            faults.append(f"{self.key} is the key, and longer than {LONGEST_KEY} characters")
        return key


def _too_deep(inputs: Mapping[str, Any], limit: int) -> Iterator[str]:
    for name, value in inputs.items():
        if _depth(value) + 1 > limit:
            yield f"{name} holds a value more than {limit} steps below inputs"


def _depth(value: Any) -> int:
    """Return how many steps the deepest value is below this one, level by level."""
    depth = 0
    level = [value]
    while level := [child for each in level for child in _children(each)]:
        depth += 1
    return depth


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
