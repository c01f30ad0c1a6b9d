"""The log line of an attempt that did not succeed, or whose response named the rate."""

from actionrelay.genesys.verdict import Reply
from actionrelay.ledger.execution import Execution
from actionrelay.retry_after import retry_after_ms


def attempt_report(claimed: Execution, reply: Reply, now: int) -> dict[str, str | int | None]:
    """Return the fields of the log line; empty if there is nothing to log.

    Genesys Cloud's message is never one of them. It may quote inputs, and goes only into the execution's ``error``.
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
