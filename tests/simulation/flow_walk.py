"""The random walk of a workflow: a seed decides the graph, answers, faults, copies, pauses and decisions."""

import random
from dataclasses import dataclass, field
from typing import Any

from actionrelay.genesys.contract import GenesysApi
from tests.simulation.baton import Crew
from tests.simulation.deployment import Deployment
from tests.simulation.enumeration import HOOK
from tests.simulation.faults import FAULTS, Call, Move, no_faults
from tests.simulation.flow_cases import FLOW, Decision, deciding, is_of_flows, result_of, step
from tests.simulation.platform import Answer, Callback
from tests.simulation.scheduler import BrokenError, Scheduler
from tests.simulation.world import World

TROUBLED_CALLS = 300
"""After this nothing fails any more, and everything has to come to rest."""
_SLEEPS = (0, 0, 0, 50, 400, 5_000, 100_000, 700_000)
_SHORT_SLEEPS = (0, 0, 50, 400)
_CALLBACKS: tuple[tuple[Callback, ...], ...] = ((Callback(5_000),), (Callback(50),), (Callback(900_000),), ())
_ANSWERS = (*(Answer.SUCCESS,) * 8, *(Answer.QUEUED,) * 4, Answer.REFUSED, Answer.RESET_BEFORE, Answer.RESET_AFTER)
_DECISIONS = ("retry", "retry", "retry from", "cancel", "resolve", "retry-execution")


@dataclass(slots=True)
class FlowWalk:
    """One seed's history."""

    seed: int
    crew: Crew
    world: World = field(init=False)
    scheduler: Scheduler = field(init=False)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        chance = self._chance = random.Random(self.seed)  # noqa: S311 - it has to be reproducible
        api = chance.choice(tuple(GenesysApi))
        world = self.world = World(self.crew, Deployment(api), self.seed)
        world.flow_rules.decided = True
        world.plan = self._plan
        world.flow_messages.copies = lambda _: 1 + (world.calls <= TROUBLED_CALLS and chance.random() < 0.2)
        world.suspended_for = lambda worker: chance.choice(_SLEEPS if worker.ends_at else _SHORT_SLEEPS)
        world.platform.answer = lambda _id, _nth: chance.choice(_ANSWERS)
        plans: dict[str, tuple[Callback, ...]] = {}
        world.platform.callbacks = lambda name: plans.setdefault(name, chance.choice(_CALLBACKS))
        self.scheduler = Scheduler(world, chance.randrange, lambda: chance.randint(1, 4))
        world.platform.call_back = self.scheduler.call_back

    def run(self) -> int:
        """Walk to the end and return the number of steps; raise ``BrokenError`` if a rule is broken."""
        chance, scheduler = self._chance, self.scheduler
        steps = self._graph()
        fields: dict[str, Any] = {"deadlineSeconds": 14_400}
        if chance.random() < 0.2:
            fields["onFailure"] = "stop"
        scheduler.submit_flow({"workflowId": FLOW, "steps": steps, "webhookUrl": HOOK, **fields})
        for _ in range(chance.randint(0, 3)):
            root = chance.choice(sorted(steps))
            decision = chance.choice(_DECISIONS)
            chosen = Decision("retry", root) if decision == "retry from" else Decision(decision, root)
            if decision in {"retry", "cancel"}:
                chosen = Decision(decision)
            self.world.later(
                chance.choice((500, 60_000, 1_800_000, 5_400_000)), deciding(chosen, self.world, scheduler)
            )
        try:
            scheduler.run()
            self.world.plan = no_faults
            scheduler.settle_down()
        except BrokenError as broken:
            raise BrokenError(f"seed {self.seed}, {self.world.deployment}, {steps}\n{broken}") from None
        return self.world.calls

    def _graph(self) -> dict[str, Any]:
        """Return up to five random steps, each dependent on some of those before it."""
        chance = self._chance
        steps: dict[str, Any] = {}
        for number in range(chance.randint(2, 5)):
            before = [name for name in steps if chance.random() < 0.5]
            inputs: dict[str, Any] = {
                name: result_of(name, "[].of" if "forEach" in steps[name] else "of") for name in before[:2]
            }
            drawn = step(inputs=inputs, dependsOn=before[2:])
            if chance.random() < 0.25:
                drawn |= {"forEach": {"$literal": list(range(chance.randint(1, 3)))}, "maxConcurrency": 2}
            if chance.random() < 0.1:
                drawn["when"] = {"$literal": False}
            steps[f"s{number}"] = drawn
        return steps

    def _plan(self, call: Call) -> Move:
        if call.index > TROUBLED_CALLS or not is_of_flows(call):
            return Move.PROCEED
        draw = self._chance.random()
        if draw < 0.2:
            return Move.SUSPEND
        return self._chance.choice(FAULTS) if draw > 0.94 else Move.PROCEED
