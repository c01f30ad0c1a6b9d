"""The meter, with real botocore clients whose answers are stubbed."""

from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from benchmarks.cost.capacity import Table
from benchmarks.cost.meter import Meter, UnknownCapacityError

ITEM = {"pk": {"S": "execution#1"}, "sk": {"S": "ledger"}, "filling": {"S": "x" * 1_100}}
KEY = {"pk": ITEM["pk"], "sk": ITEM["sk"]}


@pytest.fixture
def meter() -> Meter:
    return Meter({"t": Table("t", ("pk", "sk"), ())})


@pytest.fixture
def client(meter: Meter) -> Any:
    session = botocore.session.get_session()
    session.set_credentials("key", "secret")
    meter.attach(session.get_component("event_emitter"))
    return session.create_client("dynamodb", region_name="us-east-1")


def test_a_put_is_sized_by_its_kind(meter: Meter, client: Any) -> None:
    with Stubber(client) as stubbed:
        stubbed.add_response("put_item", {})
        client.put_item(TableName="t", Item=ITEM)

    assert meter.write_units == {"execution": 2}


def test_a_refused_put_costs_a_unit(meter: Meter, client: Any) -> None:
    with Stubber(client) as stubbed:
        stubbed.add_client_error("put_item", "ConditionalCheckFailedException", http_status_code=400)
        with pytest.raises(ClientError):
            client.put_item(TableName="t", Item=ITEM, ConditionExpression="attribute_not_exists(pk)")

    assert meter.write_units == {"execution": 1}


def test_a_read_costs_what_was_found(meter: Meter, client: Any) -> None:
    with Stubber(client) as stubbed:
        stubbed.add_response("get_item", {"Item": ITEM})
        client.get_item(TableName="t", Key=KEY, ConsistentRead=True)

    assert meter.read_units == {"execution": 1}


def test_a_query_costs_all_that_was_found_together(meter: Meter, client: Any) -> None:
    found = [ITEM, ITEM | {"filling": {"S": "x" * 4_000}}]
    with Stubber(client) as stubbed:
        stubbed.add_response("query", {"Items": found})
        client.query(
            TableName="t",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": ITEM["pk"]},
            ConsistentRead=True,
        )

    assert meter.read_units == {"execution": 2}


def test_an_update_in_a_transaction_costs_two_writes(meter: Meter, client: Any) -> None:
    update = {
        "TableName": "t",
        "Key": {"pk": {"S": "counters#day"}, "sk": {"S": "today"}},
        "UpdateExpression": "ADD #n0 :n0, #n1 :n1 SET expires_at = :expires_at",
        "ExpressionAttributeNames": {"#n0": "x" * 600, "#n1": "y" * 600},
        "ExpressionAttributeValues": {":n0": {"N": "1"}, ":n1": {"N": "1"}, ":expires_at": {"N": "1"}},
    }
    put = {"TableName": "t", "Item": {"pk": {"S": "counters#journal"}, "sk": {"S": "0"}, "detail": {"B": b"x" * 900}}}
    with Stubber(client) as stubbed:
        stubbed.add_response("transact_write_items", {})
        client.transact_write_items(TransactItems=[{"Put": put}, {"Update": update}])

    assert meter.write_units == {"counters": 2 + 4}


def test_a_check_in_a_transaction_is_no_zero(client: Any) -> None:
    check = {"TableName": "t", "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}
    with Stubber(client) as stubbed:
        stubbed.add_response("transact_write_items", {})
        with pytest.raises(UnknownCapacityError, match="ConditionCheck"):
            client.transact_write_items(TransactItems=[{"ConditionCheck": check}])


def test_an_operation_without_known_capacity_is_no_zero(client: Any) -> None:
    with Stubber(client) as stubbed:
        stubbed.add_response("scan", {})
        with pytest.raises(UnknownCapacityError, match="Scan"):
            client.scan(TableName="t")


def test_reset_forgets_counts(meter: Meter, client: Any) -> None:
    with Stubber(client) as stubbed:
        stubbed.add_response("put_item", {})
        client.put_item(TableName="t", Item=ITEM)
    meter.reset()

    assert not meter.write_units
