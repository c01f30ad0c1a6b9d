"""The rate gate's rule: the generic cell rate algorithm without a burst, and a line for those who have to wait.

Two times are all that workers share. ``busy_until`` is when the permits given so far are used up at the allowed rate;
before it, nobody is let through. ``line_until`` is when the line of those who wait would end; whoever is turned away
is told a place in it, so that a thousand waiting messages come back one after the other and not all at once.

A batch is let through as a whole: in any stretch of time no more than the allowed rate, one batch and what the credit
is worth get through, 282 in a minute at the default of 270, where Genesys Cloud allows 300 per token.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

_MINUTE_MS = 60_000
CREDIT_MS = 500
"""What asking late may make up for: a gate that nobody asked at the right moment would otherwise lose that time."""


MAX_LINE_MS = 60_000
"""No place in the line is further off than this: a line is a guess, and one that is wrong must not cost hours."""


@dataclass(frozen=True, slots=True)
class GateState:
    """What all workers share, in ms since the epoch."""

    busy_until: float = 0.0
    line_until: float = 0.0
    paused_until: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests a minute are allowed."""

    per_minute: int

    @property
    def interval_ms(self) -> float:
        """The time that one permit takes up."""
        return _MINUTE_MS / self.per_minute

    def take(self, state: GateState, now: int, count: int) -> GateState | None:
        """Return the state after letting ``count`` requests through together; None when nobody is let through now."""
        if state.paused_until > now or state.busy_until > now:
            return None
        begins = max(state.busy_until, float(now - CREDIT_MS))
        return replace(state, busy_until=begins + count * self.interval_ms, version=state.version + 1)

    def line_up(self, state: GateState, now: int, count: int) -> tuple[GateState, tuple[int, ...]]:
        """Return the state after ``count`` messages joined the line, and how many ms each of them has to wait."""
        opens_at = max(self.opens_at(state), float(now))
        begins = min(max(state.line_until, opens_at), opens_at + MAX_LINE_MS)
        places = tuple(round(begins + place * self.interval_ms - now) for place in range(count))
        return replace(state, line_until=begins + count * self.interval_ms, version=state.version + 1), places

    @staticmethod
    def opens_at(state: GateState) -> float:
        """When the next one may be let through."""
        return max(state.busy_until, float(state.paused_until))


def pause(state: GateState, until: int) -> GateState:
    """Return the state in which nothing is let through before ``until``; a shorter pause changes nothing."""
    if until <= state.paused_until:
        return state
    return replace(state, paused_until=until, version=state.version + 1)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate says to a batch: let through, or how long each of its messages has to wait."""

    granted: bool
    waits: tuple[int, ...] = ()
    opens_in: int = 0


@dataclass(slots=True)
class BatchPermits:
    """One batch before the gate: whoever of it comes first asks for all, the others share the answer."""

    ask: Callable[[int, int], Decision]
    """Takes the time and the number of permits."""
    pause_all: Callable[[int], None]
    size: int
    _decision: Decision | None = None
    _next: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def for_batch(self, size: int) -> "BatchPermits":
        """Return a gate for another batch."""
        return BatchPermits(self.ask, self.pause_all, size)

    def take(self, now: int, *, waited: bool = False) -> int:
        """Take one permit: 0 when granted, else how many ms to come back after."""
        with self._turn:
            if self._decision is None:
                self._decision = self.ask(now, self.size)
            decision, place = self._decision, self._next
            self._next += 1
        if decision.granted and place < self.size:
            return 0
        if waited or place >= len(decision.waits):
            return max(decision.opens_in, 1)
        return max(decision.waits[place], 1)

    def pause(self, until: int) -> None:
        """Stop everybody until then."""
        self.pause_all(until)
