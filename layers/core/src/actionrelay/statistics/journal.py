"""Journals: counts that are not in the counters yet, and a mark for each part of a stream.

A batch of changes belongs to at least four counters. To write each of them costs an item for each, and a transaction.
So the counts go into one item first, a journal, in one conditional write together with the mark of what is counted. A
full journal is settled: one transaction moves its counts to the counters. A counter's value is its own count and those
that journals hold for it.
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
"""Enough that parts of streams that are counted at the same time seldom contend."""
MOST_COUNTERS = 99
"""Counters in one transaction: DynamoDB allows 100 items, and one is the journal."""
_HOUR_MS = 3_600_000
_MARK_HOURS = 26
"""A stream keeps a change for 24 hours; after that its mark is not needed."""


class Row(NamedTuple):
    """The key of a row of counts: an hour of acceptance (``2026-11-24T13``) and an action."""

    hour: str
    action_id: str


class Mark(NamedTuple):
    """The last sequence number of a part that is counted, and when that was (hours since the epoch)."""

    sequence: int
    hour: int


@dataclass(frozen=True, slots=True)
class Journal:
    """One version of a journal."""

    version: int = 0
    """The number of writes; 0 before the first."""
    settlements: int = 0
    """How often it has been settled. A counter has the number of the last settlement that changed it."""
    marks: Mapping[str, Mark] = field(default_factory=dict)
    rows: Mapping[Row, Counts] = field(default_factory=dict)

    def left_of(self, part: str, changes: Iterable[Change]) -> tuple[Change, ...]:
        """Return the changes of a part that are not counted yet."""
        mark = self.marks.get(name_of(part))
        return tuple(change for change in changes if mark is None or change.sequence > mark.sequence)

    def with_changes(self, part: str, changes: Sequence[Change], now: int) -> "Journal":
        """Return the journal with the next changes of a part, and the mark at the last of them."""
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
        """Return how many of the changes, from the first on, can be settled with it in one transaction."""
        names = {counter for row in self.rows for counter in counters_at(*row)}

        def fits(change: Change) -> bool:
            names.update(counters_at(hour_of(change.at), change.action_id))
            return len(names) <= MOST_COUNTERS

        return sum(1 for _ in takewhile(fits, changes))

    def settled(self) -> "Journal":
        """Return the journal without its counts, which the same transaction adds to the counters."""
        return replace(self, settlements=self.settlements + 1, rows={})

    def counters(self) -> Mapping[Counter, Counts]:
        """Return the counts that are to be added to each counter."""
        parts: dict[Counter, list[Counts]] = {}
        for row, counts in self.rows.items():
            for counter in counters_at(*row):
                parts.setdefault(counter, []).append(counts)
        sums = {counter: added(counts) for counter, counts in parts.items()}
        return {counter: counts for counter, counts in sums.items() if counts}


def journal_of(part: str) -> int:
    """Return the number of the journal for a part of a stream."""
    return zlib.crc32(part.encode()) % JOURNALS


def name_of(part: str) -> str:
    """Shorten the name of a part, which contains the ARN of its stream, for a mark."""
    return hashlib.sha256(part.encode()).hexdigest()[:12]
