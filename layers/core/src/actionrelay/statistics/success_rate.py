"""The success rate in audit entries, as this process read it last."""

import threading
from dataclasses import dataclass, field
from typing import override

from actionrelay.errors import DependencyError
from actionrelay.ledger.ports import SuccessRate
from actionrelay.ports import Clock
from actionrelay.statistics.ports import CounterReader
from actionrelay.statistics.tally import added, success_rate
from actionrelay.timestamps import day_of

_FRESH_MS = 60_000


@dataclass(slots=True)
class RememberedSuccessRate(SuccessRate):
    """The ``SuccessRate`` of the day's counters, read once a minute by one thread for all."""

    counters: CounterReader
    clock: Clock
    _rate: float | None = None
    _read_at: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @override
    def refresh(self) -> None:
        """Read it again if it is older than a minute. If it can't be read, it is unknown."""
        now = self.clock.now()
        if self._is_fresh(now) or not self._lock.acquire(blocking=False):
            return
        try:
            today = day_of(now)
            self._rate = success_rate(added(counts for _, counts in self.counters.days("", today, today)))
        except DependencyError:
            self._rate = None
        finally:
            self._read_at = now
            self._lock.release()

    @override
    def latest(self) -> float | None:
        return self._rate

    def _is_fresh(self, now: int) -> bool:
        return self._read_at is not None and now - self._read_at < _FRESH_MS
