"""What this process knows of each row: a table on disk that SQLite removes when it is closed, or its process dies.

So a million rows take no more memory than a thousand. It is no state file: a run that goes on begins with an empty one.
"""

import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from actionrelay_client.errors import ActionRelayError

_CACHE_KB = 8_000
_SCHEMA = """
CREATE TABLE rows (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, id BLOB, state INTEGER NOT NULL, due REAL NOT NULL DEFAULT 0,
    looks INTEGER NOT NULL DEFAULT 0, known INTEGER NOT NULL DEFAULT 0, before INTEGER NOT NULL DEFAULT 0, outcome TEXT,
    code TEXT, place INTEGER, kept TEXT
);
CREATE UNIQUE INDEX by_id ON rows (id) WHERE id IS NOT NULL;
CREATE INDEX under_way ON rows (number) WHERE state = 2;
"""


class BookError(ActionRelayError):
    """There is no room for what is known of the rows. The same call goes on, once there is."""

    code = "temporary_files"


class State(IntEnum):
    """Where a row is."""

    INVALID = 0
    """It breaks a rule, or has the key of another one; never sent."""
    CHECKED = 1
    UNDER_WAY = 2
    """Accepted, and not known to have ended."""
    ENDED = 3
    REFUSED = 4
    """The deployment does not take it."""


@dataclass(frozen=True)
class Followed:
    """A row that is under way."""

    number: int
    key: str
    execution_id: str
    looks: int
    """How often it was looked at."""
    known: bool
    """Whether the deployment knew it already when this run sent it."""
    kept: str | None
    """The outcome in the results of an earlier run; None where they have none."""
    place: int | None
    """Where that line begins."""


@dataclass(frozen=True)
class Outcome:
    """How many rows came to the same end, and some of them."""

    state: State
    outcome: str
    code: str
    count: int
    first: int
    """The first row's number."""


