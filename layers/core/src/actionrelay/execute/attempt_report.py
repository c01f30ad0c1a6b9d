"""What the log says of an attempt that did not succeed, or whose answer named the rate."""

from actionrelay.genesys.verdict import Reply
from actionrelay.ledger.execution import Execution
from actionrelay.retry_after import retry_after_ms


def attempt_report(claimed: Execution, reply: Reply, now: int) -> dict[str, str | int | None]:
    """Return the fields of the log line, nothing for an attempt of which there is nothing to say.

    Genesys Cloud's message is never among them: it may quote inputs, and belongs to the execution's ``error`` alone.
    """
    error, rate = reply.error, reply.rate
    if error is None and rate is None:
        return {}
    return {
        "attempt": claimed.attempts,
        "kind": reply.kind.value,
        "status": error.status if error else None,
        "code": error.code if error else None,
        "limit": error.limit if error else None,
        "correlation_id": reply.correlation_id,
        "retry_after_ms": retry_after_ms(reply.retry_after, now) or None,
        "rate_count": rate.count if rate else None,
        "rate_allowed": rate.allowed if rate else None,
        "rate_reset_seconds": rate.reset_seconds if rate else None,
    }
