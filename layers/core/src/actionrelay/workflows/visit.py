"""One worker's visit to a workflow: it reads how the executions ended, and does what is then due."""

from collections.abc import Callable
from dataclasses import replace

from actionrelay.fault import cut
from actionrelay.ledger.execution import Execution, Status, WorkflowPlace
from actionrelay.ledger.message import WorkflowMessage
from actionrelay.ledger.ports import ExecutionStore, WorkflowQueue
from actionrelay.ports import Clock
from actionrelay.workflows import due_steps, transitions
from actionrelay.workflows.due_steps import Due, DueKind
from actionrelay.workflows.memory_turn import Turn
from actionrelay.workflows.ports import StepExecutions
from actionrelay.workflows.run import Renewal, StepRecord, StepState, Stop, Workflow, execution_id
from actionrelay.workflows.starting import MAX_MESSAGE_LENGTH, StartSteps, StepFailedError
from actionrelay.workflows.step_results import Recollection, StepResults, items_failed
from actionrelay.workflows.working_copy import WorkingCopy

STOP_BEFORE_MS = 20_000
"""With less time than this left, another message takes over what is still due."""
SUSPECT_FOR_MS = 1_800_000
"""How recent an execution must be for a watch to suspect that it was never queued; two watches fall in that time."""
STATES = {
    Status.COMPLETED: StepState.COMPLETED,
    Status.FAILED: StepState.FAILED,
    Status.UNKNOWN: StepState.UNKNOWN,
    Status.CANCELLED: StepState.CANCELLED,
}
_OPEN = frozenset({StepState.STARTED, StepState.UNKNOWN})


