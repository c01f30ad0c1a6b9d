"""How the deployment is doing, as readers of the metrics see it."""

from typing import TypedDict

from actionrelay.timestamps import Timestamp


class LatencyDocument(TypedDict):
    """Latencies in ms that so many did not exceed, within 5 %; null where none was measured."""

    p50: int | None
    p95: int | None
    p99: int | None


class CountsDocument(TypedDict):
    """What was counted, by the UTC day and hour of acceptance, in its current state."""

    totalExecutions: int
    """Accepted, answers from the cache included."""
    successfulExecutions: int
    failedExecutions: int
    unknownExecutions: int
    cancelledExecutions: int
    inProgressExecutions: int
    """Accepted and not ended."""
    cacheHits: int
    """Of the successful ones, those that the cache answered."""
    rejectedRequests: int
    """Refused as invalid; none of the executions."""
    averageLatencyMs: int | None
    """From acceptance, or an operator's last retry, to outcome, of what ended as `completed` or `failed`; without what
    the cache answered and what an operator resolved. Null where nothing has."""
    latencyMs: LatencyDocument
    successRate: float | None
    """Successful over successful, failed and unknown, from 0 to 1; null where nothing has ended."""


class DayDocument(CountsDocument):
    """What was counted of one day."""

    date: str
    """The UTC day."""


class HourDocument(CountsDocument):
    """What was counted of one hour, all actions together."""

    hour: Timestamp
    """When it began."""


class ActionDocument(CountsDocument):
    """What was counted of one action."""

    actionId: str


class MetricsDocument(CountsDocument):
    """How the deployment is doing: since it was deployed, or of the days that were asked for."""

    firstDay: str | None
    """What was asked for as `from`."""
    lastDay: str | None
    """What was asked for as `to`."""
    actionId: str | None
    """The only action that was counted, where one was asked for."""
    days: list[DayDocument]
    """Those that were asked for, else the last 30; one on which nothing happened is left out."""
    hours: list[HourDocument]
    """The last 48 hours, whatever was asked for; one in which nothing happened is left out."""
    actions: list[ActionDocument]
    """Since the deployment, whatever was asked; the largest first, a thousand at most."""
    next: str | None
    """The parameter `next` that gives the following actions, by id; null where there are none."""
