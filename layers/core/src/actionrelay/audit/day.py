"""Use case: return a day's audit entries, page by page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import batched
from typing import TypedDict

from actionrelay.audit.document import AuditDocument, audit_document
from actionrelay.audit.ports import AuditReader
from actionrelay.audit.trail import Opening, Trail
from actionrelay.cursors import read_cursor, write_cursor
from actionrelay.errors import InvalidRequestError
from actionrelay.fault import Fault
from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import day_of


class AuditDayDocument(TypedDict):
    """The entries of one UTC day: each execution's together and in order; executions by action, then time."""

    date: str
    entries: list[AuditDocument]
    next: str | None
    """The parameter `next` for the next page; null on the last page."""


MOST_ENTRIES = 1_000
_USUAL_ENTRIES = 200
_HIGHEST_SEQ = 2**53 - 1
"""Far above any real one. DynamoDB holds 38 digits."""
_LONGEST_KEY = 1_024
"""In bytes: DynamoDB's limit for a sort key."""
_THREADS = 8
_TRAILS_AT_ONCE = 32
"""A page may read this many ahead, although not all of them fit."""


@dataclass(frozen=True, slots=True)
class DayTrails:
    """Reads the trails of a day's executions, in the day's order, with a number of ``threads``."""

    audit: AuditReader
    day: str
    threads: int
    at_once: int
    """The number of trails in memory."""

    def read(self, openings: Sequence[Opening], after: Opening | None) -> Iterator[tuple[Opening, Trail]]:
        """Yield each execution once, with its entries of this day and all flaws of its trail."""
        with ThreadPoolExecutor(self.threads, thread_name_prefix="trail") as threads:
            for some in batched(_once(openings, after), self.at_once, strict=False):
                for opening, trail in zip(some, threads.map(self._trail, some), strict=True):
                    yield opening, Trail(tuple(filter(self._is_of_this_day, trail.entries)), trail.flaws)

    def _trail(self, opening: Opening) -> Trail:
        return self.audit.trail(opening.execution_id)

    def _is_of_this_day(self, entry: AuditEntry) -> bool:
        return day_of(entry.timestamp) == self.day


def _once(openings: Sequence[Opening], after: Opening | None) -> Iterator[Opening]:
    """Skip duplicates: two writers may both have written the entry that opens a day, in different items."""
    before = after.execution_id if after else None
    for opening in openings:
        if opening.execution_id != before:
            yield opening
        before = opening.execution_id


@dataclass(frozen=True, slots=True)
class DayQuery:
    """The parameters of ``GET /audit``."""

    day: str
    limit: int
    after: Opening | None


@dataclass(frozen=True, slots=True)
class ReadAuditDays:
    """Returns what happened on a day."""

    audit: AuditReader

    def page(self, query: Mapping[str, str]) -> dict[str, Json]:
        """Return the entries of a UTC day, each execution's together.

        A page holds whole executions: at most ``limit`` entries, or one execution with more.

        Raises:
            InvalidRequestError: with every fault of the query.
        """
        asked = read_day_query(query)
        openings = self.audit.openings(asked.day, asked.after, asked.limit)
        entries: list[AuditEntry] = []
        last = asked.after
        for opening, trail in DayTrails(self.audit, asked.day, _THREADS, _TRAILS_AT_ONCE).read(openings, asked.after):
            if entries and len(entries) + len(trail.entries) > asked.limit:
                break
            entries += trail.entries
            last = opening
        else:
            last = openings[-1] if len(openings) == asked.limit else None
        found: AuditDayDocument = {
            "date": asked.day,
            "entries": [audit_document(entry) for entry in entries],
            "next": cursor(last) if last else None,
        }
        return as_json(found)


def read_day_query(query: Mapping[str, str]) -> DayQuery:
    """Read ``date``, ``limit`` and ``next``.

    Raises:
        InvalidRequestError: with every fault.
    """
    faults: list[Fault] = []
    day, limit = query.get("date", ""), query.get("limit", str(_USUAL_ENTRIES))
    if not is_day(day):
        faults.append(Fault("/query/date", "schema", "must be a day, such as 2026-11-24"))
    if not (re.fullmatch("[0-9]{1,4}", limit, re.ASCII) and 1 <= int(limit) <= MOST_ENTRIES):
        faults.append(Fault("/query/limit", "schema", f"must be a whole number from 1 to {MOST_ENTRIES}"))
    after = None
    if "next" in query:
        after = _place(query["next"])
        if after is None:
            faults.append(Fault("/query/next", "schema", "must be the next of an answer before"))
    if faults:
        raise InvalidRequestError(tuple(faults))
    return DayQuery(day, int(limit), after)


def is_day(text: str) -> bool:
    """Return whether a text is a day of the calendar, such as ``2026-11-24``."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def cursor(opening: Opening) -> str:
    """Return the ``next`` of a page whose last execution has this opening."""
    return write_cursor([opening.opened_at, opening.execution_id, opening.seq])


def _place(text: str) -> Opening | None:
    match read_cursor(text):
        case [str(opened_at), str(execution_id), int(seq)] if (
            1 <= len(opened_at.encode()) <= _LONGEST_KEY
            and 1 <= len(execution_id.encode()) <= _LONGEST_KEY
            and 1 <= seq <= _HIGHEST_SEQ
        ):
            return Opening(execution_id, seq, opened_at)
    return None