class Visit:
    """One worker's visit to a workflow."""

    def __init__(
        self,
        copy: WorkingCopy,
        *,
        executions: ExecutionStore,
        steps: StepExecutions,
        queue: WorkflowQueue,
        clock: Clock,
        ends_at: int,
        turn: Turn,
    ) -> None:
        self._copy = copy
        self._executions = executions
        self._steps = steps
        self._queue = queue
        self._clock = clock
        self._ends_at = ends_at
        self._recollection = Recollection()
        self._results = StepResults(executions, copy.records.payloads, self._recollection)
        self._turn = turn
        self._starting = StartSteps(steps, self._results, turn)
        self._has_started = False
        """Something started whose end sends a message; its worker sees everything that is due by then."""
        self._suspects_since: int | None = None
        """Executions recorded since then may not be queued: the worker that recorded them may have died before."""

    @property
    def _workflow(self) -> Workflow:
        return self._copy.workflow

    @property
    def _now(self) -> int:
        return self._clock.now()

    def meet_deadline(self) -> bool:
        """End a workflow whose deadline has passed, and cancel what waits; return whether it had passed.

        It reads no execution, so a faulty step can't hold up a deadline.

        Raises:
            StaleWriteError: another worker wrote first; read again.
        """
        due = next(due_steps.due(self._workflow, self._now), None)
        if due is None or due.stop is not Stop.DEADLINE:
            return False
        self._do(due)
        while self._go_on():
            pass
        return True

    def take(self, message: WorkflowMessage) -> None:
        """Read what the message names, do everything that is due, and update the workflow's status.

        Raises:
            StaleWriteError: another worker wrote first; read again.
        """
        place = message.place
        if place is None:
            self._suspects_since = self._suspicion(message)
            self._look_at_all()
        elif place.step in self._workflow.steps:
            self._look(place.step, place.index)
        while self._go_on():
            pass
        self._judge()

    def _go_on(self) -> bool:
        """Do the next thing that is due; return whether more may be."""
        if self._now > self._ends_at - STOP_BEFORE_MS:
            self._queue.notify(WorkflowMessage(self._workflow.run.workflow_id))
            return False
        # One at a time: the first failure may stop everything else that was due.
        due = next(due_steps.due(self._workflow, self._now), None)
        if due is not None:
            self._do(due)
            return True
        if not self._copy.is_stale or self._has_started or not self._others_may_write():
            return False
        # Of several executions that end at the same time, the last must notice that it is the last.
        self._copy.read_again()
        return True

    def _others_may_write(self) -> bool:
        """Whether an execution may still end in another worker's sight; otherwise this worker has seen everything."""
        return not _OPEN.isdisjoint(step.state for step in self._workflow.steps.values())

    # -- How executions ended --

    def _look_at_all(self) -> None:
        for name, step in self._workflow.steps.items():
            if step.items is None:
                if step.state in {StepState.STARTED, StepState.UNKNOWN}:
                    self._look(name, None)
                continue
            for index, item in enumerate(step.items):
                if item.state in {StepState.STARTED, StepState.UNKNOWN}:
                    self._look(name, index)

    def _look(self, name: str, index: int | None) -> None:
        """Record the state of a step's or an item's execution; start it if no worker has yet."""
        step = self._workflow.steps[name]
        if (index is None) != (step.items is None) or (index is not None and index >= len(step.items or ())):
            return  # the message is about an earlier run, which had another form
        state, run = (step.state, step.run) if index is None else _item(step, index)
        if state in {StepState.WAITING, StepState.SKIPPED}:
            return
        place = WorkflowPlace(self._workflow.run.workflow_id, name, index)
        execution = self._executions.load(execution_id(place.workflow_id, name, index, run))
        if execution is not None and execution.workflow == place:
            self._recollection.keep(execution)
            if self._may_not_be_queued(execution):
                self._steps.finish(execution)
            self._take(name, index, execution)
        elif state is StepState.STARTED:
            self._begin(name, index)

    def _may_not_be_queued(self, execution: Execution) -> bool:
        since = self._suspects_since
        return since is not None and execution.status is Status.QUEUED and execution.queued_at >= since

    def _suspicion(self, message: WorkflowMessage) -> int | None:
        """Return since when executions are suspect. A watch bounds it, since each suspect costs one more message."""
        if message.again:
            return 0
        return None if message.watch is None else self._now - SUSPECT_FOR_MS

    def _take(self, name: str, index: int | None, execution: Execution) -> None:
        step = self._workflow.steps[name]
        state = step.state if index is None else _item(step, index)[0]
        now_at = STATES.get(execution.status, StepState.STARTED)
        if now_at is state:
            return
        if index is not None:
            self._copy.save(transitions.settle_item(step, index, now_at, execution.completed_at or self._now))
        elif state is StepState.FAILED:
            self._revive(name)
        elif now_at is StepState.STARTED:
            if state is StepState.UNKNOWN:
                self._copy.save(transitions.resume(step))
        elif state in {StepState.STARTED, StepState.UNKNOWN}:
            error = execution.outcome.error if execution.outcome else None
            short = replace(error, message=cut(error.message, MAX_MESSAGE_LENGTH)) if error else None
            kept = None if now_at is StepState.COMPLETED else short
            self._copy.save(transitions.settle(step, now_at, execution.completed_at or self._now, kept))

    def _revive(self, name: str) -> None:
        """Resume from a failed step whose execution an operator runs again."""
        run = self._workflow.run
        if run.stop in {Stop.CANCEL, Stop.DEADLINE}:
            return
        renewed = due_steps.revival(self._workflow, name)
        deadline_ms = self._workflow.definition.deadline_ms
        self._copy.save_run(transitions.retried(run, renewed, self._now, deadline_ms, None))
        self._queue.notify(WorkflowMessage(run.workflow_id, watch=self._workflow.run.round))

    # -- What is due --

    def _do(self, due: Due) -> None:
        step = self._workflow.steps.get(due.step) or StepRecord("")
        match due.kind:
            case DueKind.STOP if due.stop is not None:
                self._copy.save_run(transitions.stopped(self._workflow.run, due.stop, self._now))
            case DueKind.RENEW:
                self._renew(step)
            case DueKind.RELEASE:
                dependency = self._workflow.steps[due.on].token
                self._copy.release(step, dependency)
            case DueKind.SKIP:
                self._copy.save(transitions.skip(step, self._now, due_steps.dependency_failed(due.on)))
            case DueKind.CANCEL if step.items is not None:
                self._copy.save(transitions.cancel_items(step))
            case DueKind.CANCEL:
                self._copy.save(transitions.cancel(step, self._now))
            case DueKind.START:
                with self._turn:
                    self._start(step)
            case DueKind.START_ITEMS:
                self._start_more(step)
            case DueKind.JOIN:
                self._join(step)

    def _renew(self, step: StepRecord) -> None:
        run = self._workflow.run
        if run.renewed[step.name] in {Renewal.ASK_AGAIN, Renewal.FAILED_ITEMS}:
            for index, number in transitions.unknown_executions(step):
                name = execution_id(run.workflow_id, step.name, index, number)
                self._steps.ask_again(name, run.actor)
        self._copy.save(transitions.renew(self._workflow, step.name))
        self._has_started |= self._workflow.steps[step.name].state is StepState.STARTED

    def _start(self, step: StepRecord) -> None:
        defined = self._workflow.definition.steps[step.name]
        try:
            if not self._starting.runs(self._workflow, defined):
                self._copy.save(transitions.skip(step, self._now))
            elif defined.is_for_each:
                count = len(self._starting.items(self._workflow, defined))
                self._copy.save(transitions.start_items(step, count, self._now, defined.max_concurrency))
                self._begin_started(step.name)
            else:
                inputs = self._starting.inputs(self._workflow, defined)
                self._copy.save(transitions.start(step, self._now))
                self._begin_one(step.name, lambda: self._starting.begin(self._workflow, defined, inputs, step.run))
        except StepFailedError as failure:
            self._copy.save(transitions.refuse(self._workflow.steps[step.name], self._now, failure.error))

    def _start_more(self, step: StepRecord) -> None:
        before = step.items or ()
        self._copy.save(transitions.start_more(step, self._workflow.definition.steps[step.name].max_concurrency))
        after = self._workflow.steps[step.name].items or ()
        begun = [index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        for index in begun:
            self._begin(step.name, index)

    def _begin_started(self, name: str) -> None:
        for index, item in enumerate(self._workflow.steps[name].items or ()):
            if item.state is StepState.STARTED:
                self._begin(name, index)

    def _begin(self, name: str, index: int | None) -> None:
        """Request an execution that is on record as started."""
        defined, step = self._workflow.definition.steps[name], self._workflow.steps[name]
        run = step.run if index is None else _item(step, index)[1]

        def begin() -> Execution:
            item = None if index is None else self._starting.items(self._workflow, defined)[index]
            inputs = self._starting.inputs(self._workflow, defined, index, item)
            return self._starting.begin(self._workflow, defined, inputs, run, index)

        self._begin_one(name, begin, index)

    def _begin_one(self, name: str, begin: Callable[[], Execution], index: int | None = None) -> None:
        try:
            with self._turn:
                execution = begin()
        except StepFailedError as failure:
            step = self._workflow.steps[name]
            if index is None:
                self._copy.save(transitions.refuse(step, self._now, failure.error))
            else:
                self._copy.save(transitions.settle_item(step, index, StepState.FAILED, self._now))
            return
        self._copy.concern()
        if execution.ended:
            self._take(name, index, execution)
        else:
            self._has_started = True

    def _join(self, step: StepRecord) -> None:
        state = transitions.joined(step)
        if state is StepState.COMPLETED:
            result, error = self._results.join(self._workflow, step)
            self._copy.save(transitions.join(step, state, self._now, result, error))
        elif state is not None:
            error = None
            if state is not StepState.UNKNOWN:
                error = items_failed([item.state for item in step.items or ()])
            self._copy.save(transitions.join(step, state, self._now, error=error))

    def _judge(self) -> None:
        run = self._workflow.run
        status, error = due_steps.judge(self._workflow, self._now)
        if status is not run.status:
            self._copy.save_run(transitions.judged(run, status, self._now, error))


def _item(step: StepRecord, index: int) -> tuple[StepState, int]:
    item = (step.items or ())[index]
    return item.state, item.run
