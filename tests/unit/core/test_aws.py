"""The adapters of AWS services: what is written, what comes back, and what each failure is called."""

import json
import random
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from actionrelay import ledger
from actionrelay.aws.audit import AuditTable, AuditTableReader
from actionrelay.aws.clients import AwsClients
from actionrelay.aws.gate import TableRateGate
from actionrelay.aws.items import entry_item, execution_item, read_entry, read_execution
from actionrelay.aws.payload import INLINE_MAX_BYTES, BucketPayloads
from actionrelay.aws.queue import SqsDeliveryQueue, SqsExecutionQueue
from actionrelay.aws.secret import KEEP_SECONDS, NamedSecret
from actionrelay.aws.table import ExecutionsTable
from actionrelay.aws.token import TokenParameter
from actionrelay.boundary.batch import read_message
from actionrelay.errors import (
    ActionRelayError,
    AlreadyRecordedError,
    QueueUnavailableError,
    SecretUnavailableError,
    StaleWriteError,
    StoreUnavailableError,
)
from actionrelay.models import (
    Attempt,
    AuditEntry,
    CachedResult,
    CacheStatus,
    Execution,
    ExecutionError,
    Message,
    MessageKind,
    Outcome,
    PayloadRef,
    Status,
    WebhookStatus,
)
from actionrelay.rate import CREDIT_MS, Decision, Rate
from tests.fakes.aws import FakeDynamoDb, FakeS3, FakeSecrets, FakeSqs, FakeSsm, aws_error
from tests.fakes.chance import NOON
from tests.fakes.genesys import a_token
from tests.fakes.relay import EXECUTION_ID, a_draft

THROTTLED = aws_error("ProvisionedThroughputExceededException")
UNREACHABLE = ConnectTimeoutError(endpoint_url="http://nowhere")

times = st.integers(0, 2**42)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
refs = st.builds(PayloadRef, texts, times, texts, st.none() | st.binary(max_size=40))
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
    actor=st.none() | texts,
    note=st.none() | texts,
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
    webhook_status=st.sampled_from(WebhookStatus),
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
    audit_hash=texts,
    audit_day=texts,
    pending_audit=st.lists(entries, max_size=2).map(tuple),
)


def table(dynamodb: FakeDynamoDb) -> ExecutionsTable:
    return ExecutionsTable(dynamodb, "executions", retention_days=30)  # type: ignore[arg-type]


def first_version() -> Execution:
    return ledger.accept(a_draft())


# -- Items --


@given(executions)
def test_given_any_execution_when_spelled_as_an_item_then_it_reads_back_the_same(execution: Execution) -> None:
    assert read_execution(execution_item(execution)) == execution


@given(entries)
def test_given_any_entry_when_spelled_as_an_item_then_it_reads_back_the_same(entry: AuditEntry) -> None:
    assert read_entry(entry_item(entry)) == entry


@pytest.mark.parametrize("rate", [0.0, 0.00001, 1e-7, 5e-324, 0.5, 1.0])
def test_given_a_small_success_rate_when_spelled_as_an_item_then_it_reads_back_the_same(rate: float) -> None:
    entry = replace(first_version().pending_audit[0], success_rate=rate)
    assert read_entry(entry_item(entry)) == entry


def test_given_absent_facts_when_spelled_then_they_take_no_room() -> None:
    item = execution_item(a_draft())
    assert {"cache_key", "webhook_url", "attempt", "outcome", "next_at", "pending_audit"}.isdisjoint(item)
    assert item["repeatable"] == {"BOOL": False}


# -- The ledger's table --


