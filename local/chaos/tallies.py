"""Whether the counters are right: each execution once, under its end, however often a change was repeated."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from local.chaos.cases import Broken, Violation
from local.chaos.history import History

_NAMES = {
    "completed": "successfulExecutions",
    "failed": "failedExecutions",
    "unknown": "unknownExecutions",
    "cancelled": "cancelledExecutions",
}


def truth(history: History) -> Mapping[str, int | None]:
    """Return what the counters should be, from the state of every execution on record and from what was rejected."""
    finals = history.finals.values()
    ended = Counter(final["status"] for final in finals)
    latencies = [
        final["latencyMs"]
        for final in finals
        if final["status"] in {"completed", "failed"} and final["cacheStatus"] != "hit"
    ]
    return {
        "totalExecutions": len(history.finals),
        **{name: ended[status] for status, name in _NAMES.items()},
        "inProgressExecutions": len(history.finals) - sum(ended[status] for status in _NAMES),
        "cacheHits": sum(final["cacheStatus"] == "hit" for final in finals),
        "rejectedRequests": sum(entry.event == "rejected" for trail in history.audit.values() for entry in trail),
        "averageLatencyMs": round(sum(latencies) / len(latencies)) if latencies else None,
    }


def said(counted: Mapping[str, Any], history: History) -> Mapping[str, int | None]:
    """Return what the counters say of the same."""
    return {name: counted.get(name) for name in truth(history)}


def counters_are_right(history: History) -> Iterator[Violation]:
    """Every number is right, exactly; by day, by hour and by action they add up to the same."""
    expected = truth(history)
    for name, number in said(history.counted, history).items():
        if number != expected[name]:
            yield Violation(Broken.MISCOUNTED, name, f"the counters say {number}, and it is {expected[name]}")
    for part, name in (("days", "totalExecutions"), ("hours", "totalExecutions"), ("actions", "totalExecutions")):
        total = sum(each[name] for each in history.counted.get(part, ()))
        if total != expected[name]:
            yield Violation(Broken.MISCOUNTED, part, f"they add up to {total}, and it is {expected[name]}")
