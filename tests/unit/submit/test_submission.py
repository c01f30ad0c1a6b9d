"""Accepting a request: what is recorded and queued, what the cache answers, what a repeat does."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import (
    AlreadyRecordedError,
    ExecutionConflictError,
    InvalidRequestError,
    QueueUnavailableError,
    StoreUnavailableError,
)
from actionrelay.genesys.contract import GenesysApi
from actionrelay.lanes import Lane, caller_name, is_caller_name
from actionrelay.ledger.execution import CacheStatus, Outcome, Status, WebhookStatus
from actionrelay.ledger.message import Message
from actionrelay.ledger.ports import CachedResult
from actionrelay.strict_json import canonical, digest
from actionrelay.submit.request import ExecutionRequest
from actionrelay.submit.submission import Disposition, Submitted, cache_key, content_hash
from tests.fakes.chance import NOON
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, INPUTS, TRACE_ID, WEBHOOK_URL, Relay, a_draft, a_request, encoded

RUN = Message(EXECUTION_ID)


def submit(relay: Relay, **changes: Any) -> Submitted:
    return relay.submitting.submit(encoded(a_request(executionId=EXECUTION_ID, **changes)))


def given_cached(relay: Relay, lives_ms: int = 1, **changes: Any) -> None:
    """An execution of the same request that completed before, with changes to its record."""
    ref, data = relay.completion.refer_result("another", b'{"total":3}')
    assert ref is not None
    relay.payloads.put(ref, data)
    key = cache_key(ACTION_ID, canonical(INPUTS))
    earlier = a_draft(
        execution_id="another", cache_key=key, status=Status.COMPLETED, outcome=Outcome(Status.COMPLETED, result=ref)
    )
    relay.store.put(replace(earlier, **changes))
    relay.cache.entries[key] = CachedResult(key, "another", relay.clock.now() + lives_ms)


def test_a_new_request_is_recorded_audited_and_queued(relay: Relay) -> None:
    submitted = submit(relay, traceId=TRACE_ID, webhookUrl=WEBHOOK_URL)
    assert submitted.disposition is Disposition.ACCEPTED
    assert relay.record.status is Status.QUEUED
    assert relay.record.trace_id == TRACE_ID
    assert relay.record.delivery.status is WebhookStatus.PENDING
    assert relay.record.cache_status is CacheStatus.ENABLED
    assert relay.events == ["accepted"]
    assert relay.queue.sent == [(RUN, 0)]
    assert relay.telemetry.counts["ExecutionsAccepted"] == 1


def test_a_made_up_id_is_the_trace_id_too(relay: Relay) -> None:
    one = relay.submitting.submit(encoded(a_request())).execution
    other = relay.submitting.submit(encoded(a_request())).execution
    assert one is not None
    assert other is not None
    assert one.execution_id != other.execution_id
    assert (one.trace_id, other.trace_id) == (one.execution_id, other.execution_id)


def test_given_a_dry_run_when_submitted_then_nothing_changes(relay: Relay) -> None:
    submitted = relay.submitting.submit(encoded(a_request()), dry_run=True)
    assert (submitted.disposition, submitted.execution) == (Disposition.VALID, None)
    assert (relay.store.writes, relay.queue.sent, relay.audit.kept) == ([], [], {})


def test_a_request_that_breaks_a_rule_changes_nothing(relay: Relay) -> None:
    with pytest.raises(InvalidRequestError):
        submit(relay, timeout=0)
    assert (relay.store.writes, relay.queue.sent, relay.audit.kept, relay.payloads.objects) == ([], [], {}, {})


@pytest.mark.parametrize(
    ("api", "idempotent", "repeatable"),
    [
        (GenesysApi.DATA_ACTIONS, False, True),
        (GenesysApi.DATA_ACTIONS, True, True),
        (GenesysApi.INTEGRATIONS, True, True),
        (GenesysApi.INTEGRATIONS, False, False),
    ],
)
def test_the_contract_or_the_caller_makes_it_repeatable(api: GenesysApi, *, idempotent: bool, repeatable: bool) -> None:
    relay = Relay(api=api)
    submit(relay, idempotent=idempotent)
    assert relay.record.repeatable is repeatable


def test_refused_caching_keeps_no_key(relay: Relay) -> None:
    given_cached(relay)
    assert submit(relay, cacheResults=False).disposition is Disposition.ACCEPTED
    assert (relay.record.cache_key, relay.record.cache_status) == (None, CacheStatus.DISABLED)


def test_large_inputs_are_stored_before_the_record(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    submit(relay)
    assert relay.payloads.get(relay.record.request) == b'{"customerId": "cust_998877"}'


def test_a_bucket_that_is_down_records_nothing(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    relay.payloads.trouble.before("put", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        submit(relay)
    assert (relay.store.records, relay.queue.sent) == ({}, [])


# -- The cache --


def test_an_equal_result_is_the_answer_at_once(relay: Relay) -> None:
    given_cached(relay)
    submitted = submit(relay, webhookUrl=WEBHOOK_URL)
    assert submitted.disposition is Disposition.SERVED_FROM_CACHE
    assert (relay.record.status, relay.record.cache_status) == (Status.COMPLETED, CacheStatus.HIT)
    assert relay.events == ["cache_hit"]
    assert (relay.queue.sent, relay.deliveries.sent) == ([], [(EXECUTION_ID, 0)])
    assert relay.telemetry.counts["CacheHits"] == 1


def with_number(relay: Relay, number: str, execution_id: str) -> Submitted:
    body = f'{{"actionId":"{ACTION_ID}","executionId":"{execution_id}","inputs":{{"n":{number}}}}}'
    return relay.submitting.submit(body.encode())


def test_numbers_of_one_double_are_two_requests(relay: Relay) -> None:
    with_number(relay, "12345678901234567.891", EXECUTION_ID)
    key = relay.record.cache_key
    assert with_number(relay, " 12345678901234567.891", EXECUTION_ID).disposition is Disposition.REPEATED
    with pytest.raises(ExecutionConflictError):
        with_number(relay, "12345678901234567.892", EXECUTION_ID)
    other = with_number(relay, "12345678901234567.892", TRACE_ID).execution
    assert other is not None
    assert other.cache_key != key


def test_a_cache_hit_without_a_webhook_delivers_nothing(relay: Relay) -> None:
    given_cached(relay)
    submit(relay)
    assert relay.deliveries.sent == []


def test_an_expired_cache_entry_runs_the_action(relay: Relay) -> None:
    given_cached(relay, lives_ms=0)
    assert submit(relay).disposition is Disposition.ACCEPTED


@pytest.mark.parametrize(
    "changes",
    [
        *({"status": Status.FAILED}, {"cache_key": "of other content"}, {"outcome": Outcome(Status.COMPLETED)}),
        *({"resolved": True}, {"settled_late": True}),
    ],
    ids=str,
)
def test_a_cache_entry_of_a_changed_execution_runs_the_action(relay: Relay, changes: dict[str, Any]) -> None:
    given_cached(relay, **changes)
    assert submit(relay).disposition is Disposition.ACCEPTED


def test_a_cache_entry_without_its_execution_runs_the_action(relay: Relay) -> None:
    given_cached(relay)
    relay.store.records.clear()
    assert submit(relay).disposition is Disposition.ACCEPTED


def test_a_cache_entry_without_its_result_runs_the_action(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    given_cached(relay)
    relay.payloads.objects.clear()
    assert submit(relay).disposition is Disposition.ACCEPTED


def test_a_repeated_hit_queues_its_unqueued_delivery(relay: Relay) -> None:
    given_cached(relay)
    relay.deliveries.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        submit(relay, webhookUrl=WEBHOOK_URL)
    assert submit(relay, webhookUrl=WEBHOOK_URL).disposition is Disposition.REPEATED
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


# -- Repeats --


def test_the_same_id_and_content_returns_the_state(relay: Relay) -> None:
    submit(relay)
    ended = relay.store.put(replace(relay.record, status=Status.COMPLETED, attempts=1))
    repeated = submit(relay)
    assert repeated.disposition is Disposition.REPEATED
    assert repeated.execution is not None
    assert repeated.execution.status is ended.status
    assert len(relay.queue.sent) == 1


def test_ids_for_logs_are_no_content(relay: Relay) -> None:
    submit(relay, traceId=TRACE_ID)
    assert submit(relay, traceId=EXECUTION_ID).disposition is Disposition.REPEATED


@pytest.mark.parametrize(
    "changes",
    [{"inputs": {"a": 1}}, {"timeout": 1}, {"webhookUrl": WEBHOOK_URL}, {"idempotent": True}, {"cacheResults": False}],
    ids=str,
)
def test_the_same_id_with_other_content_is_a_conflict(relay: Relay, changes: dict[str, Any]) -> None:
    submit(relay)
    before = relay.record
    with pytest.raises(ExecutionConflictError):
        submit(relay, **changes)
    assert relay.record == before


def test_a_repeat_finishes_a_send_that_failed(
    relay: Relay,
) -> None:
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        submit(relay)
    assert relay.record.status is Status.QUEUED
    assert submit(relay).disposition is Disposition.REPEATED
    assert relay.queue.sent == [(RUN, 0)]


def test_an_unqueued_requests_made_up_id_is_returned(
    relay: Relay,
) -> None:
    relay.queue.trouble.before("send", QueueUnavailableError("down", aws_code="Throttled"))
    with pytest.raises(QueueUnavailableError, match="send the same request again with this executionId") as failed:
        relay.submitting.submit(encoded(a_request()))
    assert failed.value.context == {"aws_code": "Throttled", "execution_id": next(iter(relay.store.records))}


def test_a_record_whose_answer_was_lost_is_queued_once(relay: Relay) -> None:
    relay.store.trouble.after("create", AlreadyRecordedError("met its own"))
    assert submit(relay).disposition is Disposition.ACCEPTED
    assert relay.queue.sent == [(RUN, 0)]


def test_a_repeat_pays_an_owed_audit_and_sends(relay: Relay) -> None:
    relay.audit.trouble.before("append", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        submit(relay)
    submit(relay)
    assert relay.events == ["accepted"]
    assert relay.queue.sent == [(RUN, 0)]


@pytest.mark.parametrize("changes", [{"attempts": 1}, {"next_at": NOON}], ids=str)
def test_an_execution_under_way_is_not_queued_again(relay: Relay, changes: dict[str, Any]) -> None:
    submit(relay)
    relay.store.put(replace(relay.record, **changes))
    submit(relay)
    assert len(relay.queue.sent) == 1


# -- Lanes and callers --

ROLE = "arn:aws:sts::123456789012:assumed-role/orders"


@pytest.mark.parametrize("lane", Lane)
def test_lane_and_caller_are_on_record_and_message(relay: Relay, lane: Lane) -> None:
    body = encoded(a_request(executionId=EXECUTION_ID, lane=lane))
    relay.submitting.submit(body, caller=f"{ROLE}/worker-1")
    [(message, _)] = relay.queue.sent
    assert (relay.record.lane, relay.record.caller) == (lane, caller_name(f"{ROLE}/worker-2"))
    assert (message.lane, message.caller) == (relay.record.lane, relay.record.caller)
    assert relay.reading.execution(EXECUTION_ID).get("lane") == (None if lane is Lane.INTERACTIVE else "bulk")


def test_a_callers_name_reveals_nobody() -> None:
    assert caller_name(None) == ""
    assert caller_name(f"{ROLE}/a") != caller_name(f"{ROLE}-other/a")
    assert is_caller_name(caller_name("k3y")), "an API key's id, too"
    assert "k3y" not in caller_name("k3y")


def test_the_usual_lane_asks_for_what_was_asked_before() -> None:
    request: dict[str, Any] = {"actionId": "a", "inputs": {}, "timeout": 7}
    before_lanes = "6355f85be1c697620fb02dbe4c5b68657b187689e2f5b07e48c2a63a5ce0fbe5"
    assert hash_of(ExecutionRequest(**request)) == before_lanes
    assert hash_of(ExecutionRequest(**request, lane=Lane.INTERACTIVE)) == before_lanes
    assert hash_of(ExecutionRequest(**request, lane=Lane.BULK)) != before_lanes


# -- What a request is called --

inputs = st.dictionaries(st.text(), st.integers() | st.text() | st.booleans() | st.lists(st.integers()))


@given(inputs, inputs)
def test_equal_cache_keys_mean_equal_content(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = repr(sorted(one.items())) == repr(sorted(other.items()))
    assert (cache_key("a", canonical(one)) == cache_key("a", canonical(other))) == same
    named = [hash_of(ExecutionRequest(actionId="a", inputs=document)) for document in (one, other)]
    assert (named[0] == named[1]) == same


def hash_of(request: ExecutionRequest) -> str:
    return content_hash(request, canonical(request.inputs))


@given(inputs)
def test_hashes_are_those_of_the_whole_canonical_form(document: dict[str, Any]) -> None:
    """So a repeat finds what an earlier release accepted, and the cache what it stored."""
    request = ExecutionRequest(actionId="a", inputs=document, actionReferences={"b": ["c"]}, webhookUrl="https://x.org")
    asked = request.model_dump(mode="json", exclude={"execution_id", "trace_id", "lane"})
    assert hash_of(request) == digest(canonical(asked))
    assert cache_key("a", canonical(document)) == digest(canonical(["a", document]))


def test_the_border_of_action_and_inputs_cannot_be_moved() -> None:
    assert cache_key("a", b'{"b":1}') != cache_key("b", b'{"b":1}')
