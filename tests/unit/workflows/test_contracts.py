"""A step and its action's contract: judged when it begins, once its references are known."""

import json
from typing import Any

import pytest

from actionrelay.errors import InvalidRequestError
from actionrelay.faults import Faults
from actionrelay.genesys.contract import ContractCheck, GenesysApi
from actionrelay.lanes import Lane
from actionrelay.ledger.execution import CacheStatus, Execution, WorkflowPlace
from actionrelay.wiring.step_requests import RulesOfSubmissions, SubmittedSteps
from actionrelay.workflows.ports import StepOrder
from local.genesys.catalogue import action_id
from tests.fakes.relay import EXECUTION_ID, TRACE_ID, Relay

GET, POST = action_id("Get order status"), action_id("Create callback")


@pytest.fixture
def relay() -> Relay:
    relay = Relay(api=GenesysApi.INTEGRATIONS, contract_check=ContractCheck.ENFORCE)
    relay.catalogue.clock = relay.clock
    relay.catalogue.read()
    return relay


def frozen(relay: Relay, wanted: str, **fields: Any) -> dict[str, Any]:
    judged = RulesOfSubmissions(relay.rules).judge({"actionId": wanted, "inputs": {"orderId": None}, **fields})
    assert not isinstance(judged, Faults)
    return judged


def begun(relay: Relay, request: dict[str, Any], **inputs: Any) -> Execution:
    place = WorkflowPlace(EXECUTION_ID, "step", None)
    order = StepOrder(EXECUTION_ID, place, TRACE_ID, {**request, "inputs": inputs}, Lane.INTERACTIVE, None)
    return SubmittedSteps(relay.submitting, relay.taking).start(order)


def test_references_are_not_judged_before_they_are_known(relay: Relay) -> None:
    assert frozen(relay, GET)["actionId"] == GET


def test_what_they_come_to_is(relay: Relay) -> None:
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
