"""The counters in the table, and what is read out of the streams."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from actionrelay.aws.attributes import key
from actionrelay.errors import StoreUnavailableError
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import (
    CacheStatus,
    Execution,
    ExecutionError,
    Outcome,
    PayloadRef,
    Status,
    WebhookStatus,
)
from actionrelay.ledger.items_dynamodb import accepted_item, ledger_item
from actionrelay.statistics.changes_dynamodb import read_change
from actionrelay.statistics.counters import Counter
from actionrelay.statistics.counters_dynamodb import SHARDS, TableCounters
from actionrelay.statistics.tally import LATENCY_SUM, TOTAL
from actionrelay.timestamps import day_of
from tests.fakes.aws import aws_error
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.counters import FakeCounterTable, cancelled
from tests.fakes.relay import ACTION_ID, a_draft

PART = "stream/shard"
TOTALS = Counter("total", "", "action")
DAY = Counter("day", "2026-11-24", "action")
HOUR = Counter("hour", "2026-11-24T12", "")
SHARED = {TOTALS: {TOTAL: 2}, DAY: {TOTAL: 1, LATENCY_SUM: 70}, HOUR: {TOTAL: 2}}
FAILED = Outcome(Status.FAILED, error=ExecutionError("http_400", "no"))


def counters(dynamodb: FakeCounterTable) -> TableCounters:
    return TableCounters(dynamodb, "table", SettableClock())  # type: ignore[arg-type]


# -- Writing and reading --


def test_tallies_read_back_as_their_sum_over_shards() -> None:
    dynamodb = FakeCounterTable()
    for part in range(20):
        assert counters(dynamodb).add(f"stream/{part}", 7, 7, SHARED) == 7
    assert list(counters(dynamodb).totals("", 10)) == [(TOTALS, {TOTAL: 40})]
    assert list(counters(dynamodb).days("action", "2026-11-24", "2026-11-24")) == [
        (DAY, {TOTAL: 20, LATENCY_SUM: 1_400})
    ]
    assert list(counters(dynamodb).hours("2026-11-24T12", "2026-11-24T12")) == [(HOUR, {TOTAL: 40})]
    assert 1 < len([sort for partition, sort in dynamodb.items if partition == "counters#total"]) <= SHARDS


def test_one_part_of_a_stream_keeps_to_one_shard() -> None:
    dynamodb = FakeCounterTable()
    for number in range(20):
        counters(dynamodb).add(PART, number, number, SHARED)
    assert len([sort for partition, sort in dynamodb.items if partition == "counters#total"]) == 1


def test_days_outside_the_range_are_left_out() -> None:
    dynamodb = FakeCounterTable()
    for day in ("2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"):
        counters(dynamodb).add(day, 1, 1, {replace(DAY, start=day): {TOTAL: 1}})
    found = [counter.start for counter, _ in counters(dynamodb).days("action", "2026-11-23", "2026-11-24")]
    assert found == ["2026-11-23", "2026-11-24"]


@pytest.mark.parametrize("first", [1, 9, 17])
def test_what_is_before_the_mark_is_not_added_again(
    first: int,
) -> None:
    dynamodb = FakeCounterTable()
    counters(dynamodb).add(PART, 9, 17, SHARED)
    before = {name: dict(item) for name, item in dynamodb.items.items()}
    assert counters(dynamodb).add(PART, first, 99, SHARED) == 17
    assert dynamodb.items == before


def test_sequence_numbers_compare_as_numbers() -> None:
    dynamodb = FakeCounterTable()
    assert counters(dynamodb).add(PART, 99, 99, SHARED) == 99
    assert counters(dynamodb).add(PART, 100, 10**39, SHARED) == 10**39
    assert counters(dynamodb).add(PART, 101, 101, SHARED) == 10**39


def test_a_contended_counter_moves_to_the_next_shard() -> None:
    dynamodb = FakeCounterTable()
    dynamodb.trouble.before("transact_write_items", cancelled("None", "TransactionConflict"), times=7)
    assert counters(dynamodb).add(PART, 1, 1, SHARED) == 1
    dynamodb.trouble.before("transact_write_items", cancelled("None", "TransactionConflict"), times=8)
    with pytest.raises(StoreUnavailableError):
        counters(dynamodb).add(PART, 2, 2, SHARED)
    assert list(counters(dynamodb).totals("", 10)) == [(TOTALS, {TOTAL: 2})]


@pytest.mark.parametrize("error", [aws_error("ThrottlingException"), cancelled("None", "ThrottlingError")])
def test_a_table_that_refuses_is_reported(error: Exception) -> None:
    dynamodb = FakeCounterTable()
    dynamodb.trouble.before("transact_write_items", error)
    with pytest.raises(StoreUnavailableError):
        counters(dynamodb).add(PART, 1, 1, SHARED)
    assert dynamodb.items == {}


def test_hours_and_marks_expire_and_days_do_not() -> None:
    dynamodb = FakeCounterTable()
    counters(dynamodb).add(PART, 1, 1, SHARED)
    expires = {partition: item.get("expires_at") for (partition, _), item in dynamodb.items.items()}
    assert expires == {
        "counters#told": {"N": str(NOON // 1_000 + 2 * 86_400)},
        "counters#hour": {"N": str(NOON // 1_000 + 9 * 86_400)},
        "counters#day#action": None,
        "counters#total": None,
    }


# -- What the streams bring --


def image(item: dict[str, Any], sort: str) -> dict[str, Any]:
    """Write an item as a stream's event has it: bytes as base64."""
    whole = {**key("execution#id", sort), **item}
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value for name, value in whole.items()
    }


