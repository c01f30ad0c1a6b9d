"""Use case: what an operator decides about one execution: run it again, say how it ended, stop it, deliver it again."""

from collections.abc import Callable
from dataclasses import dataclass

from actionrelay.errors import ExecutionNotFoundError, StaleWriteError
from actionrelay.faults import Faults
from actionrelay.genesys.reported_error import reported_error
from actionrelay.ids import recorded_form, run_id
from actionrelay.json_text import members
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.allowed import Decision, require
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, Status
from actionrelay.ledger.follow_up import Completion, same_outcome
from actionrelay.ledger.message import Message
from actionrelay.ledger.ports import ExecutionQueue, SentRun, SentRuns, SuccessRate
from actionrelay.ledger.recorder import Recorder
from actionrelay.operate.bodies import Acknowledgement, Resolution, Retry
from actionrelay.ports import Clock, Telemetry
from actionrelay.schemas import read
from actionrelay.signals import Count
from actionrelay.strict_json import Json, parse


@dataclass(frozen=True, slots=True)
class OperateExecution:
    """The operator's five decisions. Each is a step of the ledger, with who took it on record."""

    recorder: Recorder
    runs: SentRuns
    completion: Completion
    success_rate: SuccessRate
    queue: ExecutionQueue
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
        retry = read(Retry, self.body(raw)) if raw.strip() else Retry()
        if isinstance(retry, Faults):
            retry.refuse()
        execution = self._load(execution_id)
        if execution.status is Status.QUEUED and execution.reruns and execution.attempt is None:
            queued = self.recorder.pay(execution)
        else:
            queued = self._decide(
                execution,
                lambda now, current: ledger.rerun(current, now, actor, self._run(current, now, again=retry.again)),
            )
            self.telemetry.count(Count.EXECUTIONS_RERUN)
        self.queue.send(Message.about(queued))
        return queued

    def resolve(self, execution_id: str, raw: bytes, actor: str | None) -> Execution:
        """Record what was found out about an unknown outcome; a repeat finishes what a failure left undone.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
            ExecutionNotFoundError: there is none with this id.
            WrongStateError: its outcome is not unknown.
        """
        resolution = read(Resolution, self.body(raw))
        if isinstance(resolution, Faults):
            resolution.refuse()
        execution = self._load(execution_id)
        outcome, result = self._outcome(execution, resolution, raw)
        self.success_rate.refresh()
        if execution.outcome and same_outcome(execution.outcome, outcome):
            self.completion.hand_on(execution, result)
            return execution
        resolved = self._decide(
            execution,
            lambda now, current: ledger.resolve(
                current, outcome, now, actor, resolution.note, success_rate=self.success_rate.latest()
            ),
        )
        self.completion.after_decision(resolved, result)
        return resolved

    def cancel(self, execution_id: str, actor: str | None) -> Execution:
        """Stop a queued execution. A repeat is refused, and finishes the audit of the first.

        Raises:
            ExecutionNotFoundError: there is none with this id.
            WrongStateError: it is not queued any more, or an earlier attempt may have run.
        """
        execution = self._load(execution_id)
        if execution.status is Status.CANCELLED:
            self.recorder.pay(execution)
        cancelled = self._decide(
            execution,
            lambda now, current: ledger.cancel(current, now, actor),
        )
        self.telemetry.count(Count.EXECUTIONS_CANCELLED)
        return cancelled

    def redeliver(self, execution_id: str, actor: str | None) -> Execution:
        """Deliver to the caller's webhook now: from the start where that has ended, else the next try.

        When the queue fails after the step was written, a repeat of this call finishes the send.

        Raises:
            ExecutionNotFoundError: there is none with this id.
            WrongStateError: it has not ended, or has no webhook.
            QueueUnavailableError: decided, and not queued.
        """
        execution = self._load(execution_id)
        if execution.ended and execution.delivery.is_due_now:
            again = self.recorder.pay(execution)
        else:
            again = self._decide(
                execution,
                lambda now, current: ledger.redeliver(current, now, actor),
            )
            self.telemetry.count(Count.REDELIVERIES_REQUESTED)
        self.completion.deliveries.send(again.execution_id, version=again.version, receiver=again.webhook_url)
        return again

    def acknowledge(self, execution_id: str, raw: bytes, actor: str | None) -> Execution:
        """Put on record that what failed, is unknown or was not delivered has been seen; a repeat changes nothing.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault.
            ExecutionNotFoundError: there is none with this id.
            WrongStateError: nothing about it needs attention.
        """
        body = read(Acknowledgement, self.body(raw)) if raw.strip() else Acknowledgement()
        if isinstance(body, Faults):
            body.refuse()
        execution = self._load(execution_id)
        if execution.acknowledged:
            return self.recorder.pay(execution)
        seen = self._decide(execution, lambda now, current: ledger.acknowledge(current, now, actor, body.note))
        self.telemetry.count(Count.EXECUTIONS_ACKNOWLEDGED)
        return seen

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

    def _load(self, execution_id: str) -> Execution:
        execution = self.recorder.load(recorded_form(execution_id))
        if execution is None:
            raise ExecutionNotFoundError.of(execution_id)
        self.telemetry.concerning(execution.execution_id, execution.trace_id)
        return execution

    def _decide(self, execution: Execution, step: Callable[[int, Execution], Execution]) -> Execution:
        """Take a step; where somebody else writes first, on what they left, if that still allows it."""
        now = self.clock.now()
        decided = self.recorder.change(execution, lambda current: step(now, current))
        if decided is None:
            raise ExecutionNotFoundError.of(execution.execution_id)
        return decided

    def _outcome(self, execution: Execution, resolution: Resolution, raw: bytes) -> tuple[Outcome, bytes]:
        if resolution.status == "failed":
            default = ExecutionError("resolved_as_failed", "an operator found that the action failed")
            return Outcome(Status.FAILED, error=reported_error(resolution.error) or default), b""
        # As it was sent: numbers and order stay what they were.
        sent = None if resolution.result is None else members(raw.decode())["result"].encode()
        ref, result = self.completion.refer_result(execution.execution_id, sent)
        return Outcome(Status.COMPLETED, result=ref), result
