"""Every row, before the first one is sent."""

from collections.abc import Callable
from dataclasses import dataclass, field

from actionrelay_client import json_text
from actionrelay_client.bulk.book import Book
from actionrelay_client.bulk.order import Order
from actionrelay_client.bulk.shape import Prepared, Shape
from actionrelay_client.bulk.table import Table
from actionrelay_client.errors import UnsendableError

MAX_FAULTS = 100
"""Rows whose faults are kept; all are counted."""
MAX_REQUEST_BYTES = 500_000
"""Of a body: a little less than the 512000 bytes that a deployment takes unless it was changed."""
_EVERY = 1_000


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a row."""

    number: int
    line: int
    key: str
    faults: tuple[str, ...]


@dataclass
class Checked:
    """What the check came to."""

    rows: int = 0
    invalid: int = 0
    faults: list[RowFault] = field(default_factory=list)
    """The first of them."""
    first: Prepared | None = None
    """The first row that keeps all rules."""

    @property
    def valid(self) -> int:
        """How many rows can be sent."""
        return self.rows - self.invalid


def check(
    table: Table,
    shape: Shape,
    order: Order,
    book: Book,
    *,
    max_bytes: int = MAX_REQUEST_BYTES,
    on_rows: Callable[[int], None] | None = None,
) -> Checked:
    """Check all rows, and write into the book which can be sent. ``on_rows`` hears how many have been.

    Raises:
        TableError: the table lacks a column that is named.
    """
    shape.fit(table)
    checked = Checked()
    for row in table.rows():
        prepared = shape.read(row, typed=table.typed)
        faults = list(prepared.faults) or _unsendable(prepared, order, max_bytes)
        checked.rows += 1
        if not faults:
            other = book.add(prepared.number, prepared.key, order.execution_id(prepared.key))
            if other is not None:
                faults = [_duplicate(shape, other)]
        else:
            book.add_invalid(prepared.number, prepared.key, "")
        if faults:
            checked.invalid += 1
            if len(checked.faults) < MAX_FAULTS:
                checked.faults.append(RowFault(prepared.number, prepared.line, prepared.key, tuple(faults)))
        elif checked.first is None:
            checked.first = prepared
        if on_rows and checked.rows % _EVERY == 0:
            on_rows(checked.rows)
    if on_rows:
        on_rows(checked.rows)
    return checked


def _unsendable(prepared: Prepared, order: Order, max_bytes: int) -> list[str]:
    """Return why a row can't be sent, whatever its action."""
    try:
        request = order.request(order.execution_id(prepared.key), prepared.inputs)
        size = len(json_text.to_text(request).encode())
    except (UnsendableError, UnicodeEncodeError):
        return ["holds a text that is no Unicode"]
    return [f"has {size} bytes as a request, {max_bytes} are allowed"] if size > max_bytes else []


def _duplicate(shape: Shape, other: int) -> str:
    if shape.key is None:
        return f"is the same as row {other}; to run both, add a column that differs and name it as the key"
    return f"has the same {shape.key} as row {other}"
