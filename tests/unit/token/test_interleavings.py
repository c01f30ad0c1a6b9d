"""However workers interleave, and wherever they die: one token request per lease, and a token in the end.

Several processes run step by step. At each port call the next one to run is drawn, time may pass, the call may fail
before or after its work, and the process may die before or after it.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actionrelay.errors import StoreUnavailableError, TokenError, TokenUnavailableError
from actionrelay.token.lease import LEASE_MS, TokenLease
from actionrelay.token.ports import AccessToken
from actionrelay.token.shared import SharedToken
from tests.fakes.chance import NOON
from tests.fakes.genesys import ISSUER, SCOPES
from tests.fakes.recorded_telemetry import RecordedTelemetry
from tests.simulation.baton import Crew, Died, Worker

PROCESSES = 4
ASKS = 5
LIFETIMES_MS = (61_000, 70_000, 300_000)
PAUSES_MS = (0, 0, 0, 1, 200, 3_000, 20_000)
"""How long a process may pause between two calls: longer than a lease, too."""


@dataclass(slots=True)
class Request:
    """A token request as the login host sees it; of a worker that died, to the end of what it might have waited."""

    worker: str
    lease: int
    begun: int
    ended: int


@dataclass(slots=True)
class World:
    """The ports of all processes, with faults drawn from ``chance``. No fault is drawn once it is ``calm``."""

    chance: random.Random
    time: int = NOON
    crew: Crew = field(default_factory=Crew)
    token: AccessToken | None = None
    lease: TokenLease = field(default_factory=TokenLease)
    requests: list[Request] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    calm: bool = False

    def now(self) -> int:
        return self.time

    def happens(self, share: float) -> bool:
        return not self.calm and self.chance.random() < share

    @contextmanager
    def crossing(self) -> Iterator[None]:
        """Wrap a call: others run before it, and it may end the process or fail on both sides."""
        if not self.calm:
            self.crew.pause(self.time + self.chance.choice(PAUSES_MS))
        self._strike()
        yield
        self._strike()

    def _strike(self) -> None:
        if self.happens(0.04):
            raise Died
        if self.happens(0.04):
            raise StoreUnavailableError("drawn")


@dataclass(slots=True)
class Store:
    """A ``TokenStore``."""

    world: World

    def read(self) -> AccessToken | None:
        with self.world.crossing():
            return self.world.token

    def write(self, token: AccessToken) -> bool:
        with self.world.crossing():
            self.world.token = token
        return True


@dataclass(slots=True)
class Leases:
    """``TokenLeases`` of one issuer."""

    world: World
    swap_is_conditional: bool = True

    def read(self, issuer: str) -> TokenLease:
        with self.world.crossing():
            return self.world.lease

    def swap(self, issuer: str, before: TokenLease, after: TokenLease) -> TokenLease:
        with self.world.crossing():
            if self.world.lease.revision == before.revision or not self.swap_is_conditional:
                self.world.lease = after
            return self.world.lease


@dataclass(slots=True)
class Issuer:
    """A ``TokenIssuer`` that takes its time, but no more than it is given."""

    world: World
    worker: str
    patience: Callable[[int], int] = lambda within_ms: within_ms
    issuer: str = ISSUER
    required_scopes: tuple[str, ...] = SCOPES

    def request(self, now: int, within_ms: int) -> AccessToken:
        world = self.world
        if within_ms <= 0:
            raise TokenUnavailableError("no time left")
        lasts = world.chance.randint(0, self.patience(within_ms)) if not world.calm else 0
        world.requests.append(Request(self.worker, world.lease.revision, world.time, world.time + lasts))
        assert world.lease.holder == self.worker, "only the leaseholder asks"
        if not world.calm:
            world.crew.pause(world.time + lasts)
        if world.happens(0.1):
            raise Died
        if world.happens(0.2):
            raise TokenUnavailableError("drawn")
        version = f"issued-{len(world.requests)}"
        return AccessToken("secret", world.time + world.chance.choice(LIFETIMES_MS), SCOPES, ISSUER, version)


@dataclass(slots=True)
class Processes:
    """All of them, and the scheduler."""

    world: World
    leases: Leases
    patience: Callable[[int], int]
    started: int = 0

    def source(self) -> SharedToken:
        self.started += 1
        name = f"process-{self.started}"
        issuer = Issuer(self.world, name, self.patience)
        return SharedToken(name, Store(self.world), self.leases, issuer, RecordedTelemetry(), self.world)

    def process(self) -> Worker:
        """A process that asks a few times, with pauses, and meets a 401 when its token was revoked."""
        source, world = self.source(), self.world
        refused: set[str] = set()

        def live() -> None:
            for _ in range(ASKS):
                asked_at = world.time
                try:
                    token = source.token()
                except TokenError:
                    pass
                else:
                    assert token.expires_at > asked_at, "no token that was over"
                    assert token.version not in refused, "what this process refused comes not back"
                    if world.happens(0.1):
                        world.revoked.add(token.version)
                    if token.version in world.revoked:
                        refused.add(token.version)
                        source.refuse(token.version)
                world.crew.pause(world.time + world.chance.choice((0, 500, 5_000, 40_000)))

        return Worker(f"process-{self.started}", live, wake_at=world.time)

    def run(self) -> None:
        self._live([self.process() for _ in range(PROCESSES)])

    def _live(self, alive: list[Worker]) -> None:
        """Let them take turns; one that died is replaced, a few times."""
        replaced = 0
        while alive:
            ready = [worker for worker in alive if (worker.wake_at or 0) <= self.world.time]
            if not ready:
                self.world.time = min(worker.wake_at or 0 for worker in alive)
                continue
            worker = self.world.chance.choice(ready)
            self.world.crew.turn(worker)
            if not worker.ended:
                continue
            alive.remove(worker)
            if worker.error is not None:
                raise worker.error
            if worker.died and replaced < PROCESSES:
                replaced += 1
                alive.append(self.process())


def history(
    seed: int, *, conditional: bool = True, patience: Callable[[int], int] = lambda within_ms: within_ms
) -> Processes:
    """Let processes live in a world."""
    world = World(random.Random(seed))  # noqa: S311 - it has to repeat itself
    processes = Processes(world, Leases(world, conditional), patience)
    processes.run()
    return processes


def assert_one_at_a_time(world: World) -> None:
    leases = [request.lease for request in world.requests]
    assert len(leases) == len(set(leases)), "one request for each lease that was taken"
    for before, after in zip(world.requests, world.requests[1:], strict=False):
        assert after.begun >= before.ended, "the next begins when the one before has ended"


@given(st.integers(0, 2**64))
@settings(max_examples=400)
def test_any_interleaving_makes_one_request_per_lease(
    seed: int,
) -> None:
    processes = history(seed)
    world = processes.world
    assert_one_at_a_time(world)

    world.calm = True
    world.time += LEASE_MS
    requests = len(world.requests)
    sources = [processes.source() for _ in range(3)]
    tokens = {source.token().version for source in sources}
    assert len(tokens) == 1
    assert len(world.requests) <= requests + 1
    assert tokens.isdisjoint({world.lease.refused})


@pytest.mark.parametrize(
    ("conditional", "patience"),
    [(False, lambda within_ms: within_ms), (True, lambda within_ms: 2 * within_ms)],
    ids=["writes without a condition", "requests that outlast the lease"],
)
def test_every_rule_of_the_lease_is_needed(conditional: bool, patience: Callable[[int], int]) -> None:
    def all_of_them() -> None:
        for seed in range(300):
            assert_one_at_a_time(history(seed, conditional=conditional, patience=patience).world)

    with pytest.raises(AssertionError):
        all_of_them()
