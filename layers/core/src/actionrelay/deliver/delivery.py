"""Use case: deliver an outcome to its caller's webhook, the Standard Webhooks way.

Each try is recorded before what follows it is sent: the next try's message, or, where the delivery is given up, a dead
letter. A message about a delivery that was given up writes the letter again, since the worker that gave up may have
died before it did. So a redriven dead letter returns until an operator asks for a redelivery.
"""

from dataclasses import dataclass
from functools import partial

from actionrelay.deliver.ports import Deliverable, Deliverables
from actionrelay.deliver.posting import PostWebhook
from actionrelay.deliver.receivers import Places
from actionrelay.json_text import to_text
from actionrelay.ledger.execution import WebhookStatus
from actionrelay.ledger.ports import DeliveryQueue
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.resend import RESEND_MS, resend_on_failure
from actionrelay.signals import Count
from actionrelay.timestamps import iso

FULL_MS = 5_000
"""Delay of a message, with jitter, while its receiver has no free place."""


@dataclass(frozen=True, slots=True)
class DeliverWebhook[Record]:
    """Makes one try to deliver, and sends the message for the next one, which ``deliver.posting`` schedules."""

    deliverables: Deliverables[Record]
    queue: DeliveryQueue
    dead_letters: DeliveryQueue
    """Takes deliveries that were given up. Only operators empty it."""
    places: Places
    """Shared by all messages of this process."""
    posting: PostWebhook
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness

    def deliver(self, subject_id: str, version: int | None = None) -> None:
        """Do what is due for a delivery message that was sent at ``version``. On return the message can be deleted.

        When a service fails, a new, delayed message replaces this one: the queue's receive count is for workers that
        died.

        Raises:
            QueueUnavailableError: the new message can't be sent, so this one must be received again.
        """
        again = partial(self.queue.send, subject_id, kind=self.deliverables.kind)
        with resend_on_failure(again, self.telemetry, self.randomness):
            self._deliver(subject_id, version)

    def _deliver(self, subject_id: str, version: int | None) -> None:
        due = self.deliverables.load(subject_id, version)
        if due is None:
            return
        self.telemetry.concerning(due.subject_id, due.trace_id)
        wait = (due.delivery.next_at or 0) - self.clock.now()
        if due.delivery.status is not WebhookStatus.PENDING:
            # A worker may have died between the record of the last try and what follows it.
            self._follow(due)
        elif wait > 0:
            # An operator had it tried at once, or SQS delivered one message twice: the worker of the last try has sent
            # its own message. This one is kept in case that one is lost, and comes after it.
            behind = RESEND_MS if version is not None and version < due.version else 0
            self._send(self.queue, due, wait + behind, version)
        else:
            self._try_once(due)

    def _try_once(self, due: Deliverable[Record]) -> None:
        body = self._body(due)
        if body is None:
            self._put_off(due, RESEND_MS)
            return
        with self.places.one_of(due.owner, due.caller) as free:
            if not free:
                self.telemetry.event("receiver_busy")  # no metric: a receiver that hangs must not ring an alarm
                self._put_off(due, int(FULL_MS * (1 + self.randomness.uniform())))
                return
            tried = self.posting.attempt(due, body)
        recorded = self.deliverables.record(due, tried)
        self.telemetry.count(Count.WEBHOOK_DELIVERIES, tried.status.value)
        if recorded is not None and tried.status is WebhookStatus.FAILED:
            self.telemetry.count(Count.DELIVERIES_GIVEN_UP)
        if recorded is None:
            # Another try was recorded first; its worker may have died before what follows it.
            recorded = self.deliverables.load(due.subject_id)
        if recorded is not None:
            self._follow(recorded)

    def _body(self, due: Deliverable[Record]) -> bytes | None:
        """Return the webhook's body; its document, with a result of up to 5 MB, is not kept while it is posted."""
        document = self.deliverables.document(due)
        if document is None:
            return None
        return to_text({"type": due.type, "timestamp": iso(due.settled_at), "data": document}).encode()

    def _put_off(self, due: Deliverable[Record], delay_ms: int) -> None:
        """Make the try later. Nothing is recorded."""
        self.deliverables.write_audit(due)
        self._send(self.queue, due, delay_ms, due.version)

    def _follow(self, due: Deliverable[Record]) -> None:
        """Send what the last recorded try calls for."""
        self.deliverables.write_audit(due)
        if due.delivery.status is WebhookStatus.PENDING:
            wait = max((due.delivery.next_at or 0) - self.clock.now(), 0)
            self._send(self.queue, due, wait, due.version)
        elif due.delivery.status is WebhookStatus.FAILED:
            self._send(self.dead_letters, due, 0, due.version)

    def _send(self, queue: DeliveryQueue, due: Deliverable[Record], delay_ms: int, version: int | None) -> None:
        queue.send(due.subject_id, delay_ms, version, due.url, self.deliverables.kind)
