"""The random walk: several executions at once, batches, and faults, all from a seed."""

import random
import uuid
from dataclasses import dataclass, field

from actionrelay.genesys.contract import GenesysApi
from actionrelay.ledger.message import Message
from actionrelay.strict_json import Json
from tests.simulation.baton import Crew
from tests.simulation.deployment import Deployment
from tests.simulation.enumeration import ACTION, HOOK
from tests.simulation.faults import FAULTS, Call, Move, no_faults
from tests.simulation.platform import Answer, Callback
from tests.simulation.scheduler import PERSISTENT, BrokenError, Scheduler
from tests.simulation.world import World

EXECUTIONS = 6
TROUBLED_CALLS = 400
"""After this nothing fails any more, and everything has to come to rest."""
_SLEEPS = (0, 0, 0, 0, 50, 400, 5_000, 100_000, 700_000)
_SHORT_SLEEPS = (0, 0, 50, 400)
"""The roles of workers behind API Gateway, which gives up on them; their callers ask again after that."""
_CALLBACKS: tuple[tuple[Callback, ...], ...] = (
    (Callback(5_000),),
    (Callback(50),),
    (Callback(1_000), Callback(1_200), Callback(400_000)),
    (Callback(900_000),),
    (Callback(1_000_000), Callback(1_000_100)),
    (Callback(2_000), Callback(3_000, "failed")),
    (Callback(4_000, "failed"), Callback(500)),
    (Callback(6_000, "failed"),),
    (),
)
_DECISIONS = (
    ("cancel", 0.1, 500),
    ("retry", 0.4, 3_600_000),
    ("again", 0.2, 5_400_000),
    ("resolve", 0.1, 7_200_000),
    ("redeliver", 0.3, 10_800_000),
    ("redeliver", 0.3, 10 * 86_400_000),
)
"""An operator's decisions, how likely each is, and when, in ms."""
_ANSWERS = (*(Answer.SUCCESS,) * 8, *(Answer.QUEUED,) * 8, *(Answer.THROTTLED,) * 3, *Answer)


@dataclass(slots=True)
class Walk:
    """One seed's history."""

    seed: int
    crew: Crew
    world: World = field(init=False)
    scheduler: Scheduler = field(init=False)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        chance = self._chance = random.Random(self.seed)  # noqa: S311 - it has to be reproducible
        api = chance.choice(tuple(GenesysApi))
        deployment = Deployment(
            api,
            idempotent=chance.random() < 0.5,
            padding=chance.choice((0, 600)),
            per_minute=chance.choice((270, 60_000)),
            grace_ms=chance.choice((300_000, 1_200_000)),
        )
        world = self.world = World(self.crew, deployment, self.seed)
        world.plan = self._plan
        world.queue.copies = self._copies
        world.suspended_for = lambda worker: chance.choice(_SLEEPS if worker.ends_at else _SHORT_SLEEPS)
        world.receiver.answer = lambda: chance.choice((200, 200, 200, 500, 0, 429, 410))
        world.platform.answer = lambda _id, _nth: chance.choice(_ANSWERS)
        plans: dict[str, tuple[Callback, ...]] = {}
        world.platform.callbacks = lambda name: plans.setdefault(name, chance.choice(_CALLBACKS))
        self.scheduler = Scheduler(world, chance.randrange, lambda: chance.randint(1, 10))
        world.platform.call_back = self.scheduler.call_back

    def run(self) -> int:
        """Walk to the end and return the number of steps; raise ``BrokenError`` if a rule is broken."""
        chance, scheduler = self._chance, self.scheduler
        for _ in range(EXECUTIONS):
            name = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            document: dict[str, Json] = {
                "actionId": ACTION,
                "executionId": name,
                "inputs": {"customer": chance.randrange(2)},
                "idempotent": self.world.deployment.idempotent,
                "cacheResults": chance.random() < 0.5,
            }
            if chance.random() < 0.6:
                document["webhookUrl"] = HOOK
            begin, tries = chance.choice((0, 0, 500, 60_000)), chance.choice((1, PERSISTENT))
            self.world.later(begin, lambda document=document, tries=tries: scheduler.submit(document, tries))  # type: ignore[misc]
            for decision, odds, after in _DECISIONS:
                if chance.random() < odds:
                    self.world.later(after, lambda decision=decision, name=name: scheduler.operate(decision, name))  # type: ignore[misc]
        try:
            scheduler.run()
            self.world.plan = no_faults
            scheduler.settle_down()
        except BrokenError as broken:
            raise BrokenError(f"seed {self.seed}, {self.world.deployment}\n{broken}") from None
        return self.world.calls

    def _plan(self, call: Call) -> Move:
        if call.index > TROUBLED_CALLS:
            return Move.PROCEED
        draw = self._chance.random()
        if draw < 0.3:
            return Move.SUSPEND
        return self._chance.choice(FAULTS) if draw > 0.95 else Move.PROCEED

    def _copies(self, _: Message) -> int:
        return 1 + (self.world.calls <= TROUBLED_CALLS and self._chance.random() < 0.15)
