"""Use case: hand an ended execution to its caller's webhook, the Standard Webhooks way."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from actionrelay import ledger
from actionrelay.errors import DeliveryFailedError, DeliveryRefusedError
from actionrelay.models import Execution, ExecutionError, WebhookStatus
from actionrelay.outbound import DeliveryAnswer
from actionrelay.ports import (
    Clock,
    DeliveryQueue,
    PayloadStore,
    Randomness,
    Telemetry,
    WebhookSender,
)
from actionrelay.recording import Recorder
from actionrelay.retry import retry_after_ms
from actionrelay.signatures import SigningSecret, StandardWebhooks
from actionrelay.strict_json import Json, canonical
from actionrelay.timestamps import iso
from actionrelay.views import execution_document

SCHEDULE_MS = tuple(seconds * 1_000 for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""The waits after the first try: the schedule that the Standard Webhooks specification suggests."""
JITTER = 0.1
_SUCCESS = 2


@dataclass(frozen=True, slots=True)
class DeliverWebhook:
    """Makes one try to deliver, and plans the next."""

    recorder: Recorder
    payloads: PayloadStore
    queue: DeliveryQueue
    sender: WebhookSender
    secrets: Callable[[], tuple[SigningSecret, ...]]
    """Read at each try, so that a rotated secret is used."""
    telemetry: Telemetry
    clock: Clock
    randomness: Randomness

    def deliver(self, execution_id: str) -> None:
        """Do what is due for a delivery message; returning means that the message is done with.

        Raises:
            DependencyError: a service failed; the message must be seen again.
        """
        execution = self.recorder.load(execution_id)
        if execution is None or not execution.ended:
            return
        if execution.webhook_status is not WebhookStatus.PENDING:
            self.recorder.pay(execution)  # a worker may have died between the record of the last try and its audit
            return
        now = self.clock.now()
        if execution.deliver_at is not None and execution.deliver_at > now:
            self.queue.send(execution_id, execution.deliver_at - now)
            return
        status, wait, latency_ms, cause = self._try(execution)
        deliver_at = now + wait if status is WebhookStatus.PENDING else None

        def step(current: Execution) -> Execution | None:
            if current.delivery_attempts != execution.delivery_attempts or current.outcome != execution.outcome:
                return None  # another try, or another outcome, which has a delivery of its own
            return ledger.record_delivery(current, status, now, deliver_at, latency_ms=latency_ms, cause=cause)

        recorded = self.recorder.change(execution, step)
        self.telemetry.count("WebhookDeliveries", status.value)
        if recorded is None:
            self._carry_on(execution_id)
        elif deliver_at is not None:
            self.queue.send(execution_id, wait)

    def _carry_on(self, execution_id: str) -> None:
        """Another try was recorded first; whoever did may have died before it queued the next."""
        current = self.recorder.load(execution_id)
        if current is None:
            return
        self.recorder.pay(current)
        if current.ended and current.webhook_status is WebhookStatus.PENDING:
            self.queue.send(execution_id, max((current.deliver_at or 0) - self.clock.now(), 0))

    def _try(self, execution: Execution) -> tuple[WebhookStatus, int, int | None, ExecutionError | None]:
        """Return where this try leaves the delivery, how long to wait, how long it took, and what went wrong."""
        try:
            answer = self._post(execution)
        except DeliveryRefusedError as error:
            return WebhookStatus.FAILED, 0, None, ExecutionError(error.code, error.message)
        except DeliveryFailedError as error:
            return (*self._again(execution, None), None, ExecutionError(error.code, error.message))
        latency_ms = round(answer.latency_ms)
        if answer.status // 100 == _SUCCESS:
            return WebhookStatus.DELIVERED, 0, latency_ms, None
        refused = ExecutionError("delivery_refused", "the receiver did not accept the webhook", answer.status)
        if answer.status == HTTPStatus.GONE:
            return WebhookStatus.FAILED, 0, latency_ms, refused
        return (*self._again(execution, answer.retry_after), latency_ms, refused)

    def _post(self, execution: Execution) -> DeliveryAnswer:
        now = self.clock.now()
        document: dict[str, Json] = {
            "type": f"execution.{execution.status.value}",
            "timestamp": iso(execution.completed_at or execution.updated_at),
            "data": execution_document(execution, self.payloads),
        }
        body = canonical(document)
        signed = StandardWebhooks.headers(
            self.secrets(), f"{execution.execution_id}-{execution.completed_at}", now // 1_000, body
        )
        headers = {"Content-Type": "application/json", "X-Trace-Id": execution.trace_id, **signed}
        return self.sender.send(execution.webhook_url or "", headers, body)

    def _again(self, execution: Execution, retry_after: str | None) -> tuple[WebhookStatus, int]:
        if execution.delivery_attempts >= len(SCHEDULE_MS):
            return WebhookStatus.FAILED, 0
        planned = SCHEDULE_MS[execution.delivery_attempts]
        jittered = int(planned * (1 + JITTER * self.randomness.uniform()))
        return WebhookStatus.PENDING, max(jittered, retry_after_ms(retry_after, self.clock.now()))
