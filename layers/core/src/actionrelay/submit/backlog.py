"""Whether a lane has room for one more: what is accepted must be worked off in time, however many others come.

Below half of ``most`` everybody is let in, and nothing is counted but the queue's own messages. From there on each
acceptance is counted to its caller. At ``most`` a lane is full for those who have filled it. A caller that had little
in this hour may still add what the rate works off in a quarter of an hour, until a quarter more than ``most`` waits. So
one caller alone can't fill a lane for the others, and at this pace it takes five to fill that quarter, too.
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
"""Of the rate: what ``MaxBacklog`` is unless it is set."""
CALLERS_PART = 48
"""The part of ``most`` that a caller may add in an hour to a full lane: of twelve hours, a quarter of one."""
LOOKED_AT_MS = 10_000
"""How long a look at a queue holds; where half of it is full, a fifth of this."""
_LONGEST_WAIT_S = 3_600
_HOUR_MS = 3_600_000


class Acceptances(Protocol):
    """How many executions a caller was let in with."""

    def count(self, flow: Flow, hour: int, executions: int) -> int:
        """Count more of them in an hour (since the epoch), and return how many there are.

        Raises:
            StoreUnavailableError: nobody knows.
        """
        ...


@dataclass(slots=True)
class _Look:
    at: int
    depth: int


@dataclass(slots=True)
class Backlog:
    """How much waits in each lane, and who may add to it."""

    gauges: Callable[[Lane], QueueGauge]
    acceptances: Acceptances
    most: int
    per_minute: int
    clock: Clock
    _looks: dict[Lane, _Look] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def refuses_for(self, flow: Flow, executions: int = 1) -> int:
        """Return 0 where a flow may add something, else after how many seconds it is worth trying again.

        ``executions`` is what it comes to: it is counted to the flow, and room for a part of it is enough.
        What can't be looked at refuses nobody: a queue that is down says so itself.
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
        """Return about how many executions wait: as last looked at, and those that were let in here since."""
        now = self.clock.now()
        with self._lock:
            look = self._looks.get(lane)
            if look is not None:
                holds_ms = LOOKED_AT_MS if look.depth < self.most // 2 else LOOKED_AT_MS // 5
                if now < look.at + holds_ms:
                    return look.depth
            look = self._looks[lane] = _Look(now, self.gauges(lane).depth().all)
            return look.depth
