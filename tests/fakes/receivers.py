"""The receivers that have accepted a webhook, in memory."""

from dataclasses import dataclass, field
from typing import override

from actionrelay.deliver.receivers import REMEMBERED_MS, Receivers
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class InMemoryReceivers(Receivers):
    """``Receivers`` in memory."""

    took_at: dict[str, int] = field(default_factory=dict)
    """By owner."""
    trouble: Trouble = field(default_factory=Trouble)

    @override
    def took_one(self, owner: str, now: int) -> None:
        self.trouble.strike_before("took_one")
        self.took_at[owner] = now

    @override
    def has_taken_one(self, owner: str, now: int) -> bool:
        self.trouble.strike_before("has_taken_one")
        return self.took_at.get(owner, -REMEMBERED_MS) > now - REMEMBERED_MS
