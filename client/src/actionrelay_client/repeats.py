"""When a request is sent again, and after how long."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from enum import Enum


class Safety(Enum):
    """What sending a request twice could do."""

    SAFE = "safe"
    """Nothing: it reads, or it has an id under which it is recorded once."""
    DECISION = "decision"
    """It might decide twice: sent again only where the first one is known to have done nothing."""


@dataclass(frozen=True)
class Repeats:
    """How patient a client is. Both bounds hold."""

    tries: int = 8
    """So many in all."""
    patience_seconds: float = 120.0
    """No wait ends later than so long after the first try. A longer ``Retry-After`` is the caller's to wait for."""
    base_seconds: float = 0.5
    cap_seconds: float = 20.0

    def delay(self, tried: int, retry_after: float | None, chance: Callable[[], float] = random.random) -> float:
        """Return the seconds to wait after so many tries.

        Full jitter: anything from 0 to a bound that doubles, so that callers who failed together don't return
        together. ``retry_after`` is a floor, on top of which the jitter comes.
        """
        jitter = chance() * min(self.cap_seconds, self.base_seconds * 2.0 ** min(tried, 30))
        return max(retry_after or 0.0, 0.0) + jitter


def retry_after(header: str | None, now: float) -> float | None:
    """Read ``Retry-After`` (RFC 9110, 10.2.3), seconds or a date, as seconds from now; None for anything else."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(moment.timestamp() - now, 0.0)
