"""The counters, and to which of them a change is added."""

from collections.abc import Iterator
from dataclasses import dataclass

from actionrelay.statistics.tally import Counts
from actionrelay.timestamps import iso


@dataclass(frozen=True, slots=True, order=True)
class Counter:
    """The name of a counter: of one action or of all, for a day, an hour or all time."""

    span: str
    """``day``, ``hour`` or ``total``."""
    start: str
    """``2026-11-24`` for a day, ``2026-11-24T13`` for an hour, empty for all time."""
    action_id: str
    """Empty for all actions together: in a counter of an hour, and in one of the two of a day."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write to a table, from its stream, and its changes to the counters."""

    sequence: int
    """Its sequence number, which increases within a part of the stream."""
    action_id: str
    at: int
    """When the execution was accepted or the request rejected (ms): the hour and the day that it counts for."""
    counts: Counts


def hour_of(at: int) -> str:
    """Return the UTC hour of a time (ms), such as ``2026-11-24T13``."""
    return iso(at)[:13]


def counters_at(hour: str, action_id: str) -> Iterator[Counter]:
    """Yield the counters to which a change of an action in an hour is added."""
    yield Counter("total", "", action_id)
    yield Counter("day", hour[:10], action_id)
    yield Counter("day", hour[:10], "")
    yield Counter("hour", hour, "")
