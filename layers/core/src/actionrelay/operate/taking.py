"""How an operator's decision about one execution is taken: one step of the ledger, and what follows from it.

It is the same for a decision about one (``operate.decisions``) and for each of many (``operate.many_work``).
"""

from collections.abc import Callable
from dataclasses import dataclass

from actionrelay.errors import (
    ExecutionNotFoundError,
    IllegalTransitionError,
    QueueUnavailableError,
    StaleWriteError,
    WrongStateError,
)
from actionrelay.genesys.reported_error import reported_error
from actionrelay.ids import run_id
from actionrelay.json_text import members
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, Status, WebhookStatus
from actionrelay.ledger.follow_up import Completion, same_outcome
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.ledger.operator_decisions import Decision, require
from actionrelay.ledger.ports import ExecutionQueue, SentRun, SentRuns, SuccessRate
from actionrelay.ledger.recorder import Recorder
from actionrelay.ledger.retention import named_execution
from actionrelay.operate.bodies import ManyResolution, Resolution
from actionrelay.operate.ports import DecisionMessage, DecisionQueue
from actionrelay.ports import Clock, Telemetry
from actionrelay.signals import Count

LOOK_AGAIN_MS = 60_000
"""How long after a decision that a workflow waits for a worker checks that everything was done."""
MAY_ANSWER_LETTERS = frozenset({Decision.RETRY, Decision.REDELIVER, Decision.ACKNOWLEDGE})
"""The decisions that deal with what a dead letter of a delivery is about."""
_COUNTED = {
    Decision.RETRY: Count.EXECUTIONS_RERUN,
    Decision.CANCEL: Count.EXECUTIONS_CANCELLED,
    Decision.REDELIVER: Count.REDELIVERIES_REQUESTED,
    Decision.ACKNOWLEDGE: Count.EXECUTIONS_ACKNOWLEDGED,
}


@dataclass(frozen=True, slots=True)
class Order:
    """What is decided."""

    decision: Decision
    again: bool = False
    """Of a retry: an unknown execution gets another run too, instead of being asked about."""
    outcome: Outcome | None = None
    """Of a resolution."""
    result: bytes = b""
    """The result that the outcome refers to."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Who decides, and what is recorded with it."""

    actor: str | None
    note: str | None = None
    decision_id: str | None = None
    """The decision about many that this one is part of."""
    admits: Callable[[Execution], bool] = lambda _: True
    """Whether the decision includes an execution in its current state; the ledger's rules come on top."""


