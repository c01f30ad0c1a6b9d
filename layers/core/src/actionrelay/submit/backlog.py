"""Decides whether a lane has room for one more execution, so that every accepted one is worked off in time.

Below half of ``most`` every execution is accepted, and only the queue's messages are counted. From there on each
acceptance is counted for its caller. At ``most`` the lane is full for callers that have filled it. A caller that has
added little in this hour may still add what the rate works off in a quarter of an hour, until a quarter more than
``most`` waits. So one caller can't fill a lane for the others; it takes five to fill that last quarter.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from actionrelay.errors import DependencyError
from actionrelay.lanes import Flow, Lane
from actionrelay.ledger.ports import QueueGauge
from actionrelay.ports import Clock

DEFAULT_HOURS = 12
"""``MaxBacklog`` is by default what the rate works off in this time."""
CALLERS_PART = 48
"""A caller may add this part of ``most`` to a full lane in an hour: a quarter of an hour's work at the default."""
LOOKED_AT_MS = 10_000
"""How long a reading of a queue's depth is used; a fifth of this from half full on."""
_LONGEST_WAIT_S = 3_600
_HOUR_MS = 3_600_000


class Acceptances(Protocol):
    """Counts the executions that were accepted from each caller."""

    def count(self, flow: Flow, hour: int, executions: int) -> int:
        """Add to a flow's count of an hour (hours since the epoch), and return the new count.

        Raises:
            StoreUnavailableError: they may or may not be counted.
        """
        ...


@dataclass(slots=True)
class _Look:
    at: int
    depth: int


@dataclass(slots=True)
class Backlog:
    """Knows how many executions wait in each lane, and decides which callers may add to it."""

    gauges: Callable[[Lane], QueueGauge]
    acceptances: Acceptances
    most: int
    per_minute: int
    clock: Clock
    _looks: dict[Lane, _Look] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def refuses_for(self, flow: Flow, executions: int = 1) -> int:
        """Return 0 if a flow may add executions, else the seconds after which to try again.

        ``executions`` are counted for the flow; room for some of them is enough. If the depth of the queue can't be
        read, nothing is refused: sending to the queue will fail by itself.
        """
        try:
            return self._refuses_for(flow, executions)
        except DependencyError:
            return 0

    def _refuses_for(self, flow: Flow, executions: int) -> int:
        depth = self._depth(flow.lane)
        refused = False
        if depth >= self.most // 2:
            taken = self.acceptances.count(flow, self.clock.now() // _HOUR_MS, executions)
            full = depth >= self.most and taken > max(self.most // CALLERS_PART, 1)
            refused = full or depth >= self.most + self.most // 4
        if refused:
            excess = depth - self.most + 1
            return min(max(-(-excess * 60 // self.per_minute), 1), _LONGEST_WAIT_S)
        with self._lock:
            self._looks[flow.lane].depth += executions
        return 0

    def _depth(self, lane: Lane) -> int:
        """Estimate how many executions wait: the last reading, and those that were accepted here since."""
        now = self.clock.now()
        with self._lock:
            look = self._looks.get(lane)
            if look is not None:
                holds_ms = LOOKED_AT_MS if look.depth < self.most // 2 else LOOKED_AT_MS // 5
                if now < look.at + holds_ms:
                    return look.depth
            look = self._looks[lane] = _Look(now, self.gauges(lane).depth().all)
            return look.depth
