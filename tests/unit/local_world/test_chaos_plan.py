"""The plan: the same for a seed, with every kind of fault, in the simulator's terms."""

import json
from collections import Counter

import pytest
from pydantic import TypeAdapter

from local.chaos.faults import STORM, kinds
from local.chaos.plan import plan, script
from local.genesys.faults import ScriptedFault

CONTRACTS = pytest.mark.parametrize("contract", ["data-actions", "integrations"])


@CONTRACTS
def test_a_seed_gives_one_plan(contract: str) -> None:
    assert plan(contract, 60, 7) == plan(contract, 60, 7)
    assert plan(contract, 60, 7) != plan(contract, 60, 8)


@CONTRACTS
def test_the_ci_plan_meets_every_kind(contract: str) -> None:
    met = Counter(order.kind for order in plan(contract, 60, 1))

    assert set(met) == {"calm", *(kind.name for kind in kinds(contract))}
    assert met["calm"] == 12


@CONTRACTS
def test_a_plan_shows_all_that_callers_do(contract: str) -> None:
    orders = plan(contract, 300, 1)

    assert any(order.copies > 1 for order in orders)
    assert any(order.rival_inputs for order in orders)
    assert any(order.webhook for order in orders)
    assert {order.idempotent for order in orders} == {True, False}
    assert len({(order.execution_id, order.trace_id) for order in orders}) == 300


@CONTRACTS
def test_only_equal_inputs_may_hit_the_cache(contract: str) -> None:
    orders = plan(contract, 300, 1)
    inputs = Counter(json.dumps(order.inputs) for order in orders)

    assert all(inputs[json.dumps(order.inputs)] == 1 for order in orders if not order.cached)
    assert any(inputs[json.dumps(order.inputs)] > 1 for order in orders if order.cached)


@CONTRACTS
def test_a_plan_becomes_a_script_the_simulator_understands(
    contract: str,
) -> None:
    orders = plan(contract, 100, 1)

    faults = TypeAdapter(list[ScriptedFault]).validate_python(script(contract, orders))

    assert len(faults) == sum(len(order.faults) for order in orders)
    name = "execution_id" if contract == "data-actions" else "trace_id"
    assert {getattr(fault, name) for fault in faults} <= {getattr(order, name) for order in orders}


def test_throttled_executions_come_as_storms() -> None:
    orders = plan("data-actions", 600, 1)

    places = [place for place, order in enumerate(orders) if order.kind == STORM]

    assert len(places) >= 10
    assert places[:5] == list(range(places[0], places[0] + 5))


def test_faults_of_callbacks_need_a_queued_answer() -> None:
    of_callbacks = {kind.name for kind in kinds("data-actions") if kind.by_callback}

    faults = [fault for order in plan("data-actions", 200, 1) if order.kind in of_callbacks for fault in order.faults]

    assert faults
    assert {fault["mode"] for fault in faults} == {"queued"}
