"""When a request is sent again, and after how long."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from enum import Enum


class Safety(Enum):
    """The effect of sending a request twice."""

    SAFE = "safe"
    """None: it reads, or its id makes a repeat safe."""
    DECISION = "decision"
    """It might decide twice: repeated only if the first one certainly did nothing."""


@dataclass(frozen=True)
class Repeats:
    """When a client stops repeating. Both limits apply."""

    tries: int = 8
    """The total number of tries."""
    patience_seconds: float = 120.0
    """No wait ends later than this after the first try; a longer ``Retry-After`` raises the error at once."""
    base_seconds: float = 0.5
    cap_seconds: float = 20.0

    def delay(self, tried: int, retry_after: float | None, chance: Callable[[], float] = random.random) -> float:
        """Return the seconds to wait after ``tried`` tries.

        Full jitter: from 0 to a bound that doubles, so that callers that failed together don't return
        together. ``retry_after`` is a floor, to which the jitter is added.
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
