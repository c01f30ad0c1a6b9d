"""Use case: what an operator decides about one execution: run it again, say how it ended, stop it, deliver it again.

A decision about many (``operate.many_work``) takes the same steps, each on terms that say which decision it is part of.
"""

from collections.abc import Callable
from dataclasses import dataclass

from actionrelay.errors import ExecutionNotFoundError, QueueUnavailableError, StaleWriteError, WrongStateError
from actionrelay.faults import Faults
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
from actionrelay.operate.bodies import Acknowledgement, ManyResolution, Resolution, Retry
from actionrelay.operate.ports import DecisionMessage, DecisionQueue
from actionrelay.ports import Clock, Telemetry
from actionrelay.schemas import read
from actionrelay.signals import Count
from actionrelay.strict_json import Json, parse

LOOK_AGAIN_MS = 60_000
"""How long after a decision that a workflow waits for somebody looks whether all was done."""
MAY_ANSWER_LETTERS = frozenset({Decision.RETRY, Decision.REDELIVER, Decision.ACKNOWLEDGE})
"""The decisions that deal with what a dead letter of a delivery is about."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Who decides, and what goes on record with it."""

    actor: str | None
    note: str | None = None
    decision_id: str | None = None
    """The decision about many that this one is part of."""
    admits: Callable[[Execution], bool] = lambda _: True
    """Whether it is about an execution in its current state, beyond what the ledger allows."""


