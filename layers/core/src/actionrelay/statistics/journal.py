"""What is counted and not yet in the counters, and up to where each part of a stream is counted.

A batch of changes belongs to at least four counters. Written to each of them, it costs an item for each, and a
transaction that keeps them together. So it goes into one item first, a journal, whose one conditional write holds the
counts and the mark that says that they are counted. A journal that is full is settled: one transaction takes its counts
out of it and adds them to the counters. What is counted is what a counter holds and what journals hold for it.
"""

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import NamedTuple

from actionrelay.statistics.counters import Change, Counter, counters_at, hour_of
from actionrelay.statistics.tally import Counts, added

JOURNALS = 4
"""Parts of streams that are counted at the same time seldom meet at one."""
MOST_COUNTERS = 99
"""Counters in one transaction: DynamoDB takes 100 items, and one is the journal."""
_HOUR_MS = 3_600_000
_MARK_HOURS = 26
"""A stream keeps a change for a day; after that nobody asks for the mark."""


class Row(NamedTuple):
    """What the counts of one row are about: an hour of acceptance (``2026-11-24T13``) and an action."""

    hour: str
    action_id: str


class Mark(NamedTuple):
    """Up to where a part of a stream is counted, and when that was: a sequence number, hours since the epoch."""

    sequence: int
    hour: int


@dataclass(frozen=True, slots=True)
class Journal:
    """One of the journals, as it was after some write to it."""

    version: int = 0
    """Counts writes; 0 before the first."""
    settlements: int = 0
    """How often it has been settled. A counter that the last of them wrote to has its number."""
    marks: Mapping[str, Mark] = field(default_factory=dict)
    rows: Mapping[Row, Counts] = field(default_factory=dict)

    def left_of(self, part: str, changes: Iterable[Change]) -> tuple[Change, ...]:
        """Return the changes of a part that are not counted yet."""
        mark = self.marks.get(name_of(part))
        return tuple(change for change in changes if mark is None or change.sequence > mark.sequence)

    def with_changes(self, part: str, changes: Sequence[Change], now: int) -> "Journal":
        """Return it with changes that it lacks, the next ones of their part, and the mark at the last of them."""
        rows: dict[Row, list[Counts]] = {row: [counts] for row, counts in self.rows.items()}
        for change in changes:
            rows.setdefault(Row(hour_of(change.at), change.action_id), []).append(change.counts)
        sums = {row: added(counts) for row, counts in rows.items()}
        hour = now // _HOUR_MS
        marks = {name: mark for name, mark in self.marks.items() if hour - mark.hour < _MARK_HOURS}
        if changes:
            marks[name_of(part)] = Mark(changes[-1].sequence, hour)
        kept = {row: counts for row, counts in sums.items() if counts}
        return replace(self, version=self.version + 1, marks=marks, rows=kept)

    def room_for(self, changes: Sequence[Change]) -> int:
        """Say how many of the changes, from the first on, one transaction can settle together with what is in it."""
        names = {counter for row in self.rows for counter in counters_at(*row)}

        def fits(change: Change) -> bool:
            names.update(counters_at(hour_of(change.at), change.action_id))
            return len(names) <= MOST_COUNTERS

        return sum(1 for _ in takewhile(fits, changes))

    def settled(self) -> "Journal":
        """Return it without the counts, which the same transaction adds to the counters."""
        return replace(self, settlements=self.settlements + 1, rows={})

    def counters(self) -> Mapping[Counter, Counts]:
        """Add its rows up to what each counter lacks."""
        parts: dict[Counter, list[Counts]] = {}
        for row, counts in self.rows.items():
            for counter in counters_at(*row):
                parts.setdefault(counter, []).append(counts)
        sums = {counter: added(counts) for counter, counts in parts.items()}
        return {counter: counts for counter, counts in sums.items() if counts}


def journal_of(part: str) -> int:
    """Number the journal that a part of a stream is counted in."""
    return zlib.crc32(part.encode()) % JOURNALS


def name_of(part: str) -> str:
    """Shorten the name of a part, which has the ARN of its stream in it, for a mark."""
    return hashlib.sha256(part.encode()).hexdigest()[:12]
