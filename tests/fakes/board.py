"""The preflight's board in memory."""

from dataclasses import dataclass, field
from typing import override

from actionrelay.preflight.ports import NoticeBoard, Posted
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class InMemoryBoard(NoticeBoard):
    """A ``NoticeBoard`` in memory."""

    posted: Posted = field(default_factory=Posted)
    trouble: Trouble = field(default_factory=Trouble)

    @override
    def read(self) -> Posted:
        self.trouble.strike_before("read")
        return self.posted

    @override
    def swap(self, before: Posted, after: Posted) -> bool:
        self.trouble.strike_before("swap")
        if self.posted.version != before.version:
            return False
        self.posted = after
        return True
