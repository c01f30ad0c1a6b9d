"""What the counters are, and to which of them a change is added."""

from collections.abc import Iterator
from dataclasses import dataclass

from actionrelay.statistics.tally import Counts
from actionrelay.timestamps import iso


@dataclass(frozen=True, slots=True, order=True)
class Counter:
    """Names a counter: one action's or all actions'; of a day, of an hour, or of all time."""

    span: str
    """``day``, ``hour`` or ``total``."""
    start: str
    """``2026-11-24`` for a day, ``2026-11-24T13`` for an hour, nothing for all time."""
    action_id: str
    """Nothing where it is about all actions: in a counter of an hour, and in one of the two of a day."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write to a table, as a stream has it, and what it changes in the counters."""

    sequence: int
    """Its place in its part of the stream; each is higher than the one before."""
    action_id: str
    at: int
    """When the execution was accepted (ms), or the request rejected: the day and the hour that it counts for."""
    counts: Counts


def hour_of(at: int) -> str:
    """Name the UTC hour of a time (ms): ``2026-11-24T13``."""
    return iso(at)[:13]


def counters_at(hour: str, action_id: str) -> Iterator[Counter]:
    """Name the counters to which changes of an action that count for an hour are added."""
    yield Counter("total", "", action_id)
    yield Counter("day", hour[:10], action_id)
    yield Counter("day", hour[:10], "")
    yield Counter("hour", hour, "")
