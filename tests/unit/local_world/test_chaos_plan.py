"""The plan: the same for a seed, with every kind of fault in it, and in the simulator's own words."""

import json
from collections import Counter

import pytest
from pydantic import TypeAdapter

from local.chaos.faults import STORM, kinds
from local.chaos.plan import plan, script
from local.genesys.faults import ScriptedFault

CONTRACTS = pytest.mark.parametrize("contract", ["data-actions", "integrations"])


@CONTRACTS
def test_given_a_seed_when_planned_twice_then_the_plans_are_equal_and_another_seed_gives_another(contract: str) -> None:
    assert plan(contract, 60, 7) == plan(contract, 60, 7)
    assert plan(contract, 60, 7) != plan(contract, 60, 8)


@CONTRACTS
def test_given_the_size_for_ci_when_planned_then_every_kind_is_met_and_a_part_meets_nothing(contract: str) -> None:
    met = Counter(order.kind for order in plan(contract, 60, 1))

    assert set(met) == {"calm", *(kind.name for kind in kinds(contract))}
    assert met["calm"] == 12


@CONTRACTS
def test_given_a_plan_when_it_is_looked_at_then_all_that_callers_do_is_in_it(contract: str) -> None:
    orders = plan(contract, 300, 1)

    assert any(order.copies > 1 for order in orders)
    assert any(order.rival_inputs for order in orders)
    assert any(order.webhook for order in orders)
    assert {order.idempotent for order in orders} == {True, False}
    assert len({(order.execution_id, order.trace_id) for order in orders}) == 300


@CONTRACTS
def test_given_equal_inputs_when_they_are_planned_then_the_cache_may_answer_them_and_no_others(contract: str) -> None:
    orders = plan(contract, 300, 1)
    inputs = Counter(json.dumps(order.inputs) for order in orders)

    assert all(inputs[json.dumps(order.inputs)] == 1 for order in orders if not order.cached)
    assert any(inputs[json.dumps(order.inputs)] > 1 for order in orders if order.cached)


@CONTRACTS
def test_given_a_plan_when_it_becomes_a_script_then_the_simulator_understands_it_and_each_fault_has_one_execution(
    contract: str,
) -> None:
    orders = plan(contract, 100, 1)

    faults = TypeAdapter(list[ScriptedFault]).validate_python(script(contract, orders))

    assert len(faults) == sum(len(order.faults) for order in orders)
    name = "execution_id" if contract == "data-actions" else "trace_id"
    assert {getattr(fault, name) for fault in faults} <= {getattr(order, name) for order in orders}


def test_given_throttled_executions_when_planned_then_they_come_as_storms() -> None:
    orders = plan("data-actions", 600, 1)

    places = [place for place, order in enumerate(orders) if order.kind == STORM]

    assert len(places) >= 10
    assert places[:5] == list(range(places[0], places[0] + 5))


def test_given_faults_of_callbacks_when_planned_then_the_answer_says_queued() -> None:
    of_callbacks = {kind.name for kind in kinds("data-actions") if kind.by_callback}

    faults = [fault for order in plan("data-actions", 200, 1) if order.kind in of_callbacks for fault in order.faults]

    assert faults
    assert {fault["mode"] for fault in faults} == {"queued"}
