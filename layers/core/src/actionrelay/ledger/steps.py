"""The ledger: every step that an execution can take. Steps are made nowhere else.

The diagram is in docs/architecture.md; a test compares it with ``STEPS``.

A step takes a record and returns the next one, with version + 1 and one more audit entry in the chain. A write is
checked twice: here by the rules, and in the table by a condition on the version that was read. So a worker that lost
its lease, or whose record is stale, changes nothing. ``ledger.operator_decisions`` says which of an operator's steps
are possible.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from actionrelay.errors import IllegalTransitionError, LeaseHeldError
from actionrelay.ledger.execution import (
    Attempt,
    Delivery,
    Execution,
    ExecutionError,
    Outcome,
    PayloadRef,
    Status,
    WebhookStatus,
)
from actionrelay.ledger.history import chained
from actionrelay.ledger.operator_decisions import Decision, require
from actionrelay.strict_json import Json, canonical

STEPS: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.QUEUED: frozenset(
            {Status.QUEUED, Status.RUNNING, Status.COMPLETED, Status.FAILED, Status.UNKNOWN, Status.CANCELLED}
        ),
        Status.RUNNING: frozenset(
            {Status.QUEUED, Status.AWAITING_WEBHOOK, Status.COMPLETED, Status.FAILED, Status.UNKNOWN}
        ),
        Status.AWAITING_WEBHOOK: frozenset({Status.COMPLETED, Status.FAILED, Status.UNKNOWN}),
        Status.UNKNOWN: frozenset({Status.COMPLETED, Status.FAILED, Status.QUEUED}),
        Status.COMPLETED: frozenset(),
        Status.FAILED: frozenset({Status.QUEUED}),
        Status.CANCELLED: frozenset(),
    }
)
"""Which status may follow which. No outcome is overwritten: ``unknown`` waits to be resolved, and an operator may run
a failed or unknown execution again."""

_DELIVERY_EVENTS = MappingProxyType(
    {
        WebhookStatus.PENDING: "webhook_retry_planned",
        WebhookStatus.DELIVERED: "webhook_delivered",
        WebhookStatus.FAILED: "webhook_failed",
    }
)
DECISIONS_REMEMBERED = 5
"""How many decisions about many a record keeps: a repeated message is recognised until as many others came after."""


def accept(execution: Execution) -> Execution:
    """Create the record of a valid request; the caller has not got a response yet."""
    accepted = replace(execution, delivery=Delivery.due(execution.webhook_url))
    return _written(chained(accepted, "accepted", payload=execution.request, warnings=_warnings(execution)))


def serve_from_cache(execution: Execution, result: PayloadRef, now: int) -> Execution:
    """Create the record of a request that the cache answers: completed without an attempt."""
    completed = replace(
        execution,
        status=Status.COMPLETED,
        outcome=Outcome(Status.COMPLETED, result=result),
        completed_at=now,
        delivery=Delivery.due(execution.webhook_url),
    )
    return _written(chained(completed, "cache_hit", payload=result, warnings=_warnings(execution)))


def _warnings(execution: Execution) -> str | None:
    """Return the contract warnings for an audit entry: places, codes and rules, but no values."""
    found: list[Json] = [
        {"pointer": each.pointer, "code": each.code, "detail": each.detail} for each in execution.warnings
    ]
    return canonical(found).decode() if found else None


def claim(execution: Execution, attempt_id: str, now: int, lease_until: int) -> Execution:
    """Claim a queued execution for one attempt. It is written before the first byte is sent.

    From here until an outcome is written the request may have been sent, so a worker that takes over a ``running``
    execution must not simply repeat it.
    """
    _require(execution, Status.RUNNING)
    number = execution.attempts + 1
    running = replace(
        execution,
        status=Status.RUNNING,
        attempts=number,
        attempt=Attempt(attempt_id, number, lease_until),
        next_at=None,
        updated_at=now,
    )
    return _written(chained(running, "attempt_started", payload=execution.request, sent_as=running.sent_as))


def postpone(
    execution: Execution,
    now: int,
    next_at: int,
    cause: ExecutionError,
    *,
    uses_chance: bool,
    may_have_run: bool = False,
    without_token: bool = False,
) -> Execution:
    """Plan another try at ``next_at``: from ``queued`` (no token) or from ``running`` (it did not run, or may have)."""
    if execution.ended:
        raise IllegalTransitionError("an ended execution can't be postponed", execution_id=execution.execution_id)
    _require(execution, Status.QUEUED)
    queued = replace(
        execution,
        status=Status.QUEUED,
        attempt=None,
        next_at=next_at,
        without_token=without_token,
        chances_used=execution.chances_used + uses_chance,
        postponements=execution.postponements + 1,
        may_have_run=execution.may_have_run or may_have_run,
        doubts=execution.doubts + may_have_run,
        doubted_at=now if may_have_run and execution.doubted_at is None else execution.doubted_at,
        updated_at=now,
    )
    return _written(chained(queued, "retry_planned", cause=cause))


def await_webhook(
    execution: Execution, now: int, deadline_at: int, latency_ms: int, correlation_id: str | None
) -> Execution:
    """Genesys Cloud accepted the request; its result has until ``deadline_at`` to arrive."""
    _require(execution, Status.AWAITING_WEBHOOK)
    waiting = replace(execution, status=Status.AWAITING_WEBHOOK, attempt=None, deadline_at=deadline_at, updated_at=now)
    return _written(chained(waiting, "awaiting_webhook", latency_ms=latency_ms, correlation_id=correlation_id))


def settle(
    execution: Execution,
    outcome: Outcome,
    now: int,
    *,
    latency_ms: int | None = None,
    correlation_id: str | None = None,
    by_webhook: bool = False,
    webhook_id: str | None = None,
    sent_as: str | None = None,
    success_rate: float | None = None,
) -> Execution:
    """Record the outcome. ``latency_ms`` is the attempt's; ``success_rate`` is the deployment's, of the current day.

    A webhook gets an audit entry before that of the outcome.

    Its id is written with the outcome, so a repeat is recognised even after an operator has reopened the execution.
    """
    _require(execution, outcome.status)
    held = replace(execution, updated_at=now)
    if by_webhook:
        held = chained(held, "webhook_received", payload=outcome.result, cause=outcome.error, sent_as=sent_as)
    ended = replace(
        held,
        status=outcome.status,
        outcome=outcome,
        settled_late=execution.status is Status.UNKNOWN,
        attempt=None,
        next_at=None,
        deadline_at=None,
        completed_at=now,
        delivery=Delivery.due(execution.webhook_url),
        acknowledged=False,
        webhook_ids=(*execution.webhook_ids, webhook_id) if webhook_id else execution.webhook_ids,
    )
    return _written(
        chained(
            ended,
            outcome.status.value,
            payload=outcome.result,
            cause=outcome.error,
            latency_ms=latency_ms,
            correlation_id=correlation_id,
            success_rate=success_rate,
        )
    )


def rerun(
    execution: Execution,
    now: int,
    actor: str | None,
    run: int,
    *,
    note: str | None = None,
    decision_id: str | None = None,
) -> Execution:
    """Queue an execution again on an operator's decision, as number ``run``.

    A failed execution needs a higher number: Genesys Cloud would take the old id for a repeat. An unknown one may keep
    its number, and is then asked about again; that it may have run stays on record.
    """
    require(execution, Decision.RETRY)
    failed = execution.status is Status.FAILED
    if run < execution.run + failed:
        raise IllegalTransitionError("this run is over", execution_id=execution.execution_id)
    queued = replace(
        execution,
        status=Status.QUEUED,
        outcome=None,
        completed_at=None,
        next_at=None,
        chances_used=0,
        doubts=0,
        doubted_at=None,
        postponements=0,
        may_have_run=not failed,
        queued_at=now,
        reruns=execution.reruns + 1,
        run=run,
        runs_decided=execution.run if failed else execution.runs_decided,
        resolved=False,
        settled_late=False,
        updated_at=now,
        delivery=Delivery.due(execution.webhook_url),
        acknowledged=False,
        decision_ids=_with(execution, decision_id),
    )
    return _written(
        chained(queued, "rerun_requested", actor=actor, note=note, decision_id=decision_id, sent_as=queued.sent_as)
    )


def resolve(
    execution: Execution,
    outcome: Outcome,
    now: int,
    actor: str | None,
    note: str | None,
    *,
    success_rate: float | None = None,
    decision_id: str | None = None,
) -> Execution:
    """Record what an operator found out about an unknown outcome."""
    require(execution, Decision.RESOLVE)
    decided = replace(execution, updated_at=now, resolved=True, decision_ids=_with(execution, decision_id))
    resolved = chained(decided, "resolved", payload=outcome.result, actor=actor, note=note, decision_id=decision_id)
    return settle(resolved, outcome, now, success_rate=success_rate)


def cancel(
    execution: Execution, now: int, actor: str | None, *, note: str | None = None, decision_id: str | None = None
) -> Execution:
    """Cancel a queued execution. Nothing is delivered, since the operator who cancelled it knows."""
    require(execution, Decision.CANCEL)
    cancelled = replace(
        execution,
        status=Status.CANCELLED,
        outcome=Outcome(Status.CANCELLED),
        next_at=None,
        completed_at=now,
        updated_at=now,
        delivery=Delivery(),
        decision_ids=_with(execution, decision_id),
    )
    return _written(chained(cancelled, "cancelled", actor=actor, note=note, decision_id=decision_id))


def acknowledge(
    execution: Execution, now: int, actor: str | None, note: str | None, *, decision_id: str | None = None
) -> Execution:
    """Record that an operator has seen it: it leaves the lists of what needs attention, and changes nothing else."""
    require(execution, Decision.ACKNOWLEDGE)
    seen = replace(execution, acknowledged=True, updated_at=now, decision_ids=_with(execution, decision_id))
    return _written(chained(seen, "acknowledged", actor=actor, note=note, decision_id=decision_id))


def show_request(execution: Execution, now: int, actor: str | None) -> Execution:
    """Record that an operator is about to read the request; nothing else changes, not even ``updated_at``."""
    shown = chained(replace(execution, updated_at=now), "request_read", actor=actor)
    return _written(replace(shown, updated_at=execution.updated_at))


def hear_of_earlier(
    execution: Execution, cause: ExecutionError | None, now: int, webhook_id: str | None, sent_as: str
) -> Execution:
    """Record that an earlier run failed: it decides nothing, since the current run may end otherwise."""
    heard = replace(
        execution,
        updated_at=now,
        webhook_ids=(*execution.webhook_ids, webhook_id) if webhook_id else execution.webhook_ids,
    )
    return _written(chained(heard, "webhook_received", cause=cause, sent_as=sent_as))


def note(execution: Execution, event: str, now: int, cause: ExecutionError | None = None) -> Execution:
    """Record an event that changes no state, such as a webhook that contradicts the outcome."""
    return _written(chained(replace(execution, updated_at=now), event, cause=cause))


def record_delivery(
    execution: Execution,
    status: WebhookStatus,
    now: int,
    deliver_at: int | None,
    *,
    latency_ms: int | None,
    cause: ExecutionError | None,
) -> Execution:
    """Record one try to deliver the caller's webhook: the delivery's new status, and when the next try is due."""
    tried = replace(
        execution,
        delivery=execution.delivery.tried(status, deliver_at),
        updated_at=now,
    )
    return _written(chained(tried, _DELIVERY_EVENTS[status], latency_ms=latency_ms, cause=cause))


def redeliver(
    execution: Execution, now: int, actor: str | None, *, note: str | None = None, decision_id: str | None = None
) -> Execution:
    """Deliver an outcome again on an operator's decision; the outcome does not change.

    A delivery that has ended starts a new series of tries; a pending one is due now, in its series.
    """
    require(execution, Decision.REDELIVER)
    pending = execution.delivery.status is WebhookStatus.PENDING
    again = replace(
        execution,
        delivery=execution.delivery.due_now() if pending else execution.delivery.again(),
        acknowledged=execution.acknowledged and pending,
        updated_at=now,
        decision_ids=_with(execution, decision_id),
    )
    return _written(chained(again, "redelivery_requested", actor=actor, note=note, decision_id=decision_id))


def require_free(execution: Execution, now: int) -> None:
    """Make sure that no worker holds a running execution.

    Raises:
        LeaseHeldError: the lease has not expired.
    """
    if execution.attempt is not None and execution.attempt.lease_until > now:
        raise LeaseHeldError(
            "another worker holds this execution",
            execution.attempt.lease_until - now,
            execution_id=execution.execution_id,
        )


def _with(execution: Execution, decision_id: str | None) -> tuple[str, ...]:
    """Add a decision about many, and drop the oldest beyond ``DECISIONS_REMEMBERED``."""
    if decision_id is None:
        return execution.decision_ids
    return (*execution.decision_ids, decision_id)[-DECISIONS_REMEMBERED:]


def _require(execution: Execution, target: Status) -> None:
    if target not in STEPS[execution.status]:
        raise IllegalTransitionError(
            f"{execution.status} does not lead to {target}", execution_id=execution.execution_id
        )


def _written(execution: Execution) -> Execution:
    """Raise the version by the one write that a step is."""
    return replace(execution, version=execution.version + 1)
