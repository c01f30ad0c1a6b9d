"""The longest promised waits, message by message in virtual time, with Lambda's guard against recursive loops as the
template sets it: each is a chain of messages that the guard would end without `RecursiveLoop: Allow`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from actionrelay.ledger.execution import Status, WebhookStatus
from actionrelay.ledger.message import DeliveryMessage, Message
from actionrelay.strict_json import Json
from tests.simulation.baton import Crew
from tests.simulation.faults import Call, Move
from tests.simulation.platform import Answer
from tests.simulation.queues import LONGEST_LINEAGE, SimulatedQueue
from tests.simulation.scheduler import Scheduler
from tests.simulation.world import BEGIN, World
from tests.template.cloudformation import ROOT, Template
from tests.template.deployed import Deployed, translated

HOUR_MS = 3_600_000
NAME = "00000000-0000-4000-8000-000000000001"
REQUEST: dict[str, Json] = {
    "actionId": "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e",
    "executionId": NAME,
    "inputs": {"customer": "c"},
    "webhookUrl": f"https://hooks.example.com/{NAME}",
}


@dataclass(frozen=True, slots=True)
class Chain:
    """One wait: what causes it, how it ends, and the function whose messages it consists of."""

    arrange: Callable[[World], None]
    ends: Callable[[World], bool]
    function: str


def _fails_until(hours: float, *ports: str) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        def plan(call: Call) -> Move:
            fails = world.time < BEGIN + hours * HOUR_MS and call.worker.name.startswith("execute")
            return Move.ERROR if fails and call.port.startswith(ports) else Move.PROCEED

        world.plan = plan

    return arrange


def _asks_for_12_hours(world: World) -> None:
    world.platform.retry_after = "43200"
    world.platform.answer = lambda _, nth: Answer.THROTTLED if nth == 1 else Answer.SUCCESS


def _never_answers(world: World) -> None:
    world.receiver.answer = lambda: 503


def _has_given_8_hours_out(world: World) -> None:
    world.gate.state = replace(world.gate.state, used_until_us=(BEGIN + 8 * HOUR_MS) * 1_000)


def _completed(world: World) -> bool:
    return all(record.status is Status.COMPLETED for record in world.ledger.records.values())


def _completed_after_12_hours(world: World) -> bool:
    (record,) = world.ledger.records.values()
    return _completed(world) and (record.completed_at or 0) >= BEGIN + 12 * HOUR_MS


def _given_up_after_ten(world: World) -> bool:
    (record,) = world.ledger.records.values()
    return (record.delivery.status, record.delivery.attempts) == (WebhookStatus.FAILED, 10)


CHAINS = {
    "ten failed deliveries": Chain(_never_answers, _given_up_after_ten, "deliver"),
    "Retry-After of 12 hours": Chain(_asks_for_12_hours, _completed_after_12_hours, "execute"),
    "a login outage of 6 hours": Chain(_fails_until(6, "tokens."), _completed, "execute"),
    "an outage of DynamoDB of 2 hours": Chain(_fails_until(2, "ledger."), _completed, "execute"),
    "a backlog before the rate gate of 8 hours": Chain(_has_given_8_hours_out, _completed, "execute"),
}
each_chain = pytest.mark.parametrize("chain", [pytest.param(chain, id=name) for name, chain in CHAINS.items()])


@pytest.fixture(scope="module")
def recursive_loops() -> dict[str, str]:
    """Return each function's `RecursiveLoop` in the template; AWS's default is `Terminate`."""
    template = Template((ROOT / "template.yaml").read_text(encoding="utf-8"))
    functions = Deployed(translated(template.document)).resources("AWS::Lambda::Function")
    return {
        name.removesuffix("Function").lower(): function["Properties"].get("RecursiveLoop", "Terminate")
        for name, function in functions.items()
    }


def _play(chain: Chain, crew: Crew, recursive_loops: dict[str, str]) -> World:
    world = World(crew)
    for queue in _queues(world):
        queue.recursive_loop = recursive_loops[queue.function]
    scheduler = Scheduler(world, pausing=frozenset({"execute"}))
    chain.arrange(world)
    scheduler.submit(REQUEST)
    scheduler.run()
    scheduler.abandon()
    return world


def _queues(world: World) -> tuple[SimulatedQueue[Message], SimulatedQueue[DeliveryMessage]]:
    return world.queue.queue, world.deliveries.queue


@each_chain
def test_a_promised_wait_outlasts_lambdas_guard(chain: Chain, crew: Crew, recursive_loops: dict[str, str]) -> None:
    world = _play(chain, crew, recursive_loops)
    assert chain.ends(world)
    assert world.ledger.records.keys() == {NAME}
    assert [queue.dead for queue in _queues(world)] == [[], []]


@each_chain
def test_the_guard_would_end_that_wait(chain: Chain, crew: Crew, recursive_loops: dict[str, str]) -> None:
    world = _play(chain, crew, recursive_loops | {chain.function: "Terminate"})
    dead = {queue.function: len(queue.dead) for queue in _queues(world)}
    assert dead[chain.function] > 0
    assert not chain.ends(world)


@pytest.mark.parametrize(("invocations", "goes_on"), [(LONGEST_LINEAGE - 1, True), (LONGEST_LINEAGE, False)])
def test_the_guard_ends_a_chain_after_16_invocations(invocations: int, goes_on: bool) -> None:
    queue = SimulatedQueue[Message]("execute", "Terminate", lambda: {"execute": invocations, "deliver": 40})
    queue.send(Message(NAME), BEGIN)
    assert (len(queue.visible(BEGIN)), len(queue.dead)) == ((1, 0) if goes_on else (0, 1))
