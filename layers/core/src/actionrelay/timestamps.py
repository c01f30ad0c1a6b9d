"""Converts between milliseconds since the epoch and ISO 8601 in UTC with milliseconds, as callers read times."""

from datetime import UTC, datetime, timedelta

type Timestamp = str


DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(milliseconds: int) -> str:
    """Format an instant (ms since the epoch) as ``2026-11-23T19:00:00.000Z``."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def iso_or_none(milliseconds: int | None) -> str | None:
    """Format an instant that may be absent."""
    return None if milliseconds is None else iso(milliseconds)


def read_iso(text: str) -> int:
    """Return the instant of a text that ``iso`` returned, in ms."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)


def day_of(milliseconds: int) -> str:
    """Return the UTC day of an instant, such as ``2026-11-23``."""
    return iso(milliseconds)[:10]


def midnight(milliseconds: int) -> int:
    """Return the first ms of an instant's UTC day."""
    return milliseconds - milliseconds % DAY_MS


def day_starts_at(day: str) -> int:
    """Return the first instant of a UTC day that ``day_of`` returned, in ms."""
    return read_iso(f"{day}T00:00:00.000Z")
