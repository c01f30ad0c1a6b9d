"""Use case: hand what a workflow has come to to its caller's webhook; the tries are those of an execution's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict

from actionrelay.deliver.delivery import FULL_MS, RESEND_MS
from actionrelay.deliver.ports import WorkflowOutcome, WorkflowOutcomes
from actionrelay.deliver.posting import Outgoing, PostWebhook
from actionrelay.deliver.receivers import Places, Receivers
from actionrelay.errors import DependencyError, QueueUnavailableError, StaleWriteError
from actionrelay.ledger.execution import WebhookStatus
from actionrelay.ledger.message import MessageKind
from actionrelay.ledger.ports import DeliveryQueue
from actionrelay.ledger.receiver import receiver_group
from actionrelay.ports import Clock, Randomness, Telemetry
from actionrelay.signals import Count
from actionrelay.strict_json import Json
from actionrelay.timestamps import Timestamp, iso
from actionrelay.webhooks.keys import SigningSecret
from actionrelay.webhooks.ports import WebhookSender


class WorkflowWebhookDocument(TypedDict):
    """What a caller's webhook gets when a workflow has come to something."""

    type: Literal["workflow.completed", "workflow.failed", "workflow.blocked", "workflow.cancelled"]
    timestamp: Timestamp
    """When it did."""
    data: dict[str, Json]
    """The workflow, as `GET /workflows/{workflowId}` shows it."""


@dataclass(frozen=True, slots=True)
class DeliverWorkflow:
    """Makes one try to deliver, and plans the next."""

    outcomes: WorkflowOutcomes
    queue: DeliveryQueue
    dead_letters: DeliveryQueue
    sender: WebhookSender
    receivers: Receivers
    places: Places
    secrets: Callable[[], tuple[SigningSecret, ...]]
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness

    def deliver(self, workflow_id: str) -> None:
        """Do what is due for a delivery message; returning means that the message is done with.

        Raises:
            QueueUnavailableError: nothing could be sent in its place, so this message must be seen again.
        """
        try:
            self._deliver(workflow_id)
        except QueueUnavailableError:
            raise
        except (DependencyError, StaleWriteError) as error:
            self.telemetry.count(Count.MESSAGES_POSTPONED, error.code)
            self._send(self.queue, workflow_id, int(RESEND_MS * (0.5 + self.randomness.uniform())), None)

    def _deliver(self, workflow_id: str) -> None:
        outcome = self.outcomes.load(workflow_id)
        if outcome is None:
            return
        self.telemetry.concerning(outcome.workflow_id, outcome.trace_id)
        now, delivery = self.clock.now(), outcome.delivery
        if delivery.status is WebhookStatus.PENDING and (delivery.next_at or 0) > now:
            self._send(self.queue, workflow_id, (delivery.next_at or 0) - now, outcome.url)
        elif delivery.status is WebhookStatus.PENDING:
            self._try_once(outcome)
        else:
            # A worker may have died between the record of the last try and what follows it.
            self._follow(outcome)

    def _try_once(self, outcome: WorkflowOutcome) -> None:
        posting = PostWebhook(self.sender, self.receivers, self.secrets, self.clock, self.randomness)
        outgoing = _outgoing(outcome)
        with self.places.one_of(outgoing.owner, outcome.caller) as free:
            if not free:
                self.telemetry.event("receiver_busy")
                self._send(self.queue, outcome.workflow_id, int(FULL_MS * (1 + self.randomness.uniform())), outcome.url)
                return
            status, wait, _, cause = posting.attempt(outgoing)
        next_at = self.clock.now() + wait if status is WebhookStatus.PENDING else None
        recorded = self.outcomes.record(outcome, outcome.delivery.tried(status, next_at))
        self.telemetry.count(Count.WEBHOOK_DELIVERIES, status.value)
        self.telemetry.event("workflow_webhook", status=status.value, code=cause.code if cause else None)
        if recorded is not None:
            if status is WebhookStatus.FAILED:
                self.telemetry.count(Count.DELIVERIES_GIVEN_UP)
            self._follow(recorded)

    def _follow(self, outcome: WorkflowOutcome) -> None:
        """Send what a recorded try calls for."""
        if outcome.delivery.status is WebhookStatus.PENDING:
            wait = max((outcome.delivery.next_at or 0) - self.clock.now(), 0)
            self._send(self.queue, outcome.workflow_id, wait, outcome.url)
        elif outcome.delivery.status is WebhookStatus.FAILED:
            self._send(self.dead_letters, outcome.workflow_id, 0, outcome.url)

    @staticmethod
    def _send(queue: DeliveryQueue, workflow_id: str, delay_ms: int, receiver: str | None) -> None:
        queue.send(workflow_id, delay_ms, receiver=receiver, kind=MessageKind.WORKFLOW)


def _outgoing(outcome: WorkflowOutcome) -> Outgoing:
    return Outgoing(
        url=outcome.url,
        owner=receiver_group(outcome.url) or "",
        trace_id=outcome.trace_id,
        webhook_id=f"{outcome.workflow_id}-{outcome.settled_at}",
        message={"type": outcome.type, "timestamp": iso(outcome.settled_at), "data": outcome.document()},
        attempts=outcome.delivery.attempts,
    )
