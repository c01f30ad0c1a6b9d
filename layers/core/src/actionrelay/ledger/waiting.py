"""Why an execution that has not ended waits, and until when: read off its record and the rate gate. Pure.

Nothing is written for it: each wait that a worker plans is a write already, and a wait before the rate gate is none.
"""

from dataclasses import dataclass
from enum import StrEnum

from actionrelay.ledger.execution import Execution, Status


class WaitReason(StrEnum):
    """What an execution waits for."""

    RATE = "rate"
    """Its turn: a worker, and a permit of the rate gate."""
    LANE = "lane"
    """The same, while the other lane waits, too: its own has its share of the rate."""
    PAUSED = "paused"
    """The end of a pause of all workers, since Genesys Cloud answered 429."""
    RETRY = "retry"
    """The time of its next try."""
    LEASE = "lease"
    """The worker that has it, whose request is on its way; when its lease ends, another one takes over."""
    WEBHOOK = "webhook"
    """Its result, by webhook."""
    TOKEN = "token"  # noqa: S105 - a word, no secret
    """A token for Genesys Cloud, of which there was none."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of the rate gate by who asks. Who can't look at it has this as it is."""

    paused_until: int = 0
    """What is planned earlier waits for it as well."""
    shares: bool = False
    """Whether the execution's lane has to share the rate with the other one."""
    turn_by: int | None = None
    """About when everything in its lane has had its turn; None where nobody knows."""


NOTHING_KNOWN = Outlook()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reason, and when it ends at the latest (ms), which for a turn is an estimate; None where nobody can say."""

    reason: WaitReason
    until: int | None = None


def waiting(execution: Execution, now: int, outlook: Outlook = NOTHING_KNOWN) -> Waiting | None:
    """Say what an execution waits for; None once it has ended.

    Where nothing is known of the gate, what waits for a pause or for its lane waits for its turn.
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