def record(before: Execution | None, after: Execution) -> dict[str, Any]:
    old = {} if before is None else {"OldImage": image(ledger_item(before), "ledger")}
    return {
        "eventID": "event",
        "eventName": "INSERT" if before is None else "MODIFY",
        "dynamodb": {"SequenceNumber": "17", "NewImage": image(ledger_item(after), "ledger"), **old},
    }


def counted(event: dict[str, Any]) -> dict[str, int] | None:
    change = read_change(event)
    if change is None:
        return None
    assert (change.sequence, change.action_id, change.at) == (17, ACTION_ID, NOON)
    return dict(change.counts)


def accepted(execution: Execution) -> dict[str, Any]:
    written = {"SequenceNumber": "17", "NewImage": image(accepted_item(execution), "accepted")}
    return {"eventID": "event", "eventName": "INSERT", "dynamodb": written}


def test_each_write_of_an_execution_says_what_it_changes() -> None:
    queued = ledger.accept(a_draft(webhook_url="https://example.com/hook"))
    running = ledger.claim(queued, "attempt", NOON + 10, NOON + 95_000)
    failed = ledger.settle(running, FAILED, NOON + 1_000)
    delivered = ledger.record_delivery(failed, WebhookStatus.DELIVERED, NOON + 9_000, None, latency_ms=5, cause=None)
    again = ledger.rerun(delivered, NOON + 20_000, "somebody", 2)
    ended = {"failed": 1, "latency_ms": 1_000, "latencies": 1, "b73": 1}
    assert counted(accepted(queued)) == {TOTAL: 1}
    assert counted(record(None, running)) == {}
    assert counted(record(running, failed)) == ended
    assert counted(record(failed, delivered)) == {}
    assert counted(record(delivered, again)) == {name: -number for name, number in ended.items()}