@dataclass(frozen=True, slots=True)
class TakeDecision:
    """Takes the five decisions; the record names who took them."""

    recorder: Recorder
    runs: SentRuns
    completion: Completion
    success_rate: SuccessRate
    queue: ExecutionQueue
    decisions: DecisionQueue | None
    """Takes the message to check dead letters; None for the steps of workflows, which have no webhook."""
    telemetry: Telemetry
    clock: Clock

    def load(self, execution_id: str) -> Execution:
        """Read an execution that an operator names.

        Raises:
            ExecutionNotFoundError: no execution has this id.
        """
        execution = named_execution(self.recorder.store, execution_id)
        self.telemetry.concerning(execution.execution_id, execution.trace_id)
        return execution

    def resolution(self, execution: Execution, found: Resolution | ManyResolution, raw: bytes) -> Order:
        """Return the order that a resolution means; ``raw`` is the resolution as it came."""
        if found.status == "failed":
            default = ExecutionError("resolved_as_failed", "an operator found that the action failed")
            return Order(Decision.RESOLVE, outcome=Outcome(Status.FAILED, error=reported_error(found.error) or default))
        # As sent: numbers and order are unchanged.
        sent = None if found.result is None else members(raw.decode())["result"].encode()
        ref, result = self.completion.refer_result(execution.execution_id, sent)
        return Order(Decision.RESOLVE, outcome=Outcome(Status.COMPLETED, result=ref), result=result)

    def take_once(self, execution: Execution, order: Order, terms: Terms) -> Execution:
        """Take a decision; a repeat of one that is on record finishes what a failure left undone.

        Raises:
            WrongStateError: it can't be taken in the current state.
            QueueUnavailableError: decided, and what follows could not be queued.
        """
        if _is_on_record(execution, order):
            return self.finish(execution, order)
        return self.take(execution, order, terms)

    def take(self, execution: Execution, order: Order, terms: Terms) -> Execution:
        """Take a decision and do what follows; it raises as ``take_once`` does."""
        resolves = order.decision is Decision.RESOLVE
        if resolves and execution.workflow is not None and execution.status is Status.UNKNOWN:
            # A workflow waits for this outcome, and no other message would find what a failure left undone.
            self.queue.send(Message.about(execution, MessageKind.DEADLINE), LOOK_AGAIN_MS)
        decided = self._write(execution, order, terms)
        if resolves:
            self.completion.after_decision(decided, order.result)
            return decided
        self.telemetry.count(_COUNTED[order.decision])
        return self.finish(decided, order)

    def finish(self, decided: Execution, order: Order) -> Execution:
        """Do what follows from a decision on record; safe to repeat, even after the execution went on."""
        decision = order.decision
        if decision is Decision.RESOLVE and decided.ended:
            self.completion.hand_on(decided, order.result)
            return decided
        paid = self.recorder.pay(decided)
        if decision is Decision.RETRY and paid.status is Status.QUEUED and paid.attempt is None:
            self.queue.send(Message.about(paid))
            self.completion.notify_workflow(paid)
        elif decision is Decision.CANCEL and paid.status is Status.CANCELLED:
            self.completion.notify_workflow(paid)
        elif decision is Decision.REDELIVER and paid.ended and paid.delivery.is_due_now:
            self.completion.deliveries.send(paid.execution_id, version=paid.version, receiver=paid.webhook_url)
        return paid

    def sweep_letters(self) -> None:
        """Have dead letters checked. If that can't be queued, the next decision does it."""
        if self.decisions is None:
            return
        try:
            self.decisions.enqueue(DecisionMessage())
        except QueueUnavailableError as error:
            self.telemetry.event("letters_not_swept", code=error.code)

    def _write(self, execution: Execution, order: Order, terms: Terms) -> Execution:
        """Take the step; when another writer was first, on the new state if that allows it."""
        now = self.clock.now()
        before = execution

        def step(current: Execution) -> Execution:
            nonlocal before
            before = current
            if not terms.admits(current):
                raise WrongStateError("the decision no longer includes it", execution_id=current.execution_id)
            return self._step(current, order, terms, now)

        decided = self.recorder.change(execution, step)
        if decided is None:
            raise ExecutionNotFoundError.of(execution.execution_id)
        given_up = before.delivery.status is WebhookStatus.FAILED
        if given_up and order.decision in MAY_ANSWER_LETTERS and terms.decision_id is None:
            self.sweep_letters()
        return decided

    def _step(self, current: Execution, order: Order, terms: Terms, now: int) -> Execution:
        actor, note, decision_id = terms.actor, terms.note, terms.decision_id
        match order.decision:
            case Decision.RETRY:
                run = self._run(current, now, again=order.again)
                return ledger.rerun(current, now, actor, run, note=note, decision_id=decision_id)
            case Decision.RESOLVE:
                if order.outcome is None:
                    raise IllegalTransitionError("a resolution has an outcome", execution_id=current.execution_id)
                rate = self.success_rate.latest()
                return ledger.resolve(
                    current, order.outcome, now, actor, note, success_rate=rate, decision_id=decision_id
                )
            case Decision.CANCEL:
                return ledger.cancel(current, now, actor, note=note, decision_id=decision_id)
            case Decision.REDELIVER:
                return ledger.redeliver(current, now, actor, note=note, decision_id=decision_id)
            case Decision.ACKNOWLEDGE:
                return ledger.acknowledge(current, now, actor, note, decision_id=decision_id)

    def _run(self, ended: Execution, now: int, *, again: bool) -> int:
        """Number the next run; its id is reserved before it is on record, so a webhook always finds it.

        A caller may already use the id of the next number. Then the time in ms is the number, whose id no caller can
        have taken in advance.
        """
        require(ended, Decision.RETRY)
        if ended.status is Status.UNKNOWN and not again:
            return ended.run
        for run in (ended.run + 1, max(now, ended.run + 2)):
            if self.runs.reserve(run_id(ended.execution_id, run), SentRun(ended, run)):
                return run
        raise StaleWriteError("the ids of the next run are taken; ask again", execution_id=ended.execution_id)


def _is_on_record(execution: Execution, order: Order) -> bool:
    """Whether this decision has been taken and nothing has happened since, so that this is a repeat."""
    match order.decision:
        case Decision.RETRY:
            return execution.status is Status.QUEUED and execution.reruns > 0 and execution.attempt is None
        case Decision.RESOLVE:
            if not execution.resolved or execution.outcome is None or order.outcome is None:
                return False
            return same_outcome(execution.outcome, order.outcome)
        case Decision.CANCEL:
            return False
        case Decision.REDELIVER:
            return execution.ended and execution.delivery.is_due_now
        case Decision.ACKNOWLEDGE:
            return execution.acknowledged
