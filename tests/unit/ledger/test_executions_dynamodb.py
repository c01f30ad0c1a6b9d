"""The executions table: a record in two items, the conditions of its writes, and their cost."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import AlreadyRecordedError, StaleWriteError, StoreUnavailableError
from actionrelay.lanes import Lane
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.audit_entry import AuditEntry, AuditHead
from actionrelay.ledger.execution import (
    Attempt,
    CacheStatus,
    Delivery,
    Execution,
    ExecutionError,
    Outcome,
    PayloadRef,
    Status,
    WebhookStatus,
)
from actionrelay.ledger.executions_dynamodb import ExecutionsTable
from actionrelay.ledger.items_dynamodb import accepted_item, ledger_item, read_execution
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.ports import CachedResult
from actionrelay.strict_json import canonical, digest
from benchmarks.cost.capacity import item_bytes
from benchmarks.samples import SMALL_BYTES, request
from tests.fakes.aws import FakeDynamoDb, FakeS3, aws_error
from tests.fakes.chance import NOON
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, TRACE_ID, a_draft

THROTTLED = aws_error("ProvisionedThroughputExceededException")
UNREACHABLE = ConnectTimeoutError(endpoint_url="http://nowhere")
WRITE_UNIT_BYTES = 1_024
DAY_SECONDS = 86_400

times = st.integers(0, 2**42)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
keys = st.just("") | texts.filter(lambda key: not key.startswith("/"))
refs = st.builds(PayloadRef, keys, times, texts, st.none() | st.binary(max_size=40))
execution_errors = st.builds(ExecutionError, texts, texts, st.none() | st.integers(100, 599), st.none() | texts)
outcomes = st.builds(Outcome, st.sampled_from(Status), st.none() | refs, st.none() | execution_errors)
entries = st.builds(
    AuditEntry,
    *(texts, times, times, texts, texts, texts, texts, times),
    latency_ms=st.none() | times,
    webhook_url=st.none() | texts,
    success_rate=st.none() | st.floats(0, 1),
    code=st.none() | texts,
    day=st.none() | texts,
    previous_hash=texts,
    hash=texts,
)
executions = st.builds(
    Execution,
    *(texts, texts, texts, texts, refs, times),
    cache_key=st.none() | texts,
    webhook_url=st.none() | texts,
    repeatable=st.booleans(),
    created_at=times,
    updated_at=times,
    status=st.sampled_from(Status),
    delivery=st.builds(Delivery, st.sampled_from(WebhookStatus), times, st.none() | times, times),
    cache_status=st.sampled_from(CacheStatus),
    attempts=times,
    queued_at=times,
    reruns=times,
    postponements=times,
    may_have_run=st.booleans(),
    attempt=st.none() | st.builds(Attempt, texts, times, times),
    next_at=st.none() | times,
    outcome=st.none() | outcomes,
    version=times,
    webhook_ids=st.lists(texts, max_size=3).map(tuple),
    lane=st.sampled_from(Lane),
    caller=texts,
    audit=st.builds(AuditHead, times, texts, texts, st.lists(entries, max_size=3).map(tuple)),
)


def table(dynamodb: FakeDynamoDb) -> ExecutionsTable:
    return ExecutionsTable(dynamodb, "executions", retention_days=30)  # type: ignore[arg-type]


def first_version() -> Execution:
    return ledger.accept(a_draft())


def claimed(execution: Execution | None = None) -> Execution:
    return ledger.claim(execution or first_version(), "attempt", NOON, NOON + 1)


# -- A record in two items --


@given(executions)
def test_any_accepted_record_reads_back_the_same(execution: Execution) -> None:
    assert read_execution(execution.execution_id, accepted_item(execution)) == execution


@given(executions, executions)
def test_a_later_step_overrides_what_was_accepted(accepted: Execution, current: Execution) -> None:
    unchanging = {
        name: getattr(accepted, name)
        for name in (
            *("execution_id", "action_id", "trace_id", "content_hash", "request", "timeout_ms", "cache_key"),
            *("webhook_url", "repeatable", "created_at", "cache_status", "lane", "caller"),
        )
    }
    later = replace(current, **unchanging)
    assert read_execution(accepted.execution_id, accepted_item(accepted), ledger_item(later)) == later


def test_payload_keys_of_any_execution_read_back() -> None:
    for key in (f"{EXECUTION_ID}/result", "another/result", f"{EXECUTION_ID}0/result"):
        completed = replace(a_draft(), outcome=Outcome(Status.COMPLETED, PayloadRef(key, 1, "digest")))
        assert read_execution(EXECUTION_ID, accepted_item(completed)) == completed


def test_a_step_does_not_write_the_request_again() -> None:
    assert "request" in accepted_item(first_version())
    assert "request" not in ledger_item(claimed())


def test_a_record_is_only_in_the_indexes_it_belongs_to() -> None:
    keys_of_indexes = {"endedAs", "undelivered", "trace"}
    ordinary = replace(first_version(), trace_id=EXECUTION_ID, delivery=Delivery(WebhookStatus.DELIVERED))
    assert keys_of_indexes.isdisjoint(accepted_item(ordinary))
    assert accepted_item(replace(ordinary, trace_id=TRACE_ID))["trace"] == {"S": TRACE_ID}
    for status in Status:
        item = ledger_item(replace(ordinary, status=status))
        rare = status in {Status.FAILED, Status.UNKNOWN, Status.CANCELLED}
        assert {name: item[name]["S"] for name in keys_of_indexes & item.keys()} == (
            {"endedAs": status} if rare else {}
        )
    given_up = ledger_item(replace(ordinary, status=Status.COMPLETED, delivery=Delivery(WebhookStatus.FAILED)))
    assert {name: given_up[name]["S"] for name in keys_of_indexes & given_up.keys()} == {"undelivered": "failed"}


def test_an_item_is_legible_to_a_person() -> None:
    accepted, current = accepted_item(first_version()), ledger_item(claimed())
    assert accepted["action_id"] == {"S": ACTION_ID}
    assert accepted["trace_id"] == {"S": TRACE_ID}
    assert (current["status"], current["attempts"]) == ({"S": "running"}, {"N": "1"})


def test_each_write_of_a_1_kb_request_is_one_unit() -> None:
    inputs, references = (canonical(request(SMALL_BYTES)[name]) for name in ("inputs", "actionReferences"))
    payloads = BucketPayloads(FakeS3(), "bucket")  # type: ignore[arg-type]
    dynamodb = FakeDynamoDb()
    accepted = ledger.accept(
        a_draft(
            request=payloads.refer(f"{EXECUTION_ID}/request/{digest(inputs)}", inputs),
            references=payloads.refer(f"{EXECUTION_ID}/references/{digest(references)}", references),
            cache_key=random_digest(1),
            content_hash=random_digest(2),
            cache_status=CacheStatus.ENABLED,
            repeatable=True,
            idempotent=False,
            acceptance_id=TRACE_ID,
            audit_kept_days=365,
            caller="2e0ddd4a3e94cafb",
            webhook_url="https://orders.example.com/hooks/genesys",
        )
    )
    table(dynamodb).create(accepted)
    running = ledger.claim(accepted.paid(), TRACE_ID, NOON, NOON + 95_000)
    table(dynamodb).save(running)
    result = payloads.refer(f"{EXECUTION_ID}/result/{digest(inputs)}", inputs)
    outcome = Outcome(Status.COMPLETED, result)
    table(dynamodb).save(ledger.settle(running, outcome, NOON + 300, latency_ms=300, correlation_id=TRACE_ID))
    sizes = [item_bytes(put["Item"]) for put in dynamodb.puts]
    assert len(sizes) == 3
    assert max(sizes) <= WRITE_UNIT_BYTES, sizes


def random_digest(seed: int) -> str:
    return random.Random(seed).randbytes(32).hex()  # noqa: S311 - it has to repeat itself


# -- Conditions --


def test_a_new_record_loads_as_created() -> None:
    dynamodb = FakeDynamoDb()
    table(dynamodb).create(first_version())
    assert table(dynamodb).load(EXECUTION_ID) == first_version()
    assert table(dynamodb).load("another") is None
    assert list(dynamodb.items) == [(f"execution#{EXECUTION_ID}", "accepted")]


def test_a_taken_id_is_already_recorded() -> None:
    dynamodb = FakeDynamoDb()
    table(dynamodb).create(first_version())
    with pytest.raises(AlreadyRecordedError):
        table(dynamodb).create(first_version())


def test_only_the_next_version_is_saved() -> None:
    dynamodb = FakeDynamoDb()
    table(dynamodb).create(first_version())
    table(dynamodb).save(claimed())
    following = ledger.await_webhook(claimed(), NOON, NOON, 1, None)
    table(dynamodb).save(following)
    assert table(dynamodb).load(EXECUTION_ID) == following
    for version in (1, 2, 3, 5):
        with pytest.raises(StaleWriteError):
            table(dynamodb).save(replace(following, version=version))


def test_the_second_of_two_first_steps_is_stale() -> None:
    dynamodb = FakeDynamoDb()
    table(dynamodb).create(first_version())
    table(dynamodb).save(claimed())
    with pytest.raises(StaleWriteError):
        table(dynamodb).save(ledger.cancel(first_version(), NOON, None))
    assert table(dynamodb).load(EXECUTION_ID) == claimed()


def test_nobody_sees_the_remainder_of_an_expired_record() -> None:
    dynamodb = FakeDynamoDb()
    table(dynamodb).create(first_version())
    table(dynamodb).save(claimed())
    del dynamodb.items[f"execution#{EXECUTION_ID}", "accepted"]
    assert table(dynamodb).load(EXECUTION_ID) is None
    successor = ledger.accept(a_draft(created_at=NOON + 1))
    table(dynamodb).create(successor)
    assert table(dynamodb).load(EXECUTION_ID) == successor
    with pytest.raises(StaleWriteError):
        table(dynamodb).save(replace(claimed(successor), version=3))
    table(dynamodb).save(claimed(successor))
    assert table(dynamodb).load(EXECUTION_ID) == claimed(successor)


# -- Expiry --


@pytest.mark.parametrize("days_later", [0, 29, 36])
def test_the_state_outlives_what_was_accepted(
    days_later: int,
) -> None:
    dynamodb = FakeDynamoDb()
    table(dynamodb).create(first_version())
    later = NOON + days_later * DAY_SECONDS * 1_000
    table(dynamodb).save(replace(claimed(), updated_at=later))
    accepted, current = (int(item["expires_at"]["N"]) for item in dynamodb.items.values())
    assert accepted == NOON // 1_000 + 37 * DAY_SECONDS
    assert current == NOON // 1_000 + 44 * DAY_SECONDS


# -- The result cache --


def test_the_last_cache_entry_wins() -> None:
    dynamodb = FakeDynamoDb()
    entry = CachedResult("key", EXECUTION_ID, NOON)
    table(dynamodb).remember(CachedResult("key", "another", 1))
    table(dynamodb).remember(entry)
    assert table(dynamodb).lookup("key") == entry
    assert table(dynamodb).lookup("other") is None
    assert dynamodb.items["cache#key", "result"]["expires_at"] == {"N": str(NOON // 1_000)}


# -- Failures --


TABLE_CALLS: dict[str, Callable[[FakeDynamoDb], Any]] = {
    "create": lambda dynamodb: table(dynamodb).create(first_version()),
    "save": lambda dynamodb: table(dynamodb).save(first_version()),
    "load": lambda dynamodb: table(dynamodb).load("x"),
    "lookup": lambda dynamodb: table(dynamodb).lookup("x"),
    "remember": lambda dynamodb: table(dynamodb).remember(CachedResult("k", "x", 1)),
}


@pytest.mark.parametrize("failure", [THROTTLED, UNREACHABLE], ids=["client", "network"])
@pytest.mark.parametrize("call", TABLE_CALLS.values(), ids=TABLE_CALLS)
def test_a_failing_table_is_an_unavailable_store(call: Callable[[FakeDynamoDb], Any], failure: Exception) -> None:
    dynamodb = FakeDynamoDb()
    for operation in ("put_item", "get_item", "query"):
        dynamodb.trouble.before(operation, failure)
    with pytest.raises(StoreUnavailableError) as unavailable:
        call(dynamodb)
    assert unavailable.value.context["aws_code"] in {"ProvisionedThroughputExceededException", "ConnectTimeoutError"}
    assert unavailable.value.__cause__ is None
