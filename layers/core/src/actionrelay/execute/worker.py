"""Use case: work on one message of the execution queue. Whatever happens, the execution can go on afterwards.

The claim, a lease on the execution, is recorded before anything is sent (``_attempt``).

On return the message can be deleted; after an error it must be received again.
"""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from http import HTTPStatus

from actionrelay.errors import LeaseHeldError, TokenError
from actionrelay.execute.after_attempt import ExecutionPolicy, Settlement
from actionrelay.execute.ports import ActionCall, ActionClient
from actionrelay.gate.ports import Ask, BatchGate
from actionrelay.genesys.verdict import GIVE_UP_AFTER_MS, Reply, ReplyKind
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, ExecutionError, Status
from actionrelay.ledger.follow_up import Completion
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.ledger.ports import ExecutionQueue, PayloadStore, SuccessRate
from actionrelay.ledger.recorder import Recorder
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.resend import resend_on_failure
from actionrelay.signals import Count, Duration
from actionrelay.token.ports import AccessToken, TokenSource

RECORDING_MARGIN_MS = 3_000
"""Time that a worker reserves for recording how the attempt ended."""
LEASE_MARGIN_MS = 5_000
"""How long a lease outlives its worker. It ends well before the queue delivers the message again."""
ANSWER_MARGIN_MS = 5_000
"""Genesys Cloud may take the whole ``timeout``; its response takes a little longer."""
MIN_WAIT_MS = 1_000
"""No attempt begins with less time than this."""
PLACE_TOLERANCE_MS = 1_000
"""SQS delays by whole seconds, so a message may come this early for its turn."""
LONGEST_TURN_MS = 7 * 86_400_000
"""How long an execution may wait if it only waits for its turn: nothing expires because of others. A lane takes in
twelve hours' work and gets at least a fifth of the rate, so this is far off."""
RETURN_SPREAD_MS = 2_000
"""Messages that the rate gate turned away return spread over this long around their turns. SQS delays by whole seconds,
so without it a batch would return together each time, and the permits in between would stay unused."""
_LOST_LEASE = ExecutionError("worker_lost", "the worker ended while the request may have been on its way")
_HELD = ExecutionError("held", "another request of the batch met a 429 before this one went out")
_EXPIRED = ExecutionError("expired", "could not be run within a day")
_NO_TURN = ExecutionError("expired", "did not get its turn within a week")
_NO_TIME = ExecutionError("no_time", "the worker had no time left to wait for an answer, so it did not ask")
_UNREADABLE = ExecutionError("request_unreadable", "the stored request is gone, so there is nothing to send")


