"""The calls of a workflow without faults: no more than its steps need."""

from collections import Counter
from typing import Any

import pytest

from tests.simulation.baton import Crew
from tests.simulation.faults import Call, Move
from tests.simulation.flow_cases import DIAMOND, FLOW, result_of, step
from tests.simulation.scheduler import Scheduler
from tests.simulation.world import World

CHAIN = {f"s{n}": step(inputs={"a": result_of(f"s{n - 1}")} if n else {}) for n in range(10)}
LIST = {
    "first": step(),
    "each": step(forEach={"$literal": list(range(20))}, inputs={"n": {"$from": "$item"}, "first": result_of("first")}),
    "last": step(inputs={"each": result_of("each", "[].of")}),
}
WIDE = {
    "first": step(),
    **{f"m{n}": step(inputs={"first": result_of("first")}) for n in range(20)},
    "last": step(inputs={f"m{n}": result_of(f"m{n}") for n in range(20)}),
}


def calls(steps: dict[str, Any], crew: Crew) -> Counter[str]:
    """Play a workflow to its end, and return the number of calls of the code that runs it, by port."""
    world, counted = World(crew), Counter[str]()

    def plan(call: Call) -> Move:
        if call.worker.name.startswith("advance") or call.port.startswith(("flow.", "notify.")):
            counted[call.port] += 1
        return Move.PROCEED

    world.plan = plan
    scheduler = Scheduler(world)
    scheduler.submit_flow({"workflowId": FLOW, "steps": steps})
    scheduler.settle_down()
    assert world.flows.runs[FLOW].status == "completed"
    return counted


BEGINNING_AND_DEADLINE = 2
"""Messages that are not sent by an execution's end; each reads once."""


@pytest.mark.parametrize(
    ("steps", "executions", "more"),
    [
        pytest.param(CHAIN, 10, (0, 0, 0), id="a chain: who sees the end starts the next"),
        pytest.param(DIAMOND, 4, (1, 1, 1), id="a diamond: the first of two is released, and its result read again"),
        pytest.param(LIST, 22, (0, 0, 19), id="a list: an item is looked at once, its result read at the join"),
        pytest.param(WIDE, 22, (19, 19, 19), id="side by side: all but the last look again"),
    ],
)
def test_a_step_costs_its_calls_and_no_more(
    crew: Crew, steps: dict[str, Any], executions: int, more: tuple[int, int, int]
) -> None:
    releases, looks, results = more

    counted = calls(steps, crew)

    assert counted["flow.load"] <= executions + BEGINNING_AND_DEADLINE + looks
    assert counted["flow.release"] <= releases
    assert counted["flow.save_step"] <= (2 * executions if len(steps) == executions else executions + 4)
    assert counted["ledger.load"] <= executions + results
    assert counted["notify.send"] == executions + BEGINNING_AND_DEADLINE
    assert counted["ledger.create"] == counted["queue.run"] == counted["audit.append"] == executions
    assert counted["flow.create"] == counted["flow.save"] == 1
