"""Use case: work on one message of the execution queue. Whatever happens, the execution is left where it can go on.

Returning means that the message is done with; raising means that it must be seen again.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus

from actionrelay import ledger
from actionrelay.completion import Completion, unknown
from actionrelay.errors import DependencyError, TokenError
from actionrelay.models import (
    ActionCall,
    Execution,
    ExecutionError,
    Message,
    MessageKind,
    Outcome,
    Status,
)
from actionrelay.ports import (
    AccessToken,
    ActionClient,
    Clock,
    ExecutionQueue,
    PayloadStore,
    Randomness,
    RateGate,
    Telemetry,
    TokenSource,
)
from actionrelay.recording import Recorder
from actionrelay.retry import (
    GIVE_UP_AFTER_MS,
    Reply,
    ReplyKind,
    Verdict,
    judge,
    next_try_at,
    retry_after_ms,
)

RECORDING_MARGIN_MS = 5_000
"""What a worker keeps of its time to write down how the attempt ended."""
LEASE_MARGIN_MS = 5_000
"""A lease outlives its worker by this much, and ends well before the queue shows the message again."""
ANSWER_MARGIN_MS = 5_000
"""Genesys Cloud may take the whole ``timeout``; its answer needs a little longer to get here."""
MIN_WAIT_MS = 1_000
"""With less time than this no attempt is begun."""
_LOST_LEASE = ExecutionError("worker_lost", "the worker ended while the request may have been on its way")


@dataclass(frozen=True, slots=True)
class ExecutionPolicy:
    """The settings that decide how an execution goes."""

    max_attempts: int
    webhook_grace_ms: int


@dataclass(frozen=True, slots=True)
class ExecuteAction:
    """Runs one execution's next step."""

    policy: ExecutionPolicy
    recorder: Recorder
    completion: Completion
    payloads: PayloadStore
    queue: ExecutionQueue
    tokens: TokenSource
    client: ActionClient
    gate: RateGate
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness

    def work(self, message: Message, ends_at: int) -> None:
        """Do what is due for a message; ``ends_at`` is when this worker's invocation is cut off.

        Raises:
            LeaseHeldError: another worker is on it.
            DependencyError: a service failed; seen again, the message finds the record where it was left.
        """
        execution = self.recorder.load(message.execution_id)
        if execution is None:
            self.telemetry.event("execution_gone", execution_id=message.execution_id)
        elif execution.ended:
            self.completion.hand_on(execution)
        elif execution.status is Status.AWAITING_WEBHOOK:
            self._watch(execution, message.kind)
        elif execution.status is Status.RUNNING:
            self._take_over(execution)
        else:
            self._try(execution, ends_at)

    def _watch(self, execution: Execution, kind: MessageKind) -> None:
        """Keep the deadline of an awaited webhook; any message that finds one waiting makes sure that it is kept."""
        self.recorder.pay(execution)
        now = self.clock.now()
        deadline_at = execution.deadline_at or now
        if kind is MessageKind.DEADLINE and now >= deadline_at:
            error = ExecutionError("webhook_timeout", "the result did not arrive by webhook in time")
            self._settle(execution, unknown(error), Status.AWAITING_WEBHOOK)
            return
        self._send_deadline(execution, deadline_at - now)

    def _take_over(self, execution: Execution) -> None:
        """Go on where a worker died: its request may have arrived, so the rules for ambiguous outcomes hold."""
        ledger.require_free(execution, self.clock.now())
        self.telemetry.count("AttemptsTakenOver")
        reply = Reply(ReplyKind.NO_ANSWER, latency_ms=0, error=_LOST_LEASE)
        self._after_failure(execution, reply)

    def _try(self, execution: Execution, ends_at: int) -> None:
        now = self.clock.now()
        if execution.next_at is not None and execution.next_at > now:
            self.recorder.pay(execution)
            self._send_run(execution, execution.next_at - now)
            return
        if now - execution.queued_at > GIVE_UP_AFTER_MS:
            self._give_up(execution, ExecutionError("expired", "could not be run within a day"))
            return
        if self._time_left(ends_at) < MIN_WAIT_MS:
            self._send_run(execution, 0)  # for a worker with time; nothing was begun, so nothing is lost
            return
        try:
            token = self.tokens.token()
        except TokenError as error:
            self._without_token(execution, error)
            return
        if wait := self.gate.take(now):
            self.telemetry.count("RateGateWaits")
            self._send_run(execution, wait)
            return
        self._attempt(execution, token, ends_at)

    def _attempt(self, execution: Execution, token: AccessToken, ends_at: int) -> None:
        call = self._call(execution)
        if call is None:
            gone = ExecutionError("request_unreadable", "the stored request is gone, so there is nothing to send")
            self._give_up(execution, gone)
            return
        now = self.clock.now()
        claimed = self.recorder.save(ledger.claim(execution, self.randomness.new_id(), now, ends_at + LEASE_MARGIN_MS))
        if claimed.attempts == 1:
            self.telemetry.duration("QueueWait", now - claimed.queued_at)
        reply = self.client.execute(call, token, min(call.timeout_ms + ANSWER_MARGIN_MS, self._time_left(ends_at)))
        self.telemetry.duration("GenesysLatency", reply.latency_ms)
        if reply.http_status == HTTPStatus.UNAUTHORIZED:
            self.tokens.refuse(token.version)
        self._after_reply(claimed, reply)

    def _time_left(self, ends_at: int) -> int:
        """How long an answer may be waited for so that what it says can still be written down."""
        return ends_at - RECORDING_MARGIN_MS - self.clock.now()

    def _call(self, execution: Execution) -> ActionCall | None:
        stored = self.payloads.get(execution.request)
        if stored is None:
            return None
        return ActionCall(
            execution_id=execution.execution_id,
            action_id=execution.action_id,
            trace_id=execution.trace_id,
            inputs=json.loads(stored),
            timeout_ms=execution.timeout_ms,
            cache_results=execution.cache_key is not None,
        )

    def _after_reply(self, claimed: Execution, reply: Reply) -> None:
        match reply.kind:
            case ReplyKind.SUCCEEDED:
                ref, data = self.completion.refer_result(claimed.execution_id, reply.result)
                self._settle(claimed, Outcome(Status.COMPLETED, result=ref), Status.RUNNING, reply, data)
            case ReplyKind.ACCEPTED:
                self._await_webhook(claimed, reply)
            case _:
                self._after_failure(claimed, reply)

    def _await_webhook(self, claimed: Execution, reply: Reply) -> None:
        now = self.clock.now()
        wait = claimed.timeout_ms + self.policy.webhook_grace_ms

        def step(current: Execution) -> Execution | None:
            if not _same_attempt(current, claimed):
                return None
            return ledger.await_webhook(current, now, now + wait, reply.latency_ms, reply.correlation_id)

        waiting = self.recorder.change(claimed, step)
        if waiting is not None:
            self._send_deadline(waiting, wait)
        else:
            self._finish_elsewhere(claimed)

    def _after_failure(self, claimed: Execution, reply: Reply) -> None:
        """Decide by the table of ``retry.judge`` what an attempt without a result leads to."""
        verdict = judge(reply)
        error = reply.error or ExecutionError("no_answer", "no usable answer from Genesys Cloud")
        last_chance = claimed.chances_used + 1 >= self.policy.max_attempts
        match verdict:
            case Verdict.POSTPONE:
                self._postpone(claimed, reply, error, uses_chance=False)
            case Verdict.RETRY if not last_chance:
                self._postpone(claimed, reply, error, uses_chance=True)
            case Verdict.AMBIGUOUS if claimed.repeatable and not last_chance:
                self._postpone(claimed, reply, error, uses_chance=True, may_have_run=True)
            case Verdict.AMBIGUOUS:
                self._settle(claimed, unknown(error), Status.RUNNING, reply)
            case Verdict.RETRY | Verdict.FINAL:
                self._give_up(claimed, error, reply)
        if reply.http_status == HTTPStatus.TOO_MANY_REQUESTS:
            self._pause_all(reply)

    def _pause_all(self, reply: Reply) -> None:
        """Let one 429 stop everybody; this execution's own retry is planned already and stands without it."""
        now = self.clock.now()
        self.telemetry.count("Throttled")
        try:
            self.gate.pause(now + max(retry_after_ms(reply.retry_after, now), 1_000))
        except DependencyError as error:
            self.telemetry.event("gate_not_paused", code=error.code)

    def _without_token(self, execution: Execution, error: TokenError) -> None:
        """Nothing was asked: an outage costs time; refused credentials use up chances and then fail, by name."""
        self.telemetry.count("TokenFailures", error.code)
        cause = ExecutionError(error.code, error.message)
        last_chance = execution.chances_used + 1 >= self.policy.max_attempts
        if error.retryable or not last_chance:
            reply = Reply(ReplyKind.NOT_SENT, latency_ms=0, error=cause)
            self._postpone(execution, reply, cause, uses_chance=not error.retryable)
        else:
            self._give_up(execution, cause)

    def _give_up(self, held: Execution, error: ExecutionError, reply: Reply | None = None) -> None:
        """End without a result: failed, unless an earlier attempt may have run, since then nobody knows."""
        outcome = unknown(error) if held.may_have_run else Outcome(Status.FAILED, error=error)
        self._settle(held, outcome, held.status, reply)

    def _postpone(
        self, held: Execution, reply: Reply, cause: ExecutionError, *, uses_chance: bool, may_have_run: bool = False
    ) -> None:
        """Plan another try: a new message with a delay, while the old one is done with."""
        now = self.clock.now()
        next_at = next_try_at(now, held.postponements + 1, self.randomness.uniform, reply.retry_after)

        def step(current: Execution) -> Execution | None:
            if current.status is not held.status or not _same_attempt(current, held):
                return None
            return ledger.postpone(current, now, next_at, cause, uses_chance=uses_chance, may_have_run=may_have_run)

        planned = self.recorder.change(held, step)
        if planned is not None:
            self.telemetry.count("RetriesPlanned")
            self._send_run(planned, next_at - now)
        else:
            self._finish_elsewhere(held)

    def _settle(
        self,
        held: Execution,
        outcome: Outcome,
        expected: Status,
        reply: Reply | None = None,
        result: bytes = b"",
    ) -> None:
        now = self.clock.now()

        def step(current: Execution) -> Execution | None:
            if current.status is not expected or not _same_attempt(current, held):
                return None
            return ledger.settle(
                current,
                outcome,
                now,
                latency_ms=reply.latency_ms if reply else None,
                correlation_id=reply.correlation_id if reply else None,
            )

        ended = self.recorder.change(held, step)
        if ended is not None:
            self.completion.after_ending(ended, result)
        else:
            self._finish_elsewhere(held)

    def _finish_elsewhere(self, held: Execution) -> None:
        """Somebody else decided first: a webhook, or a worker that took over. See that what follows is done."""
        current = self.recorder.load(held.execution_id)
        self.telemetry.event("decided_elsewhere", execution_id=held.execution_id)
        if current is not None and current.ended:
            self.completion.hand_on(current)

    def _send_run(self, execution: Execution, delay_ms: int) -> None:
        self.queue.send(Message(execution.execution_id), delay_ms)

    def _send_deadline(self, execution: Execution, delay_ms: int) -> None:
        self.queue.send(Message(execution.execution_id, MessageKind.DEADLINE), delay_ms)


def _same_attempt(current: Execution, held: Execution) -> bool:
    """Whether the attempt in hand is still the one on record: the fence against a worker that lost its lease."""
    mine = held.attempt.attempt_id if held.attempt else None
    on_record = current.attempt.attempt_id if current.attempt else None
    return mine == on_record
