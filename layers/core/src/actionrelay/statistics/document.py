"""The documents of ``GET /metrics``."""

from typing import TypedDict

from actionrelay.timestamps import Timestamp


class LatencyDocument(TypedDict):
    """Percentiles of the latency in ms, within 5 %; null if none was measured."""

    p50: int | None
    p95: int | None
    p99: int | None


class CountsDocument(TypedDict):
    """Executions by their current state, counted for the UTC day and hour of their acceptance."""

    totalExecutions: int
    """Accepted executions, including those answered from the cache."""
    successfulExecutions: int
    failedExecutions: int
    unknownExecutions: int
    cancelledExecutions: int
    inProgressExecutions: int
    """Accepted executions that have not ended."""
    cacheHits: int
    """Successful executions that were answered from the cache."""
    rejectedRequests: int
    """Requests that were refused as invalid. They are not executions."""
    averageLatencyMs: int | None
    """The mean time from acceptance, or an operator's last retry, to the outcome `completed` or `failed`, without
    answers from the cache and outcomes that an operator resolved. Null if there is none."""
    latencyMs: LatencyDocument
    successRate: float | None
    """Successful divided by successful, failed and unknown, from 0 to 1; null if nothing has ended."""


class DayDocument(CountsDocument):
    """The counts of one day."""

    date: str
    """The UTC day."""


class HourDocument(CountsDocument):
    """The counts of one hour, for all actions together."""

    hour: Timestamp
    """The start of the hour."""


class ActionDocument(CountsDocument):
    """The counts of one action."""

    actionId: str


class MetricsDocument(CountsDocument):
    """The counts since the deployment, or of the requested days."""

    firstDay: str | None
    """The parameter `from`."""
    lastDay: str | None
    """The parameter `to`."""
    actionId: str | None
    """The parameter `actionId`: the only action that is counted."""
    days: list[DayDocument]
    """The requested days, by default the last 30; days without executions are left out."""
    hours: list[HourDocument]
    """The last 48 hours, whatever was requested; hours without executions are left out."""
    actions: list[ActionDocument]
    """The actions since the deployment, whatever was requested; the largest first, a thousand at most."""
    next: str | None
    """The value of the parameter `next` for the following actions, by id; null if there are none."""
