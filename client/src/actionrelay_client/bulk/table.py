"""The file: a CSV with a header, or one JSON object a line. Read row by row, twice, in constant memory."""

import csv
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from actionrelay_client import json_text
from actionrelay_client.errors import ActionRelayError

LONGEST_ROW = 600_000
"""Bytes of a line of JSON, or characters of a cell; more than any body may have."""
_BOM = b"\xef\xbb\xbf"


class TableError(ActionRelayError):
    """The file as a whole can't be used; no row was sent."""

    code = "file"


@dataclass(frozen=True)
class Row:
    """One row."""

    number: int
    """From 1; a header and empty lines are none."""
    line: int
    """Where it begins in the file."""
    values: Mapping[str, Any]
    """By column. A CSV's are texts."""
    fault: str | None = None
    """Why it can't be read."""


class Table(ABC):
    """A file of rows."""

    typed: bool
    """Whether values have types of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            found = path.stat()
        except OSError as error:
            raise TableError(f"{path} can't be read: {error.strerror}") from None
        if not path.is_file():
            raise TableError(f"{path} is no file; rows are read twice, so it can't be a pipe")
        self._seen = (found.st_size, found.st_mtime_ns)

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """Read all rows, from the first."""

    @abstractmethod
    def columns(self) -> tuple[str, ...] | None:
        """Return the columns' names; None where each row has its own."""

    def same(self) -> None:
        """Refuse a file that has changed since it was first looked at.

        Raises:
            TableError: it has.
        """
        found = self.path.stat()
        if (found.st_size, found.st_mtime_ns) != self._seen:
            raise TableError(f"{self.path} has changed since its rows were checked; run the same command again")


class CsvTable(Table):
    """Cells by the names in the first row (RFC 4180), in UTF-8."""

    typed = False

    def __init__(self, path: Path, delimiter: str = ",") -> None:
        super().__init__(path)
        self._delimiter = delimiter
        self._columns = self._header()

    def columns(self) -> tuple[str, ...]:
        """Return the header."""
        return self._columns

    def rows(self) -> Iterator[Row]:
        """Read all rows. One that is no CSV ends the file, since nobody knows where the next begins."""
        number, line = 0, 1
        with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            reader = self._reader(file)
            next(reader)
            line = reader.line_num + 1
            while True:
                number += 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Row(number, line, {}, f"this is no CSV, and what follows was not read: {error}")
                    return
                if not cells:
                    number -= 1
                else:
                    yield self._row(number, line, cells)
                line = reader.line_num + 1

    def _row(self, number: int, line: int, cells: list[str]) -> Row:
        if len(cells) != len(self._columns):
            return Row(number, line, {}, f"has {len(cells)} cells, the header has {len(self._columns)}")
        if not _is_text("".join(cells)):
            return Row(number, line, {}, "is not UTF-8; save the file as CSV UTF-8")
        return Row(number, line, dict(zip(self._columns, cells, strict=True)))

    def _header(self) -> tuple[str, ...]:
        with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            try:
                columns = tuple(next(self._reader(file), ()))
            except csv.Error as error:
                raise TableError(f"{self.path} is no CSV: {error}") from None
        if not columns or not _is_text("".join(columns)):
            raise TableError(f"{self.path} has no header in UTF-8")
        twice = next((name for name in columns if columns.count(name) > 1), None)
        if twice is not None:
            raise TableError(f"{self.path} has two columns named {twice!r}")
        if len(columns) == 1 and self._delimiter == "," and ";" in columns[0]:
            raise TableError(f"{self.path} has one column, {columns[0]!r}: is its delimiter a semicolon?")
        return columns

    def _reader(self, file: Any) -> Any:
        csv.field_size_limit(LONGEST_ROW)
        return csv.reader(file, strict=True, delimiter=self._delimiter)


class JsonLinesTable(Table):
    """One JSON object a line, in UTF-8; its values as they are."""

    typed = True

    def columns(self) -> None:
        """Each row has its own."""

    def rows(self) -> Iterator[Row]:
        """Read all rows."""
        number = line = 0
        with self.path.open("rb") as file:
            for text in _lines(file):
                line += 1
                if text is not None and not text.strip():
                    continue
                number += 1
                yield _json_row(number, line, text)


def open_table(path: Path, *, delimiter: str = ",") -> Table:
    """Return the table in a file, by how its name ends.

    Raises:
        TableError: it can't be read, or its name ends in neither ``.csv`` nor ``.jsonl``.
    """
    ending = path.suffix.lower()
    if ending in {".jsonl", ".ndjson"}:
        return JsonLinesTable(path)
    if ending in {".csv", ".tsv"}:
        return CsvTable(path, "\t" if ending == ".tsv" else delimiter)
    raise TableError(f"{path} must end in .csv or .jsonl")


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Return lines; None for one that is longer than any row may be."""
    first = True
    while text := file.readline(LONGEST_ROW):
        if len(text) == LONGEST_ROW and not text.endswith(b"\n"):
            while (rest := file.readline(LONGEST_ROW)) and not rest.endswith(b"\n"):
                pass
            yield None
        else:
            yield text.removeprefix(_BOM) if first else text
        first = False


def _json_row(number: int, line: int, text: bytes | None) -> Row:
    if text is None:
        return Row(number, line, {}, f"is longer than {LONGEST_ROW} bytes")
    try:
        document = json_text.read(text, strict=True)
    except ValueError as error:
        return Row(number, line, {}, f"is no JSON with one meaning: {error}")
    if not isinstance(document, dict):
        return Row(number, line, {}, "is no JSON object")
    return Row(number, line, document)


def _is_text(cell: str) -> bool:
    """Whether all its bytes were UTF-8."""
    return cell.isascii() or not any("\ud800" <= character <= "\udfff" for character in cell)
