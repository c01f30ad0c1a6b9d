"""The rate gate's bucket and log: how many permits may be granted now.

No sliding minute gets more than ``per_minute`` permits. From 1200 a minute on, no sliding ten seconds get more than a
sixth of that. Two mechanisms ensure it:

- A bucket spreads the permits: the generic cell rate algorithm (ITU-T I.371) in whole microseconds, one interval for
  each permit. A bucket is not enough near the full rate: the permits that it holds at the start of a minute come on top
  of those of the minute.
- A log counts granted permits in slots of a sixtieth of the window. A window overlaps at most 61 slots, so as long as
  any 61 slots hold no more than a window may have, no window has more. This costs a sixty-first of the rate: permits
  become available at 60/61 of it.

``gate.turns`` decides which flows get the permits.
"""

from dataclasses import dataclass, replace

from actionrelay.lanes import Flow

SLOTS = 60
"""Slots of the log in a window."""
_LATE_SLOTS = 6
"""Older slots that are kept for workers whose clock is behind."""
_BURST_PERCENT = 5
_MIN_BURST = 3
MAX_BURST = 10
"""The largest bucket, in permits: what one batch can use at once."""
_FAST = 1_200
"""From this rate on the window is ten seconds, which is how Genesys Cloud and its proxies may count."""
_MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class FlowState:
    """A flow that waits, or that has had more permits than one that waits."""

    flow: Flow
    served: int = 0
    """Permits beyond those of the flow with the fewest, since a flow of its lane began to wait."""
    line_until_us: int = 0
    """The end of its line of new messages."""
    returns_until_us: int = 0
    """The end of its line of messages that have waited before."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The actions that one batch has under way. They stop counting when their worker's time is over."""

    number: int
    """The version of the state that granted it."""
    until: int
    actions: int


@dataclass(frozen=True, slots=True)
class Log:
    """Granted permits by slot: the number of the first slot since the epoch, and a count for each slot."""

    first: int = 0
    counts: tuple[int, ...] = ()

    def since(self, slot: int) -> int:
        """Count the permits of this slot and of later ones."""
        return sum(self.counts[max(slot - self.first, 0) :])

    def opens(self, slot: int, most: int) -> int:
        """Return the first slot, from this one on, whose window has fewer than ``most`` permits."""
        while self.since(slot - SLOTS) >= most:
            slot += 1
        return slot

    def added(self, slot: int, permits: int) -> "Log":
        """Return the log with the permits of a slot added, and without slots that are too old to matter."""
        if not self.counts:
            return Log(slot, (permits,))
        last = max(self.first + len(self.counts) - 1, slot)
        first = max(min(self.first, slot), last - SLOTS - _LATE_SLOTS)
        counts = [0] * (last - first + 1)
        for number, count in (*enumerate(self.counts, self.first), (slot, permits)):
            if number >= first:
                counts[number - first] += count
        return Log(first, tuple(counts))


@dataclass(frozen=True, slots=True)
class GateState:
    """The state that all workers share. Times are µs since the epoch; ``paused_until`` and leases are in ms."""

    used_until_us: int = 0
    """Permits are used up to this time. The bucket holds one for each interval since then, up to its size."""
    paused_until: int = 0
    lane_lead: int = 0
    """How far the interactive lane is ahead of the bulk lane since both wait, weighted by their shares."""
    flows: tuple[FlowState, ...] = ()
    leases: tuple[Lease, ...] = ()
    log: "Log" = Log()
    version: int = 0

    def in_flight(self, now: int) -> int:
        """Count the actions that are under way."""
        return sum(lease.actions for lease in self.leases if lease.until > now)

    def released(self, number: int, left: int) -> "GateState":
        """Return the state in which ``left`` actions of a lease remain. Safe to repeat."""
        leases = (
            replace(lease, actions=min(lease.actions, left)) if lease.number == number else lease
            for lease in self.leases
        )
        return replace(self, leases=tuple(lease for lease in leases if lease.actions), version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Rate:
    """The highest number of requests in any minute."""

    per_minute: int

    @property
    def interval_us(self) -> int:
        """The time between two permits, rounded up."""
        return -(-_MINUTE_US * (SLOTS + 1) // (self.per_minute * SLOTS))

    @property
    def burst(self) -> int:
        """The size of the bucket: a twentieth of the rate, between ``_MIN_BURST`` and ``MAX_BURST``."""
        return min(max(self.per_minute * _BURST_PERCENT // 100, _MIN_BURST), MAX_BURST, self.per_minute)

    @property
    def window_us(self) -> int:
        """The length of the sliding window that gets at most ``most`` permits."""
        return _MINUTE_US // 6 if self.per_minute >= _FAST else _MINUTE_US

    @property
    def most(self) -> int:
        """The highest number of permits in a window."""
        return self.per_minute * self.window_us // _MINUTE_US

    def there(self, state: GateState, now: int) -> int:
        """Count the permits that are available now."""
        held = min((now * 1_000 - state.used_until_us) // self.interval_us, self.burst)
        if state.paused_until > now or held <= 0:
            return 0
        return max(min(held, self.most - state.log.since(self._slot(now) - SLOTS)), 0)

    def take(self, state: GateState, now: int, count: int) -> tuple[GateState, int]:
        """Take up to ``count`` permits; return the new state and how many were taken."""
        granted = min(self.there(state, now), count)
        if not granted:
            return state, 0
        used_until = max(state.used_until_us, now * 1_000 - self.burst * self.interval_us)
        log = state.log.added(self._slot(now), granted)
        return replace(state, used_until_us=used_until + granted * self.interval_us, log=log), granted

    def opens_us(self, state: GateState, now: int) -> int:
        """Return when the next permit becomes available."""
        slot = self._slot(now)
        log_opens = state.log.opens(slot, self.most)
        log_opens_us = -(-log_opens * self.window_us // SLOTS) if log_opens > slot else 0
        return max(state.used_until_us + self.interval_us, state.paused_until * 1_000, now * 1_000, log_opens_us)

    def _slot(self, now: int) -> int:
        return now * 1_000 * SLOTS // self.window_us


def pause(state: GateState, until: int) -> GateState:
    """Return the state that grants nothing before ``until``. A pause is never shortened."""
    if until <= state.paused_until:
        return state
    return replace(state, paused_until=until, version=state.version + 1)
