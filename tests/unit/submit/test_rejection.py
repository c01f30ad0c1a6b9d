"""Refused submissions: recorded one by one up to a number for each caller and day, then counted."""

from typing import Any

import pytest

from actionrelay.audit.refusals_dynamodb import TableRefusals
from actionrelay.errors import StoreUnavailableError
from actionrelay.ledger.refusals import MOST_RECORDED, Refusals
from actionrelay.submit.refusal_counter_dynamodb import TableRefusalCounter
from actionrelay.timestamps import DAY_MS, day_of
from tests.fakes.aws import aws_error, check
from tests.fakes.chance import NOON
from tests.fakes.relay import AUDIT_KEPT_DAYS, Relay

ROLE = "arn:aws:sts::123456789012:assumed-role/sales"
DAY = day_of(NOON)


def refuse(relay: Relay, times: int, caller: str | None = f"{ROLE}/one", *, first: int = 0) -> None:
    for number in range(first, first + times):
        relay.rejecting.record(f"{caller}-{number}", b"{}", "invalid_request", caller)


def test_a_flood_leaves_so_many_entries_and_a_number(relay: Relay) -> None:
    refuse(relay, MOST_RECORDED + 2_500)
    assert len(relay.audit.appended) == MOST_RECORDED
    assert relay.refusals.of(DAY) == (Refusals(ROLE, MOST_RECORDED + 2_500),)
    assert relay.refusals.of(DAY)[0].beyond == 2_500


def test_all_sessions_of_a_role_are_one_caller(relay: Relay) -> None:
    for number in range(MOST_RECORDED + 10):
        refuse(relay, 1, f"{ROLE}/session-{number}")
    assert len(relay.audit.appended) == MOST_RECORDED
    assert relay.refusals.of(DAY) == (Refusals(ROLE, MOST_RECORDED + 10),)


def test_a_flood_of_one_caller_hides_nothing_of_another(relay: Relay) -> None:
    refuse(relay, MOST_RECORDED + 5)
    refuse(relay, 1, "a-key")
    refuse(relay, 1, None)
    assert [entry.actor for entry in relay.audit.appended][-2:] == ["a-key", None]


def test_a_new_day_begins_at_zero(relay: Relay) -> None:
    refuse(relay, MOST_RECORDED + 5)
    relay.clock.advance(DAY_MS)
    refuse(relay, 1, first=MOST_RECORDED + 5)
    assert len(relay.audit.appended) == MOST_RECORDED + 1
    assert relay.refusals.of(day_of(NOON + DAY_MS)) == (Refusals(ROLE, 1),)


def test_a_number_is_kept_as_long_as_entries_are(relay: Relay) -> None:
    refuse(relay, 2)
    assert list(relay.refusals.expire_at.values()) == [(relay.clock.now() + AUDIT_KEPT_DAYS * DAY_MS) // 1_000]


def test_what_can_be_neither_counted_nor_recorded_is_a_metric(relay: Relay) -> None:
    relay.refusals.trouble.before("count", StoreUnavailableError("the table can't be written"))
    refuse(relay, 1)
    assert relay.audit.appended == []
    assert relay.telemetry.counts["RejectionsNotRecorded"] == 1


# -- The table --


class Numbers:
    """The table, as far as it counts."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.writes = 0

    def update_item(self, **parameters: Any) -> dict[str, Any]:
        check("dynamodb", "UpdateItem", parameters)
        assert parameters["UpdateExpression"].startswith(
            "ADD refused :one SET kind = :kind, expires_at = if_not_exists"
        )
        key = parameters["Key"]
        item = self.items.setdefault((key["pk"]["S"], key["sk"]["S"]), {**key, "refused": {"N": "0"}})
        item["refused"] = {"N": str(int(item["refused"]["N"]) + 1)}
        assert len(key["sk"]["S"].encode()) <= 1_024
        self.writes += 1
        return {"Attributes": {"refused": item["refused"], "kind": {"S": "refusals"}}}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "query"
        return self

    def paginate(self, **parameters: Any) -> Any:
        check("dynamodb", "Query", parameters)
        wanted = parameters["ExpressionAttributeValues"][":pk"]["S"]
        for (partition, _), item in self.items.items():
            if partition == wanted:
                yield {"Items": [item]}


def test_a_refusal_costs_one_small_write_and_is_read_by_day() -> None:
    dynamodb = Numbers()
    counter = TableRefusalCounter(dynamodb, "executions")  # type: ignore[arg-type]
    assert [counter.count(DAY, ROLE, 1_800_000_000) for _ in range(3)] == [1, 2, 3]
    assert counter.count(DAY, "a-key", 1_800_000_000) == 1
    assert counter.count("2026-11-25", ROLE, 1_800_000_000) == 1
    assert dynamodb.writes == 5
    reader = TableRefusals(dynamodb, "executions")  # type: ignore[arg-type]
    assert set(reader.of(DAY)) == {Refusals(ROLE, 3), Refusals("a-key", 1)}
    assert reader.of("2026-11-23") == ()


@pytest.mark.parametrize("caller", ["ä" * 5_000, "x" * 5_000, "\ud800"])
def test_no_caller_is_too_long_for_a_key(caller: str) -> None:
    counter = TableRefusalCounter(Numbers(), "executions")  # type: ignore[arg-type]
    assert counter.count(DAY, caller, 1) == 1


class Failing:
    """A table that answers nothing."""

    def __getattr__(self, _name: str) -> Any:
        raise aws_error("ProvisionedThroughputExceededException")


def test_a_table_that_fails_is_an_error_of_ours() -> None:
    client: Any = Failing()
    with pytest.raises(StoreUnavailableError):
        TableRefusals(client, "executions").of(DAY)
    with pytest.raises(StoreUnavailableError):
        TableRefusalCounter(client, "executions").count(DAY, ROLE, 1)
