"""A step and its action's contract: checked at submission as far as its inputs are known, and when it starts."""

import json
from typing import Any

import pytest

from actionrelay.errors import InvalidRequestError
from actionrelay.faults import Faults
from actionrelay.genesys.contract import ContractCheck, GenesysApi
from actionrelay.lanes import Lane
from actionrelay.ledger.execution import CacheStatus, Execution, WorkflowPlace
from actionrelay.wiring.step_requests import RulesOfSubmissions, SubmittedSteps
from actionrelay.workflows.ports import ContractScope, StepOrder
from actionrelay.workflows.rules import MAX_CHECKED_BYTES, WorkflowRules
from local.genesys.catalogue import action_id
from tests.fakes.relay import EXECUTION_ID, TRACE_ID, Relay, encoded

GET, POST = action_id("Get order status"), action_id("Create callback")


@pytest.fixture
def relay() -> Relay:
    relay = Relay(api=GenesysApi.INTEGRATIONS, contract_check=ContractCheck.ENFORCE)
    relay.catalogue.clock = relay.clock
    relay.catalogue.read()
    return relay


def frozen(relay: Relay, wanted: str, **fields: Any) -> dict[str, Any]:
    request = {"actionId": wanted, "inputs": {}, **fields}
    judged = RulesOfSubmissions(relay.rules).judge(request, ContractScope.NOTHING)
    assert not isinstance(judged, Faults)
    return judged


def begun(relay: Relay, request: dict[str, Any], **inputs: Any) -> Execution:
    place = WorkflowPlace(EXECUTION_ID, "step", None)
    order = StepOrder(EXECUTION_ID, place, TRACE_ID, {**request, "inputs": inputs}, Lane.INTERACTIVE, None)
    return SubmittedSteps(relay.submitting, relay.taking).start(order)


ORDER = {"$from": "order", "path": "id"}


def submitted(relay: Relay, **inputs: Any) -> set[tuple[str, str]]:
    """The faults of a workflow with a step that has these inputs."""
    steps = {"order": {"actionId": GET, "inputs": {"orderId": "1"}}, "status": {"actionId": GET, "inputs": inputs}}
    try:
        WorkflowRules(RulesOfSubmissions(relay.rules)).read(encoded({"steps": steps}))
    except InvalidRequestError as refused:
        return {(fault.pointer, fault.code) for fault in refused.faults}
    return set()


@pytest.mark.parametrize(
    ("inputs", "faults"),
    [
        pytest.param({"orderId": "1"}, set(), id="as the contract has it"),
        pytest.param({"orderId": ORDER}, set(), id="a reference"),
        pytest.param({"orderId": {"$literal": "1"}}, set(), id="a literal"),
        pytest.param({"orderId": 5}, {("/steps/status/inputs/orderId", "contract")}, id="another type"),
        pytest.param({"orderId": {"$literal": 5}}, {("/steps/status/inputs/orderId", "contract")}, id="in a literal"),
        pytest.param({}, {("/steps/status/inputs/orderId", "contract")}, id="left out"),
        pytest.param({"orderID": ORDER}, {("/steps/status/inputs/orderID", "unknown_input")}, id="misspelled"),
    ],
)
def test_a_contract_is_checked_at_submission(relay: Relay, inputs: Any, faults: set[tuple[str, str]]) -> None:
    assert submitted(relay, **inputs) == faults


def test_an_unknown_action_is_refused_at_submission(relay: Relay) -> None:
    steps = {
        name: {"actionId": "custom_-_none", "inputs": inputs} for name, inputs in (("a", {}), ("b", {"$from": "a"}))
    }
    with pytest.raises(InvalidRequestError) as refused:
        WorkflowRules(RulesOfSubmissions(relay.rules)).read(encoded({"steps": steps}))
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/steps/a/actionId", "unknown_action"),
        ("/steps/b/actionId", "unknown_action"),
    ]


def test_beyond_a_bound_a_contract_is_checked_at_the_start(relay: Relay) -> None:
    assert submitted(relay, orderId="1", more="x" * 8_000) == {("/steps/status/inputs/more", "unknown_input")}
    assert submitted(relay, orderId="1", more="x" * MAX_CHECKED_BYTES) == set()


def test_values_of_references_are_checked_at_the_start(relay: Relay) -> None:
    request = frozen(relay, GET)
    with pytest.raises(InvalidRequestError) as refused:
        begun(relay, request, orderId=5)
    assert [fault.code for fault in refused.value.faults] == ["contract"]


@pytest.mark.parametrize(("wanted", "cached"), [(GET, True), (POST, False)])
def test_a_step_learns_its_defaults_as_a_request_does(relay: Relay, wanted: str, cached: bool) -> None:
    inputs = {"orderId": "1"} if wanted == GET else {"customerId": "1", "queue": "Support"}
    execution = begun(relay, frozen(relay, wanted), **inputs)
    assert (execution.cache_status is CacheStatus.ENABLED, execution.idempotent) == (cached, cached)
    assert {default.field for default in execution.defaults} >= {"cacheResults", "idempotent"}


def test_what_a_step_says_holds(relay: Relay) -> None:
    request = frozen(relay, POST, cacheResults=True, timeout=7)
    execution = begun(relay, request, customerId="1", queue="Support")
    assert (execution.cache_status, execution.timeout_ms) == (CacheStatus.ENABLED, 7)
    assert json.dumps(request)
