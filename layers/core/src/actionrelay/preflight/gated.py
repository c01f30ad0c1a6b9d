"""Puts the preflight's requests to the API host behind the rate gate, like any other request."""

from dataclasses import dataclass
from typing import override

from actionrelay.errors import DependencyError
from actionrelay.gate.ports import Ask, RateGate
from actionrelay.lanes import Flow
from actionrelay.ports import Clock
from actionrelay.preflight.checks import Sight
from actionrelay.preflight.ports import PlatformProbe
from actionrelay.token.ports import AccessToken

_ASK = Ask(Flow(caller="preflight"))
"""It takes turns like a caller, so that its few requests delay no execution."""


@dataclass(frozen=True, slots=True)
class GatedProbe(PlatformProbe):
    """A ``PlatformProbe`` behind the rate gate. Without a permit it sends nothing; it never waits."""

    probe: PlatformProbe
    gate: RateGate
    clock: Clock

    @override
    def about_client(self, token: AccessToken | None, wait_ms: int) -> Sight:
        """Ask, with a permit."""
        return self._held() or self.probe.about_client(token, wait_ms)

    @override
    def limits(self, token: AccessToken, wait_ms: int) -> Sight:
        """Ask, with a permit."""
        return self._held() or self.probe.limits(token, wait_ms)

    def _held(self) -> Sight | None:
        try:
            wait_ms = self.gate.for_batch([_ASK]).take(self.clock.now(), _ASK)
        except DependencyError:
            return Sight(None, "the rate gate can't be reached", held=True)
        return Sight(None, f"the rate is used up for the next {-(-wait_ms // 1_000)} s", held=True) if wait_ms else None