def test_a_decisions_time_is_no_latency_of_the_action() -> None:
    queued = ledger.accept(a_draft())
    running = ledger.claim(queued, "attempt", NOON + 10, NOON + 95_000)
    unknown = ledger.settle(running, Outcome(Status.UNKNOWN), NOON + 1_000)
    resolved = ledger.resolve(unknown, Outcome(Status.COMPLETED), NOON + 7 * 86_400_000, "somebody", None)
    assert counted(record(unknown, resolved)) == {"unknown": -1, "completed": 1}
    again = ledger.rerun(unknown, NOON + 86_400_000, "somebody", 1)
    rerun = ledger.claim(again, "attempt", NOON + 86_400_010, NOON + 86_495_000)
    ended = ledger.settle(rerun, Outcome(Status.COMPLETED), NOON + 86_400_100)
    assert counted(record(rerun, ended)) == {"completed": 1, "latency_ms": 100, "latencies": 1, "b49": 1}


def test_a_cache_hit_and_its_delivery_count_once() -> None:
    ref = PayloadRef("another/result", 3, "digest", b"abc")
    hit = ledger.serve_from_cache(
        a_draft(webhook_url="https://example.com/hook", cache_status=CacheStatus.HIT), ref, NOON
    )
    delivered = ledger.record_delivery(hit, WebhookStatus.DELIVERED, NOON + 9, None, latency_ms=5, cause=None)
    assert counted(accepted(hit)) == {TOTAL: 1, "completed": 1, "cache_hits": 1}
    assert counted(record(None, delivered)) == {}


def test_a_rejected_request_counts_for_no_action() -> None:
    entry = {"event": {"S": "rejected"}, "timestamp": {"N": str(NOON)}, "executionId": {"S": "request"}}
    written = {"SequenceNumber": "3", "NewImage": entry}
    change = read_change({"eventID": "event", "eventName": "INSERT", "dynamodb": written})
    assert change is not None
    assert (change.action_id, change.at, change.counts) == ("-", NOON, {"rejected": 1})


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        (None, 1, {}),
        (999, 1_000, {}),
        (1_000, 1_001, {"rejected": 1}),
        (1_001, 1_002, {"rejected": 1}),
        (990, 1_500, {"rejected": 500}),
        (None, 1_003, {"rejected": 3}),
    ],
)
def test_refusals_without_entries_count_by_their_number(before: int | None, after: int, counts: dict[str, int]) -> None:
    def image(number: int) -> dict[str, Any]:
        return {
            **key("refusals#2026-11-24", "caller"),
            "kind": {"S": "refusals"},
            "refused": {"N": str(number)},
        }

    written: dict[str, Any] = {"SequenceNumber": "3", "NewImage": image(after)}
    if before is not None:
        written["OldImage"] = image(before)
    change = read_change({"eventID": "event", "eventName": "MODIFY", "dynamodb": written})
    assert change is not None
    assert (change.action_id, day_of(change.at), change.counts) == ("-", "2026-11-24", counts)


@pytest.mark.parametrize(
    "event",
    [
        {**record(None, a_draft()), "eventName": "REMOVE"},
        {
            "eventName": "INSERT",
            "eventID": "e",
            "dynamodb": {"SequenceNumber": "1", "NewImage": key("cache#1", "result")},
        },
        {
            "eventName": "INSERT",
            "eventID": "e",
            "dynamodb": {"SequenceNumber": "1", "NewImage": key("counters#day", "x")},
        },
    ],
)
def test_expired_and_foreign_items_do_not_count(event: dict[str, Any]) -> None:
    assert read_change(event) is None


@pytest.mark.parametrize(
    "broken",
    [
        {"detail": {"B": "no base64"}},
        {"detail": {"B": base64.b64encode(b"not compressed").decode()}},
        {"status": {"S": "of a later release"}},
        {"created_at": {"S": "noon"}},
    ],
)
def test_an_unreadable_change_is_reported(broken: dict[str, Any]) -> None:
    event = record(None, ledger.claim(a_draft(), "attempt", NOON, NOON))
    event["dynamodb"]["NewImage"] |= broken
    with pytest.raises(ValueError, match="can't be read"):
        read_change(event)
