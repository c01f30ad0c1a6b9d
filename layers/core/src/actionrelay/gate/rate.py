"""The rate gate's bucket: a token bucket that keeps its promise in every minute.

The promise: in no minute, wherever it begins, are more than ``per_minute`` requests let through. A bucket that fills at
the full rate can't keep it, since what it holds when a minute begins comes on top. So permits fall due at 95 % of the
rate (``SUSTAINED_PERCENT``), and the bucket never holds more than the other 5 % (``Rate.burst``): together they are the
rate, and not one more. The bucket is the generic cell rate algorithm (ITU-T I.371) in whole microseconds, so nothing is
rounded in anybody's favour: each permit takes an interval of its own out of the past, and intervals don't overlap.

``gate.turns`` decides which flows get the permits.
"""

from dataclasses import dataclass, replace

from actionrelay.lanes import Flow

SUSTAINED_PERCENT = 95
"""How much of the rate is given out as it falls due; the rest is what the bucket may hold."""
MAX_BURST = 10
"""The most that a bucket holds: what one batch can use at once. From 1200 a minute on, this keeps the rate in every ten
seconds too, which is how Genesys Cloud and its proxies may count."""
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
class GateState:
    """What all workers share: times in µs since the epoch, but for ``paused_until`` and leases, which are in ms."""

    used_until_us: int = 0
    """Up to when permits have been given out; what is between this and now is in the bucket."""
    paused_until: int = 0
    lane_lead: int = 0
    """How much more the interactive lane has had than the bulk lane since both wait, by the weight of their shares."""
    flows: tuple[FlowState, ...] = ()
    leases: tuple[Lease, ...] = ()
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
        return -(-_MINUTE_US * 100 // (self.per_minute * SUSTAINED_PERCENT))

    @property
    def burst(self) -> int:
        """How many permits the bucket holds: the part of the rate that is not sustained, and one at least."""
        return min(max(self.per_minute * (100 - SUSTAINED_PERCENT) // 100, 1), MAX_BURST)

    def there(self, state: GateState, now: int) -> int:
        """How many permits the bucket holds now."""
        if state.paused_until > now:
            return 0
        return min(max((now * 1_000 - state.used_until_us) // self.interval_us, 0), self.burst)

    def take(self, state: GateState, now: int, count: int) -> tuple[GateState, int]:
        """Let through as many of ``count`` as there are permits for; return the state after that, and how many."""
        granted = min(self.there(state, now), count)
        if not granted:
            return state, 0
        used_until = max(state.used_until_us, now * 1_000 - self.burst * self.interval_us)
        return replace(state, used_until_us=used_until + granted * self.interval_us), granted

    def opens_us(self, state: GateState, now: int) -> int:
        """When the next permit may be given out."""
        return max(state.used_until_us + self.interval_us, state.paused_until * 1_000, now * 1_000)


def pause(state: GateState, until: int) -> GateState:
    """Return the state in which nothing is let through before ``until``; a shorter pause changes nothing."""
    if until <= state.paused_until:
        return state
    return replace(state, paused_until=until, version=state.version + 1)
