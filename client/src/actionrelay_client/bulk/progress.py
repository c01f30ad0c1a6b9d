"""How far a run is."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 60.0
"""Over which the rate is measured."""
_LEAST_SECONDS = 1.0


@dataclass(frozen=True)
class Figures:
    """A run at one moment, in rows."""

    total: int
    """Those to be run."""
    accepted: int
    completed: int
    failed: int
    unknown: int
    cancelled: int
    refused: int
    before: int
    """Of the ended ones, those that had ended before this run began."""
    per_minute: float
    seconds_left: float | None
    """None while nobody can say."""
    note: str
    """Why it waits; empty while it does not."""

    @property
    def ended(self) -> int:
        """Rows of which nothing more is to be heard."""
        return self.completed + self.failed + self.unknown + self.cancelled + self.refused


class Progress:
    """Counts what happens. Safe to use in several threads."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock()
        self._accepted = 0
        self._before = 0
        self._ends: Counter[str] = Counter()
        self._recent: deque[tuple[float, int]] = deque()
        """How many ended by themselves in each second of the window."""
        self._note = ""
        self._heard = ""
        self.on_wait: Callable[[str], None] | None = None
        """Hears why nothing happens, once for each reason."""

    def accepted(self, rows: int) -> None:
        """So many more were accepted."""
        with self._lock:
            self._accepted += rows
            self._note = ""

    def ended(self, outcome: str, *, before: bool) -> None:
        """One more has ended. ``before``: that was so when the run began, so it says nothing of the rate."""
        now = self._clock()
        with self._lock:
            self._ends[outcome] += 1
            self._note = ""
            if before:
                self._before += 1
            elif self._recent and now - self._recent[-1][0] < 1:
                self._recent[-1] = (self._recent[-1][0], self._recent[-1][1] + 1)
            else:
                self._recent.append((now, 1))

    def waits(self, why: str) -> None:
        """Nothing happens for now, and why."""
        with self._lock:
            is_news = why != self._heard
            self._note = self._heard = why
        if is_news and self.on_wait:
            self.on_wait(why)

    def figures(self) -> Figures:
        """Return how far it is."""
        now = self._clock()
        with self._lock:
            while self._recent and now - self._recent[0][0] > WINDOW_SECONDS:
                self._recent.popleft()
            span = max(min(now - self._began, WINDOW_SECONDS), _LEAST_SECONDS)
            per_minute = sum(count for _, count in self._recent) * 60 / span
            ends = self._ends
            left = self.total - sum(ends.values())
            return Figures(
                self.total,
                self._accepted,
                ends["completed"],
                ends["failed"],
                ends["unknown"],
                ends["cancelled"],
                ends["refused"],
                self._before,
                per_minute,
                left * 60 / per_minute if per_minute else None,
                self._note,
            )
