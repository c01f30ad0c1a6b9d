"""The rate limit of one token: a fixed window that opens with the token's first request.

Pure: time comes in as a number, nothing is read or slept. Genesys Cloud counts per token and per minute
(300), and says in headers how far the count is; `Reading` carries exactly those numbers.
"""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reading:
    """What the window said to one request: how many it has counted, of how many, and when it starts
    afresh.
    """

    count: int
    allowed: int
    reset_seconds: int
    refused: bool

    def headers(self) -> dict[str, str]:
        """Return the `inin-ratelimit-*` headers (all of them whole numbers, `reset` in seconds)."""
        return {
            "inin-ratelimit-count": str(self.count),
            "inin-ratelimit-allowed": str(self.allowed),
            "inin-ratelimit-reset": str(self.reset_seconds),
        }


@dataclass
class RateWindows:
    """The open window of every token, by the token's hash."""

    _opened: dict[str, tuple[float, int]] = field(default_factory=dict)

    def take(self, key: str, *, now: float, allowed: int, window_seconds: float) -> Reading:
        """Count one request of `key` and say whether it is one too many.

        A refused request is counted too, and does not prolong the window.
        """
        opened, count = self._opened.get(key, (now, 0))
        if now - opened >= window_seconds:
            opened, count = now, 0
        count += 1
        self._opened[key] = (opened, count)
        left = max(1, math.ceil(opened + window_seconds - now))
        return Reading(count=count, allowed=allowed, reset_seconds=left, refused=count > allowed)

    def clear(self) -> None:
        """Forget every window, so each token starts with a full allowance."""
        self._opened.clear()