class Book:
    """One run's rows. Safe to use in several threads. Close it, or use it in a `with` block.

    Each method may raise ``BookError``.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._trouble = ""
        # The empty name is a file of SQLite's own, in the folder for temporary files, which has no name to be found by.
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        for pragma in (f"cache_size = -{_CACHE_KB}", "journal_mode = OFF", "synchronous = OFF"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.executescript(_SCHEMA)

    def __enter__(self) -> "Book":
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    # -- Rows are checked ---------------------------------------------------------------------------------------------

    def add(self, number: int, key: str, execution_id: uuid.UUID) -> int | None:
        """Take a row that keeps all rules. Return the number of the row that has its key already, if one has."""
        with self._table():
            found = self._database.execute("SELECT number FROM rows WHERE id = ?", (execution_id.bytes,)).fetchone()
            if found is not None:
                self.add_invalid(number, key, "duplicate")
                return int(found[0])
            self._database.execute(
                "INSERT INTO rows (number, key, id, state) VALUES (?, ?, ?, ?)",
                (number, key, execution_id.bytes, State.CHECKED),
            )
            return None

    def add_invalid(self, number: int, key: str, code: str) -> None:
        """Take a row that breaks a rule."""
        with self._table():
            self._database.execute(
                "INSERT INTO rows (number, key, state, outcome, code) VALUES (?, ?, ?, 'invalid', ?)",
                (number, key, State.INVALID, code),
            )

    def is_checked(self, number: int) -> bool:
        """Whether a row is to be sent."""
        found = self._one("SELECT state FROM rows WHERE number = ?", number)
        return found is not None and found[0] == State.CHECKED

    # -- Rows are sent and followed -----------------------------------------------------------------------------------

    def under_way(self, number: int, *, known: bool) -> None:
        """A row was accepted. ``known``: the deployment knew it already."""
        self._change("state = ?, known = ?, due = 0", (State.UNDER_WAY, known), number)

    def later(self, number: int, seconds: float) -> None:
        """Look at a row again, in so many seconds at the earliest."""
        self._change("due = ?, looks = looks + 1", (self._clock() + seconds,), number)

    def ended(self, number: int, outcome: str, code: str | None, place: int, *, before: bool) -> None:
        """Take the end of a row; ``place`` is where its line begins in the results.

        ``before``: it had ended before this run began.
        """
        values = (State.ENDED, outcome, code, place, before)
        self._change("state = ?, outcome = ?, code = ?, place = ?, before = ?", values, number)

    def refused(self, number: int, code: str, place: int) -> None:
        """The deployment does not take a row."""
        self._change("state = ?, outcome = 'refused', code = ?, place = ?", (State.REFUSED, code, place), number)

    def placed(self, number: int, place: int) -> None:
        """Note where a row's line begins in the results."""
        self._change("place = ?", (place,), number)

    def due(self, limit: int) -> list[Followed]:
        """Return the first rows that are under way and to be looked at now."""
        with self._table():
            found = self._database.execute(
                "SELECT number, key, id, looks, known, kept, place FROM rows"
                f" WHERE state = {State.UNDER_WAY:d} AND due <= ? ORDER BY number LIMIT ?",
                (self._clock(), limit),
            ).fetchall()
        return [
            Followed(number, key, str(uuid.UUID(bytes=raw)), looks, bool(known), kept, place)
            for number, key, raw, looks, known, kept, place in found
        ]

    def any_under_way(self) -> bool:
        """Whether a row is still to be followed."""
        return self._one(f"SELECT 1 FROM rows WHERE state = {State.UNDER_WAY:d} LIMIT 1") is not None

    # -- Results of an earlier run ------------------------------------------------------------------------------------

    def recorded(self, execution_id: uuid.UUID, outcome: str, place: int) -> bool:
        """Note that a line of the results is about this execution. False where it is no row's."""
        with self._table():
            changed = self._database.execute(
                "UPDATE rows SET kept = ?, place = ? WHERE id = ?", (outcome, place, execution_id.bytes)
            )
            return changed.rowcount > 0

    # -- Sums ---------------------------------------------------------------------------------------------------------

    def outcomes(self) -> list[Outcome]:
        """Return how many rows are where, by state, outcome and code."""
        with self._table():
            found = self._database.execute(
                "SELECT state, coalesce(outcome, ''), coalesce(code, ''), count(*), min(number) FROM rows"
                " GROUP BY 1, 2, 3 ORDER BY 4 DESC, 5"
            ).fetchall()
        return [Outcome(State(state), *rest) for state, *rest in found]

    def before(self) -> int:
        """Return how many rows had ended before this run began."""
        found = self._one("SELECT count(*) FROM rows WHERE before = 1")
        return int(found[0]) if found else 0

    def places(self) -> Iterator[int]:
        """Return where the lines of the results are, in the order of the rows."""
        with self._table():
            cursor = self._database.execute("SELECT place FROM rows WHERE place IS NOT NULL ORDER BY number")
        while found := self._next_of(cursor):
            yield from (place for (place,) in found)

    def _next_of(self, cursor: sqlite3.Cursor) -> list[tuple[int]]:
        with self._table():
            return cursor.fetchmany(1_000)

    def in_need(self, limit: int) -> list[tuple[int, str, str, str, str | None]]:
        """Return the first rows that need a person: number, key, outcome, code, execution id."""
        with self._table():
            found = self._database.execute(
                "SELECT number, key, outcome, coalesce(code, ''), id FROM rows WHERE outcome IS NOT NULL"
                " AND outcome != 'completed' ORDER BY number LIMIT ?",
                (limit,),
            ).fetchall()
        return [
            (number, key, outcome, code, None if raw is None else str(uuid.UUID(bytes=raw)))
            for number, key, outcome, code, raw in found
        ]

    @contextmanager
    def _table(self) -> Iterator[None]:
        """Have the table alone. Where it has no room, say so."""
        with self._lock:
            try:
                yield
            except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
                raise
            except sqlite3.DatabaseError as error:  # full, or not readable any more
                # Without a journal a table that was full is broken, too, which says nothing to anybody.
                self._trouble = self._trouble or str(error)
                raise BookError(
                    f"there is no room for what is known of the rows: {self._trouble};"
                    " SQLITE_TMPDIR names another folder for it"
                ) from None

    def _change(self, what: str, values: tuple[object, ...], number: int) -> None:
        with self._table():
            self._database.execute(f"UPDATE rows SET {what} WHERE number = ?", (*values, number))

    def _one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        with self._table():
            found: tuple[Any, ...] | None = self._database.execute(statement, values).fetchone()
            return found
