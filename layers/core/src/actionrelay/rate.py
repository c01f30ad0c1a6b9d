"""The rate gate's rule: the generic cell rate algorithm, so that one number is all the state that workers share.

``busy_until`` is the time by which the permits given so far would be used up at the allowed rate. Up to a ninth of a
minute's permits may be taken at once: at the default of 270 a minute, no minute then sees more than the 300 that
Genesys Cloud allows per token.
"""

from dataclasses import dataclass, replace

_MINUTE_MS = 60_000
_BURST_PER_MINUTE = 9


@dataclass(frozen=True, slots=True)
class GateState:
    """What all workers share: microseconds would be finer than any clock that they share, so ms it is."""

    busy_until: float = 0.0
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

    @property
    def burst(self) -> int:
        """How many permits may be given at once after a quiet time."""
        return max(1, self.per_minute // _BURST_PER_MINUTE)

    def take(self, state: GateState, now: int) -> tuple[GateState, int]:
        """Return the state after taking one permit and 0, or the state as it is and the ms to wait."""
        if state.paused_until > now:
            return state, state.paused_until - now
        busy_until = max(state.busy_until, float(now))
        wait = busy_until - now - (self.burst - 1) * self.interval_ms
        if wait > 0:
            return state, max(1, round(wait))
        return replace(state, busy_until=busy_until + self.interval_ms, version=state.version + 1), 0


def pause(state: GateState, until: int) -> GateState:
    """Return the state in which nothing is granted before ``until``; a shorter pause changes nothing."""
    if until <= state.paused_until:
        return state
    return replace(state, paused_until=until, version=state.version + 1)
