"""Use case: hand an ended execution to its caller's webhook, the Standard Webhooks way.

Each try is recorded before what follows it is sent: the next try's message, or, where the delivery is given up, a dead
letter. A message that meets a delivery which was given up writes that letter again, since the one that gave up may
have died before it did; so a redriven dead letter is sent again until somebody asks for a redelivery.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict

from actionrelay.deliver.posting import Outgoing, PostWebhook
from actionrelay.deliver.receivers import Places, Receivers
from actionrelay.errors import DependencyError, QueueUnavailableError, StaleWriteError
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.document import ExecutionDocument, RawDocument, execution_document
from actionrelay.ledger.execution import Execution, WebhookStatus
from actionrelay.ledger.ports import DeliveryQueue, PayloadStore
from actionrelay.ledger.receiver import receiver_group
from actionrelay.ledger.recorder import Recorder
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.signals import Count
from actionrelay.timestamps import Timestamp, iso
from actionrelay.webhooks.keys import SigningSecret
from actionrelay.webhooks.ports import WebhookSender


class WebhookDocument(TypedDict):
    """What a caller's webhook gets when an execution has ended."""

    type: Literal["execution.completed", "execution.failed", "execution.unknown"]
    timestamp: Timestamp
    """When it ended."""
    data: ExecutionDocument


RESEND_MS = 30_000
"""How long a message rests, with jitter, when an AWS service failed."""
FULL_MS = 5_000
"""How long a message rests, with jitter, while its receiver has as many deliveries under way as it may have."""


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
        with self.places.one_of(_owner(execution), execution.caller) as free:
            if not free:
                self.telemetry.event("receiver_busy")  # no metric: a receiver that hangs shall ring no alarm
                self._later(execution, int(FULL_MS * (1 + self.randomness.uniform())))
                return
            posting = PostWebhook(self.sender, self.receivers, self.secrets, self.clock, self.randomness)
            status, wait, latency_ms, cause = posting.attempt(_outgoing(execution, document))
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


def _owner(execution: Execution) -> str:
    return receiver_group(execution.webhook_url or "") or ""


def _delivery(execution: Execution) -> tuple[object, ...]:
    """Identifies one try: outcome, series, number."""
    return execution.outcome, execution.completed_at, execution.delivery.repeats, execution.delivery.attempts


def _outgoing(execution: Execution, document: RawDocument) -> Outgoing:
    ended_at = execution.completed_at or execution.updated_at
    return Outgoing(
        url=execution.webhook_url or "",
        owner=_owner(execution),
        trace_id=execution.trace_id,
        webhook_id=f"{execution.execution_id}-{execution.completed_at}",
        message={"type": f"execution.{execution.status.value}", "timestamp": iso(ended_at), "data": document},
        attempts=execution.delivery.attempts,
    )
