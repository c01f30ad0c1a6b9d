"""What counting needs from the world. Each may raise ``DependencyError``."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from actionrelay.statistics.counters import Counter
from actionrelay.statistics.tally import Counts


class CounterStore(Protocol):
    """The stored counters, as their one writer sees them."""

    def add(self, part: str, first: int, last: int, tally: Mapping[Counter, Counts]) -> int:
        """Add the tally of a stream's changes from ``first`` to ``last``, all of it, unless ``first`` is counted.

        Return the sequence number up to which that part of the stream is counted then.
        """
        ...


class CounterReader(Protocol):
    """The stored counters, as they are read: a little later than written, and each in whole."""

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
