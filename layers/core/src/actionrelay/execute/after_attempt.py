"""What follows an attempt, or the lack of one: an outcome, another try, or the wait for a webhook.

Every decision is one step of the ledger, taken only while the worker's attempt is the one on record. A late worker
changes nothing, and makes sure that the earlier decision is carried out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from actionrelay.errors import DependencyError, TokenBeingRefreshedError, TokenError, TokenUnavailableError
from actionrelay.execute.attempt_report import attempt_report
from actionrelay.gate.ports import BatchGate
from actionrelay.genesys.verdict import Repeats, Reply, ReplyKind, Verdict, judge, next_try_at, pause_ms
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, Status
from actionrelay.ledger.follow_up import Completion, unknown
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.ledger.ports import ExecutionQueue, SuccessRate
from actionrelay.ledger.recorder import Recorder
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.retry_after import retry_after_ms
from actionrelay.signals import Count

MOST_REFUSALS = 4
"""How many refusals (401, or no token without an outage) end an execution, if ``MaxAttempts`` is not lower."""


@dataclass(frozen=True, slots=True)
class ExecutionPolicy:
    """The settings for the number of attempts and for how long to wait for a webhook."""

    max_attempts: int
    webhook_grace_ms: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """Decides what follows an attempt, records it, and sends its messages."""

    policy: ExecutionPolicy
    recorder: Recorder
    completion: Completion
    success_rate: SuccessRate
    queue: ExecutionQueue
    gate: BatchGate
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness

    def expire_webhook(self, execution: Execution) -> None:
        """End the wait for a result that did not arrive as ``unknown``. A late webhook can still resolve it."""
        error = ExecutionError("webhook_timeout", "the result did not arrive by webhook in time")
        if self._settle(execution, unknown(error)):
            self.telemetry.count(Count.WEBHOOK_DEADLINES_PASSED)

    def after_reply(self, claimed: Execution, reply: Reply) -> None:
        """Record how an attempt ended, and do what follows."""
        try:
            match reply.kind:
                case ReplyKind.SUCCEEDED:
                    ref, data = self.completion.refer_result(claimed.execution_id, reply.result)
                    self._settle(claimed, Outcome(Status.COMPLETED, result=ref, error=reply.error), reply, data)
                case ReplyKind.ACCEPTED:
                    self._await_webhook(claimed, reply)
                case _:
                    self.after_failure(claimed, reply)
        finally:
            if reply.mended:
                self.telemetry.event("result_mended", flaws=", ".join(reply.mended))
            if report := attempt_report(claimed, reply, self.clock.now()):
                self.telemetry.event("attempt_ended", **report)

    def _await_webhook(self, claimed: Execution, reply: Reply) -> None:
        now = self.clock.now()
        wait = claimed.timeout_ms + self.policy.webhook_grace_ms

        def step(current: Execution) -> Execution | None:
            if not _same_run(current, claimed):
                return None
            return ledger.await_webhook(current, now, now + wait, reply.latency_ms, reply.correlation_id)

        waiting = self.recorder.change(claimed, step)
        if waiting is not None:
            self.send_deadline(waiting, wait)
        else:
            self._finish_elsewhere(claimed)

    def after_failure(self, claimed: Execution, reply: Reply) -> None:
        """Decide by ``verdict.judge`` what follows an attempt without a result."""
        verdict = judge(reply)
        error = reply.error or ExecutionError("no_answer", "no usable answer from Genesys Cloud")
        last_chance = self._is_last_refusal(claimed)
        throttled_until = self._hold(reply) if reply.http_status == HTTPStatus.TOO_MANY_REQUESTS else None
        match verdict:
            case Verdict.POSTPONE:
                self._postpone(claimed, reply, error, uses_chance=False)
            case Verdict.RETRY if not last_chance:
                self._postpone(claimed, reply, error, uses_chance=True)
            case Verdict.AMBIGUOUS if claimed.repeatable and claimed.doubts + 1 < self.policy.max_attempts:
                self._repeat(claimed, reply, error)
            case Verdict.AMBIGUOUS:
                self._settle(claimed, unknown(error), reply)
            case Verdict.RETRY | Verdict.FINAL:
                self.give_up(claimed, error, reply)
        if throttled_until is not None:
            self._pause_all(throttled_until)

    def _hold(self, reply: Reply) -> int:
        """Hold back the requests of this batch that have not gone out after a 429; return until when."""
        now = self.clock.now()
        until = now + pause_ms(reply.retry_after, now)
        self.gate.hold(until)
        return until

    def _pause_all(self, until: int) -> None:
        """Pause all workers after a 429. It may fail: this execution's retry is already planned."""
        self.telemetry.count(Count.THROTTLED)
        try:
            self.gate.pause(until)
        except DependencyError as error:
            self.telemetry.event("gate_not_paused", code=error.code)

    def without_token(self, execution: Execution, error: TokenError) -> None:
        """Postpone an execution that no token could be had for: an outage costs time, a refusal costs a chance."""
        if isinstance(error, TokenBeingRefreshedError):
            self.telemetry.count(Count.TOKEN_WAITS)
        else:
            self.telemetry.count(Count.TOKEN_FAILURES, error.code)
        cause = ExecutionError(error.code, error.message)
        if error.retryable or not self._is_last_refusal(execution):
            rest_ms = error.retry_after_ms if isinstance(error, TokenUnavailableError) else 0
            floor = str(-(-rest_ms // 1_000)) if rest_ms else None
            reply = Reply(ReplyKind.NOT_SENT, latency_ms=0, error=cause, retry_after=floor)
            within_ms = error.retry_within_ms if isinstance(error, TokenBeingRefreshedError) else None
            self._postpone(
                execution, reply, cause, uses_chance=not error.retryable, within_ms=within_ms, without_token=True
            )
        else:
            self.give_up(execution, cause)

    def give_up(self, held: Execution, error: ExecutionError, reply: Reply | None = None) -> None:
        """End without a result: ``failed``, or ``unknown`` if an earlier attempt may have run."""
        outcome = unknown(error) if held.may_have_run else Outcome(Status.FAILED, error=error)
        self._settle(held, outcome, reply)

    def _is_last_refusal(self, execution: Execution) -> bool:
        """Whether one more refusal ends it. Few refusals go away with time, so they get few chances."""
        refused = execution.chances_used - execution.doubts
        return refused + 1 >= min(self.policy.max_attempts, MOST_REFUSALS)

    def _repeat(self, claimed: Execution, reply: Reply, cause: ExecutionError) -> None:
        """Plan another try of an action that may have run and may run twice, over at least 15 minutes."""
        now = self.clock.now()
        repeats = Repeats(claimed.doubted_at or now, claimed.doubts + 1, self.policy.max_attempts)
        next_at = repeats.next_at(now + retry_after_ms(reply.retry_after, now), self.randomness.uniform)
        self._plan(
            claimed,
            next_at,
            lambda current: ledger.postpone(current, now, next_at, cause, uses_chance=True, may_have_run=True),
        )

    def _postpone(
        self,
        held: Execution,
        reply: Reply,
        cause: ExecutionError,
        *,
        uses_chance: bool,
        within_ms: int | None = None,
        without_token: bool = False,
    ) -> None:
        """Plan another try, as a new message with a delay.

        ``within_ms`` is how soon a try makes sense, if that is known; the backoff is not used then.
        """
        now = self.clock.now()
        if within_ms is None:
            next_at = next_try_at(now, held.postponements + 1, self.randomness.uniform, reply.retry_after)
        else:
            next_at = now + int(self.randomness.uniform() * within_ms)
        self._plan(
            held,
            next_at,
            lambda current: ledger.postpone(
                current, now, next_at, cause, uses_chance=uses_chance, without_token=without_token
            ),
        )

    def _plan(self, held: Execution, next_at: int, postpone: Callable[[Execution], Execution]) -> None:
        def step(current: Execution) -> Execution | None:
            if not _same_run(current, held):
                return None
            return postpone(current)

        planned = self.recorder.change(held, step)
        if planned is not None:
            self.telemetry.count(Count.RETRIES_PLANNED)
            self.send_run(planned, next_at - self.clock.now())
        else:
            self._finish_elsewhere(held)

    def _settle(
        self,
        held: Execution,
        outcome: Outcome,
        reply: Reply | None = None,
        result: bytes = b"",
    ) -> bool:
        """Record an outcome and do what follows; return whether it is the one on record."""
        now = self.clock.now()

        def step(current: Execution) -> Execution | None:
            if not _same_run(current, held):
                return None
            return ledger.settle(
                current,
                outcome,
                now,
                latency_ms=reply.latency_ms if reply else None,
                correlation_id=reply.correlation_id if reply else None,
                success_rate=self.success_rate.latest(),
            )

        try:
            ended = self.recorder.change(
                held, step, first=lambda written: self.completion.store_result(written, result)
            )
        except DependencyError:
            # The outcome may be on record all the same, and only this worker has the result.
            self.completion.store_result(replace(held, outcome=outcome), result)
            raise
        if ended is not None:
            self.completion.after_ending(ended)
        else:
            self._finish_elsewhere(held, outcome, result)
        return ended is not None

    def _finish_elsewhere(self, held: Execution, outcome: Outcome | None = None, result: bytes = b"") -> None:
        """Carry out what a webhook, or a worker that took over, decided first."""
        current = self.recorder.load(held.execution_id)
        self.telemetry.event("decided_elsewhere")
        if current is None:
            return
        if current.ended:
            self.completion.hand_on(current, result if current.outcome == outcome else b"")
            return
        # The worker that decided may have died before it sent the next message, so one is sent here.
        self.recorder.pay(current)
        now = self.clock.now()
        if current.status is Status.AWAITING_WEBHOOK:
            self.send_deadline(current, (current.deadline_at or now) - now)
        else:
            self.send_run(current, max((current.next_at or now) - now, 0))

    def send_run(self, execution: Execution, delay_ms: int, due_at: int | None = None) -> None:
        """Queue the execution's next try; its audit must be written up to this version."""
        self.queue.send(Message.about(execution, due_at=due_at), delay_ms)

    def send_deadline(self, execution: Execution, delay_ms: int) -> None:
        """Queue the reminder of an awaited webhook."""
        self.queue.send(Message.about(execution, MessageKind.DEADLINE), delay_ms)


def _same_run(current: Execution, held: Execution) -> bool:
    """Whether the worker's attempt is still the one on record: the fence against a worker that lost its lease.

    A queued execution has no attempt. There the counts of attempts, reruns and postponements identify the wait.
    """
    return (
        current.status is held.status
        and current.attempt == held.attempt
        and current.attempts == held.attempts
        and current.reruns == held.reruns
        and current.postponements == held.postponements
    )
