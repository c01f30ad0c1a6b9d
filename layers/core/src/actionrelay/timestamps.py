"""Times as callers read them: ISO 8601 in UTC with milliseconds, from milliseconds since the epoch."""

from datetime import UTC, datetime


def iso(milliseconds: int) -> str:
    """Spell an instant: ``2026-11-23T19:00:00.000Z``."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def iso_or_none(milliseconds: int | None) -> str | None:
    """Spell an instant that may not have come yet."""
    return None if milliseconds is None else iso(milliseconds)
