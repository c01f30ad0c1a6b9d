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

A step waits for a set of dependencies, and an atomic removal takes out each one that is over, the last ones by the
write that starts the step. ``due_steps.py`` says what is due after what.
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
"""What may follow what. Back to ``waiting`` leads a retry alone."""


# -- A step's record ----------------------------------------------------------------------------------------------


def start(step: StepRecord, now: int) -> StepRecord:
    """Take a step that waits for nothing that is not over; its execution is about to be recorded."""
    return _to(step, StepState.STARTED, awaits=frozenset(), started_at=now)


def start_items(step: StepRecord, count: int, now: int, at_once: int) -> StepRecord:
    """Begin a ``forEach`` over so many items; an empty one has completed."""
    items = step.items or tuple(Item(run=step.run) for _ in range(count))
    if not items:
        return _to(step, StepState.COMPLETED, awaits=frozenset(), items=(), started_at=now, completed_at=now)
    begun = _more_started(items, at_once, step.run)
    return _to(step, StepState.STARTED, awaits=frozenset(), items=begun, started_at=now)


def start_more(step: StepRecord, at_once: int) -> StepRecord:
    """Begin as many more items as may be under way at once."""
    return _written(replace(step, items=_more_started(step.items or (), at_once, step.run)))


def skip(step: StepRecord, now: int, error: ExecutionError | None = None) -> StepRecord:
    """Leave a step out: by its own ``when``, or with the error that says on which failure."""
    return _to(step, StepState.SKIPPED, error=error, started_at=None, completed_at=now)


def cancel(step: StepRecord, now: int) -> StepRecord:
    """Leave a step out because nothing new starts."""
    return _to(step, StepState.CANCELLED, completed_at=now)


def cancel_items(step: StepRecord) -> StepRecord:
    """Leave out the items that have not begun."""
    items = tuple(
        replace(item, state=StepState.CANCELLED) if item.state is StepState.WAITING else item
        for item in step.items or ()
    )
    return _written(replace(step, items=items))


def settle(step: StepRecord, state: StepState, now: int, error: ExecutionError | None = None) -> StepRecord:
    """Take what a step has come to, from its execution, or without one."""
    return _to(step, state, error=error, completed_at=now)


def refuse(step: StepRecord, now: int, error: ExecutionError) -> StepRecord:
    """Let a step fail that comes to no execution."""
    return _to(step, StepState.FAILED, error=error, started_at=None, completed_at=now)


def settle_item(step: StepRecord, index: int, state: StepState, now: int) -> StepRecord:
    """Take what one item has come to, or that it is under way again; what is decided about the step stays."""
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
    """Say what a ``forEach`` comes to; None while an item has not ended."""
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
    """Take note that the execution of a step is under way again."""
    return _to(step, StepState.STARTED, completed_at=None, error=None)


def renew(workflow: Workflow, name: str) -> StepRecord:
    """Let a step take part in a retry, as far as the records say what that means for it."""
    step, run = workflow.steps[name], workflow.run
    if run.renewed[name] is Renewal.AGAIN:
        awaits = _awaited(workflow, name)
        return _written(StepRecord(step.name, awaits, run=step.run + 1, round=run.round, version=step.version))
    takes_part = replace(
        step, round=run.round, items=_items_again(step, again=run.renewed[name] is Renewal.FAILED_ITEMS)
    )
    if step.state is StepState.STARTED or step.state is StepState.COMPLETED:
        return _written(takes_part)  # its execution was faster than this record
    if run.renewed[name] is Renewal.FAILED_ITEMS:
        takes_part = replace(takes_part, run=step.run + 1, result=None, item_failed_at=None)
    return _to(takes_part, StepState.STARTED, completed_at=None, error=None)


def unknown_executions(step: StepRecord) -> list[tuple[int | None, int]]:
    """Return which executions of a step are unknown, by item (None where it runs once) and run."""
    if step.items is None:
        return [(None, step.run)] if step.state is StepState.UNKNOWN else []
    return [(index, item.run) for index, item in enumerate(step.items) if item.state is StepState.UNKNOWN]


def _items_again(step: StepRecord, *, again: bool) -> tuple[Item, ...] | None:
    """Let unknown items be under way again, and failed ones wait for another run, where they get one."""
    changes = {StepState.UNKNOWN: StepState.STARTED}
    if again:
        changes |= {StepState.FAILED: StepState.WAITING, StepState.CANCELLED: StepState.WAITING}
    if step.items is None:
        return None
    return tuple(replace(item, state=changes.get(item.state, item.state)) for item in step.items)


def _awaited(workflow: Workflow, name: str) -> frozenset[str]:
    """Return what a step waits for that takes part in a retry: what does so too, and what is not over."""
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
    """Let nothing new start. A deadline and an operator end the workflow at once; a failure lets it run out."""
    changed = replace(run, stop=stop, actor=actor or run.actor, version=run.version + 1)
    match stop:
        case Stop.DEADLINE:
            return _settled(changed, WorkflowStatus.FAILED, now, DEADLINE_EXCEEDED)
        case Stop.CANCEL:
            return _settled(changed, WorkflowStatus.CANCELLED, now)
    return changed


def judged(run: Run, status: WorkflowStatus, now: int, error: ExecutionError | None = None) -> Run:
    """Take what the steps come to."""
    changed = replace(run, version=run.version + 1)
    if status is WorkflowStatus.RUNNING:
        return replace(changed, status=status, settled_at=None, error=None, delivery=Delivery())
    return _settled(changed, status, now, error)


def delivered(run: Run, delivery: Delivery) -> Run:
    """Take note of a try to deliver what it has come to."""
    return replace(run, delivery=delivery, version=run.version + 1)


def retried(run: Run, renewed: Mapping[str, Renewal], now: int, deadline_ms: int, actor: str | None) -> Run:
    """Let some steps run again; the deadline begins again."""
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
