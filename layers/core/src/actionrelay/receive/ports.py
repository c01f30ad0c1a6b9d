"""What receiving a webhook needs beyond the ledger. It may raise ``DependencyError``."""

from typing import Protocol


class WebhookIds(Protocol):
    """What the ids of received webhooks stand for, for as long as their senders may repeat them."""

    def claim(self, webhook_id: str, content: str, now: int, until: int) -> str:
        """Let an id stand for a content (its digest) up to ``until``, unless it stands for one already at ``now``.

        Return what it stands for: ``content``, or what came first.
        """
        ...
