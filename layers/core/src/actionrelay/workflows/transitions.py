"""The state machine of a run: every change of a step's record and of the workflow's. Pure.

A step::

                        ┌───────────── skip ─────────────► skipped
                        │                                    ▲   its own `when`, or what it depends on failed
      (submitted) ─► waiting ── start ──► started ── settle ─┼─► completed · failed · cancelled
                        ▲ │                 │ ▲              │            ▲
                        │ └── cancel ──►    │ └── resume ── unknown ──────┘  settle: a late webhook, an operator
                        │     cancelled     └── settle ──────▲
                        └──────────── renew ─────────────── (any of them, by a retry; `run` + 1)

The workflow::

      running ──► completed · failed · blocked ── something settles ──► running
         │                                   any of them, but `running` ── retry ──► running
         └── stop: by deadline ──► failed · by an operator ──► cancelled

A step waits for a set of dependencies. Each one that is over is removed atomically; the write that starts the step
removes the last ones. ``due_steps.py`` says what is due when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from actionrelay.errors import IllegalTransitionError
from actionrelay.ledger.execution import Delivery, ExecutionError, PayloadRef
from actionrelay.workflows.run import (
    OVER,
    Item,
    Renewal,
    Run,
    StepRecord,
    StepState,
    Stop,
    Workflow,
    WorkflowStatus,
    token,
)

DEADLINE_EXCEEDED = ExecutionError("deadline_exceeded", "the workflow was not done by its deadline")

STEPS: Mapping[StepState, frozenset[StepState]] = {
    StepState.WAITING: frozenset(
        {StepState.STARTED, StepState.COMPLETED, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED}
    ),
    StepState.STARTED: frozenset({StepState.COMPLETED, StepState.FAILED, StepState.UNKNOWN, StepState.CANCELLED}),
    StepState.UNKNOWN: frozenset(
        {StepState.STARTED, StepState.COMPLETED, StepState.FAILED, StepState.CANCELLED, StepState.WAITING}
    ),
    StepState.COMPLETED: frozenset({StepState.WAITING}),
    StepState.FAILED: frozenset({StepState.WAITING, StepState.STARTED}),
    StepState.SKIPPED: frozenset({StepState.WAITING}),
    StepState.CANCELLED: frozenset({StepState.WAITING, StepState.STARTED}),
}
"""Which state may follow which. Only a retry leads back to ``waiting``."""


# -- A step's record ----------------------------------------------------------------------------------------------


def start(step: StepRecord, now: int) -> StepRecord:
    """Start a step whose dependencies are over; its execution is recorded next."""
    return _to(step, StepState.STARTED, awaits=frozenset(), started_at=now)


def start_items(step: StepRecord, count: int, now: int, at_once: int) -> StepRecord:
    """Start a ``forEach`` over ``count`` items; an empty one completes at once."""
    items = step.items or tuple(Item(run=step.run) for _ in range(count))
    if not items:
        return _to(step, StepState.COMPLETED, awaits=frozenset(), items=(), started_at=now, completed_at=now)
    begun = _more_started(items, at_once, step.run)
    return _to(step, StepState.STARTED, awaits=frozenset(), items=begun, started_at=now)


def start_more(step: StepRecord, at_once: int) -> StepRecord:
    """Start as many more items as ``at_once`` allows."""
    return _written(replace(step, items=_more_started(step.items or (), at_once, step.run)))


def skip(step: StepRecord, now: int, error: ExecutionError | None = None) -> StepRecord:
    """Skip a step: by its own ``when``, or with an error that names the failed dependency."""
    return _to(step, StepState.SKIPPED, error=error, started_at=None, completed_at=now)


def cancel(step: StepRecord, now: int) -> StepRecord:
    """Cancel a step that has not started, since nothing new starts."""
    return _to(step, StepState.CANCELLED, completed_at=now)


def cancel_items(step: StepRecord) -> StepRecord:
    """Cancel the items that have not started."""
    items = tuple(
        replace(item, state=StepState.CANCELLED) if item.state is StepState.WAITING else item
        for item in step.items or ()
    )
    return _written(replace(step, items=items))


def settle(step: StepRecord, state: StepState, now: int, error: ExecutionError | None = None) -> StepRecord:
    """Record how a step ended."""
    return _to(step, state, error=error, completed_at=now)


def refuse(step: StepRecord, now: int, error: ExecutionError) -> StepRecord:
    """Fail a step that gets no execution."""
    return _to(step, StepState.FAILED, error=error, started_at=None, completed_at=now)


def settle_item(step: StepRecord, index: int, state: StepState, now: int) -> StepRecord:
    """Record how one item ended, or that it runs again; what is decided about the step stays."""
    has_failed = state is StepState.FAILED or state is StepState.CANCELLED
    items = list(step.items or ())
    items[index] = replace(items[index], state=state)
    reopened = step.state is StepState.UNKNOWN
    return _written(
        replace(
            step,
            items=tuple(items),
            state=StepState.STARTED if reopened else step.state,
            completed_at=None if reopened else step.completed_at,
            item_failed_at=max(now, step.item_failed_at or now) if has_failed else step.item_failed_at,
        )
    )


def joined(step: StepRecord) -> StepState | None:
    """Return the state in which a ``forEach`` ends; None while an item has not ended."""
    states = {item.state for item in step.items or ()}
    if not all(item.ended for item in step.items or ()):
        return None
    for state in (StepState.FAILED, StepState.CANCELLED, StepState.UNKNOWN):
        if state in states:
            return state
    return StepState.COMPLETED


def join(
    step: StepRecord, state: StepState, now: int, result: PayloadRef | None = None, error: ExecutionError | None = None
) -> StepRecord:
    """End a ``forEach`` whose items have all ended, with their results in order."""
    return _to(step, state, completed_at=now, result=result, error=error)


def resume(step: StepRecord) -> StepRecord:
    """Record that a step's execution runs again."""
    return _to(step, StepState.STARTED, completed_at=None, error=None)


