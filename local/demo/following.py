"""A status over time: polled while it changes, then drawn. Pure, except for the given functions."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local.demo.expectations import UnexpectedError

ENDED = frozenset({"completed", "failed", "unknown", "cancelled"})


@dataclass(frozen=True, slots=True)
class Change:
    """A status, and when it was first seen, in seconds since the watch began."""

    status: str
    at: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a timeline: how long a status lasted, and the columns that show it."""

    status: str
    seconds: float
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Polls an execution until it has ended."""

    read: Callable[[], dict[str, Any]]
    """Returns the execution's current document."""
    clock: Callable[[], float]
    pause: Callable[[], None]
    seconds: float
    """The longest time to poll."""

    def changes(self, first: str) -> Iterator[Change]:
        """Yield each status when it is first seen, `first` (the one that is known) before all others.

        Raises UnexpectedError when the execution has not ended in time.
        """
        started = self.clock()
        current = Change(first, 0)
        yield current
        while current.status not in ENDED:
            self.pause()
            status = self.read()["status"]
            elapsed = self.clock() - started
            if status != current.status:
                current = Change(status, elapsed)
                yield current
            elif elapsed > self.seconds:
                raise UnexpectedError(f"the execution, after {self.seconds:g} s", "ended", status)


def timeline(changes: Sequence[Change], width: int) -> list[Bar]:
    """Return a bar for each status that lasted, one after the other over `width` columns in proportion.

    Each has one column at least, so that nothing that happened is invisible.
    """
    total = changes[-1].at - changes[0].at
    bars = []
    for change, following in itertools.pairwise(changes):
        start = min(round((change.at - changes[0].at) / total * width), width - 1) if total else 0
        end = round((following.at - changes[0].at) / total * width) if total else 0
        bars.append(Bar(change.status, following.at - change.at, start, max(end - start, 1)))
    return bars
