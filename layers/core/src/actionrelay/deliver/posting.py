"""One try to post a webhook, the Standard Webhooks way, and when the next one is due."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus

from actionrelay.deliver.receivers import Receivers
from actionrelay.errors import DeliveryFailedError, DeliveryRefusedError, DependencyError
from actionrelay.json_text import to_text
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
"""After so many tries, half an hour after the first, "not here" is believed."""
STRANGERS_TRIES = 6
"""Tries for a receiver that has never taken a webhook, over 7.5 hours: nobody has shown that it wants any."""
_NOT_HERE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED})
_SUCCESS = 2


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A webhook that is due."""

    url: str
    owner: str
    """Whose receiver that is (``receiver_group``)."""
    trace_id: str
    webhook_id: str
    """The same on each try."""
    message: Mapping[str, object] = field(repr=False)
    attempts: int
    """Tries before this one."""


type Tried = tuple[WebhookStatus, int, int | None, ExecutionError | None]
"""Where a try leaves the delivery, how long to wait (ms), how long it took (ms), and what the receiver answered."""


@dataclass(frozen=True, slots=True)
class PostWebhook:
    """Signs and posts."""

    sender: WebhookSender
    receivers: Receivers
    secrets: Callable[[], tuple[SigningSecret, ...]]
    clock: Clock
    randomness: Randomness

    def attempt(self, outgoing: Outgoing) -> Tried:
        """Try once.

        Raises:
            SecretUnavailableError: there is nothing to sign with.
        """
        try:
            answer = self._post(outgoing)
        except DeliveryRefusedError as error:
            return WebhookStatus.FAILED, 0, None, ExecutionError(error.code, error.message)
        except DeliveryFailedError as error:
            return (*self._again(outgoing, None), None, ExecutionError(error.code, error.message))
        latency_ms = round(answer.latency_ms)
        answered = ExecutionError(f"http_{answer.status}", "what the receiver answered", answer.status)
        if answer.status // 100 == _SUCCESS:
            with suppress(DependencyError):  # the next success remembers it, too
                self.receivers.took_one(outgoing.owner, self.clock.now())
            return WebhookStatus.DELIVERED, 0, latency_ms, answered
        not_here = answer.status in _NOT_HERE and outgoing.attempts + 1 >= NOT_HERE_TRIES
        if answer.status == HTTPStatus.GONE or not_here:
            return WebhookStatus.FAILED, 0, latency_ms, answered
        return (*self._again(outgoing, answer.retry_after), latency_ms, answered)

    def _post(self, outgoing: Outgoing) -> DeliveryAnswer:
        body = to_text(outgoing.message).encode()
        keys = keys_of_receiver(self.secrets(), host_of(outgoing.url))
        signed = StandardWebhooks.headers(keys, outgoing.webhook_id, self.clock.now() // 1_000, body)
        headers = {"Content-Type": "application/json", "X-Trace-Id": outgoing.trace_id, **signed}
        return self.sender.send(outgoing.url, headers, body)

    def _again(self, outgoing: Outgoing, retry_after: str | None) -> tuple[WebhookStatus, int]:
        attempts = outgoing.attempts
        if attempts >= len(SCHEDULE_MS) or (attempts >= STRANGERS_TRIES - 1 and self._is_stranger(outgoing)):
            return WebhookStatus.FAILED, 0
        planned = SCHEDULE_MS[outgoing.attempts]
        jittered = int(planned * (1 + JITTER * self.randomness.uniform()))
        return WebhookStatus.PENDING, max(jittered, retry_after_ms(retry_after, self.clock.now()))

    def _is_stranger(self, outgoing: Outgoing) -> bool:
        """Whether a receiver has never taken a webhook; where nobody can say, it is none."""
        try:
            return not self.receivers.has_taken_one(outgoing.owner, self.clock.now())
        except DependencyError:
            return False
