"""Use case: hand an ended execution to its caller's webhook, the Standard Webhooks way.

Each try is recorded before what follows it is sent: the next try's message, or, where the delivery is given up, a dead
letter. A message that meets a delivery which was given up writes that letter again, since the one that gave up may
have died before it did; so a redriven dead letter is sent again until somebody asks for a redelivery.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, TypedDict

from actionrelay.deliver.receivers import Places, Receivers
from actionrelay.errors import (
    DeliveryFailedError,
    DeliveryRefusedError,
    DependencyError,
    QueueUnavailableError,
    StaleWriteError,
)
from actionrelay.json_text import to_text
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.document import ExecutionDocument, RawDocument, execution_document
from actionrelay.ledger.execution import Execution, ExecutionError, WebhookStatus
from actionrelay.ledger.ports import DeliveryQueue, PayloadStore
from actionrelay.ledger.receiver import receiver_group
from actionrelay.ledger.recorder import Recorder
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.retry_after import retry_after_ms
from actionrelay.signals import Count
from actionrelay.timestamps import Timestamp, iso
from actionrelay.webhooks.keys import SigningSecret, keys_of_receiver
from actionrelay.webhooks.ports import WebhookSender
from actionrelay.webhooks.signatures import StandardWebhooks
from actionrelay.webhooks.targets import DeliveryAnswer, host_of


class WebhookDocument(TypedDict):
    """What a caller's webhook gets when an execution has ended."""

    type: Literal["execution.completed", "execution.failed", "execution.unknown"]
    timestamp: Timestamp
    """When it ended."""
    data: ExecutionDocument


