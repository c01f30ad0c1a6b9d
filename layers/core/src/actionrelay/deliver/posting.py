"""One try to post a webhook, the Standard Webhooks way, and when the next one is due."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from actionrelay.deliver.ports import Deliverable, Try
from actionrelay.deliver.receivers import Receivers
from actionrelay.errors import DeliveryFailedError, DeliveryRefusedError, DependencyError
from actionrelay.ledger.execution import ExecutionError, WebhookStatus
from actionrelay.ports import Clock, Randomness
from actionrelay.retry_after import retry_after_ms
from actionrelay.webhooks.keys import SigningSecret, keys_of_receiver
from actionrelay.webhooks.ports import WebhookSender
from actionrelay.webhooks.signatures import StandardWebhooks
from actionrelay.webhooks.targets import DeliveryAnswer, host_of

SCHEDULE_MS = tuple(seconds * 1_000 for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""The waits after the first try: the schedule that the Standard Webhooks specification suggests."""
JITTER = 0.1
MAX_TRIES = len(SCHEDULE_MS) + 1
NOT_HERE_TRIES = 4
"""After this many tries, half an hour after the first, 404 and 405 count as final."""
STRANGERS_TRIES = 6
"""Tries for a receiver that has never taken a webhook, over 7.5 hours: it may not want any."""
_NOT_HERE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})
_SUCCESS = 2


@dataclass(frozen=True, slots=True)
class PostWebhook:
    """Signs and posts."""

    sender: WebhookSender
    receivers: Receivers
    secrets: Callable[[], tuple[SigningSecret, ...]]
    """The deployment's own, read at each try, so that a rotated one is used; each receiver's keys come from them."""
    clock: Clock
    randomness: Randomness

    def attempt[Record](self, due: Deliverable[Record], body: bytes) -> Try:
        """Try once.

        Raises:
            SecretUnavailableError: there is nothing to sign with.
        """
        try:
            answer = self._post(due, body)
        except DeliveryRefusedError as error:
            return self._given_up(None, ExecutionError(error.code, error.message))
        except DeliveryFailedError as error:
            return self._again(due, None, None, ExecutionError(error.code, error.message))
        latency_ms = round(answer.latency_ms)
        answered = ExecutionError(f"http_{answer.status}", "the receiver's response", answer.status)
        if answer.status // 100 == _SUCCESS:
            with suppress(DependencyError):  # the next success writes it again
                self.receivers.took_one(due.owner, self.clock.now())
            return Try(WebhookStatus.DELIVERED, self.clock.now(), None, latency_ms, answered)
        not_here = answer.status in _NOT_HERE and due.delivery.attempts + 1 >= NOT_HERE_TRIES
        if answer.status == HTTPStatus.GONE or not_here:
            return self._given_up(latency_ms, answered)
        return self._again(due, answer.retry_after, latency_ms, answered)

    def _post[Record](self, due: Deliverable[Record], body: bytes) -> DeliveryAnswer:
        keys = keys_of_receiver(self.secrets(), host_of(due.url))
        signed = StandardWebhooks.headers(keys, due.webhook_id, self.clock.now() // 1_000, body)
        headers = {"Content-Type": "application/json", "X-Trace-Id": due.trace_id, **signed}
        return self.sender.send(due.url, headers, body)

    def _again[Record](
        self, due: Deliverable[Record], retry_after: str | None, latency_ms: int | None, cause: ExecutionError
    ) -> Try:
        """Plan the next try, or give up where the schedule is at its end."""
        attempts = due.delivery.attempts
        if attempts >= len(SCHEDULE_MS) or (attempts >= STRANGERS_TRIES - 1 and self._is_stranger(due.owner)):
            return self._given_up(latency_ms, cause)
        jittered = int(SCHEDULE_MS[attempts] * (1 + JITTER * self.randomness.uniform()))
        now = self.clock.now()
        next_at = now + max(jittered, retry_after_ms(retry_after, now))
        return Try(WebhookStatus.PENDING, now, next_at, latency_ms, cause)

    def _given_up(self, latency_ms: int | None, cause: ExecutionError) -> Try:
        return Try(WebhookStatus.FAILED, self.clock.now(), None, latency_ms, cause)

    def _is_stranger(self, owner: str) -> bool:
        """Whether a receiver has never taken a webhook; False where the store can't say."""
        try:
            return not self.receivers.has_taken_one(owner, self.clock.now())
        except DependencyError:
            return False
