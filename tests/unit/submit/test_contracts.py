"""A request and its action's contract: warnings or refusals, and defaults for what it omits."""

import json
from typing import Any

import pytest

from actionrelay.audit.document import audit_document
from actionrelay.errors import InvalidRequestError
from actionrelay.genesys.contract import ContractCheck, GenesysApi
from actionrelay.ledger.document import execution_document
from actionrelay.ledger.execution import CacheStatus, Status
from actionrelay.ledger.message import Message
from actionrelay.signals import Count
from actionrelay.submit.submission import MAX_WARNINGS, Disposition, Submitted
from local.genesys.catalogue import action_id
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, INVOCATION_MS, Relay, a_request, encoded

GET, POST = action_id("Get order status"), action_id("Create callback")
SECURE, PATCH = action_id("Read balance"), action_id("Change address")


@pytest.fixture
def relay() -> Relay:
    relay = Relay(api=GenesysApi.INTEGRATIONS)
    relay.catalogue.clock = relay.clock
    relay.catalogue.read()
    return relay


def submit(relay: Relay, wanted: str = GET, *, dry_run: bool = False, **fields: Any) -> Submitted:
    request = {"actionId": wanted, "inputs": {"orderId": "1"}, **fields}
    return relay.submitting.submit(json.dumps(request).encode(), dry_run=dry_run)


def shown(relay: Relay, submitted: Submitted) -> dict[str, Any]:
    assert submitted.execution is not None
    loaded = relay.store.load(submitted.execution.execution_id)
    assert loaded is not None
    return dict(execution_document(loaded, relay.payloads))


# -- Warnings ------------------------------------------------------------------------------------------------------

MISSPELLED = {
    "pointer": "/inputs/orderid",
    "code": "unknown_input",
    "detail": "no input of this action has this name; did you mean orderId?",
}
REQUIRED = {"pointer": "/inputs/orderId", "code": "contract", "detail": "required"}


def test_what_a_contract_forbids_is_warned_about(relay: Relay) -> None:
    submitted = submit(relay, inputs={"orderid": "1"})
    assert submitted.disposition is Disposition.ACCEPTED
    assert shown(relay, submitted)["warnings"] == [MISSPELLED, REQUIRED]
    assert relay.telemetry.codes[Count.CONTRACT_WARNINGS, "unknown_input"] == 1


def test_warnings_are_in_the_audit(relay: Relay) -> None:
    submitted = submit(relay, inputs={"orderid": "1"})
    assert submitted.execution is not None
    [accepted] = relay.audit.entries(submitted.execution.execution_id)
    assert audit_document(accepted)["warnings"] == [MISSPELLED, REQUIRED]


def test_a_request_that_fits_says_nothing(relay: Relay) -> None:
    assert "warnings" not in shown(relay, submit(relay))


def test_warnings_of_one_execution_are_bounded(relay: Relay) -> None:
    submitted = submit(relay, inputs={f"name{number}": 1 for number in range(50)})
    assert len(shown(relay, submitted)["warnings"]) == MAX_WARNINGS


def test_an_unknown_action_is_warned_about(relay: Relay) -> None:
    [warning] = shown(relay, submit(relay, "custom_-_none"))["warnings"]
    assert (warning["pointer"], warning["code"]) == ("/actionId", "unknown_action")


def test_what_is_enforced_is_refused_with_all_other_faults(relay: Relay) -> None:
    relay.contract_check = ContractCheck.ENFORCE
    with pytest.raises(InvalidRequestError) as refused:
        submit(relay, inputs={"orderid": "1"}, timeout=0, lane="slow")
    found = [(fault.pointer, fault.code) for fault in refused.value.faults]
    assert found == [
        ("/inputs/orderid", "unknown_input"),
        ("/inputs/orderId", "contract"),
        ("/timeout", "schema"),
        ("/lane", "schema"),
    ]
    assert not relay.store.records
    assert submit(relay).disposition is Disposition.ACCEPTED


def test_a_deep_value_hides_no_fault_of_the_contract(relay: Relay) -> None:
    relay.contract_check = ContractCheck.ENFORCE
    deep: Any = "end"
    for _ in range(6):
        deep = {"a": deep}
    with pytest.raises(InvalidRequestError) as refused:
        submit(relay, inputs={"orderid": "1", "more": deep})
    assert {fault.code for fault in refused.value.faults} == {"depth", "unknown_input", "contract"}


def test_nothing_is_checked_where_that_is_off(relay: Relay) -> None:
    relay.contract_check = ContractCheck.OFF
    document = shown(relay, submit(relay, POST, inputs={"orderid": "1"}))
    assert "warnings" not in document
    assert document["cacheStatus"] == "disabled", "what is learned holds all the same"


