"""Posting webhooks."""

from collections.abc import Mapping
from typing import Protocol

from actionrelay.webhooks.targets import DeliveryAnswer


class WebhookSender(Protocol):
    """Posts a webhook to its receiver."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> DeliveryAnswer:
        """Post once; no retries, no redirects.

        Raises:
            DeliveryRefusedError: the outbound rules forbid the URL or an address behind it.
            DeliveryFailedError: no response.
        """
        ...