@dataclass(frozen=True, slots=True)
class OperateExecution:
    """The operator's five decisions. Each is a step of the ledger, with who took it on record."""

    recorder: Recorder
    runs: SentRuns
    completion: Completion
    success_rate: SuccessRate
    queue: ExecutionQueue
    decisions: DecisionQueue | None
    """Takes the message that dead letters be looked through; None for steps: they have no webhook."""
    telemetry: Telemetry
    clock: Clock
    body: Callable[[bytes], Json] = parse
    """Reads a body by the rules of this deployment."""

    def retry(self, execution_id: str, actor: str | None, raw: bytes = b"") -> Execution:
        """Run a failed execution again, and find out about an unknown one by asking again about the same run.

        Where the contract carries an id, what is asked again runs nothing twice. With ``again`` an unknown one is run
        again too. When the queue fails after the step was written, a repeat of this call finishes the send.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
            ExecutionNotFoundError: there is none with this id.
            WrongStateError: neither failed nor unknown.
            QueueUnavailableError: decided, and not queued.
        """
        retry = self.read_retry(raw)
        execution = self.load(execution_id)
        if execution.status is Status.QUEUED and execution.reruns and execution.attempt is None:
            return self.finish(execution, Decision.RETRY)
        return self.rerun(execution, Terms(actor), again=bool(retry.again))

    def resolve(self, execution_id: str, raw: bytes, actor: str | None) -> Execution:
        """Record what was found out about an unknown outcome; a repeat finishes what a failure left undone.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
            ExecutionNotFoundError: there is none with this id.
            WrongStateError: its outcome is not unknown, and no operator said this one before.
        """
        resolution = self.read_resolution(raw)
        execution = self.load(execution_id)
        outcome, result = self.outcome(execution, resolution, raw)
        self.success_rate.refresh()
        if execution.resolved and execution.outcome and same_outcome(execution.outcome, outcome):
            return self.finish(execution, Decision.RESOLVE, result)
        return self.settle(execution, Terms(actor, resolution.note), outcome, result)

    def cancel(self, execution_id: str, actor: str | None) -> Execution:
        """Stop a queued execution. A repeat is refused, and finishes the audit of the first.

        Raises:
            ExecutionNotFoundError: there is none with this id.
            WrongStateError: it is not queued any more, or an earlier attempt may have run.
        """
        execution = self.load(execution_id)
        if execution.status is Status.CANCELLED:
            self.finish(execution, Decision.CANCEL)
        return self.stop(execution, Terms(actor))

    def redeliver(self, execution_id: str, actor: str | None) -> Execution:
        """Deliver to the caller's webhook now: from the start where that has ended, else the next try.

        When the queue fails after the step was written, a repeat of this call finishes the send.

        Raises:
            ExecutionNotFoundError: there is none with this id.
            WrongStateError: it has not ended, or has no webhook.
            QueueUnavailableError: decided, and not queued.
        """
        execution = self.load(execution_id)
        if execution.ended and execution.delivery.is_due_now:
            return self.finish(execution, Decision.REDELIVER)
        return self.deliver_now(execution, Terms(actor))

    def acknowledge(self, execution_id: str, raw: bytes, actor: str | None) -> Execution:
        """Put on record that what failed, is unknown or was not delivered has been seen; a repeat changes nothing.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
            ExecutionNotFoundError: there is none with this id.
            WrongStateError: nothing about it needs attention.
        """
        body = self.read_acknowledgement(raw)
        execution = self.load(execution_id)
        if execution.acknowledged:
            return self.finish(execution, Decision.ACKNOWLEDGE)
        return self.see(execution, Terms(actor, body.note))

    def read_retry(self, raw: bytes) -> Retry:
        """Read the body of ``retry``, which may be left out.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
        """
        retry = read(Retry, self.body(raw)) if raw.strip() else Retry()
        if isinstance(retry, Faults):
            retry.refuse()
        return retry

    def read_resolution(self, raw: bytes) -> Resolution:
        """Read the body of ``resolve``.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
        """
        resolution = read(Resolution, self.body(raw))
        if isinstance(resolution, Faults):
            resolution.refuse()
        return resolution

    def read_acknowledgement(self, raw: bytes) -> Acknowledgement:
        """Read the body of ``acknowledge``, which may be left out.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
        """
        acknowledgement = read(Acknowledgement, self.body(raw)) if raw.strip() else Acknowledgement()
        if isinstance(acknowledgement, Faults):
            acknowledgement.refuse()
        return acknowledgement

    # -- The steps, each with what follows from it: WrongStateError where it can't be taken. --

    def rerun(self, execution: Execution, terms: Terms, *, again: bool = False) -> Execution:
        """Queue another run; with ``again`` of an unknown one too."""

        def step(now: int, current: Execution) -> Execution:
            run = self._run(current, now, again=again)
            return ledger.rerun(current, now, terms.actor, run, note=terms.note, decision_id=terms.decision_id)

        queued = self._decide(execution, Decision.RETRY, terms, step)
        self.telemetry.count(Count.EXECUTIONS_RERUN)
        return self.finish(queued, Decision.RETRY)

    def settle(self, execution: Execution, terms: Terms, outcome: Outcome, result: bytes) -> Execution:
        """Write an unknown one's outcome, with the result that it refers to."""
        if execution.workflow is not None and execution.status is Status.UNKNOWN:
            # A workflow waits for this outcome, and no message is under way that would find what is left undone.
            self.queue.send(Message.about(execution, MessageKind.DEADLINE), LOOK_AGAIN_MS)
        resolved = self._decide(
            execution,
            Decision.RESOLVE,
            terms,
            lambda now, current: ledger.resolve(
                current,
                outcome,
                now,
                terms.actor,
                terms.note,
                success_rate=self.success_rate.latest(),
                decision_id=terms.decision_id,
            ),
        )
        self.completion.after_decision(resolved, result)
        return resolved

    def stop(self, execution: Execution, terms: Terms) -> Execution:
        """Cancel a queued one."""
        cancelled = self._decide(
            execution,
            Decision.CANCEL,
            terms,
            lambda now, current: ledger.cancel(
                current, now, terms.actor, note=terms.note, decision_id=terms.decision_id
            ),
        )
        self.telemetry.count(Count.EXECUTIONS_CANCELLED)
        return self.finish(cancelled, Decision.CANCEL)

    def deliver_now(self, execution: Execution, terms: Terms) -> Execution:
        """Make the next try of a delivery due, in a new series where the last one has ended."""
        again = self._decide(
            execution,
            Decision.REDELIVER,
            terms,
            lambda now, current: ledger.redeliver(
                current, now, terms.actor, note=terms.note, decision_id=terms.decision_id
            ),
        )
        self.telemetry.count(Count.REDELIVERIES_REQUESTED)
        return self.finish(again, Decision.REDELIVER)

    def see(self, execution: Execution, terms: Terms) -> Execution:
        """Acknowledge what needs attention."""
        seen = self._decide(
            execution,
            Decision.ACKNOWLEDGE,
            terms,
            lambda now, current: ledger.acknowledge(
                current, now, terms.actor, terms.note, decision_id=terms.decision_id
            ),
        )
        self.telemetry.count(Count.EXECUTIONS_ACKNOWLEDGED)
        return seen

    def finish(self, decided: Execution, decision: Decision, result: bytes = b"") -> Execution:
        """Do what follows from a decision that is on record; harmless where it is done, or where others went on."""
        if decision is Decision.RESOLVE and decided.ended:
            self.completion.hand_on(decided, result)
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

    def load(self, execution_id: str) -> Execution:
        """Read an execution that an operator names.

        Raises:
            ExecutionNotFoundError: there is none with this id.
        """
        execution = named_execution(self.recorder.store, execution_id)
        self.telemetry.concerning(execution.execution_id, execution.trace_id)
        return execution

    def outcome(
        self, execution: Execution, resolution: Resolution | ManyResolution, raw: bytes
    ) -> tuple[Outcome, bytes]:
        """Return the outcome that a resolution means, and its result: of ``raw``, the resolution as it came."""
        if resolution.status == "failed":
            default = ExecutionError("resolved_as_failed", "an operator found that the action failed")
            return Outcome(Status.FAILED, error=reported_error(resolution.error) or default), b""
        # As it was sent: numbers and order stay what they were.
        sent = None if resolution.result is None else members(raw.decode())["result"].encode()
        ref, result = self.completion.refer_result(execution.execution_id, sent)
        return Outcome(Status.COMPLETED, result=ref), result

    def _run(self, ended: Execution, now: int, *, again: bool) -> int:
        """Number the next run; one of its own is reserved before it is on record, so a webhook always finds it.

        The id of a number may be taken, since callers choose ids. Nobody can take all of a later ms beforehand.
        """
        require(ended, Decision.RETRY)
        if ended.status is Status.UNKNOWN and not again:
            return ended.run
        for run in (ended.run + 1, max(now, ended.run + 2)):
            if self.runs.reserve(run_id(ended.execution_id, run), SentRun(ended, run)):
                return run
        raise StaleWriteError("the ids of the next run are taken; ask again", execution_id=ended.execution_id)

    def _decide(
        self, execution: Execution, decision: Decision, terms: Terms, step: Callable[[int, Execution], Execution]
    ) -> Execution:
        """Take a step; where somebody else writes first, on what they left, if that still allows it."""
        now = self.clock.now()
        before = execution

        def decide(current: Execution) -> Execution:
            nonlocal before
            before = current
            if not terms.admits(current):
                raise WrongStateError("it is not what is decided about any more", execution_id=current.execution_id)
            return step(now, current)

        decided = self.recorder.change(execution, decide)
        if decided is None:
            raise ExecutionNotFoundError.of(execution.execution_id)
        given_up = before.delivery.status is WebhookStatus.FAILED
        if given_up and decision in MAY_ANSWER_LETTERS and terms.decision_id is None:
            self.sweep_letters()
        return decided

    def sweep_letters(self) -> None:
        """Have dead letters looked through. Where that can't be queued, the next decision does it."""
        if self.decisions is None:
            return
        try:
            self.decisions.enqueue(DecisionMessage())
        except QueueUnavailableError as error:
            self.telemetry.event("letters_not_swept", code=error.code)
