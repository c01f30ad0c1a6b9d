"""What the preflight looks at, and where its result is shared."""

from dataclasses import dataclass
from typing import Protocol

from actionrelay.preflight.checks import Sight
from actionrelay.preflight_check import Check
from actionrelay.token.ports import AccessToken


class PlatformProbe(Protocol):
    """What the preflight may look at on the API host. No look runs anything, is retried, or raises."""

    def about_client(self, token: AccessToken | None, wait_ms: int) -> Sight:
        """Look at who the client is and what it may do; without a token, at whether the host answers at all."""
        ...

    def limits(self, token: AccessToken, wait_ms: int) -> Sight:
        """Look at the organisation's limits of data actions."""
        ...


@dataclass(frozen=True, slots=True)
class Posted:
    """What all workers know of the last look: no checks before the first one ended. Times are ms since the epoch."""

    checks: tuple[Check, ...] = ()
    looked_at: int = 0
    claimed_until: int = 0
    """Until when somebody is looking; 0 while nobody is."""
    version: int = 0


class NoticeBoard(Protocol):
    """Where the result of a look is there for all. It may raise ``DependencyError``."""

    def read(self) -> Posted:
        """What is posted, as last written (a consistent read)."""
        ...

    def swap(self, before: Posted, after: Posted) -> bool:
        """Post ``after``; False, and nothing has changed, where somebody has posted since ``before``."""
        ...
