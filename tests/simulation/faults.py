"""What can happen to a port call, and how a history shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from actionrelay.ledger.execution import Execution
from tests.simulation.baton import Worker


class Move(StrEnum):
    """The fate of one port call."""

    PROCEED = "proceed"
    DIE_BEFORE = "die before"
    DIE_AFTER = "die after"
    ERROR = "error"
    """The service fails and nothing has changed."""
    LOST = "lost answer"
    """The service has done its work, but the caller sees a failure: a timeout, a reset."""
    TWICE = "sent twice"
    """The answer was lost and the SDK repeated the call, which then finds its own effect."""
    SUSPEND = "suspend"
    """The worker sleeps before the call; the plan decides how long."""


FAULTS = (Move.DIE_BEFORE, Move.DIE_AFTER, Move.ERROR, Move.LOST, Move.TWICE)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a port: its number in the run, its caller, its operation."""

    index: int
    worker: Worker
    port: str
    subject: str


type Plan = Callable[[Call], Move]
"""Decides the fate of a call; called again when a suspended worker wakes up."""


def no_faults(_: Call) -> Move:
    """Let everything succeed."""
    return Move.PROCEED


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a history."""

    at: int
    who: str
    what: str
    subject: str
    move: str
    record: Execution | None

    def text(self, since: int) -> str:
        """Format it for a reader."""
        state = "-"
        if self.record is not None:
            attempt = self.record.attempt
            held = f" lease {(attempt.lease_until - since) / 1_000:.1f}" if attempt else ""
            state = f"{self.record.status} v{self.record.version} attempts {self.record.attempts}{held}"
        mark = "" if self.move == Move.PROCEED else f"!! {self.move}"
        return f"{(self.at - since) / 1_000:>10.3f}  {self.who:<16} {self.what:<16} {state:<48} {mark}".rstrip()


def timeline(lines: list[Line]) -> str:
    """Format a history: seconds since its beginning, worker, call, subject, state before it, fault."""
    since = lines[0].at if lines else 0
    head = f"{'seconds':>10}  {'worker':<16} {'call':<16} {'record before it':<48} fault"
    return "\n".join((head, *(line.text(since) for line in lines)))