def test_given_a_new_record_when_created_and_loaded_then_it_is_the_same_and_expires() -> None:
    dynamodb = FakeDynamoDb()
    table(dynamodb).create(first_version())
    assert table(dynamodb).load(EXECUTION_ID) == first_version()
    assert table(dynamodb).load("another") is None
    [item] = dynamodb.items.values()
    assert (item["pk"], item["sk"]) == ({"S": f"execution#{EXECUTION_ID}"}, {"S": "ledger"})
    assert item["expires_at"] == {"N": str(NOON // 1_000 + 30 * 86_400)}


def test_given_a_taken_id_when_created_then_it_is_already_recorded() -> None:
    dynamodb = FakeDynamoDb()
    table(dynamodb).create(first_version())
    with pytest.raises(AlreadyRecordedError):
        table(dynamodb).create(first_version())


def test_given_the_next_version_when_saved_then_it_is_written_and_any_other_is_stale() -> None:
    dynamodb = FakeDynamoDb()
    table(dynamodb).create(first_version())
    following = ledger.claim(first_version(), "attempt", NOON, NOON + 1)
    table(dynamodb).save(following)
    assert table(dynamodb).load(EXECUTION_ID) == following
    for version in (1, 2, 4):
        with pytest.raises(StaleWriteError):
            table(dynamodb).save(replace(following, version=version))


def test_given_a_cache_entry_when_remembered_then_it_reads_back_and_the_last_one_wins() -> None:
    dynamodb = FakeDynamoDb()
    entry = CachedResult("key", PayloadRef("k", 3, "d", b"abc"), NOON)
    table(dynamodb).remember(replace(entry, expires_at=1))
    table(dynamodb).remember(entry)
    assert table(dynamodb).lookup("key") == entry
    assert table(dynamodb).lookup("other") is None
    assert dynamodb.items["cache#key", "result"]["expires_at"] == {"N": str(NOON // 1_000)}


TABLE_CALLS: dict[str, Callable[[FakeDynamoDb], Any]] = {
    "create": lambda dynamodb: table(dynamodb).create(first_version()),
    "save": lambda dynamodb: table(dynamodb).save(first_version()),
    "load": lambda dynamodb: table(dynamodb).load("x"),
    "lookup": lambda dynamodb: table(dynamodb).lookup("x"),
    "remember": lambda dynamodb: table(dynamodb).remember(CachedResult("k", PayloadRef("k", 1, "d"), 1)),
    "append": lambda dynamodb: AuditTable(dynamodb, "audit", 30).append(first_version().pending_audit),  # type: ignore[arg-type]
    "entries": lambda dynamodb: AuditTableReader(dynamodb, "audit").entries("x"),  # type: ignore[arg-type]
    "take": lambda dynamodb: gate(dynamodb).take(NOON),
    "pause": lambda dynamodb: gate(dynamodb).pause(NOON),
}


@pytest.mark.parametrize("failure", [THROTTLED, UNREACHABLE], ids=["client", "network"])
@pytest.mark.parametrize("call", TABLE_CALLS.values(), ids=TABLE_CALLS)
def test_given_a_table_that_fails_when_called_then_the_store_is_unavailable(
    call: Callable[[FakeDynamoDb], Any], failure: Exception
) -> None:
    dynamodb = FakeDynamoDb()
    for operation in ("put_item", "get_item", "query"):
        dynamodb.trouble.before(operation, failure)
    with pytest.raises(StoreUnavailableError) as unavailable:
        call(dynamodb)
    assert unavailable.value.context["aws_code"] in {"ProvisionedThroughputExceededException", "ConnectTimeoutError"}
    assert unavailable.value.__cause__ is None


# -- The audit table --


def test_given_entries_when_appended_twice_then_they_are_there_once_in_order_and_by_day() -> None:
    dynamodb = FakeDynamoDb(keys=("executionId", "seq"))
    record = ledger.claim(first_version(), "a", NOON, NOON)
    record = ledger.await_webhook(record, NOON, NOON, 1, None)
    record = ledger.note(record, "seen", NOON + 86_400_000)
    audit = AuditTable(dynamodb, "audit", retention_days=400)  # type: ignore[arg-type]
    audit.append(record.pending_audit)
    audit.append([replace(record.pending_audit[0], event="forged")])
    assert AuditTableReader(dynamodb, "audit").entries(EXECUTION_ID) == record.pending_audit  # type: ignore[arg-type]
    first, *between, next_day = (dynamodb.items[EXECUTION_ID, str(seq)] for seq in range(1, 5))
    assert first["day"] == {"S": "2026-11-24"}
    assert first["daySort"] == {"S": f"2026-11-24T12:00:00.000Z#{EXECUTION_ID}"}
    assert [{"day", "daySort"} & item.keys() for item in between] == [set(), set()], "the index is sparse"
    assert (next_day["day"]["S"], next_day["daySort"]["S"][:10]) == ("2026-11-25", "2026-11-25")
    assert first["expires_at"] == {"N": str(NOON // 1_000 + 400 * 86_400)}
    assert all("ConditionExpression" in put for put in dynamodb.puts)


def test_given_nothing_on_record_when_read_then_there_are_no_entries() -> None:
    assert AuditTableReader(FakeDynamoDb(), "audit").entries("x") == ()  # type: ignore[arg-type]


# -- Payloads --


def payloads(s3: FakeS3) -> BucketPayloads:
    return BucketPayloads(s3, "bucket")  # type: ignore[arg-type]


def incompressible(size: int) -> bytes:
    return random.Random(1).randbytes(size)  # noqa: S311 - it has to repeat itself


@pytest.mark.parametrize("size", [0, 10, INLINE_MAX_BYTES - 200, INLINE_MAX_BYTES + 200, 512_000])
def test_given_data_when_put_and_got_then_it_is_the_same_and_only_the_large_is_in_the_bucket(size: int) -> None:
    s3, data = FakeS3(), incompressible(size)
    ref = payloads(s3).refer("key", data)
    payloads(s3).put(ref, data)
    assert payloads(s3).get(ref) == data
    assert ref.size == size
    assert (ref.inline is None) == bool(s3.objects) == (size > INLINE_MAX_BYTES)


def test_given_64_kb_after_compression_when_referred_then_that_is_the_border() -> None:
    sizes = range(INLINE_MAX_BYTES - 40, INLINE_MAX_BYTES + 40)
    inline = [ref.inline for ref in (payloads(FakeS3()).refer("k", incompressible(size)) for size in sizes)]
    longest = max(len(kept) for kept in inline if kept is not None)
    assert longest == INLINE_MAX_BYTES
    assert inline[-1] is None


def test_given_much_that_compresses_well_when_referred_then_it_travels_inline() -> None:
    assert payloads(FakeS3()).refer("key", b"a" * 512_000).inline is not None


def test_given_an_object_that_is_gone_or_another_when_got_then_there_is_none() -> None:
    s3, data = FakeS3(), incompressible(100_000)
    ref = payloads(s3).refer("key", data)
    assert payloads(s3).get(ref) is None
    payloads(s3).put(ref, data[:-1])
    assert payloads(s3).get(ref) is None


@pytest.mark.parametrize("failure", [aws_error("AccessDenied"), UNREACHABLE])
def test_given_a_bucket_that_fails_when_called_then_the_store_is_unavailable(failure: Exception) -> None:
    s3 = FakeS3()
    s3.trouble.before("put_object", failure)
    s3.trouble.before("get_object", failure)
    ref = PayloadRef("key", 1, "d")
    with pytest.raises(StoreUnavailableError):
        payloads(s3).put(ref, b"x")
    with pytest.raises(StoreUnavailableError):
        payloads(s3).get(ref)


# -- Queues --


@pytest.mark.parametrize(
    ("delay_ms", "seconds"),
    [(0, 0), (-5, 0), (1, 1), (1_000, 1), (1_001, 2), (900_000, 900), (900_001, 900), (43_200_000, 900)],
)
def test_given_a_delay_when_sent_then_it_is_rounded_up_and_capped(delay_ms: int, seconds: int) -> None:
    sqs = FakeSqs()
    SqsExecutionQueue(sqs, "url").send(Message("id", MessageKind.DEADLINE), delay_ms)  # type: ignore[arg-type]
    SqsDeliveryQueue(sqs, "url").send("id", delay_ms)  # type: ignore[arg-type]
    assert [message["DelaySeconds"] for message in sqs.sent] == [seconds, seconds]
    assert [json.loads(message["MessageBody"]) for message in sqs.sent] == [
        {"executionId": "id", "kind": "deadline"},
        {"executionId": "id"},
    ]


@given(
    st.builds(Message, texts, st.sampled_from(MessageKind), st.none() | times, st.none() | times),
)
def test_given_any_message_when_sent_then_every_part_of_it_reads_back(message: Message) -> None:
    sqs = FakeSqs()
    SqsExecutionQueue(sqs, "url").send(message)  # type: ignore[arg-type]
    [sent] = sqs.sent
    assert asdict(read_message(sent["MessageBody"])) == asdict(message)
    known = {"executionId", "kind", "version", "dueAt"}
    assert json.loads(sent["MessageBody"]).keys() <= known, "ids only, since the record is the truth"


@pytest.mark.parametrize("failure", [aws_error("AWS.SimpleQueueService.NonExistentQueue"), UNREACHABLE])
def test_given_a_queue_that_fails_when_sent_then_it_is_unavailable(failure: Exception) -> None:
    sqs = FakeSqs()
    sqs.trouble.before("send_message", failure)
    with pytest.raises(QueueUnavailableError):
        SqsExecutionQueue(sqs, "url").send(Message("id"))  # type: ignore[arg-type]


# -- The token parameter --


def parameter(ssm: FakeSsm) -> TokenParameter:
    return TokenParameter(ssm, "/actionrelay/token")  # type: ignore[arg-type]


def test_given_a_token_when_shared_then_it_is_a_secure_string_and_reads_back() -> None:
    ssm = FakeSsm()
    assert parameter(ssm).read() is None
    parameter(ssm).write(a_token())
    assert parameter(ssm).read() == a_token()
    [put] = ssm.puts
    assert (put["Type"], put["Tier"], put["Overwrite"]) == ("SecureString", "Intelligent-Tiering", True)


@pytest.mark.parametrize("text", ["", "unset", "[]", "{}", '{"value":"x","scopes":[]}', '{"scopes":5}', "null"])
def test_given_a_parameter_that_holds_no_token_when_read_then_there_is_none(text: str) -> None:
    assert parameter(FakeSsm({"/actionrelay/token": text})).read() is None


def test_given_a_parameter_store_that_fails_when_called_then_it_is_unavailable_and_no_token_shows() -> None:
    ssm = FakeSsm()
    ssm.trouble.before("get_parameter", aws_error("ThrottlingException"))
    ssm.trouble.before("put_parameter", aws_error("AccessDeniedException"))
    with pytest.raises(StoreUnavailableError):
        parameter(ssm).read()
    with pytest.raises(StoreUnavailableError) as unavailable:
        parameter(ssm).write(a_token())
    assert a_token().value not in repr((unavailable.value, unavailable.value.context))


# -- Secrets --


def test_given_a_secret_when_read_again_soon_then_it_is_kept_and_after_a_while_it_is_read_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000.0]
    monkeypatch.setattr("actionrelay.aws.secret.time.monotonic", lambda: now[0])
    secrets = FakeSecrets({"name": "old"})
    secret = NamedSecret(secrets, "name")  # type: ignore[arg-type]
    assert secret.value() == "old"
    secrets.values["name"] = "rotated"
    now[0] += KEEP_SECONDS
    assert (secret.value(), secrets.reads) == ("old", 1)
    now[0] += 0.1
    assert (secret.value(), secrets.reads) == ("rotated", 2)


def test_given_a_secret_that_is_not_there_when_read_then_it_is_unavailable_by_name() -> None:
    with pytest.raises(SecretUnavailableError, match="the secret mine can't be read"):
        NamedSecret(FakeSecrets(), "mine").value()  # type: ignore[arg-type]


# -- The rate gate --


def gate(dynamodb: FakeDynamoDb, per_minute: int = 9) -> TableRateGate:
    return TableRateGate(dynamodb, "executions", Rate(per_minute))  # type: ignore[arg-type]


def test_given_two_workers_when_they_take_then_they_share_one_rate() -> None:
    dynamodb = FakeDynamoDb()
    opens_in = 6_000 - CREDIT_MS
    assert gate(dynamodb, 10).take(NOON) == 0
    assert gate(dynamodb, 10).take(NOON) == opens_in
    assert gate(dynamodb, 10).take(NOON) == opens_in + 6_000, "a place in the line, behind the one before"
    assert gate(dynamodb, 10).take(NOON, waited=True) == opens_in
    assert gate(dynamodb, 10).take(NOON + opens_in) == 0


def test_given_a_batch_when_it_asks_then_one_write_decides_for_all_and_the_state_is_kept_whole() -> None:
    dynamodb = FakeDynamoDb()
    assert gate(dynamodb, 60).ask(NOON, 10) == Decision(granted=True)
    refused = gate(dynamodb, 60).ask(NOON + 1_000, 3)
    opens_in = 10_000 - CREDIT_MS - 1_000
    assert refused == Decision(granted=False, waits=(opens_in, opens_in + 1_000, opens_in + 2_000), opens_in=opens_in)
    [item] = dynamodb.items.values()
    assert (item["pk"], item["sk"], item["version"]) == ({"S": "gate#genesys"}, {"S": "gate"}, {"N": "2"})
    assert float(item["line_until"]["N"]) == NOON + 1_000 + opens_in + 3_000
    assert len(dynamodb.puts) == 2


def test_given_ten_messages_of_a_batch_when_they_take_then_the_table_is_asked_once() -> None:
    dynamodb = FakeDynamoDb()
    batch = gate(dynamodb).for_batch(10)
    assert [batch.take(NOON) for _ in range(10)] == [0] * 10
    assert len(dynamodb.puts) == 1


def test_given_a_pause_when_a_batch_takes_then_its_places_begin_at_the_pauses_end_and_the_pause_stays() -> None:
    dynamodb = FakeDynamoDb()
    batch = gate(dynamodb, 60).for_batch(2)
    batch.pause(NOON + 5_000)
    assert [batch.take(NOON), batch.take(NOON)] == [5_000, 6_000]
    assert gate(dynamodb, 60).take(NOON + 4_999, waited=True) == 1
    assert gate(dynamodb, 60).take(NOON + 5_000, waited=True) == 0


def test_given_a_pause_by_one_worker_when_another_takes_then_it_waits() -> None:
    dynamodb = FakeDynamoDb()
    gate(dynamodb).pause(NOON + 5_000)
    gate(dynamodb).pause(NOON + 1_000)
    assert gate(dynamodb).take(NOON) == 5_000


def test_given_a_quarrel_when_taken_then_it_is_tried_again_and_after_five_it_counts_as_a_refusal() -> None:
    dynamodb = FakeDynamoDb()
    dynamodb.trouble.before("put_item", aws_error("ConditionalCheckFailedException"), times=4)
    assert gate(dynamodb).take(NOON) == 0
    dynamodb.trouble.before("put_item", aws_error("ConditionalCheckFailedException"), times=5)
    assert gate(dynamodb).take(NOON + 60_000) == 1_000
    assert gate(dynamodb).take(NOON + 60_000) == 0, "nothing of the quarrel was written"


def test_given_a_write_that_fails_for_another_reason_when_taken_then_the_store_is_unavailable() -> None:
    dynamodb = FakeDynamoDb()
    dynamodb.trouble.before("put_item", THROTTLED)
    with pytest.raises(StoreUnavailableError):
        gate(dynamodb).take(NOON)


# -- Clients --


def test_given_a_session_when_a_client_is_asked_for_twice_then_it_is_one() -> None:
    clients = AwsClients(boto3.Session("AKIA", "secret", region_name="eu-central-1"))
    names = ("dynamodb", "s3", "sqs", "ssm", "secrets")
    assert [getattr(clients, name).meta.service_model.service_name for name in names] == [
        *("dynamodb", "s3", "sqs", "ssm", "secretsmanager")
    ]
    assert clients.dynamodb is clients.dynamodb


def test_given_any_failure_when_translated_then_the_services_own_text_is_left_out() -> None:
    sqs = FakeSqs()
    sqs.trouble.before("send_message", aws_error("InvalidMessageContents"))
    with pytest.raises(ActionRelayError) as refused:
        SqsDeliveryQueue(sqs, "url").send("id")  # type: ignore[arg-type]
    assert "told by a fake" not in str(refused.value)
