"""Use case: keep the counters in step with the tables, each change once, however often it is delivered.

The tables' streams deliver every change at least once: a batch whose worker died, or whose answer got lost, comes
again, cut differently or not. Each part of a stream has its changes in one order, though. So the counters are written
in transactions that move a mark, one for each part, which says up to where it has been counted.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actionrelay.ports import Telemetry
from actionrelay.signals import Count
from actionrelay.statistics.counters import Change, Counter, counters_of
from actionrelay.statistics.ports import CounterStore
from actionrelay.statistics.tally import Counts, added

MOST_COUNTERS = 99
"""Counters in one transaction: DynamoDB takes 100 items, and one is the mark."""


@dataclass(frozen=True, slots=True)
class CountChanges:
    """Adds a batch of changes to the counters."""

    read: Callable[[Mapping[str, Any]], Change | None]
    """Reads a record of a stream; None where nothing of it counts, ``ValueError`` where it can't be read."""
    store: CounterStore
    telemetry: Telemetry

    def count(self, part: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Add what has not been added yet of a batch: records of one part of a stream, which ``part`` names, in order.

        One that can't be read is reported and left out: it would come again for a day, and keep all after it waiting.

        Raises:
            StoreUnavailableError: some are not added yet; to be delivered again.
        """
        rest = tuple(self._readable(records))
        while rest:
            first, tally = _as_many_as_fit(rest)
            counted_to = self.store.add(part, first[0].sequence, first[-1].sequence, tally)
            rest = tuple(change for change in rest if change.sequence > counted_to)

    def _readable(self, records: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
        for record in records:
            try:
                change = self.read(record)
            except ValueError as error:
                self.telemetry.event("change_not_counted", event_id=str(record.get("eventID")), reason=str(error))
                self.telemetry.count(Count.CHANGES_NOT_COUNTED)
                continue
            if change is not None and change.counts:
                yield change


def _as_many_as_fit(changes: Sequence[Change]) -> tuple[Sequence[Change], Mapping[Counter, Counts]]:
    """Take as many changes from the front as one transaction has room for, and add them up."""
    parts: defaultdict[Counter, list[Counts]] = defaultdict(list)
    for number, change in enumerate(changes):
        names = tuple(counters_of(change))
        if len(parts.keys() | set(names)) > MOST_COUNTERS:
            return changes[:number], _sums(parts)
        for name in names:
            parts[name].append(change.counts)
    return changes, _sums(parts)


def _sums(parts: Mapping[Counter, Sequence[Counts]]) -> Mapping[Counter, Counts]:
    """Leave out what cancelled itself out."""
    sums = {name: added(counts) for name, counts in parts.items()}
    return {name: counts for name, counts in sums.items() if counts}