def renew(workflow: Workflow, name: str) -> StepRecord:
    """Apply a retry to a step, as ``run.renewed`` says."""
    step, run = workflow.steps[name], workflow.run
    if run.renewed[name] is Renewal.AGAIN:
        awaits = _awaited(workflow, name)
        return _written(StepRecord(step.name, awaits, run=step.run + 1, round=run.round, version=step.version))
    takes_part = replace(
        step, round=run.round, items=_items_again(step, again=run.renewed[name] is Renewal.FAILED_ITEMS)
    )
    if step.state is StepState.STARTED or step.state is StepState.COMPLETED:
        return _written(takes_part)  # its execution ended before this write
    if run.renewed[name] is Renewal.FAILED_ITEMS:
        takes_part = replace(takes_part, run=step.run + 1, result=None, item_failed_at=None)
    return _to(takes_part, StepState.STARTED, completed_at=None, error=None)


def unknown_executions(step: StepRecord) -> list[tuple[int | None, int]]:
    """Return the unknown executions of a step as (item, run); the item is None for a step that runs once."""
    if step.items is None:
        return [(None, step.run)] if step.state is StepState.UNKNOWN else []
    return [(index, item.run) for index, item in enumerate(step.items) if item.state is StepState.UNKNOWN]


def _items_again(step: StepRecord, *, again: bool) -> tuple[Item, ...] | None:
    """Return the items with unknown ones started again and, with ``again``, failed ones waiting for another run."""
    changes = {StepState.UNKNOWN: StepState.STARTED}
    if again:
        changes |= {StepState.FAILED: StepState.WAITING, StepState.CANCELLED: StepState.WAITING}
    if step.items is None:
        return None
    return tuple(replace(item, state=changes.get(item.state, item.state)) for item in step.items)


def _awaited(workflow: Workflow, name: str) -> frozenset[str]:
    """Return what a renewed step waits for: dependencies that are renewed too, and those that are not over."""
    found = set()
    for each in workflow.definition.steps[name].depends_on:
        dependency = workflow.steps[each]
        pending = _takes_part(workflow, each) and dependency.round < workflow.run.round
        again = pending and workflow.run.renewed[each] in {Renewal.AGAIN, Renewal.FAILED_ITEMS}
        if pending or dependency.state not in OVER:
            found.add(token(each, dependency.run + again))
    return frozenset(found)


def _takes_part(workflow: Workflow, name: str) -> bool:
    return name in workflow.run.renewed


def _more_started(items: Sequence[Item], at_once: int, run: int) -> tuple[Item, ...]:
    free = at_once - sum(item.state is StepState.STARTED for item in items)
    found = []
    for item in items:
        if item.state is StepState.WAITING and free > 0:
            free -= 1
            found.append(Item(StepState.STARTED, run))
        else:
            found.append(item)
    return tuple(found)


def _to(step: StepRecord, state: StepState, **changes: object) -> StepRecord:
    if state not in STEPS[step.state]:
        raise IllegalTransitionError(f"a step that is {step.state} does not become {state}")
    return _written(replace(step, state=state, **changes))  # type: ignore[arg-type]  # fields of the record


def _written(step: StepRecord) -> StepRecord:
    return replace(step, version=step.version + 1)


# -- The workflow's record ----------------------------------------------------------------------------------------


def stopped(run: Run, stop: Stop, now: int, actor: str | None = None) -> Run:
    """Stop: nothing new starts. A deadline or an operator ends the workflow at once; after a failure it runs out."""
    changed = replace(run, stop=stop, actor=actor or run.actor, version=run.version + 1)
    match stop:
        case Stop.DEADLINE:
            return _settled(changed, WorkflowStatus.FAILED, now, DEADLINE_EXCEEDED)
        case Stop.CANCEL:
            return _settled(changed, WorkflowStatus.CANCELLED, now)
    return changed


def judged(run: Run, status: WorkflowStatus, now: int, error: ExecutionError | None = None) -> Run:
    """Record the status that follows from the steps."""
    changed = replace(run, version=run.version + 1)
    if status is WorkflowStatus.RUNNING:
        return replace(changed, status=status, settled_at=None, error=None, delivery=Delivery())
    return _settled(changed, status, now, error)


def delivered(run: Run, delivery: Delivery) -> Run:
    """Record a delivery attempt."""
    return replace(run, delivery=delivery, version=run.version + 1)


def retried(run: Run, renewed: Mapping[str, Renewal], now: int, deadline_ms: int, actor: str | None) -> Run:
    """Run some steps again, under a new deadline."""
    return replace(
        run,
        status=WorkflowStatus.RUNNING,
        settled_at=None,
        stop=None,
        error=None,
        round=run.round + 1,
        renewed=dict(renewed),
        deadline_at=now + deadline_ms,
        actor=actor,
        delivery=Delivery(),
        version=run.version + 1,
    )


def _settled(run: Run, status: WorkflowStatus, now: int, error: ExecutionError | None = None) -> Run:
    return replace(run, status=status, settled_at=now, error=error, delivery=Delivery.due(run.webhook_url))
