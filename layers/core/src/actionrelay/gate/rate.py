"""The rate gate's bucket and its log: together they keep their promise in every minute.

The promise: in no minute, wherever it begins, are more than ``per_minute`` requests let through; from 1200 a minute on,
in no ten seconds more than a sixth of it. Two rules keep it:

- A bucket spreads permits. It is the generic cell rate algorithm (ITU-T I.371) in whole microseconds: each permit takes
  an interval of its own out of the past. A bucket alone can't keep the promise near the full rate, since what it holds
  when a minute begins comes on top.
- A log counts what was let through, by slots of a sixtieth of the window. A window touches 61 of them at most, so where
  those together hold no more than the window may have, no window has more. That costs a sixty-first of the rate, and so
  permits fall due at 60/61 of it.

``gate.turns`` decides which flows get the permits.
"""

from dataclasses import dataclass, replace

from actionrelay.lanes import Flow

SLOTS = 60
"""Slots of the log that make up a window."""
_LATE_SLOTS = 6
"""How many more are kept, for a worker whose clock is behind."""
_BURST_PERCENT = 5
_MIN_BURST = 3
MAX_BURST = 10
"""The most that a bucket holds: what one batch can use at once."""
_FAST = 1_200
"""From so many a minute on, ten seconds are the window, which is how Genesys Cloud and its proxies may count."""
_MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class FlowState:
    """One flow, for as long as it waits, or has had more than those that do."""

    flow: Flow
    served: int = 0
    """How many more permits it has had than the flow with the fewest, since a flow of its lane began to wait."""
    line_until_us: int = 0
    """The end of its line of newcomers."""
    returns_until_us: int = 0
    """The end of its line of those that return."""


@dataclass(frozen=True, slots=True)
class Lease:
    """So many actions under way, by one batch; they are given up when its worker is gone."""

    number: int
    """The version of the state in which it began."""
    until: int
    actions: int


@dataclass(frozen=True, slots=True)
class Log:
    """How many permits were given out, slot by slot: the number of the first slot, since the epoch, and the counts."""

    first: int = 0
    counts: tuple[int, ...] = ()

    def since(self, slot: int) -> int:
        """How many in this slot and those after it."""
        return sum(self.counts[max(slot - self.first, 0) :])

    def opens(self, slot: int, most: int) -> int:
        """From which slot on, and not before this one, fewer than ``most`` count that are ``SLOTS`` old at most."""
        while self.since(slot - SLOTS) >= most:
            slot += 1
        return slot

    def added(self, slot: int, permits: int) -> "Log":
        """Return it with permits of a slot, and without what is too old to matter to anybody."""
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
    """What all workers share: times in µs since the epoch, except for ``paused_until`` and leases, which are in ms."""

    used_until_us: int = 0
    """Up to when permits have been given out; what is between this and now is in the bucket."""
    paused_until: int = 0
    lane_lead: int = 0
    """How much more the interactive lane has had than the bulk lane since both wait, by the weight of their shares."""
    flows: tuple[FlowState, ...] = ()
    leases: tuple[Lease, ...] = ()
    log: "Log" = Log()
    version: int = 0

    def in_flight(self, now: int) -> int:
        """How many actions are under way."""
        return sum(lease.actions for lease in self.leases if lease.until > now)

    def released(self, number: int, left: int) -> "GateState":
        """Return the state in which so many actions of a lease are left; saying it twice changes nothing more."""
        leases = (
            replace(lease, actions=min(lease.actions, left)) if lease.number == number else lease
            for lease in self.leases
        )
        return replace(self, leases=tuple(lease for lease in leases if lease.actions), version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests are let through in any minute, at most."""

    per_minute: int

    @property
    def interval_us(self) -> int:
        """The time that one permit takes up, rounded up."""
        return -(-_MINUTE_US * (SLOTS + 1) // (self.per_minute * SLOTS))

    @property
    def burst(self) -> int:
        """How many permits the bucket holds: a twentieth of the rate, and three where a minute has as many."""
        return min(max(self.per_minute * _BURST_PERCENT // 100, _MIN_BURST), MAX_BURST, self.per_minute)

    @property
    def window_us(self) -> int:
        """In which time no more than ``most`` are let through, wherever it begins."""
        return _MINUTE_US // 6 if self.per_minute >= _FAST else _MINUTE_US

    @property
    def most(self) -> int:
        """How many are let through in a window, at most."""
        return self.per_minute * self.window_us // _MINUTE_US

    def there(self, state: GateState, now: int) -> int:
        """How many permits there are now."""
        held = min((now * 1_000 - state.used_until_us) // self.interval_us, self.burst)
        if state.paused_until > now or held <= 0:
            return 0
        return max(min(held, self.most - state.log.since(self._slot(now) - SLOTS)), 0)

    def take(self, state: GateState, now: int, count: int) -> tuple[GateState, int]:
        """Let through as many of ``count`` as there are permits for; return the state after that, and how many."""
        granted = min(self.there(state, now), count)
        if not granted:
            return state, 0
        used_until = max(state.used_until_us, now * 1_000 - self.burst * self.interval_us)
        log = state.log.added(self._slot(now), granted)
        return replace(state, used_until_us=used_until + granted * self.interval_us, log=log), granted

    def opens_us(self, state: GateState, now: int) -> int:
        """When the next permit may be given out."""
        slot = self._slot(now)
        log_opens = state.log.opens(slot, self.most)
        log_opens_us = -(-log_opens * self.window_us // SLOTS) if log_opens > slot else 0
        return max(state.used_until_us + self.interval_us, state.paused_until * 1_000, now * 1_000, log_opens_us)

    def _slot(self, now: int) -> int:
        return now * 1_000 * SLOTS // self.window_us


def pause(state: GateState, until: int) -> GateState:
    """Return the state in which nothing is let through before ``until``; a shorter pause changes nothing."""
    if until <= state.paused_until:
        return state
    return replace(state, paused_until=until, version=state.version + 1)
