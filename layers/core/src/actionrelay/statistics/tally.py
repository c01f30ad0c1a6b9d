"""Counts of executions, and what follows from them: totals, success rate, latency and its percentiles.

Counts form a group: they are added, and what an execution added is subtracted when its state changes. So the sum over
all changes is the current state, in whatever order and grouping they were added.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from actionrelay.ledger.execution import Status

TOTAL, CACHE_HITS, REJECTED = "total", "cache_hits", "rejected"
LATENCY_SUM, LATENCY_COUNT, LATENCY_BUCKET = "latency_ms", "latencies", "b"
ENDINGS: Mapping[Status, str] = {
    Status.COMPLETED: "completed",
    Status.FAILED: "failed",
    Status.UNKNOWN: "unknown",
    Status.CANCELLED: "cancelled",
}

_BUCKET_RATIO = 1.1
"""The upper bound of a bucket divided by its lower one, so that a percentile is within 5 % of the exact one."""
_MEASURED = frozenset({Status.COMPLETED, Status.FAILED})
"""Outcomes whose latency is measured. That of an unknown or cancelled one says nothing about how fast actions run."""

type Counts = Mapping[str, int]
"""Numbers by name; a missing one is 0."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What counts of one write to an execution's record: its acceptance, or its state after a later step."""

    action_id: str
    created_at: int
    status: Status
    latency_ms: int | None
    """From acceptance, or an operator's last retry, to the outcome; None without one, or if an operator resolved it."""
    from_cache: bool
    """Whether it was answered from the cache, so that it was completed at its acceptance."""
    accepted: bool
    """Whether this is the acceptance, which is written once."""


def contribution(snapshot: Snapshot | None) -> Counts:
    """Return the counts of a write: an acceptance counts the execution, a later step its outcome so far."""
    if snapshot is None:
        return {}
    if snapshot.accepted:
        hit = {ENDINGS[snapshot.status]: 1, CACHE_HITS: 1} if snapshot.from_cache else {}
        return {TOTAL: 1, **hit}
    if snapshot.from_cache or snapshot.status not in ENDINGS:
        return {}
    counts = {ENDINGS[snapshot.status]: 1}
    if snapshot.status in _MEASURED and snapshot.latency_ms is not None:
        latency_ms = max(snapshot.latency_ms, 0)
        counts |= {LATENCY_SUM: latency_ms, LATENCY_COUNT: 1, f"{LATENCY_BUCKET}{bucket(latency_ms)}": 1}
    return counts


def difference(before: Snapshot | None, after: Snapshot | None) -> Counts:
    """Return the change of a write: its counts minus those of the write before it.

    Nothing is subtracted for an earlier acceptance of the same id, which has expired.
    """
    if before is not None and after is not None and before.created_at != after.created_at:
        before = None
    changed = Counter(contribution(after))
    changed.subtract(contribution(before))
    return {name: number for name, number in changed.items() if number}


def added(parts: Iterable[Counts]) -> Counts:
    """Return the sum of counts."""
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return {name: number for name, number in total.items() if number}


def bucket(latency_ms: int) -> int:
    """Return the histogram bucket of a latency; each bucket ends a tenth higher than the one before."""
    return 0 if latency_ms < 1 else 1 + int(math.log(latency_ms) / math.log(_BUCKET_RATIO) + 1e-9)


def percentile(counts: Counts, fraction: float) -> int | None:
    """Return the latency in ms that ``fraction`` of the measured ones did not exceed; None if none was measured.

    Nearest rank over the histogram, so within 5 % of the exact value.
    """
    filled = sorted(
        (int(name[len(LATENCY_BUCKET) :]), number)
        for name, number in counts.items()
        if name.startswith(LATENCY_BUCKET) and name[len(LATENCY_BUCKET) :].isdigit() and number > 0
    )
    rank = math.ceil(fraction * sum(number for _, number in filled))
    seen = 0
    for index, number in filled:
        seen += number
        if seen >= rank:
            return _middle(index)
    return None


def success_rate(counts: Counts) -> float | None:
    """Return the part of ended executions that succeeded, from 0 to 1; None if none has ended.

    An unknown outcome is not a success. Executions that an operator cancelled don't count.
    """
    successful = counts.get(ENDINGS[Status.COMPLETED], 0)
    ended = successful + counts.get(ENDINGS[Status.FAILED], 0) + counts.get(ENDINGS[Status.UNKNOWN], 0)
    return round(successful / ended, 4) if ended > 0 else None


def average_latency_ms(counts: Counts) -> int | None:
    """Return the mean latency in ms, rounded; None if none was measured."""
    measured = counts.get(LATENCY_COUNT, 0)
    return round(counts.get(LATENCY_SUM, 0) / measured) if measured > 0 else None


def _middle(index: int) -> int:
    return 0 if index == 0 else round(_BUCKET_RATIO ** (index - 0.5))
