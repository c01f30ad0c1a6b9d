"""The ports of the counters. Each may raise ``DependencyError``."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from actionrelay.statistics.counters import Counter
from actionrelay.statistics.journal import Journal
from actionrelay.statistics.tally import Counts


class CounterStore(Protocol):
    """Writes the counters and journals."""

    def journal(self, number: int) -> Journal:
        """Read a journal consistently."""
        ...

    def is_small(self, journal: Journal) -> bool:
        """Return whether a write of this journal is one write unit."""
        ...

    def write(self, number: int, journal: Journal, sums: Mapping[Counter, Counts]) -> bool:
        """Replace the previous version of a journal and add sums to the counters, all or nothing.

        False, with nothing changed, if another version is on record.
        """
        ...


class CounterReader(Protocol):
    """Reads the counters, including the counts that journals hold. They are eventually consistent."""

    def totals(self, after: str, most: int) -> Iterable[tuple[Counter, Counts]]:
        """Return the counters of all time of the next actions by id, at most ``most`` of them."""
        ...

    def total(self, action_id: str) -> Counts:
        """Return an action's counter of all time."""
        ...

    def days(self, action_id: str, first: str, last: str) -> Iterable[tuple[Counter, Counts]]:
        """Return the counters of an action, or of all (``""``), by day from ``first`` to ``last``, both included."""
        ...

    def hours(self, first: str, last: str) -> Iterable[tuple[Counter, Counts]]:
        """Return the counters by hour from ``first`` to ``last`` (``YYYY-MM-DDTHH``), both included."""
        ...
