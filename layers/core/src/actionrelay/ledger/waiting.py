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
class Waiting:
    """A reason, and when it ends at the latest (ms); None where nobody can say, as in a line."""

    reason: WaitReason
    until: int | None = None


def waiting(execution: Execution, now: int, paused_until: int = 0) -> Waiting | None:
    """Say what an execution waits for; None once it has ended.

    ``paused_until`` is the rate gate's: what is planned earlier waits for it as well. Who can't look at the gate leaves
    it out, and what waits for a pause then waits for its turn.
    """
    if execution.ended:
        return None
    if execution.status is Status.AWAITING_WEBHOOK:
        return Waiting(WaitReason.WEBHOOK, execution.deadline_at)
    if execution.status is Status.RUNNING:
        return Waiting(WaitReason.LEASE, execution.attempt.lease_until if execution.attempt else None)
    next_at = execution.next_at or 0
    if paused_until > max(now, next_at):
        return Waiting(WaitReason.PAUSED, paused_until)
    if next_at > now:
        return Waiting(WaitReason.TOKEN if execution.without_token else WaitReason.RETRY, next_at)
    return Waiting(WaitReason.RATE)
