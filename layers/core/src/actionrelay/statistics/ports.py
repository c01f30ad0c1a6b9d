"""What counting needs from the world. Each may raise ``DependencyError``."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from actionrelay.statistics.counters import Counter
from actionrelay.statistics.journal import Journal
from actionrelay.statistics.tally import Counts


class CounterStore(Protocol):
    """The stored counters and journals, as those see them who write them."""

    def journal(self, number: int) -> Journal:
        """The journal of this number, as it is now."""
        ...

    def is_small(self, journal: Journal) -> bool:
        """Whether a write of this journal costs the least that a write can cost."""
        ...

    def write(self, number: int, journal: Journal, sums: Mapping[Counter, Counts]) -> bool:
        """Put a journal in the place of the version before it, and add sums to the counters: all of it or nothing.

        False, with nothing done, where another version is there.
        """
        ...


class CounterReader(Protocol):
    """The stored counters, as they are read: a little later than written, each in whole, with what journals hold."""

    def totals(self, after: str, most: int) -> Iterable[tuple[Counter, Counts]]:
        """The counters of all time of the next actions by id, ``most`` of them at most."""
        ...

    def total(self, action_id: str) -> Counts:
        """One action's counter of all time."""
        ...

    def days(self, action_id: str, first: str, last: str) -> Iterable[tuple[Counter, Counts]]:
        """The counters of an action, or of all (``""``), each day from ``first`` to ``last``, inclusive, in order."""
        ...

    def hours(self, first: str, last: str) -> Iterable[tuple[Counter, Counts]]:
        """The counters of each hour from ``first`` to ``last`` (``YYYY-MM-DDTHH``), inclusive, in order."""
        ...
