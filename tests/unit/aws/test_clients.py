"""The adapters of AWS services: what they write and read, and which error each failure becomes."""

import json
import random
import zlib
from dataclasses import asdict

import pytest
from boto3.session import Session
from botocore.exceptions import ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.aws.clients import AwsClients
from actionrelay.boundary.batch import read_message
from actionrelay.errors import (
    ActionRelayError,
    QueueUnavailableError,
    StoreUnavailableError,
)
from actionrelay.lanes import Lane, caller_name
from actionrelay.ledger.execution import PayloadRef
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.ledger.payloads_s3 import INLINE_MAX_BYTES, BucketPayloads
from actionrelay.ledger.queues_sqs import SqsDeliveryQueue, SqsExecutionQueue
from benchmarks.samples import SMALL_BYTES, request
from tests.fakes.aws import FakeS3, FakeSqs, aws_error

THROTTLED = aws_error("ProvisionedThroughputExceededException")
UNREACHABLE = ConnectTimeoutError(endpoint_url="http://nowhere")

times = st.integers(0, 2**42)
texts = st.text(st.characters(codec="utf-8"), max_size=20)


# -- Payloads --


def payloads(s3: FakeS3) -> BucketPayloads:
    return BucketPayloads(s3, "bucket")  # type: ignore[arg-type]


def incompressible(size: int) -> bytes:
    return random.Random(1).randbytes(size)  # noqa: S311 - it has to repeat itself


def test_a_small_payload_takes_as_few_bytes_as_usual() -> None:
    """A record is written by the KB, and one of 1 KB in and out is just below that."""
    data = json.dumps(request(SMALL_BYTES)).encode()
    inline = payloads(FakeS3()).refer("key", data).inline
    assert inline is not None
    assert len(inline) <= len(zlib.compress(data))


@pytest.mark.parametrize("size", [0, 10, INLINE_MAX_BYTES - 200, INLINE_MAX_BYTES + 200, 512_000])
def test_only_large_data_goes_to_the_bucket(size: int) -> None:
    s3, data = FakeS3(), incompressible(size)
    ref = payloads(s3).refer("key", data)
    payloads(s3).put(ref, data)
    assert payloads(s3).get(ref) == data
    assert ref.size == size
    assert list(s3.objects) == (["payload/key"] if size > INLINE_MAX_BYTES else [])
    assert (ref.inline is None) == bool(s3.objects)
    assert ref.key == "key", "what is on record does not know where the bucket keeps payloads"


def test_64_kb_after_compression_is_the_inline_limit() -> None:
    sizes = range(INLINE_MAX_BYTES - 40, INLINE_MAX_BYTES + 40)
    inline = [ref.inline for ref in (payloads(FakeS3()).refer("k", incompressible(size)) for size in sizes)]
    longest = max(len(kept) for kept in inline if kept is not None)
    assert longest == INLINE_MAX_BYTES
    assert inline[-1] is None


def test_data_that_compresses_well_travels_inline() -> None:
    assert payloads(FakeS3()).refer("key", b"a" * 512_000).inline is not None


def test_a_missing_or_different_object_is_none() -> None:
    s3, data = FakeS3(), incompressible(100_000)
    ref = payloads(s3).refer("key", data)
    assert payloads(s3).get(ref) is None
    payloads(s3).put(ref, data[:-1])
    assert payloads(s3).get(ref) is None


@pytest.mark.parametrize("failure", [aws_error("AccessDenied"), UNREACHABLE])
def test_a_failing_bucket_is_an_unavailable_store(failure: Exception) -> None:
    s3 = FakeS3()
    s3.trouble.before("put_object", failure)
    s3.trouble.before("get_object", failure)
    ref = PayloadRef("key", 1, "d")
    with pytest.raises(StoreUnavailableError):
        payloads(s3).put(ref, b"x")
    with pytest.raises(StoreUnavailableError):
        payloads(s3).get(ref)


# -- Queues --


LANES = {lane: f"https://sqs/{lane}" for lane in Lane}


