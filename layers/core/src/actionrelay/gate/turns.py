"""Shares permits between lanes by weight and between the flows of a lane evenly; other messages get a time to return.

A flow is one caller in one lane. This is fair queueing (Demers, Keshav and Shenker, 1989) without queues: waiting
messages are in SQS, and the gate sees them only when a worker asks for them. A flow that asks gets a permit, unless
another waiting flow has had fewer. Then the permit stays in the bucket for that flow, until the bucket is full and the
next permit would be lost. A flow that does not wait is served at once, however many messages of other flows wait:
waiting flows leave a few permits in the bucket for it (``Sharing.reserve``).

A message without a permit gets a time to return. Each flow has two lines: one for new messages, a permit's interval
apart, and a shorter one for messages that have waited before. So a thousand messages return one after the other, and a
message that returns and finds no permit does not start again at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from actionrelay.gate.ports import Ask
from actionrelay.gate.rate import FlowState, GateState, Lease, Rate
from actionrelay.lanes import Flow, Lane

MAX_LINE_MS = 300_000
"""The longest wait in a line. A line is an estimate, and a wrong one must not cost hours."""
RETURN_PERCENT = 80
"""The time between two returns, in percent of a permit's interval. Some messages are late, and a permit that no message
asks for in time is lost: at 100 a backlog takes 2 % longer, at 60 a tenth more messages return in vain."""
LATE_US = 5_000_000
"""How long after its last place a flow still counts as waiting: SQS and busy workers make messages seconds late."""
FLOW_LEAD = 2
"""How many permits a flow may be ahead of a waiting one. Messages come in batches, seldom at the same time."""
LANE_LEAD = 100
"""The same between lanes, weighted by their shares: 100 is one permit of either at equal shares."""
MAX_FLOWS = 12
"""The flows that have turns of their own; the others share one. It keeps the gate's item below a write unit."""
_PATIENCE_US = 2_000_000
"""How long a bucket of one permit, which is always full, keeps it for a waiting flow, in µs."""

type Crowd = Mapping[Ask, int]
"""The messages of a batch, counted by flow and by whether they have waited before."""


@dataclass(frozen=True, slots=True)
class Share:
    """What equal messages get together: a number of permits, and a wait in ms for each message without one."""

    permits: int = 0
    waits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The gate's answer to a batch."""

    shares: Mapping[Ask, Share] = field(default_factory=dict)
    known_as: Mapping[Flow, Flow] = field(default_factory=dict)
    """The flow as which a flow takes its turns, beyond ``MAX_FLOWS``."""
    opens_in: int = 1
    """When the next permit becomes available, in ms; for a message that was not counted in the crowd."""
    lease: int = 0
    """The number of the lease of its actions; 0 without one."""

    def place(self, ask: Ask) -> Ask:
        """Return the ask whose share a message belongs to."""
        return Ask(self.known_as.get(ask.flow, ask.flow), ask.waited)

    @property
    def permits(self) -> int:
        """All permits that were granted."""
        return sum(share.permits for share in self.shares.values())


