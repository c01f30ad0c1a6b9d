"""Use case: count each change of the tables once, however often it is delivered.

The tables' streams deliver every change at least once: a batch whose worker dies, or whose answer is lost, is delivered
again, perhaps cut differently. But each part of a stream delivers its changes in order. So counts are written together
with a mark for each part: the last change that is counted (``statistics/journal.py``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from actionrelay.errors import StoreUnavailableError
from actionrelay.ports import Clock, Telemetry
from actionrelay.signals import Count
from actionrelay.statistics.counters import Change
from actionrelay.statistics.journal import Journal, journal_of
from actionrelay.statistics.ports import CounterStore

_TRIES = 8
"""Only the few parts of streams that are counted at the same time contend for a journal."""


@dataclass(frozen=True, slots=True)
class CountChanges:
    """Adds a batch of changes to the counters."""

    read: Callable[[Mapping[str, Any]], Change | None]
    """Reads a record of a stream; None if it does not count, ``ValueError`` if it can't be read."""
    store: CounterStore
    telemetry: Telemetry
    clock: Clock
    _seen: dict[int, Journal] = field(default_factory=dict, repr=False)
    """Each journal as this process wrote it last. If another version is on record, it is read again."""

    def count(self, part: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Add the changes of a batch that are not counted yet: records of one ``part`` of a stream, in order.

        A record that can't be read is reported and skipped: it would be delivered again for a day and block later ones.

        Raises:
            StoreUnavailableError: some are not counted; the batch must be delivered again.
        """
        rest = tuple(self._readable(records))
        number = journal_of(part)
        conflicts = 0
        while rest:
            if (journal := self._seen.pop(number, None)) is None:
                journal = self.store.journal(number)
            if not (rest := journal.left_of(part, rest)):
                self._seen[number] = journal
                return
            taken = rest[: journal.room_for(rest)]
            following = journal.with_changes(part, taken, self.clock.now())
            if not taken or not self.store.is_small(following):
                following, sums = following.settled(), following.counters()
            else:
                sums = {}
            if self.store.write(number, following, sums):
                self._seen[number] = following
                rest = rest[len(taken) :]
            elif (conflicts := conflicts + 1) == _TRIES:
                raise StoreUnavailableError("the counters are busy")

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
