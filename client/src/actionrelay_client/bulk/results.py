"""The file of outcomes: one JSON object a line, added as they come, in the order of the rows at the end.

It may be what an earlier, killed run has left: a line that was cut off is dropped, and what had completed is not asked
for again.
"""

import contextlib
import os
import threading
import uuid
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from actionrelay_client import json_text
from actionrelay_client.bulk.book import Book
from actionrelay_client.documents import ENDED, Execution
from actionrelay_client.errors import ActionRelayError

try:
    import fcntl
except ImportError:  # Windows keeps others out by itself
    fcntl = None  # type: ignore[assignment]

_LONGEST_LINE = 8_000_000
"""Bytes; an answer of the API has 6 MB at most."""


class ResultsError(ActionRelayError):
    """The results can't be written. What was sent goes on at the deployment; the same call goes on here."""

    code = "results"


class Results:
    """One run's file of outcomes. Safe to use in several threads. Without a path nothing is written."""

    def __init__(self, path: Path | None, name: str) -> None:
        self.path = path
        self._name = name
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._strays: list[int] = []
        self._end = 0

    def open(self, book: Book) -> None:
        """Read what is there, note it in the book, and be ready to add.

        Raises:
            ResultsError: it is not a file of this run's results, or can't be written.
        """
        if self.path is None:
            return
        try:
            self._file = self.path.open("r+b") if self.path.exists() else self.path.open("x+b")
            self._keep_others_out(self._file)
            self._read(self._file, book)
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Let go of the file."""
        if self._file:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def add(self, number: int, key: str, execution: Execution) -> int:
        """Write how a row ended; return where the line begins."""
        document = {name: value for name, value in execution.document.items() if name not in {"traceId", "waiting"}}
        return self._add({"name": self._name, "row": number, "key": key, **document})

    def add_refused(self, number: int, key: str, execution_id: str | None, problem: Mapping[str, Any]) -> int:
        """Write that a row was not taken; return where the line begins."""
        head = {"name": self._name, "row": number, "key": key, "executionId": execution_id, "status": "refused"}
        return self._add({**head, "problem": problem})

    def add_invalid(self, number: int, key: str, faults: Sequence[str]) -> int:
        """Write that a row was not sent; return where the line begins."""
        head = {"name": self._name, "row": number, "key": key, "executionId": None, "status": "invalid"}
        return self._add({**head, "faults": faults})

    def finish(self, book: Book) -> None:
        """Put the lines into the order of the rows, one for each, by a new file in place of the old one."""
        if self.path is None or self._file is None:
            return
        ordered = self.path.with_name(f".{self.path.name}.ordered")
        try:
            with self._lock, ordered.open("wb") as target:
                self._file.flush()
                for place in chain(self._strays, book.places()):
                    target.write(self._line(place))
            os.replace(ordered, self.path)  # noqa: PTH105 - the one call that replaces on every system
        except OSError as error:
            with contextlib.suppress(OSError):
                ordered.unlink(missing_ok=True)
            raise self._failed(error) from None
        self.close()

    def _add(self, document: Mapping[str, Any]) -> int:
        if self._file is None:
            return 0
        line = (json_text.to_text(document) + "\n").encode()
        with self._lock:
            place = self._end
            try:
                self._file.seek(place)
                self._file.write(line)
                self._file.flush()
            except OSError as error:
                # What could be written of the line is cut off by the next run.
                raise self._failed(error) from None
            self._end += len(line)
        return place

    def _line(self, place: int) -> bytes:
        assert self._file  # noqa: S101 - its callers have looked
        self._file.seek(place)
        return self._file.readline(_LONGEST_LINE)

    def _read(self, file: BinaryIO, book: Book) -> None:
        """Note each whole line, and cut off what comes after the last one."""
        place = 0
        while line := file.readline(_LONGEST_LINE):
            if not line.endswith(b"\n"):
                break
            self._note(line, place, book)
            place += len(line)
        self._end = place
        file.truncate(place)

    def _note(self, line: bytes, place: int, book: Book) -> None:
        document = _object(line)
        if document is None or not {"name", "row", "key", "status"} <= document.keys():
            raise ResultsError(f"{self.path} holds something else than results; name another file")
        if document["name"] != self._name:
            raise ResultsError(f"{self.path} holds the results of {document['name']!r}; name another file")
        if document["status"] not in ENDED:
            return  # what was not accepted is judged again
        try:
            execution_id = uuid.UUID(str(document.get("executionId")))
        except ValueError:
            return
        if not book.recorded(execution_id, document["status"], place):
            self._strays.append(place)

    def _keep_others_out(self, file: BinaryIO) -> None:
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResultsError(f"another run is writing {self.path}") from None

    def _failed(self, error: OSError) -> ResultsError:
        return ResultsError(f"{self.path} can't be written: {error.strerror or error}")


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        document = json_text.read(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