@dataclass(frozen=True, slots=True)
class Sharing:
    """How the rate is shared."""

    rate: Rate
    bulk_percent: int = 20
    """The bulk lane's share of the rate while both lanes wait."""
    max_in_flight: int = 30
    """The highest number of actions under way at once."""

    @property
    def reserve(self) -> int:
        """The permits that waiting flows leave in the bucket for flows that don't wait."""
        return min(self.rate.burst // 3, 3)

    def percent(self, lane: Lane) -> int:
        """Return a lane's share of the rate while both lanes wait."""
        return self.bulk_percent if lane is Lane.BULK else 100 - self.bulk_percent

    def weight(self, lane: Lane) -> int:
        """Return how much of a lane's share one permit takes: the smaller the share, the more."""
        return 100 - self.percent(lane)

    def decide(self, state: GateState, now: int, crowd: Crowd, ends_at: int = 0) -> tuple[GateState, Decision]:
        """Grant what the bucket holds, and give every other message a time to return.

        A granted action counts as in flight until it is released, or until ``ends_at`` (ms).
        """
        known_as = _known_as(state, crowd)
        asked: dict[Ask, int] = {}
        for ask, count in crowd.items():
            place = Ask(known_as.get(ask.flow, ask.flow), ask.waited)
            asked[place] = asked.get(place, 0) + count
        turn = _Turn.begin(self, state, now, asked)
        turn.grant()
        after, _ = self.rate.take(state, now, turn.granted)
        shares = turn.shares(self.rate.opens_us(after, now))
        version = state.version + 1
        leases = tuple(lease for lease in state.leases if lease.until > now)
        leased = turn.granted > 0 and ends_at > now
        after = replace(
            after,
            lane_lead=turn.lane_lead(),
            flows=turn.flows(),
            leases=(*leases, Lease(version, ends_at, turn.granted)) if leased else leases,
            version=version,
        )
        opens_in = _wait_ms(self.rate.opens_us(after, now), now)
        return after, Decision(shares, known_as, opens_in, version if leased else 0)


@dataclass(slots=True)
class _Turn:
    """One request to the gate, while it is decided."""

    sharing: Sharing
    now: int
    asked: Mapping[Ask, int]
    there: int
    """Permits in the bucket."""
    free: int
    """How many more actions may be under way."""
    full: bool
    """The next permit would be lost."""
    known: dict[Flow, FlowState]
    waiting: set[Flow]
    lead: int
    """How far the interactive lane is ahead, while both wait."""
    granted: int = 0
    permits: dict[Flow, int] = field(default_factory=dict)

    @classmethod
    def begin(cls, sharing: Sharing, state: GateState, now: int, asked: Mapping[Ask, int]) -> "_Turn":
        rate, known = sharing.rate, {each.flow: each for each in state.flows}
        waiting = {each.flow for each in state.flows if is_waiting(each, now)}
        patience = _PATIENCE_US if rate.burst == 1 else 0
        turn = cls(
            sharing,
            now,
            asked,
            there=rate.there(state, now),
            free=max(sharing.max_in_flight - state.in_flight(now), 0),
            full=now * 1_000 - state.used_until_us >= rate.burst * rate.interval_us + patience,
            known=known,
            waiting=waiting,
            lead=state.lane_lead,
        )
        for flow in {ask.flow for ask in asked}:
            state_of = known.get(flow, FlowState(flow))
            if flow not in waiting:  # no credit for the time in which it did not ask
                state_of = replace(state_of, served=max(state_of.served, turn._least(flow.lane)))
            known[flow] = state_of
        return turn

    def grant(self) -> None:
        """Grant one permit after the other, each to the eligible flow that has had the fewest."""
        while self.granted < min(self.there, self.free):
            wanting = [flow for flow in self._flows() if self._wanted(flow) > self.permits.get(flow, 0)]
            left = self.there - self.granted
            fair = [
                flow
                for flow in wanting
                if left > (self.sharing.reserve if flow in self.waiting else 0) and self._is_due(flow)
            ]
            if not fair and not (self.full and not self.granted and wanting):
                return
            flow = min(fair or wanting, key=lambda each: (self._lane_lead(each.lane), self.known[each].served))
            self.permits[flow] = self.permits.get(flow, 0) + 1
            self.granted += 1
            if fair:  # a permit that would have been lost counts for no flow
                self.known[flow] = replace(self.known[flow], served=self.known[flow].served + 1)
                self.lead += self.sharing.weight(flow.lane) * (1 if flow.lane is Lane.INTERACTIVE else -1)

    def shares(self, opens_us: int) -> dict[Ask, Share]:
        """Return each ask's share. Messages that have waited get permits first."""
        shares: dict[Ask, Share] = {}
        for flow in self._flows():
            permits = self.permits.get(flow, 0)
            for waited in (True, False):
                if count := self.asked.get(Ask(flow, waited), 0):
                    given = min(permits, count)
                    permits -= given
                    shares[Ask(flow, waited)] = Share(
                        given, self._line_up(flow, count - given, opens_us, waited=waited)
                    )
        return shares

    def flows(self) -> tuple[FlowState, ...]:
        """Return the flows to store: those that wait, and those that are ahead of them."""
        least = {lane: self._least(lane) for lane in Lane}
        return tuple(
            replace(each, served=max(each.served - least[each.flow.lane], 0))
            for each in self.known.values()
            if is_waiting(each, self.now) or (each.served > least[each.flow.lane] and self._lane_waits(each.flow.lane))
        )

    def lane_lead(self) -> int:
        """Return the lead to store: 0 while the other lane does not wait."""
        return self.lead if self._lane_waits(Lane.BULK if self.lead > 0 else Lane.INTERACTIVE) else 0

    def _flows(self) -> list[Flow]:
        return list(dict.fromkeys(ask.flow for ask in self.asked))

    def _wanted(self, flow: Flow) -> int:
        return self.asked.get(Ask(flow, True), 0) + self.asked.get(Ask(flow, False), 0)

    def _is_due(self, flow: Flow) -> bool:
        """Return whether no waiting flow has priority."""
        other = Lane.BULK if flow.lane is Lane.INTERACTIVE else Lane.INTERACTIVE
        if self._lane_lead(flow.lane) > LANE_LEAD and any(each.lane is other for each in self.waiting):
            return False
        served = self.known[flow].served
        return all(
            served < self.known[each].served + FLOW_LEAD
            for each in self.waiting
            if each != flow and each.lane is flow.lane
        )

    def _lane_lead(self, lane: Lane) -> int:
        return self.lead if lane is Lane.INTERACTIVE else -self.lead

    def _least(self, lane: Lane) -> int:
        """Return the fewest permits that a waiting flow of the lane has had."""
        return min((self.known[flow].served for flow in self.waiting if flow.lane is lane), default=0)

    def _lane_waits(self, lane: Lane) -> bool:
        return any(is_waiting(each, self.now) for each in self.known.values() if each.flow.lane is lane)

    def _line_up(self, flow: Flow, count: int, opens_us: int, *, waited: bool) -> tuple[int, ...]:
        """Give out ``count`` places at the end of one of a flow's lines; return the wait of each in ms."""
        if not count:
            return ()
        state, between_us = self.known[flow], self.sharing.rate.interval_us
        if waited:
            between_us = between_us * RETURN_PERCENT // 100
        until_us = state.returns_until_us if waited else state.line_until_us
        begins = min(max(until_us, opens_us), opens_us + MAX_LINE_MS * 1_000)
        ends = begins + count * between_us
        self.known[flow] = replace(state, returns_until_us=ends) if waited else replace(state, line_until_us=ends)
        return tuple(_wait_ms(begins + place * between_us, self.now) for place in range(count))


def _known_as(state: GateState, crowd: Crowd) -> dict[Flow, Flow]:
    """Return the flows that share their turns, because ``MAX_FLOWS`` others are known."""
    known = {each.flow for each in state.flows}
    known_as: dict[Flow, Flow] = {}
    for flow in dict.fromkeys(ask.flow for ask in crowd):
        if flow in known or len(known) < MAX_FLOWS:
            known.add(flow)
        else:
            known_as[flow] = Flow(flow.lane)
    return known_as


def is_waiting(state: FlowState, now: int) -> bool:
    """Return whether a flow has a place in a line, or had one so recently that its message may still come."""
    return max(state.line_until_us, state.returns_until_us) + LATE_US > now * 1_000


def _wait_ms(until_us: int, now: int) -> int:
    """Round up to 1 ms at least: no message returns at once."""
    return max(-(-until_us // 1_000) - now, 1)
