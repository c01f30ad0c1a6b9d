"""What receiving a webhook needs beyond the ledger. It may raise ``DependencyError``."""

from typing import Protocol


class WebhookIds(Protocol):
    """The contents of received webhooks by id, for as long as their senders may repeat them."""

    def claim(self, webhook_id: str, content: str, now: int, until: int) -> str:
        """Give an id to a content (its digest) up to ``until``, unless it has one already at ``now``.

        Return its content: ``content``, or what came first.
        """
        ...
