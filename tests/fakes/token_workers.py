"""Worker processes that need a token: each has its own ``SharedToken``, and they share one environment."""

from dataclasses import dataclass, field

import pytest

from actionrelay.errors import TokenBeingRefreshedError
from actionrelay.token.lease import LEASE_MS, REST_MS, TokenLease
from actionrelay.token.shared import SharedToken
from tests.fakes.chance import SettableClock
from tests.fakes.genesys import InMemoryTokenLeases, InMemoryTokenStore, ScriptedIssuer
from tests.fakes.recorded_telemetry import RecordedTelemetry


@dataclass(slots=True)
class TokenWorkers:
    """A first worker, ``source``, with its environment, which ``another_worker`` shares; each has its own memory."""

    clock: SettableClock = field(default_factory=SettableClock)
    store: InMemoryTokenStore = field(default_factory=InMemoryTokenStore)
    leases: InMemoryTokenLeases = field(default_factory=InMemoryTokenLeases)
    issuer: ScriptedIssuer = field(default_factory=ScriptedIssuer)
    telemetry: RecordedTelemetry = field(default_factory=RecordedTelemetry)
    workers: int = 0
    source: SharedToken = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.another_worker()

    def another_worker(self) -> SharedToken:
        self.workers += 1
        name = f"worker-{self.workers}"
        return SharedToken(name, self.store, self.leases, self.issuer, self.telemetry, self.clock)

    @property
    def lease(self) -> TokenLease:
        """Return the lease on record."""
        return self.leases.leases.get(self.issuer.issuer, TokenLease())

    def rest(self) -> None:
        """Let the pause after an answer pass."""
        self.clock.advance(REST_MS)

    def outlast_the_lease(self) -> None:
        """Let a lease that is taken now expire."""
        self.clock.advance(LEASE_MS)


class DiedError(BaseException):
    """Ends a worker at once."""


def waits(worker: SharedToken) -> bool:
    """Return whether a worker has to try again later."""
    with pytest.raises(TokenBeingRefreshedError):
        worker.token()
    return True


def dies(worker: SharedToken, tokens: TokenWorkers, port: str, operation: str) -> None:
    """Let a worker die before this operation."""
    getattr(tokens, port).trouble.before(operation, DiedError())
    with pytest.raises(DiedError):
        worker.token()


def assert_has(worker: SharedToken, version: str) -> None:
    """Assert that a worker gets this token."""
    assert worker.token().version == version
