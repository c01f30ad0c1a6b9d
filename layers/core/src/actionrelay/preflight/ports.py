"""What the preflight looks at."""

from typing import Protocol

from actionrelay.preflight.checks import Sight
from actionrelay.token.ports import AccessToken


class PlatformProbe(Protocol):
    """What the preflight may look at on the API host. No look runs anything, is retried, or raises."""

    def about_client(self, token: AccessToken | None, wait_ms: int) -> Sight:
        """Look at who the client is and what it may do; without a token, at whether the host answers at all."""
        ...

    def limits(self, token: AccessToken, wait_ms: int) -> Sight:
        """Look at the organisation's limits of data actions."""
        ...