SCHEDULE_MS = tuple(seconds * 1_000 for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""The waits after the first try: the schedule that the Standard Webhooks specification suggests."""
JITTER = 0.1
RESEND_MS = 30_000
"""How long a message rests, with jitter, when an AWS service failed."""
MAX_TRIES = len(SCHEDULE_MS) + 1
NOT_HERE_TRIES = 4
"""After so many tries, half an hour after the first, "not here" is believed."""
STRANGERS_TRIES = 6
"""Tries for a receiver that has never taken a webhook, over 7.5 hours: nobody has shown that it wants any."""
FULL_MS = 5_000
"""How long a message rests, with jitter, while its receiver has as many deliveries under way as it may have."""
_NOT_HERE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})
_SUCCESS = 2


@dataclass(frozen=True, slots=True)
class DeliverWebhook:
    """Makes one try to deliver, and plans the next."""

    recorder: Recorder
    payloads: PayloadStore
    queue: DeliveryQueue
    dead_letters: DeliveryQueue
    """Where deliveries go that were given up; nothing works it off but people."""
    sender: WebhookSender
    receivers: Receivers
    places: Places
    """Of this process, shared by all of its messages."""
    secrets: Callable[[], tuple[SigningSecret, ...]]
    """The deployment's own, read at each try, so that a rotated one is used; each receiver's keys come from them."""
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness

    def deliver(self, execution_id: str, version: int | None = None) -> None:
        """Do what is due for a delivery message, sent at ``version``; returning means that the message is done with.

        When a service fails, a new message with a delay takes the place of this one: the queue's receive count is for
        workers that died.

        Raises:
            QueueUnavailableError: not even that could be sent, so this message must be seen again.
        """
        try:
            self._deliver(execution_id, version)
        except QueueUnavailableError:
            raise
        except (DependencyError, StaleWriteError) as error:
            self.telemetry.count(Count.MESSAGES_POSTPONED, error.code)
            self.queue.send(execution_id, int(RESEND_MS * (0.5 + self.randomness.uniform())))

    def _deliver(self, execution_id: str, version: int | None) -> None:
        execution = self.recorder.load(execution_id, version)
        if execution is None or not execution.ended:
            return
        self.telemetry.concerning(execution.execution_id, execution.trace_id)
        now = self.clock.now()
        if execution.delivery.status is not WebhookStatus.PENDING:
            # A worker may have died between the record of the last try and what follows it.
            self._follow(self.recorder.pay(execution))
        elif execution.delivery.next_at is not None and execution.delivery.next_at > now:
            # An operator had it tried at once, or SQS handed one message out twice: the last try's worker has sent a
            # message of its own. This one is kept, in case that one was lost, and comes after it.
            behind = RESEND_MS if version is not None and version < execution.version else 0
            self.queue.send(execution_id, execution.delivery.next_at - now + behind, version, execution.webhook_url)
        else:
            self._try_once(execution, now)

    def _try_once(self, execution: Execution, now: int) -> None:
        document = execution_document(execution, self.payloads, now)
        if document["status"] != execution.status.value:
            # Its large result is still being stored; delivered without it, the receiver would never get it.
            self._later(execution, RESEND_MS)
            return
        with self.places.one_of(_owner(execution)) as free:
            if not free:
                self.telemetry.event("receiver_busy")  # no metric: a receiver that hangs shall ring no alarm
                self._later(execution, int(FULL_MS * (1 + self.randomness.uniform())))
                return
            status, wait, latency_ms, cause = self._try(execution, document)
        now = self.clock.now()
        deliver_at = now + wait if status is WebhookStatus.PENDING else None

        def step(current: Execution) -> Execution | None:
            if _delivery(current) != _delivery(execution):
                return None  # another try, or another delivery: of another outcome, or that an operator asked for
            return ledger.record_delivery(current, status, now, deliver_at, latency_ms=latency_ms, cause=cause)

        recorded = self.recorder.change(execution, step)
        self.telemetry.count(Count.WEBHOOK_DELIVERIES, status.value)
        if recorded is not None and status is WebhookStatus.FAILED:
            self.telemetry.count(Count.DELIVERIES_GIVEN_UP)
        if recorded is None:
            # Another try was recorded first; its worker may have died before what follows it.
            current = self.recorder.load(execution.execution_id)
            recorded = self.recorder.pay(current) if current is not None and current.ended else None
        if recorded is not None:
            self._follow(recorded)

    def _later(self, execution: Execution, delay_ms: int) -> None:
        """Put a try off, with nothing recorded: it is not made."""
        self.recorder.pay(execution)
        self.queue.send(execution.execution_id, delay_ms, execution.version, execution.webhook_url)

    def _follow(self, recorded: Execution) -> None:
        """Send what a recorded try calls for, its audit being paid."""
        if recorded.delivery.status is WebhookStatus.PENDING:
            wait = max((recorded.delivery.next_at or 0) - self.clock.now(), 0)
            self.queue.send(recorded.execution_id, wait, recorded.version, recorded.webhook_url)
        elif recorded.delivery.status is WebhookStatus.FAILED:
            self.dead_letters.send(recorded.execution_id, version=recorded.version, receiver=recorded.webhook_url)

    def _try(
        self, execution: Execution, document: RawDocument
    ) -> tuple[WebhookStatus, int, int | None, ExecutionError | None]:
        """Return where this try leaves the delivery, how long to wait, how long it took, and the error if it failed."""
        try:
            answer = self._post(execution, document)
        except DeliveryRefusedError as error:
            return WebhookStatus.FAILED, 0, None, ExecutionError(error.code, error.message)
        except DeliveryFailedError as error:
            return (*self._again(execution, None), None, ExecutionError(error.code, error.message))
        latency_ms = round(answer.latency_ms)
        answered = ExecutionError(f"http_{answer.status}", "what the receiver answered", answer.status)
        if answer.status // 100 == _SUCCESS:
            with suppress(DependencyError):  # the next success remembers it, too
                self.receivers.took_one(_owner(execution), self.clock.now())
            return WebhookStatus.DELIVERED, 0, latency_ms, answered
        not_here = answer.status in _NOT_HERE and execution.delivery.attempts + 1 >= NOT_HERE_TRIES
        if answer.status == HTTPStatus.GONE or not_here:
            return WebhookStatus.FAILED, 0, latency_ms, answered
        return (*self._again(execution, answer.retry_after), latency_ms, answered)

    def _post(self, execution: Execution, document: RawDocument) -> DeliveryAnswer:
        now = self.clock.now()
        message: dict[str, object] = {
            "type": f"execution.{execution.status.value}",
            "timestamp": iso(execution.completed_at or execution.updated_at),
            "data": document,
        }
        body = to_text(message).encode()
        url = execution.webhook_url or ""
        signed = StandardWebhooks.headers(
            keys_of_receiver(self.secrets(), host_of(url)),
            f"{execution.execution_id}-{execution.completed_at}",
            now // 1_000,
            body,
        )
        headers = {"Content-Type": "application/json", "X-Trace-Id": execution.trace_id, **signed}
        return self.sender.send(url, headers, body)

    def _again(self, execution: Execution, retry_after: str | None) -> tuple[WebhookStatus, int]:
        attempts = execution.delivery.attempts
        if attempts >= len(SCHEDULE_MS) or (attempts >= STRANGERS_TRIES - 1 and self._is_stranger(execution)):
            return WebhookStatus.FAILED, 0
        planned = SCHEDULE_MS[attempts]
        jittered = int(planned * (1 + JITTER * self.randomness.uniform()))
        return WebhookStatus.PENDING, max(jittered, retry_after_ms(retry_after, self.clock.now()))

    def _is_stranger(self, execution: Execution) -> bool:
        """Whether a receiver has never taken a webhook; where nobody can say, it is none."""
        try:
            return not self.receivers.has_taken_one(_owner(execution), self.clock.now())
        except DependencyError:
            return False


def _owner(execution: Execution) -> str:
    return receiver_group(execution.webhook_url or "") or ""


def _delivery(execution: Execution) -> tuple[object, ...]:
    """Identifies one try: outcome, series, number."""
    return execution.outcome, execution.completed_at, execution.delivery.repeats, execution.delivery.attempts
