"""The rate gate's rule: a token bucket that keeps its promise in every minute, and two lines for those who wait.

The promise: in no minute, wherever it begins, are more than ``per_minute`` requests let through. A bucket that fills at
the full rate can't keep it, since what it holds when a minute begins comes on top. So permits fall due at 95 % of the
rate (``SUSTAINED_PERCENT``), and the bucket never holds more than the other 5 % (``Rate.burst``): together they are the
rate, and not one more. The bucket is the generic cell rate algorithm (ITU-T I.371) in whole microseconds, so nothing is
rounded in anybody's favour: each permit takes an interval of its own out of the past, and intervals don't overlap.

A batch gets as many permits as there are. A message without one learns when to return, one interval behind the one
before it: newcomers at the end of the line, those that have waited in it already at the end of the much shorter line of
those that return. So a thousand waiting messages return one after the other, and an unlucky one does not start again.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import override

from actionrelay.errors import DependencyError
from actionrelay.gate.ports import BatchGate

SUSTAINED_PERCENT = 95
"""How much of the rate is given out as it falls due; the rest is what the bucket may hold."""
MAX_BURST = 10
"""The most that a bucket holds: what one batch can use at once. From 1200 a minute on, this keeps the rate in every ten
seconds too, which is how Genesys Cloud and its proxies may count."""
MAX_LINE_MS = 300_000
"""No place in a line is further off than this: a line is a guess, and one that is wrong must not cost hours."""
RETURN_PERCENT = 80
"""How far apart those that return are placed, in percent of what a permit takes. Some of them are late, and a permit
that nobody asks for in time is lost: at 100 a backlog takes 2 % longer, at 60 it costs a tenth more messages for
nothing."""
_MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class GateState:
    """What all workers share: times in µs since the epoch, but for ``paused_until``, which is in ms."""

    used_until_us: int = 0
    """Up to when permits have been given out; what is between this and now is in the bucket."""
    line_until_us: int = 0
    returns_until_us: int = 0
    paused_until: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who of a batch asks: those that return from a place in the line, and newcomers."""

    returning: int
    newcomers: int

    @property
    def size(self) -> int:
        """All of them."""
        return self.returning + self.newcomers


@dataclass(frozen=True, slots=True)
class Share:
    """What one half of a crowd gets: so many permits, and for each of the others how many ms it has to wait."""

    permits: int = 0
    waits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate says to a batch."""

    returning: Share = Share()
    newcomers: Share = Share()
    opens_in: int = 1
    """When the next permit falls due, in ms; for a message that the crowd was not counted for."""


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

    def decide(self, state: GateState, now: int, crowd: Crowd) -> tuple[GateState, Decision]:
        """Give out what there is, first to those who return, and a place in its line to everybody else."""
        after, granted = self.take(state, now, crowd.size)
        to_returning = min(granted, crowd.returning)
        to_newcomers = granted - to_returning
        opens_us = max(self._opens_us(after), now * 1_000)
        between_us = self.interval_us * RETURN_PERCENT // 100
        returns_until, returns = _line_up(
            after.returns_until_us, opens_us, now, between_us, crowd.returning - to_returning
        )
        line_until, places = _line_up(
            after.line_until_us, opens_us, now, self.interval_us, crowd.newcomers - to_newcomers
        )
        after = replace(after, returns_until_us=returns_until, line_until_us=line_until, version=state.version + 1)
        decision = Decision(Share(to_returning, returns), Share(to_newcomers, places), _wait_ms(opens_us, now))
        return after, decision

    def take(self, state: GateState, now: int, count: int) -> tuple[GateState, int]:
        """Let through as many of ``count`` as there are permits for; return the state after that, and how many."""
        if state.paused_until > now:
            return state, 0
        used_until = max(state.used_until_us, now * 1_000 - self.burst * self.interval_us)
        granted = min(max((now * 1_000 - used_until) // self.interval_us, 0), count)
        return replace(state, used_until_us=used_until + granted * self.interval_us), granted

    def _opens_us(self, state: GateState) -> int:
        """When the next permit may be given out."""
        return max(state.used_until_us + self.interval_us, state.paused_until * 1_000)


def _line_up(until_us: int, opens_us: int, now: int, between_us: int, count: int) -> tuple[int, tuple[int, ...]]:
    """Return where a line ends after ``count`` have joined it, and how many ms each of them has to wait."""
    if not count:
        return until_us, ()
    begins = min(max(until_us, opens_us), opens_us + MAX_LINE_MS * 1_000)
    waits = tuple(_wait_ms(begins + place * between_us, now) for place in range(count))
    return begins + count * between_us, waits


def _wait_ms(until_us: int, now: int) -> int:
    """Round up, and to no less than a millisecond: nothing returns at once."""
    return max(-(-until_us // 1_000) - now, 1)


def pause(state: GateState, until: int) -> GateState:
    """Return the state in which nothing is let through before ``until``; a shorter pause changes nothing."""
    if until <= state.paused_until:
        return state
    return replace(state, paused_until=until, version=state.version + 1)


@dataclass(slots=True)
class BatchPermits(BatchGate):
    """One batch before the gate: the first of it asks for all, the others share the answer.

    A gate that fails is asked once as well: the others learn that it failed.
    """

    ask: Callable[[int, Crowd], Decision]
    """Takes the time and who asks."""
    pause_all: Callable[[int], None]
    crowd: Crowd
    _answer: Decision | DependencyError | None = None
    _served: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    _held_until: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @override
    def take(self, now: int, *, waited: bool = False) -> int:
        with self._turn:
            if held := self.held(now):
                return held
            decision = self._decision(now)
            share, place = decision.returning if waited else decision.newcomers, self._served[waited]
            self._served[waited] += 1
        if place < share.permits:
            return 0
        place -= share.permits
        return share.waits[place] if place < len(share.waits) else decision.opens_in

    @override
    def hold(self, until: int) -> None:
        with self._turn:
            self._held_until = max(self._held_until, until)

    @override
    def held(self, now: int) -> int:
        return max(self._held_until - now, 0)

    @override
    def pause(self, until: int) -> None:
        self.hold(until)
        self.pause_all(until)

    def _decision(self, now: int) -> Decision:
        if self._answer is None:
            try:
                self._answer = self.ask(now, self.crowd)
            except DependencyError as failed:
                self._answer = failed
                raise
        if isinstance(self._answer, DependencyError):
            # A copy: one exception object is not for several threads.
            raise type(self._answer)(self._answer.message, **self._answer.context)
        return self._answer
