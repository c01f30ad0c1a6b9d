"""One execution with every single fault: at every port call, for every number of deliveries."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, repeat

from actionrelay.genesys.contract import GenesysApi
from actionrelay.ledger.message import MessageKind
from actionrelay.strict_json import Json
from tests.simulation.baton import Crew, Worker
from tests.simulation.deployment import Deployment
from tests.simulation.faults import FAULTS, Call, Move
from tests.simulation.platform import ON_TIME, Answer, Callback
from tests.simulation.scheduler import PERSISTENT, Scheduler
from tests.simulation.world import World

NAME = "3f0c2b1a-5d4e-4f60-8a7b-9c0d1e2f3a4b"
OTHER_NAME = "7d9e8f70-1a2b-4c3d-9e4f-5a6b7c8d9e0f"
ACTION = "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e"
HOOK = "https://hooks.example.com/done"


class Zombie(StrEnum):
    """Whether the worker with the fault sleeps before it, and until when."""

    NONE = "no zombie"
    BRIEF = "wakes up when the others have nothing more to do right now"
    LONG = "wakes up when its lease has ended and all others are done"


@dataclass(frozen=True, slots=True)
class Case:
    """One history."""

    deployment: Deployment = field(default_factory=Deployment)
    answers: tuple[Answer, ...] = (Answer.SUCCESS,)
    """By the number of the request; the last one repeats."""
    callbacks: tuple[Callback, ...] = ON_TIME
    again: bool = False
    """Whether a caller submits an equal request a minute later, when the cache may have the result."""
    operator: str = ""
    """An operator's decision, hours later or (``cancel``) right after the first answer."""
    webhook_tries: int = PERSISTENT
    """How often Genesys Cloud tries to send a webhook."""
    receiver: tuple[int, ...] = (200,)
    """The answers of the caller's server, delivery by delivery; the last one repeats. 0 is no answer."""
    at: int = -1
    """The number of the port call, from 0, with the ``fault``."""
    fault: Move = Move.PROCEED
    deliveries: int = 1
    zombie: Zombie = Zombie.NONE


CONTRACTS = {
    "data-actions": Deployment(),
    "integrations": Deployment(GenesysApi.INTEGRATIONS),
    "integrations, idempotent": Deployment(GenesysApi.INTEGRATIONS, idempotent=True),
}

_OPERATOR_AFTER_MS = {"cancel": 400, "redeliver": 10 * 86_400_000}
# A zombie that dies right after it woke up is like a dead worker, and no SDK repeats a call minutes later.
_OF_ZOMBIES = (Move.PROCEED, Move.DIE_AFTER, Move.ERROR, Move.LOST)


def every_fault(base: Case, calls: int, deliveries: int, zombies: tuple[Zombie, ...]) -> Iterator[Case]:
    """Yield the case with every fault at every port call."""
    for at in range(calls):
        for zombie in zombies:
            faults = FAULTS if zombie is Zombie.NONE else _OF_ZOMBIES
            for fault in faults:
                yield replace(base, at=at, fault=fault, deliveries=deliveries, zombie=zombie)


def play(case: Case, crew: Crew) -> World:
    """Play one case to its end; raise ``BrokenError`` with the history if a rule is broken."""
    world = World(crew, case.deployment)
    scheduler = Scheduler(world)
    sleepers: list[Worker] = []

    def plan(call: Call) -> Move:
        if call.index != case.at:
            return Move.PROCEED
        if case.zombie is not Zombie.NONE and not sleepers:
            sleepers.append(call.worker)
            call.worker.troubled = True
            world.rules.unstored.update(call.worker.subjects)
            return Move.SUSPEND
        return case.fault

    world.plan = plan
    _set_up(case, world, scheduler)
    if case.zombie is Zombie.NONE:
        scheduler.pausing = frozenset({"execute"})
    elif case.zombie is Zombie.BRIEF:
        scheduler.run(until=lambda: bool(sleepers))
    else:
        scheduler.run()
    for worker in sleepers:
        worker.wake_at = world.time
    scheduler.settle_down()
    return world


def _set_up(case: Case, world: World, scheduler: Scheduler) -> None:
    world.queue.copies = lambda message: (
        case.deliveries if message.version == 1 and message.kind is MessageKind.RUN else 1
    )
    world.platform.answer = lambda _, nth: case.answers[min(nth, len(case.answers)) - 1]
    world.platform.callbacks = lambda _: case.callbacks
    world.platform.call_back = scheduler.call_back
    scheduler.webhook_tries = case.webhook_tries
    answers = chain(case.receiver, repeat(case.receiver[-1]))
    world.receiver.answer = lambda: next(answers)
    document: dict[str, Json] = {
        "actionId": ACTION,
        "executionId": NAME,
        "inputs": {"customer": "c"},
        "idempotent": case.deployment.idempotent,
        "webhookUrl": HOOK,
    }
    scheduler.submit(document)
    if case.again:
        world.later(60_000, lambda: scheduler.submit({**document, "executionId": OTHER_NAME}))
    if case.operator:
        world.later(_OPERATOR_AFTER_MS.get(case.operator, 7_200_000), lambda: scheduler.operate(case.operator, NAME))