@pytest.mark.parametrize(
    ("delay_ms", "seconds"),
    [(0, 0), (-5, 0), (1, 1), (1_000, 1), (1_001, 2), (900_000, 900), (900_001, 900), (43_200_000, 900)],
)
def test_a_delay_is_rounded_up_and_capped(delay_ms: int, seconds: int) -> None:
    sqs = FakeSqs()
    SqsExecutionQueue(sqs, LANES).send(Message("id", MessageKind.DEADLINE), delay_ms)  # type: ignore[arg-type]
    SqsDeliveryQueue(sqs, "url").send("id", delay_ms)  # type: ignore[arg-type]
    assert [message["DelaySeconds"] for message in sqs.sent] == [seconds, seconds]
    assert [json.loads(message["MessageBody"]) for message in sqs.sent] == [
        {"executionId": "id", "kind": "deadline"},
        {"executionId": "id"},
    ]


@pytest.mark.parametrize(
    ("receiver", "group"),
    [
        (None, None),
        ("https://Hooks.Example.com/a?x=1", "example.com"),
        ("https://other.example.com:443/b", "example.com"),
        ("http://127.0.0.1:8080/hook", "127.0.0.1"),
        ("https://[2606:4700::1111]/", "2606:4700::/64"),
        (f"https://{'.'.join(['a' * 50] * 4)}.run.app/", f"{'a' * 18}.{'a' * 50}.{'a' * 50}.run.app"),
    ],
)
def test_deliveries_to_one_owner_are_one_message_group(receiver: str | None, group: str | None) -> None:
    sqs = FakeSqs()
    SqsDeliveryQueue(sqs, "url").send("id", receiver=receiver)  # type: ignore[arg-type]
    [sent] = sqs.sent
    assert sent.get("MessageGroupId") == group
    assert group is None or len(group) <= 128
    assert json.loads(sent["MessageBody"]) == {"executionId": "id"}


@given(
    st.builds(
        Message,
        *(st.uuids().map(str), st.sampled_from(MessageKind), st.none() | times, st.none() | times),
        lane=st.sampled_from(Lane),
        caller=st.none().map(caller_name) | st.text().map(caller_name),
    ),
)
def test_every_part_of_a_message_reads_back(message: Message) -> None:
    sqs = FakeSqs()
    SqsExecutionQueue(sqs, LANES).send(message)  # type: ignore[arg-type]
    [sent] = sqs.sent
    assert asdict(read_message(sent["MessageBody"])) == asdict(message)
    assert sent["QueueUrl"] == f"https://sqs/{message.lane}"
    assert sent.get("MessageGroupId", "") == message.caller, "a fair queue knows callers by this"
    known = {"executionId", "kind", "version", "dueAt", "lane", "caller"}
    assert json.loads(sent["MessageBody"]).keys() <= known, "ids only, since the record is the truth"


@pytest.mark.parametrize("failure", [aws_error("AWS.SimpleQueueService.NonExistentQueue"), UNREACHABLE])
def test_a_failing_queue_is_unavailable(failure: Exception) -> None:
    sqs = FakeSqs()
    sqs.trouble.before("send_message", failure)
    with pytest.raises(QueueUnavailableError):
        SqsExecutionQueue(sqs, LANES).send(Message("id"))  # type: ignore[arg-type]


# -- Clients --


def test_a_client_is_made_once_per_session() -> None:
    clients = AwsClients(Session("AKIA", "secret", region_name="eu-central-1"))
    names = ("dynamodb", "s3", "sqs", "ssm", "secrets")
    assert [getattr(clients, name).meta.service_model.service_name for name in names] == [
        *("dynamodb", "s3", "sqs", "ssm", "secretsmanager")
    ]
    assert clients.dynamodb is clients.dynamodb


def test_a_translated_failure_leaves_out_the_services_text() -> None:
    sqs = FakeSqs()
    sqs.trouble.before("send_message", aws_error("InvalidMessageContents"))
    with pytest.raises(ActionRelayError) as refused:
        SqsDeliveryQueue(sqs, "url").send("id")  # type: ignore[arg-type]
    assert "said by a fake" not in str(refused.value)
