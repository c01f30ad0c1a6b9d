"""Why an execution waits, and until when: derived from its record and the rate gate, so nothing is written. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from actionrelay.ledger.execution import Execution, Status


class WaitReason(StrEnum):
    """What an execution waits for."""

    RATE = "rate"
    """Its turn: a worker, and a permit of the rate gate."""
    LANE = "lane"
    """The same while the other lane waits too, so that each lane gets its share of the rate."""
    PAUSED = "paused"
    """The end of a pause of all workers, after a 429 of Genesys Cloud."""
    RETRY = "retry"
    """The time of its next try."""
    LEASE = "lease"
    """The worker that runs it; another one takes over when the lease expires."""
    WEBHOOK = "webhook"
    """Its result, by webhook."""
    TOKEN = "token"  # noqa: S105 - a word, no secret
    """A token for Genesys Cloud."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of the rate gate; the defaults mean that nothing is."""

    paused_until: int = 0
    """Until when all workers pause (ms), even for tries that are due earlier."""
    shares: bool = False
    """Whether the execution's lane shares the rate with the other one now."""
    turn_by: int | None = None
    """About when everything in its lane has had its turn (ms); None if unknown."""


NOTHING_KNOWN = Outlook()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reason, and when the wait ends at the latest (ms), an estimate for a turn; None if unknown."""

    reason: WaitReason
    until: int | None = None


def waiting(execution: Execution, now: int, outlook: Outlook = NOTHING_KNOWN) -> Waiting | None:
    """Return what an execution waits for; None once it has ended.

    If nothing is known of the gate, a wait for a pause or a lane is reported as ``rate``.
    """
    if execution.ended:
        return None
    if execution.status is Status.AWAITING_WEBHOOK:
        return Waiting(WaitReason.WEBHOOK, execution.deadline_at)
    if execution.status is Status.RUNNING:
        return Waiting(WaitReason.LEASE, execution.attempt.lease_until if execution.attempt else None)
    next_at = execution.next_at or 0
    if outlook.paused_until > max(now, next_at):
        return Waiting(WaitReason.PAUSED, outlook.paused_until)
    if next_at > now:
        return Waiting(WaitReason.TOKEN if execution.without_token else WaitReason.RETRY, next_at)
    return Waiting(WaitReason.LANE if outlook.shares else WaitReason.RATE, outlook.turn_by)
