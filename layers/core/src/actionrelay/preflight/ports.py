"""What the preflight asks, and where its result is shared."""

from dataclasses import dataclass
from typing import Protocol

from actionrelay.preflight.checks import Sight
from actionrelay.preflight_check import Check
from actionrelay.token.ports import AccessToken


class PlatformProbe(Protocol):
    """The preflight's requests to the API host. None runs an action, is retried, or raises."""

    def about_client(self, token: AccessToken | None, wait_ms: int) -> Sight:
        """Ask what the client is and may do; without one, only whether the host answers. It waits up to ``wait_ms``."""
        ...

    def limits(self, token: AccessToken, wait_ms: int) -> Sight:
        """Ask for the organisation's limits of data actions. It waits up to ``wait_ms``."""
        ...


@dataclass(frozen=True, slots=True)
class Posted:
    """The shared result of the last preflight; no checks before the first has ended. Times are ms since the epoch."""

    checks: tuple[Check, ...] = ()
    looked_at: int = 0
    claimed_until: int = 0
    """Until when a worker has claimed the next preflight; 0 if none has."""
    version: int = 0


class NoticeBoard(Protocol):
    """Shares the preflight's result between workers. Each call may raise ``DependencyError``."""

    def read(self) -> Posted:
        """Return what is posted, by a consistent read."""
        ...

    def swap(self, before: Posted, after: Posted) -> bool:
        """Post ``after``; return False, and change nothing, if another worker has posted since ``before``."""
        ...
