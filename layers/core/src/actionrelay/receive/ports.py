"""What receiving a webhook needs beyond the ledger. Each call may raise ``DependencyError``."""

from typing import Protocol


class WebhookIds(Protocol):
    """The contents of received webhooks, by id, for as long as their senders may repeat them."""

    def claim(self, webhook_id: str, content: str, now: int, until: int) -> str:
        """Bind an id to ``content`` (a digest) until ``until``, unless it is already bound at ``now``.

        Returns the content that the id is bound to.
        """
        ...
