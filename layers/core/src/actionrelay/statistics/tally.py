"""What is counted of executions, and what it says: totals, success rate, latency with its percentiles.

Counts form a group: they are added, and what an execution added is taken back when it moves on. So the sum over all
changes is the current state, in whatever order and grouping the changes were added.
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
"""A bucket's upper bound over its lower one: a percentile is within 5 % of what was measured."""
_MEASURED = frozenset({Status.COMPLETED, Status.FAILED})
"""What ended by an answer. How long an unknown or a cancelled one took says nothing about how fast actions run."""

type Counts = Mapping[str, int]
"""Numbers by name; one that is not there is 0."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What counts of one write to an execution's record: its acceptance, or where a later step left it."""

    action_id: str
    created_at: int
    status: Status
    latency_ms: int | None
    """From acceptance, or an operator's last retry, to the outcome; none where that is missing, or an operator's."""
    from_cache: bool
    """The cache answered it, so it was complete at its acceptance, and nothing later changes that."""
    accepted: bool
    """This is the acceptance, written once."""


def contribution(snapshot: Snapshot | None) -> Counts:
    """Return what a write counts: an acceptance one execution, a later step how that has ended so far."""
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
    """Return what a write changes: what it counts, less what the one before it counted.

    One about another acceptance under the same id, which has expired, takes nothing back.
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
    """Number the bucket of the histogram that a latency falls into; each reaches a tenth further than the last."""
    return 0 if latency_ms < 1 else 1 + int(math.log(latency_ms) / math.log(_BUCKET_RATIO) + 1e-9)


def percentile(counts: Counts, fraction: float) -> int | None:
    """Return the latency, in ms, that ``fraction`` of those measured did not exceed; None where none was.

    By nearest rank over the histogram, so within 5 % of the exact one.
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
    """Return which part of what ended by itself succeeded, from 0 to 1; None where nothing has.

    An unknown outcome is no success. What an operator cancelled says nothing about the actions.
    """
    successful = counts.get(ENDINGS[Status.COMPLETED], 0)
    ended = successful + counts.get(ENDINGS[Status.FAILED], 0) + counts.get(ENDINGS[Status.UNKNOWN], 0)
    return round(successful / ended, 4) if ended > 0 else None


def average_latency_ms(counts: Counts) -> int | None:
    """Return the mean latency in ms, rounded; None where none was measured."""
    measured = counts.get(LATENCY_COUNT, 0)
    return round(counts.get(LATENCY_SUM, 0) / measured) if measured > 0 else None


def _middle(index: int) -> int:
    return 0 if index == 0 else round(_BUCKET_RATIO ** (index - 0.5))
