"""The counters in the table, and what is read from the streams."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from actionrelay.statistics.counters_dynamodb import TableCounters
from actionrelay.statistics.journal import JOURNALS, Journal, Mark, Row, name_of
from actionrelay.statistics.tally import LATENCY_SUM, TOTAL, Counts, added
from actionrelay.timestamps import day_of
from benchmarks.cost.capacity import item_bytes
from tests.fakes.aws import aws_error
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.counters import FakeCounterTable, cancelled
from tests.fakes.relay import ACTION_ID, a_draft

NOON_ROW = Row("2026-11-24T12", "action")
TOTALS = Counter("total", "", "action")
DAY = Counter("day", "2026-11-24", "action")
HOUR = Counter("hour", "2026-11-24T12", "")
FAILED = Outcome(Status.FAILED, error=ExecutionError("http_400", "no"))


def counters(dynamodb: FakeCounterTable) -> TableCounters:
    return TableCounters(dynamodb, "table", SettableClock())  # type: ignore[arg-type]


def keep(dynamodb: FakeCounterTable, rows: Mapping[Row, Counts], number: int = 0, *, settle: bool = False) -> None:
    """Add rows to a journal, and settle it where that is asked for."""
    table = counters(dynamodb)
    journal = table.journal(number)
    merged = {row: added((journal.rows.get(row, {}), rows.get(row, {}))) for row in {*journal.rows, *rows}}
    following = replace(journal, version=journal.version + 1, rows=merged)
    assert table.write(number, *((following.settled(), following.counters()) if settle else (following, {})))


# -- Writing and reading --


@given(st.lists(st.tuples(st.integers(0, JOURNALS - 1), st.booleans()), min_size=1, max_size=20))
def test_counts_read_back_wherever_they_are(writes: list[tuple[int, bool]]) -> None:
    dynamodb = FakeCounterTable()
    for number, settle in writes:
        keep(dynamodb, {NOON_ROW: {TOTAL: 2, LATENCY_SUM: 70}}, number, settle=settle)
    sums = {TOTAL: 2 * len(writes), LATENCY_SUM: 70 * len(writes)}
    table = counters(dynamodb)
    assert list(table.totals("", 10)) == [(TOTALS, sums)]
    assert table.total("action") == sums
    assert list(table.days("action", "2026-11-24", "2026-11-24")) == [(DAY, sums)]
    assert list(table.days("", "2026-11-24", "2026-11-24")) == [(replace(DAY, action_id=""), sums)]
    assert list(table.hours("2026-11-24T12", "2026-11-24T12")) == [(HOUR, sums)]


def test_days_outside_the_range_are_left_out() -> None:
    dynamodb = FakeCounterTable()
    for settle in (True, False):
        for day in ("2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"):
            keep(dynamodb, {Row(f"{day}T12", "action"): {TOTAL: 1}}, settle=settle)
    found = counters(dynamodb).days("action", "2026-11-23", "2026-11-24")
    assert [(counter.start, counts[TOTAL]) for counter, counts in found] == [("2026-11-23", 2), ("2026-11-24", 2)]


@pytest.mark.parametrize("settle", [True, False])
def test_actions_come_a_page_at_a_time(settle: bool) -> None:
    dynamodb = FakeCounterTable()
    for number in range(9):
        keep(dynamodb, {Row("2026-11-24T12", f"action-{number}"): {TOTAL: 1}}, number % JOURNALS, settle=settle)
    keep(dynamodb, {Row("2026-11-24T12", "action-35"): {TOTAL: 1}})
    table = counters(dynamodb)
    pages = [[counter.action_id for counter, _ in table.totals(after, 4)] for after in ("", "action-3", "action-6")]
    assert pages == [
        ["action-0", "action-1", "action-2", "action-3"],
        ["action-35", "action-4", "action-5", "action-6"],
        ["action-7", "action-8"],
    ]


@pytest.mark.parametrize("again", [True, False])
def test_what_is_settled_between_two_reads_counts_once(again: bool) -> None:
    class Overtaken(FakeCounterTable):
        """Settles a journal as soon as it was read."""

        def paginate(self, **parameters: Any) -> Any:
            pages = list(FakeCounterTable.paginate(self, **parameters))
            if parameters["ExpressionAttributeValues"][":pk"]["S"] == "counters#journal":
                keep(self, {NOON_ROW: {TOTAL: 10}} if again else {}, settle=True)
            return pages

    dynamodb = Overtaken()
    keep(dynamodb, {NOON_ROW: {TOTAL: 1}}, settle=True)
    keep(dynamodb, {NOON_ROW: {TOTAL: 1}})
    assert counters(dynamodb).total("action") == {TOTAL: 12 if again else 2}


def test_counters_of_an_earlier_release_are_added_to() -> None:
    dynamodb = FakeCounterTable()
    before = {**key("counters#total", "action#0"), TOTAL: {"N": "5"}}
    dynamodb.items["counters#total", "action#0"] = before
    keep(dynamodb, {NOON_ROW: {TOTAL: 1}})
    assert counters(dynamodb).total("action") == {TOTAL: 6}
    keep(dynamodb, {NOON_ROW: {TOTAL: 1}}, settle=True)
    assert counters(dynamodb).total("action") == {TOTAL: 7}


@given(
    st.dictionaries(st.text(min_size=1, max_size=5), st.integers(0, 10**39), max_size=5),
    st.dictionaries(
        st.tuples(st.sampled_from(["2026-11-24T12", "2026-11-24T13"]), st.text("ab-_#9", min_size=1, max_size=9)),
        st.dictionaries(st.sampled_from([TOTAL, LATENCY_SUM, "b7"]), st.integers(-9, 9), min_size=1),
    ),
)
def test_a_journal_reads_back_as_it_was_written(
    marks: dict[str, int], rows: dict[tuple[str, str], dict[str, int]]
) -> None:
    table = counters(FakeCounterTable())
    written = Journal(
        1,
        7,
        {name: Mark(mark, 495_000) for name, mark in marks.items()},
        {Row(*row): each for row, each in rows.items()},
    )
    assert table.write(2, written, {})
    assert table.journal(2) == written
    assert table.journal(3) == Journal()


@pytest.mark.parametrize("sums", [{}, {TOTALS: {TOTAL: 1}}])
@pytest.mark.parametrize("first", [True, False])
def test_who_was_late_changes_nothing(sums: dict[Counter, Counts], first: bool) -> None:
    dynamodb = FakeCounterTable()
    table = counters(dynamodb)
    assert table.write(0, Journal(1), {})
    assert first or table.write(0, Journal(2), {})
    before = {name: dict(item) for name, item in dynamodb.items.items()}
    assert not table.write(0, Journal(1 if first else 2, 1), sums)
    assert dynamodb.items == before


def test_given_a_settlement_under_way_then_the_other_waits() -> None:
    dynamodb = FakeCounterTable()
    dynamodb.trouble.before("put_item", aws_error("TransactionConflictException"))
    dynamodb.trouble.before("transact_write_items", cancelled("TransactionConflict", "None"))
    assert not counters(dynamodb).write(0, Journal(1), {})
    assert not counters(dynamodb).write(0, Journal(1), {TOTALS: {TOTAL: 1}})


@pytest.mark.parametrize("error", [aws_error("ThrottlingException"), cancelled("None", "ThrottlingError")])
@pytest.mark.parametrize("sums", [{}, {TOTALS: {TOTAL: 1}}])
def test_a_table_that_refuses_is_reported(error: Exception, sums: dict[Counter, Counts]) -> None:
    dynamodb = FakeCounterTable()
    dynamodb.trouble.before("transact_write_items" if sums else "put_item", error)
    with pytest.raises(StoreUnavailableError):
        counters(dynamodb).write(0, Journal(1), sums)
    assert dynamodb.items == {}


def test_hours_expire_and_all_else_does_not() -> None:
    dynamodb = FakeCounterTable()
    keep(dynamodb, {NOON_ROW: {TOTAL: 1}}, settle=True)
    expires = {partition: item.get("expires_at") for (partition, _), item in dynamodb.items.items()}
    assert expires == {
        "counters#journal": None,
        "counters#hour": {"N": str(NOON // 1_000 + 9 * 86_400)},
        "counters#day#action": None,
        "counters#day#": None,
        "counters#total": None,
    }


def test_a_day_of_one_action_is_a_small_journal() -> None:
    buckets = {f"b{number}": 1_000 for number in range(60, 90)}
    rows = {Row("2026-11-24T12", ACTION_ID): {TOTAL: 10_000, "completed": 9_000, **buckets}}
    marks = {name_of(f"stream/shard-{number}"): Mark(int("495123000000000012345678"), 495_000) for number in range(10)}
    table = counters(dynamodb := FakeCounterTable())
    journal = Journal(1, 1, marks, rows)
    assert table.is_small(journal)
    assert table.write(0, journal, {})
    assert item_bytes(dynamodb.items["counters#journal", "0"]) <= 1_024
    many = {Row("2026-11-24T12", name_of(str(number))): {TOTAL: number} for number in range(150)}
    assert not table.is_small(replace(journal, rows=many))


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
