"""What an operator may decide about an execution in its current state, for the steps and for responses.

=================  ==========================================================================
decision           possible while the execution
=================  ==========================================================================
``retry``          failed, or is unknown
``resolve``        is unknown
``cancel``         is queued, and no earlier attempt may have run
``redeliver``      has ended and has a webhook
``acknowledge``    needs attention
=================  ==========================================================================
"""

from enum import StrEnum

from actionrelay.errors import WrongStateError
from actionrelay.ledger.execution import Execution, Status, WebhookStatus

_REOPENED = frozenset({Status.FAILED, Status.UNKNOWN})


class Decision(StrEnum):
    """What an operator may decide about an execution."""

    RETRY = "retry"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    REDELIVER = "redeliver"
    ACKNOWLEDGE = "acknowledge"


def allowed(execution: Execution) -> tuple[Decision, ...]:
    """Return what may be decided about an execution now, in the order of ``Decision``."""
    may = {
        Decision.RETRY: execution.status in _REOPENED,
        Decision.RESOLVE: execution.status is Status.UNKNOWN,
        Decision.CANCEL: execution.status is Status.QUEUED and not execution.may_have_run,
        Decision.REDELIVER: execution.ended and execution.delivery.status is not WebhookStatus.NONE,
        Decision.ACKNOWLEDGE: needs_attention(execution),
    }
    return tuple(decision for decision in Decision if may[decision])


def require(execution: Execution, decision: Decision) -> None:
    """Check that a decision is possible now.

    Raises:
        WrongStateError: it is not; names the state and what is possible instead.
    """
    possible = allowed(execution)
    if decision in possible:
        return
    state = f"the execution is {execution.status}"
    if decision is Decision.REDELIVER:
        state += f", its webhook {execution.delivery.status}"
    elif execution.may_have_run and not execution.ended:
        state += " and an earlier attempt may have run"
    raise WrongStateError(state, possible, execution_id=execution.execution_id)


def needs_attention(execution: Execution) -> bool:
    """Whether it failed, is unknown or was not delivered, and has not been acknowledged."""
    troubled = execution.status in _REOPENED or (execution.ended and execution.delivery.status is WebhookStatus.FAILED)
    return troubled and not execution.acknowledged
