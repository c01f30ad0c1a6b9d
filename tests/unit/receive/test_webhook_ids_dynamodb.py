"""The ids of webhooks in the executions table: what one means, for how long, and the cost of each receipt."""

import pytest
from botocore.exceptions import ConnectTimeoutError

from actionrelay.errors import StoreUnavailableError
from actionrelay.receive.receipt import REMEMBERED_MS
from actionrelay.receive.webhook_ids_dynamodb import TableWebhookIds
from benchmarks.cost.capacity import item_bytes
from tests.fakes.aws import FakeDynamoDb, aws_error
from tests.fakes.chance import NOON

CONTENT, OTHER = "a" * 64, "b" * 64


def ids(dynamodb: FakeDynamoDb) -> TableWebhookIds:
    return TableWebhookIds(dynamodb, "executions")  # type: ignore[arg-type]


def test_a_claimed_id_is_good_for_one_content() -> None:
    kept = ids(FakeDynamoDb())
    assert kept.claim("msg_1", CONTENT, NOON, NOON + REMEMBERED_MS) == CONTENT
    assert kept.claim("msg_1", CONTENT, NOON + 1, NOON + 1 + REMEMBERED_MS) == CONTENT
    assert kept.claim("msg_1", OTHER, NOON + 2, NOON + 2 + REMEMBERED_MS) == CONTENT
    assert kept.claim("msg_2", OTHER, NOON + 3, NOON + 3 + REMEMBERED_MS) == OTHER


def test_an_expired_id_is_free_before_it_is_deleted() -> None:
    kept = ids(FakeDynamoDb())
    kept.claim("msg_1", CONTENT, NOON, NOON + REMEMBERED_MS)
    assert kept.claim("msg_1", OTHER, NOON + REMEMBERED_MS - 1_000, NOON) == CONTENT
    assert kept.claim("msg_1", OTHER, NOON + REMEMBERED_MS, NOON + 2 * REMEMBERED_MS) == OTHER


def test_an_id_outlives_the_standards_retries_twice() -> None:
    tries = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
    assert 2 * 1_000 * sum(tries) <= REMEMBERED_MS


def test_a_claim_costs_one_write_unit_and_reveals_nothing() -> None:
    dynamodb = FakeDynamoDb()
    ids(dynamodb).claim("m" * 256, CONTENT, NOON, NOON + REMEMBERED_MS)
    [put] = dynamodb.puts
    assert item_bytes(put["Item"]) <= 1_024
    assert put["Item"].keys() == {"pk", "sk", "content", "expires_at"}
    assert put["Item"]["expires_at"] == {"N": str((NOON + REMEMBERED_MS) // 1_000)}


def test_a_repeated_write_meets_itself() -> None:
    dynamodb = FakeDynamoDb()
    kept = ids(dynamodb)
    dynamodb.trouble.after("put_item", ConnectTimeoutError(endpoint_url="x"))
    with pytest.raises(StoreUnavailableError):
        kept.claim("msg_1", CONTENT, NOON, NOON + REMEMBERED_MS)
    assert kept.claim("msg_1", CONTENT, NOON, NOON + REMEMBERED_MS) == CONTENT


@pytest.mark.parametrize("failure", [aws_error("ThrottlingException"), ConnectTimeoutError(endpoint_url="x")])
def test_a_failing_table_is_an_unavailable_store(failure: Exception) -> None:
    dynamodb = FakeDynamoDb()
    dynamodb.trouble.before("put_item", failure)
    with pytest.raises(StoreUnavailableError):
        ids(dynamodb).claim("msg_1", CONTENT, NOON, NOON + REMEMBERED_MS)
