"""Use case: work on one message of the execution queue. Whatever happens, the execution is left where it can go on.

Returning means that the message is done with; raising means that it must be seen again.
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
"""What a worker keeps of its time to write down how the attempt ended."""
LEASE_MARGIN_MS = 5_000
"""A lease outlives its worker by this much, and ends well before the queue shows the message again."""
ANSWER_MARGIN_MS = 5_000
"""Genesys Cloud may take the whole ``timeout``; its answer needs a little longer to get here."""
MIN_WAIT_MS = 1_000
"""With less time than this no attempt is begun."""
PLACE_TOLERANCE_MS = 1_000
"""SQS delays by whole seconds, so a message may be this early for its place in the line."""
LONGEST_TURN_MS = 7 * 86_400_000
"""How long an execution may wait that waits for its turn alone: nothing expires because others came. A lane is let in
twelve hours' work at once, and may have a fifth of the rate, so this is far off."""
RETURN_SPREAD_MS = 2_000
"""Over how long around their places those return whom the rate gate turned away. SQS delays by whole seconds, so what
is turned away together would return together, second after second, and nobody would ask for the permits in between."""
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
        """What decides about attempts, made of the same parts."""
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
        """Do what is due for a message; ``ends_at`` is when this worker's invocation is cut off.

        When a service fails or another worker holds the lease, a new message with a delay takes the place of this one:
        the queue's receive count is for workers that died.

        Raises:
            QueueUnavailableError: not even that could be sent, so this message must be seen again.
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
        """Keep the deadline of an awaited webhook; any message that finds one waiting makes sure that it is kept."""
        now = self.clock.now()
        deadline_at = execution.deadline_at or now
        if kind is MessageKind.DEADLINE and now >= deadline_at:
            self.settlement.expire_webhook(execution)
        else:
            self.recorder.pay(execution)
            self.settlement.send_deadline(execution, deadline_at - now)

    def _take_over(self, execution: Execution) -> None:
        """Go on where a worker died: its request may have arrived, so the rules for ambiguous outcomes hold."""
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
            self.settlement.send_run(execution, 0, message.due_at)  # for a worker with time; nothing was begun
        elif wait := self.gate.take(self.clock.now(), ask_of(message), ends_at):
            self._wait_again(execution, wait)
        else:
            self._attempt(execution, call, token, ends_at)

    def _wait_again(self, execution: Execution, wait: int) -> None:
        """Return around the place in the line, and not together with the rest of the batch."""
        self.telemetry.count(Count.RATE_GATE_WAITS)
        self.recorder.pay(execution)
        wait += int(RETURN_SPREAD_MS * self.randomness.uniform())
        self.settlement.send_run(execution, max(wait - PLACE_TOLERANCE_MS, 1), self.clock.now() + wait)

    def _attempt(self, execution: Execution, call: ActionCall, token: AccessToken, ends_at: int) -> None:
        now = self.clock.now()
        claimed = ledger.claim(execution, self.randomness.new_id(), now, ends_at + LEASE_MARGIN_MS)
        # Nothing may fail between this write and the connection, so the audit of it is paid with the next step's.
        self.recorder.save_owing(claimed)
        reply = self._ask(call, token, ends_at)
        if claimed.attempts == 1:
            self.telemetry.duration(Duration.QUEUE_WAIT, now - claimed.queued_at)
        self.telemetry.duration(Duration.GENESYS_LATENCY, reply.latency_ms)
        if reply.http_status == HTTPStatus.UNAUTHORIZED:
            self.tokens.refuse(token.version)
        self.settlement.after_reply(claimed, reply)

    def _ask(self, call: ActionCall, token: AccessToken, ends_at: int) -> Reply:
        """Post, unless a 429 came before, or the way here has used up the time to wait for an answer."""
        if held := self.gate.held(self.clock.now()):
            return Reply(ReplyKind.NOT_SENT, latency_ms=0, error=_HELD, retry_after=str(-(-held // 1_000)))
        left = self._time_left(ends_at)
        if left < MIN_WAIT_MS:
            return Reply(ReplyKind.NOT_SENT, latency_ms=0, error=_NO_TIME)
        return self.client.execute(call, token, min(call.timeout_ms + ANSWER_MARGIN_MS, left))

    def _time_left(self, ends_at: int) -> int:
        """How long an answer may be waited for so that what it says can still be written down."""
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
    """Return what a message is before the rate gate; its hints say it, before any record is read."""
    return Ask(message.flow, message.due_at is not None)
