"""Use case: bring a workflow on. A message says that something has changed; the records say what follows.

Each thing that is due is one conditional write, and what it calls for comes after it. A worker that dies in between
leaves its message: the next worker looks at every execution, and at all that is due.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from actionrelay.errors import DependencyError, QueueUnavailableError, StaleWriteError, cut
from actionrelay.ledger.execution import Execution, Status, WorkflowPlace
from actionrelay.ledger.message import MessageKind, WorkflowMessage
from actionrelay.ledger.ports import DeliveryQueue, ExecutionStore, WorkflowQueue
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.signals import Count
from actionrelay.workflows import deeds, transitions
from actionrelay.workflows.deeds import Deed, Due
from actionrelay.workflows.ports import StepExecutions, WorkflowStore
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.results import Recollection, StepResults, items_failed
from actionrelay.workflows.run import (
    Renewal,
    Run,
    StepRecord,
    StepState,
    Stop,
    Workflow,
    WorkflowStatus,
    execution_id,
)
from actionrelay.workflows.starting import MAX_MESSAGE_LENGTH, StartSteps, StepFailedError

TRIES = 10
"""How often a worker looks again where another one was first, before its message is sent again with a short delay."""
RESEND_MS = 30_000
"""How long a message rests, with jitter, when an AWS service failed."""
STALE_RESEND_MS = 2_000
STOP_BEFORE_MS = 20_000
"""With less time than this left, what is still due is left to another message."""
SUSPECT_FOR_MS = 1_800_000
"""How long a watch suspects an execution not to be queued; two of them see it in that time."""
STATES = {
    Status.COMPLETED: StepState.COMPLETED,
    Status.FAILED: StepState.FAILED,
    Status.UNKNOWN: StepState.UNKNOWN,
    Status.CANCELLED: StepState.CANCELLED,
}
_OPEN = frozenset({StepState.STARTED, StepState.UNKNOWN})
OUTCOMES = {
    WorkflowStatus.COMPLETED: Count.WORKFLOWS_COMPLETED,
    WorkflowStatus.FAILED: Count.WORKFLOWS_FAILED,
    WorkflowStatus.BLOCKED: Count.WORKFLOWS_BLOCKED,
    WorkflowStatus.CANCELLED: Count.WORKFLOWS_CANCELLED,
}


@dataclass(frozen=True, slots=True)
class AdvanceWorkflow:
    """Does what is due about a workflow."""

    records: WorkflowRecords
    executions: ExecutionStore
    steps: StepExecutions
    queue: WorkflowQueue
    deliveries: DeliveryQueue
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness

    def advance(self, message: WorkflowMessage, ends_at: int) -> None:
        """Do what is due; ``ends_at`` is when this worker's invocation is cut off.

        When a service fails, a new message with a delay takes the place of this one and looks at everything: the
        receive count of the queue is for workers that died.

        Raises:
            QueueUnavailableError: not even that could be sent, so this message must be seen again.
        """
        try:
            self._advance(message, ends_at)
        except QueueUnavailableError:
            raise
        except (DependencyError, StaleWriteError) as error:
            rest = STALE_RESEND_MS if isinstance(error, StaleWriteError) else RESEND_MS
            self.telemetry.count(Count.MESSAGES_POSTPONED, error.code)
            again = replace(message, place=None, again=True)
            self.queue.notify(again, int(rest * (0.5 + self.randomness.uniform())))

    def _advance(self, message: WorkflowMessage, ends_at: int) -> None:
        for _ in range(TRIES):
            workflow = self.records.load(message.workflow_id)
            if workflow is None:
                self.telemetry.event("workflow_gone")
                return
            self.telemetry.concerning(workflow.run.workflow_id, workflow.run.trace_id)
            turn = _Turn(self, workflow, ends_at)
            try:
                turn.take(message)
            except StaleWriteError:
                continue
            if turn.has_settled or message.place is None:
                self.hand_on(turn.workflow.run)
            self._watch(turn.workflow.run, message)
            return
        raise StaleWriteError("too many writers at once", workflow_id=message.workflow_id)

    def hand_on(self, run: Run) -> None:
        """Queue the delivery of what a workflow has come to, where nobody has tried it yet; harmless if done."""
        if run.delivery.untried:
            self.deliveries.send(
                run.workflow_id, version=run.version, receiver=run.webhook_url, kind=MessageKind.WORKFLOW
            )

    def _watch(self, run: Run, message: WorkflowMessage) -> None:
        """Send the message that keeps the deadline on, until there is nothing more to keep."""
        if message.watch == run.round and run.status in {WorkflowStatus.RUNNING, WorkflowStatus.BLOCKED}:
            watch = WorkflowMessage(run.workflow_id, watch=run.round)
            self.queue.notify(watch, max(run.deadline_at - self.clock.now(), 1_000))


class _Turn:
    """One worker's look at a workflow, and what it does about it."""

    def __init__(self, use_case: AdvanceWorkflow, workflow: Workflow, ends_at: int) -> None:
        self.workflow = workflow
        """What is on record, as far as this worker knows."""
        self._use_case = use_case
        self._store: WorkflowStore = use_case.records.store
        self._recollection = Recollection()
        self._results = StepResults(use_case.executions, use_case.records.payloads, self._recollection)
        self._starting = StartSteps(use_case.steps, self._results)
        self._ends_at = ends_at
        self.has_settled = False
        """The workflow has come to something, by this worker."""
        self._is_stale = False
        """Something was written since the records were read; others may have written as well."""
        self._has_started = False
        """Something is under way whose end will be looked at, with all that is due then."""
        self._suspects_since: int | None = None
        """Executions that were recorded since may not be queued: who recorded them may have died before that."""

    @property
    def _now(self) -> int:
        return self._use_case.clock.now()

    def take(self, message: WorkflowMessage) -> None:
        """Look at what the message names, do all that is due, and judge.

        Raises:
            StaleWriteError: another worker was first; read again.
        """
        place = message.place
        if place is None:
            self._suspects_since = self._suspicion(message)
            self._look_at_all()
        elif place.step in self.workflow.steps:
            self._look(place.step, place.index)
        while self._go_on():
            pass
        self._judge()

    def _go_on(self) -> bool:
        """Do what is due now; return whether more may be."""
        if self._now > self._ends_at - STOP_BEFORE_MS:
            self._use_case.queue.notify(WorkflowMessage(self.workflow.run.workflow_id))
            return False
        # One after the other: the first failure may stop all that was due beside it.
        deed = next(deeds.due(self.workflow, self._now), None)
        if deed is not None:
            self._do(deed)
            return True
        if not self._is_stale or self._has_started or not self._others_may_write():
            return False
        # The last of several that end at the same time has to see that it is the last.
        self._read_again()
        return True

    def _others_may_write(self) -> bool:
        """Whether anything may come to something that another worker sees: else this one has seen it all."""
        return not _OPEN.isdisjoint(step.state for step in self.workflow.steps.values())

    def _read_again(self) -> None:
        workflow = self._use_case.records.load(self.workflow.run.workflow_id)
        if workflow is None:
            raise StaleWriteError("the workflow is gone", workflow_id=self.workflow.run.workflow_id)
        self.workflow, self._is_stale = workflow, False

    # -- What an execution has come to --

    def _look_at_all(self) -> None:
        for name, step in self.workflow.steps.items():
            if step.items is None:
                if step.state in {StepState.STARTED, StepState.UNKNOWN}:
                    self._look(name, None)
                continue
            for index, item in enumerate(step.items):
                if item.state in {StepState.STARTED, StepState.UNKNOWN}:
                    self._look(name, index)

    def _look(self, name: str, index: int | None) -> None:
        """Take what the execution of a step, or of an item, has come to; begin it, where nobody has yet."""
        step = self.workflow.steps[name]
        if (index is None) != (step.items is None) or (index is not None and index >= len(step.items or ())):
            return  # of an earlier run, which was of another form
        state, run = (step.state, step.run) if index is None else _item(step, index)
        if state in {StepState.WAITING, StepState.SKIPPED}:
            return
        place = WorkflowPlace(self.workflow.run.workflow_id, name, index)
        execution = self._use_case.executions.load(execution_id(place.workflow_id, name, index, run))
        if execution is not None and execution.workflow == place:
            self._recollection.keep(execution)
            if self._may_not_be_queued(execution):
                self._use_case.steps.finish(execution)
            self._take(name, index, execution)
        elif state is StepState.STARTED:
            self._begin(name, index)

    def _may_not_be_queued(self, execution: Execution) -> bool:
        since = self._suspects_since
        return since is not None and execution.status is Status.QUEUED and execution.queued_at >= since

    def _suspicion(self, message: WorkflowMessage) -> int | None:
        """Say since when executions are suspect. A watch bounds that: it sends one message more for each of them."""
        if message.again:
            return 0
        return None if message.watch is None else self._now - SUSPECT_FOR_MS

    def _take(self, name: str, index: int | None, execution: Execution) -> None:
        step = self.workflow.steps[name]
        state = step.state if index is None else _item(step, index)[0]
        now_at = STATES.get(execution.status, StepState.STARTED)
        if now_at is state:
            return
        if index is not None:
            self._save(transitions.settle_item(step, index, now_at))
        elif state is StepState.FAILED:
            self._revive(name)
        elif now_at is StepState.STARTED:
            if state is StepState.UNKNOWN:
                self._save(transitions.resume(step))
        elif state in {StepState.STARTED, StepState.UNKNOWN}:
            error = execution.outcome.error if execution.outcome else None
            short = replace(error, message=cut(error.message, MAX_MESSAGE_LENGTH)) if error else None
            kept = None if now_at is StepState.COMPLETED else short
            self._save(transitions.settle(step, now_at, execution.completed_at or self._now, kept))

    def _revive(self, name: str) -> None:
        """Go on from a failed step whose execution an operator is having run again."""
        run = self.workflow.run
        if run.stop in {Stop.CANCEL, Stop.DEADLINE}:
            return
        renewed = deeds.revival(self.workflow, name)
        deadline_ms = self.workflow.definition.deadline_ms
        self._save_run(transitions.retried(run, renewed, self._now, deadline_ms, None))
        self._use_case.queue.notify(WorkflowMessage(run.workflow_id, watch=self.workflow.run.round))

    # -- What is due --

    def _do(self, due: Due) -> None:
        step = self.workflow.steps.get(due.step) or StepRecord("")
        match due.deed:
            case Deed.STOP if due.stop is not None:
                self._save_run(transitions.stopped(self.workflow.run, due.stop, self._now))
            case Deed.RENEW:
                self._renew(step)
            case Deed.RELEASE:
                dependency = self.workflow.steps[due.on].token
                self._know(self._store.release(self.workflow.run, step, dependency))
            case Deed.SKIP:
                self._save(transitions.skip(step, self._now, deeds.dependency_failed(due.on)))
            case Deed.CANCEL if step.items is not None:
                self._save(transitions.cancel_items(step))
            case Deed.CANCEL:
                self._save(transitions.cancel(step, self._now))
            case Deed.START:
                self._start(step)
            case Deed.START_ITEMS:
                self._start_more(step)
            case Deed.JOIN:
                self._join(step)

    def _renew(self, step: StepRecord) -> None:
        run = self.workflow.run
        if run.renewed[step.name] in {Renewal.ASK_AGAIN, Renewal.FAILED_ITEMS}:
            for index, number in transitions.unknown_executions(step):
                name = execution_id(run.workflow_id, step.name, index, number)
                self._use_case.steps.ask_again(name, run.actor)
        self._save(transitions.renew(self.workflow, step.name))
        self._has_started |= self.workflow.steps[step.name].state is StepState.STARTED

    def _start(self, step: StepRecord) -> None:
        defined = self.workflow.definition.steps[step.name]
        try:
            if not self._starting.runs(self.workflow, defined):
                self._save(transitions.skip(step, self._now))
            elif defined.is_for_each:
                count = len(self._starting.items(self.workflow, defined))
                self._save(transitions.start_items(step, count, self._now, defined.max_concurrency))
                self._begin_started(step.name)
            else:
                inputs = self._starting.inputs(self.workflow, defined)
                self._save(transitions.start(step, self._now))
                self._begin_one(step.name, lambda: self._starting.begin(self.workflow, defined, inputs, step.run))
        except StepFailedError as failure:
            self._save(transitions.refuse(self.workflow.steps[step.name], self._now, failure.error))

    def _start_more(self, step: StepRecord) -> None:
        before = step.items or ()
        self._save(transitions.start_more(step, self.workflow.definition.steps[step.name].max_concurrency))
        after = self.workflow.steps[step.name].items or ()
        begun = [index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        for index in begun:
            self._begin(step.name, index)

    def _begin_started(self, name: str) -> None:
        for index, item in enumerate(self.workflow.steps[name].items or ()):
            if item.state is StepState.STARTED:
                self._begin(name, index)

    def _begin(self, name: str, index: int | None) -> None:
        """Ask for an execution that is on record as begun."""
        defined, step = self.workflow.definition.steps[name], self.workflow.steps[name]
        run = step.run if index is None else _item(step, index)[1]

        def begin() -> Execution:
            item = None if index is None else self._starting.items(self.workflow, defined)[index]
            inputs = self._starting.inputs(self.workflow, defined, index, item)
            return self._starting.begin(self.workflow, defined, inputs, run, index)

        self._begin_one(name, begin, index)

    def _begin_one(self, name: str, begin: Callable[[], Execution], index: int | None = None) -> None:
        try:
            execution = begin()
        except StepFailedError as failure:
            step = self.workflow.steps[name]
            if index is None:
                self._save(transitions.refuse(step, self._now, failure.error))
            else:
                self._save(transitions.settle_item(step, index, StepState.FAILED))
            return
        self._use_case.telemetry.concerning(self.workflow.run.workflow_id, self.workflow.run.trace_id)
        if execution.ended:
            self._take(name, index, execution)
        else:
            self._has_started = True

    def _join(self, step: StepRecord) -> None:
        state = transitions.joined(step)
        if state is StepState.COMPLETED:
            result, error = self._results.join(self.workflow, step)
            self._save(transitions.join(step, state, self._now, result, error))
        elif state is not None:
            error = None
            if state is not StepState.UNKNOWN:
                error = items_failed([item.state for item in step.items or ()])
            self._save(transitions.join(step, state, self._now, error=error))

    # -- What is on record --

    def _judge(self) -> None:
        run = self.workflow.run
        status, error = deeds.judge(self.workflow, self._now)
        if status is not run.status:
            self._save_run(transitions.judged(run, status, self._now, error))

    def _save(self, step: StepRecord) -> None:
        try:
            self._store.save_step(self.workflow.run, step)
        except StaleWriteError:
            # A write whose answer got lost has been made all the same, and the SDK meets it when it repeats it.
            records = self._store.load(self.workflow.run.workflow_id)
            if records is None or records.steps.get(step.name) != step:
                raise
        self._know(step)

    def _know(self, step: StepRecord) -> None:
        self.workflow = replace(self.workflow, steps={**self.workflow.steps, step.name: step})
        # The end of an item that is under way is written to this same record, by a worker that reads it later.
        will_be_looked_at = step.state is StepState.STARTED and step.items_under_way > 0
        self._is_stale = self._is_stale or not will_be_looked_at

    def _save_run(self, run: Run) -> None:
        try:
            self._store.save(run)
        except StaleWriteError:
            records = self._store.load(run.workflow_id)
            if records is None or records.run != run:
                raise
        if run.status is not self.workflow.run.status:
            self.has_settled = run.status in OUTCOMES
            telemetry = self._use_case.telemetry
            if run.status in OUTCOMES:
                telemetry.count(OUTCOMES[run.status])
            code = run.error.code if run.error else None
            telemetry.event("workflow_changed", workflow_id=run.workflow_id, status=run.status.value, code=code)
        self.workflow = replace(self.workflow, run=run)
        self._is_stale = True


def _item(step: StepRecord, index: int) -> tuple[StepState, int]:
    item = (step.items or ())[index]
    return item.state, item.run