@dataclass(frozen=True)  # no slots: they leave no room for a cached property
class ExecuteAction:
    """Runs one execution's next step."""

    gate: BatchGate
    policy: ExecutionPolicy
    recorder: Recorder
    completion: Completion
    success_rate: SuccessRate
    payloads: PayloadStore
    queue: ExecutionQueue
    tokens: TokenSource
    client: ActionClient
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness

    @cached_property
    def settlement(self) -> Settlement:
        """Decides what follows an attempt."""
        return Settlement(
            self.policy,
            self.recorder,
            self.completion,
            self.success_rate,
            self.queue,
            self.gate,
            self.telemetry,
            self.clock,
            self.randomness,
        )

    def work(self, message: Message, ends_at: int) -> None:
        """Do what is due for a message; ``ends_at`` (ms) is when this worker's invocation is cut off.

        When a service fails or another worker holds the lease, a new, delayed message replaces this one: the queue's
        receive count is for workers that died.

        Raises:
            QueueUnavailableError: the new message can't be sent, so this one must be received again.
        """
        try:
            self._work_or_resend(message, ends_at)
        except Exception:
            self._finished(message)
            raise
        self._finished(message)

    def _work_or_resend(self, message: Message, ends_at: int) -> None:
        again = partial(self.queue.send, replace(message, version=None))
        with resend_on_failure(again, self.telemetry, self.randomness):
            try:
                self._work(message, ends_at)
            except LeaseHeldError as held:
                self.telemetry.count(Count.MESSAGES_POSTPONED, held.code)
                again(held.remaining_ms + PLACE_TOLERANCE_MS)

    def _finished(self, message: Message) -> None:
        if message.kind is MessageKind.RUN:
            self.gate.finished()

    def _work(self, message: Message, ends_at: int) -> None:
        execution = self.recorder.load(message.execution_id, message.version)
        if execution is None:
            self.telemetry.event("execution_gone")
            return
        self.telemetry.concerning(execution.execution_id, execution.trace_id)
        if execution.ended:
            self.completion.hand_on(execution)
        elif execution.status is Status.AWAITING_WEBHOOK:
            self._watch(execution, message.kind)
        elif execution.status is Status.RUNNING:
            self._take_over(execution)
        else:
            self._try(execution, message, ends_at)

    def _watch(self, execution: Execution, kind: MessageKind) -> None:
        """Keep the deadline of an awaited webhook. Any message that finds one waiting sends its reminder again."""
        now = self.clock.now()
        deadline_at = execution.deadline_at or now
        if kind is MessageKind.DEADLINE and now >= deadline_at:
            self.settlement.expire_webhook(execution)
        else:
            self.recorder.pay(execution)
            self.settlement.send_deadline(execution, deadline_at - now)

    def _take_over(self, execution: Execution) -> None:
        """Go on after a dead worker. Its request may have arrived, so the rules for ambiguous outcomes apply."""
        ledger.require_free(execution, self.clock.now())
        self.telemetry.count(Count.ATTEMPTS_TAKEN_OVER)
        reply = Reply(ReplyKind.NO_ANSWER, latency_ms=0, error=_LOST_LEASE)
        self.settlement.after_failure(execution, reply)

    def _try(self, execution: Execution, message: Message, ends_at: int) -> None:
        now = self.clock.now()
        due_at = max(execution.next_at or 0, (message.due_at or 0) - PLACE_TOLERANCE_MS)
        if due_at > now:
            self.recorder.pay(execution)
            self.settlement.send_run(execution, due_at - now, message.due_at)
            return
        in_line = message.due_at is not None and not execution.postponements
        most, expired = (LONGEST_TURN_MS, _NO_TURN) if in_line else (GIVE_UP_AFTER_MS, _EXPIRED)
        if now - execution.queued_at > most:
            self.settlement.give_up(execution, expired)
            return
        try:
            token = self.tokens.token()
        except TokenError as error:
            self.settlement.without_token(execution, error)
            return
        call = self._call(execution)
        if call is None:
            self.settlement.give_up(execution, _UNREADABLE)
        elif self._time_left(ends_at) < MIN_WAIT_MS:
            self.recorder.pay(execution)
            self.settlement.send_run(execution, 0, message.due_at)  # for a worker with more time; nothing has begun
        elif wait := self.gate.take(self.clock.now(), ask_of(message), ends_at):
            self._wait_again(execution, wait)
        else:
            self._attempt(execution, call, token, ends_at)

    def _wait_again(self, execution: Execution, wait: int) -> None:
        """Send the message back until its turn, spread around it."""
        self.telemetry.count(Count.RATE_GATE_WAITS)
        self.recorder.pay(execution)
        wait += int(RETURN_SPREAD_MS * self.randomness.uniform())
        self.settlement.send_run(execution, max(wait - PLACE_TOLERANCE_MS, 1), self.clock.now() + wait)

    def _attempt(self, execution: Execution, call: ActionCall, token: AccessToken, ends_at: int) -> None:
        now = self.clock.now()
        claimed = ledger.claim(execution, self.randomness.new_id(), now, ends_at + LEASE_MARGIN_MS)
        # Nothing may fail between this write and the connection, so its audit is written with the next step's.
        self.recorder.save_owing(claimed)
        reply = self._ask(call, token, ends_at)
        if claimed.attempts == 1:
            self.telemetry.duration(Duration.QUEUE_WAIT, now - claimed.queued_at)
        self.telemetry.duration(Duration.GENESYS_LATENCY, reply.latency_ms)
        if reply.http_status == HTTPStatus.UNAUTHORIZED:
            self.tokens.refuse(token.version)
        self.settlement.after_reply(claimed, reply)

    def _ask(self, call: ActionCall, token: AccessToken, ends_at: int) -> Reply:
        """Post, unless another request met a 429 first, or too little time is left to wait for a response."""
        if held := self.gate.held(self.clock.now()):
            return Reply(ReplyKind.NOT_SENT, latency_ms=0, error=_HELD, retry_after=str(-(-held // 1_000)))
        left = self._time_left(ends_at)
        if left < MIN_WAIT_MS:
            return Reply(ReplyKind.NOT_SENT, latency_ms=0, error=_NO_TIME)
        return self.client.execute(call, token, min(call.timeout_ms + ANSWER_MARGIN_MS, left))

    def _time_left(self, ends_at: int) -> int:
        """How long to wait for a response, so that it can still be recorded."""
        return ends_at - RECORDING_MARGIN_MS - self.clock.now()

    def _call(self, execution: Execution) -> ActionCall | None:
        stored = self.payloads.get(execution.request)
        if stored is None:
            return None
        return ActionCall(
            execution_id=execution.sent_as,
            action_id=execution.action_id,
            trace_id=execution.trace_id,
            inputs=stored.decode(),
            timeout_ms=execution.timeout_ms,
            cache_results=execution.cache_key is not None,
        )


def ask_of(message: Message) -> Ask:
    """Return what a message asks the rate gate, by its hints, before its record is read."""
    return Ask(message.flow, message.due_at is not None)