def test_each_of_a_batch_is_judged_alone(relay: Relay) -> None:
    requests = [{"actionId": GET, "inputs": {"orderId": "1"}}, {"actionId": GET, "inputs": {"order": "1"}}]
    batch = relay.batching_in.submit(json.dumps({"executions": requests}).encode())
    outcomes = [taken.outcome for taken in batch.taken if isinstance(taken.outcome, Submitted)]
    warned = [bool(outcome.execution.warnings) for outcome in outcomes if outcome.execution]
    assert warned == [False, True]


# -- Defaults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "fields", "learned"),
    [
        (GET, {}, (True, True, 20_000)),
        (GET, {"cacheResults": False, "idempotent": False, "timeout": 5}, (False, False, 5)),
        (GET, {"cacheResults": None, "idempotent": None, "timeout": None}, (True, True, 20_000)),
        (POST, {}, (False, False, 60_000)),
        (POST, {"cacheResults": True, "idempotent": True}, (True, True, 60_000)),
        (PATCH, {}, (False, False, 20_000)),
        (SECURE, {}, (False, True, 20_000)),
        (SECURE, {"cacheResults": True}, (False, True, 20_000)),
        ("custom_-_none", {}, (False, False, 60_000)),
    ],
)
def test_what_is_left_out_is_learned(
    relay: Relay, wanted: str, fields: dict[str, Any], learned: tuple[bool, bool, int]
) -> None:
    cached, idempotent, timeout = learned
    execution = submit(relay, wanted, **fields).execution
    assert execution is not None
    assert (execution.cache_key is not None) is cached
    assert (execution.cache_status is CacheStatus.ENABLED) is cached
    assert (execution.idempotent, execution.repeatable, execution.timeout_ms) == (idempotent, idempotent, timeout)


@pytest.mark.parametrize(
    ("wanted", "inputs", "second"),
    [
        (GET, {"orderId": "1"}, Disposition.SERVED_FROM_CACHE),
        (POST, {"customerId": "1", "queue": "Support"}, Disposition.ACCEPTED),
    ],
)
def test_two_equal_gets_run_once_and_two_equal_posts_twice(
    relay: Relay, wanted: str, inputs: dict[str, Any], second: Disposition
) -> None:
    first = submit(relay, wanted, inputs=inputs).execution
    assert first is not None
    relay.executing.work(Message(first.execution_id), relay.clock.now() + INVOCATION_MS)
    ended = relay.store.load(first.execution_id)
    assert ended is not None
    assert ended.status is Status.COMPLETED
    assert submit(relay, wanted, inputs=inputs).disposition is second


def test_what_was_learned_is_shown_with_its_reason(relay: Relay) -> None:
    assert shown(relay, submit(relay, timeout=5))["defaults"] == {
        "idempotent": "true: the action is a GET",
        "cacheResults": "true: the action is a GET",
    }
    secure = shown(relay, submit(relay, SECURE, cacheResults=True, idempotent=False, timeout=5))
    assert secure["defaults"] == {"cacheResults": "false: the action is secure, so its results are never cached"}


def test_a_dry_run_shows_what_would_be(relay: Relay) -> None:
    dry = submit(relay, POST, dry_run=True, inputs={})
    assert (dry.request.cache_results, dry.request.timeout) == (False, 60_000)
    assert {default.field for default in dry.defaults} == {"idempotent", "cacheResults"}
    assert [warning.pointer for warning in dry.warnings] == ["/inputs/customerId", "/inputs/queue"]
    assert not relay.store.records


def test_a_repeat_finds_its_execution_whatever_was_learned_since(relay: Relay) -> None:
    first = submit(relay, executionId=EXECUTION_ID)
    known = relay.catalogue.organisation.known[GET]
    config = {**known["config"], "request": {"requestType": "POST"}, "timeoutSeconds": 7}
    relay.catalogue.organisation.change(GET, version=2, config=config)
    relay.catalogue.read()
    again = submit(relay, executionId=EXECUTION_ID)
    assert again.disposition is Disposition.REPEATED
    assert again.execution is not None
    assert first.execution is not None
    assert again.execution.timeout_ms == first.execution.timeout_ms == 20_000


def test_the_other_contract_is_as_it_was() -> None:
    relay = Relay()
    submitted = relay.submitting.submit(encoded(a_request()))
    document = shown(relay, submitted)
    assert (document["actionId"], document["cacheStatus"]) == (ACTION_ID, "enabled")
    assert not {"defaults", "warnings"} & document.keys()
    assert relay.catalogue.dynamodb.looks == 0


def test_a_request_costs_one_read_more(relay: Relay) -> None:
    submit(relay)
    assert relay.catalogue.dynamodb.looks == 1
