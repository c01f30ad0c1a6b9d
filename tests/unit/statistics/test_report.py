"""The metrics from the counters: periods, actions, days and hours, and refused queries."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from actionrelay.errors import InvalidRequestError
from actionrelay.genesys.contract import GenesysApi
from actionrelay.statistics.counters import Change, Counter, counters_at
from actionrelay.statistics.counting import CountChanges
from actionrelay.statistics.report import DAYS_SHOWN, HOURS_SHOWN, LONGEST_DAYS, ReadMetrics
from actionrelay.statistics.tally import REJECTED, TOTAL
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.counters import InMemoryCounters
from tests.fakes.recorded_telemetry import RecordedTelemetry

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
COMPLETED = {TOTAL: 1, "completed": 1, "latency_ms": 100, "latencies": 1, "b49": 1}


def having(*events: tuple[str, int, Mapping[str, int]]) -> ReadMetrics:
    """Counters after changes: of which action, how many ms ago, and what."""
    store = InMemoryCounters()
    changes = [Change(number, action, NOON - ago, counts) for number, (action, ago, counts) in enumerate(events)]
    CountChanges(lambda record: record["change"], store, RecordedTelemetry(), SettableClock()).count(
        "part", ({"change": each} for each in changes)
    )
    return ReadMetrics(store, SettableClock(), GenesysApi.DATA_ACTIONS)


def read(metrics: ReadMetrics, **query: str) -> Any:
    return metrics.read({"from" if name == "first" else name: value for name, value in query.items()})


def test_nothing_counted_is_zero_and_claims_nothing() -> None:
    found = read(having())
    assert (found["totalExecutions"], found["successRate"], found["averageLatencyMs"]) == (0, None, None)
    assert found["latencyMs"] == {"p50": None, "p95": None, "p99": None}
    assert (found["days"], found["hours"], found["actions"]) == ([], [], [])


def test_counts_rate_and_latency_are_the_executions() -> None:
    failed = {TOTAL: 1, "failed": 1, "latency_ms": 300, "latencies": 1, "b60": 1}
    found = read(
        having(
            ("a", 0, COMPLETED),
            ("a", 0, failed),
            ("b", 0, {TOTAL: 1}),
            ("b", 0, {TOTAL: 1, "unknown": 1}),
            ("b", 0, {TOTAL: 1, "cancelled": 1}),
            ("b", 0, {TOTAL: 1, "completed": 1, "cache_hits": 1}),
            ("-", 0, {REJECTED: 1}),
        )
    )
    assert {name: value for name, value in found.items() if name not in {"days", "hours", "actions", "next"}} == {
        "firstDay": None,
        "lastDay": None,
        "actionId": None,
        "totalExecutions": 6,
        "successfulExecutions": 2,
        "failedExecutions": 1,
        "unknownExecutions": 1,
        "cancelledExecutions": 1,
        "inProgressExecutions": 1,
        "cacheHits": 1,
        "rejectedRequests": 1,
        "averageLatencyMs": 200,
        "latencyMs": {"p50": 102, "p95": 290, "p99": 290},
        "successRate": 0.5,
    }
    assert [(action["actionId"], action["totalExecutions"]) for action in found["actions"]] == [("b", 4), ("a", 2)]


def test_without_a_period_days_are_the_last_thirty() -> None:
    found = read(having(*(("a", days * DAY_MS, COMPLETED) for days in range(40))))
    assert found["totalExecutions"] == 40
    assert len(found["days"]) == DAYS_SHOWN
    assert found["days"][0]["date"] == "2026-10-26"
    assert found["days"][-1]["date"] == "2026-11-24"


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({"first": "2026-11-23"}, ["2026-11-23", "2026-11-24"]),
        ({"to": "2026-10-17"}, ["2026-10-16", "2026-10-17"]),
        ({"first": "2026-11-22", "to": "2026-11-23"}, ["2026-11-22", "2026-11-23"]),
        ({"first": "2026-11-25"}, []),
    ],
)
def test_a_period_limits_all_but_hours_and_actions(query: dict[str, str], days: list[str]) -> None:
    found = read(having(*(("a", days * DAY_MS, COMPLETED) for days in range(40))), **query)
    assert [day["date"] for day in found["days"]] == days
    assert found["totalExecutions"] == len(days)
    assert sum(action["totalExecutions"] for action in found["actions"]) == 40
    assert len(found["hours"]) == 2


def test_an_actions_days_and_counts_are_its_own() -> None:
    found = read(having(("a", 0, COMPLETED), ("b", 0, COMPLETED), ("b", DAY_MS, COMPLETED)), actionId="b")
    assert (found["actionId"], found["totalExecutions"]) == ("b", 2)
    assert [day["totalExecutions"] for day in found["days"]] == [1, 1]
    assert [action["actionId"] for action in found["actions"]] == ["b"]


def test_an_action_in_capitals_takes_its_contracts_form() -> None:
    assert read(having(("a", 0, COMPLETED)), actionId="A")["totalExecutions"] == 1
    kept = replace(having(("A", 0, COMPLETED)), api=GenesysApi.INTEGRATIONS)
    assert read(kept, actionId="A")["totalExecutions"] == 1
    assert read(kept, actionId="a")["totalExecutions"] == 0


def test_the_last_two_days_of_hours_are_there() -> None:
    found = read(having(*(("a", hours * HOUR_MS, COMPLETED) for hours in range(60))))
    assert len(found["hours"]) == HOURS_SHOWN
    assert found["hours"][-1]["hour"] == "2026-11-24T12:00:00.000Z"


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ({"first": "yesterday"}, ["/query/from"]),
        ({"first": "2026-02-30", "to": "2026-1-1"}, ["/query/from", "/query/to"]),
        ({"to": "\u0662\u0660\u0662\u0666-01-01"}, ["/query/to"]),
        ({"to": ""}, ["/query/to"]),
        ({"actionId": ""}, ["/query/actionId"]),
        ({"actionId": "a b", "to": "never"}, ["/query/to", "/query/actionId"]),
        ({"first": "2026-11-24", "to": "2026-11-23"}, ["/query/to"]),
        ({"first": "2025-11-23", "to": "2026-11-24"}, ["/query/to"]),
    ],
)
def test_an_unreadable_period_names_every_fault(query: dict[str, str], pointers: list[str]) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read(having(), **query)
    assert [fault.pointer for fault in refused.value.faults] == pointers


def test_given_the_longest_period_when_asked_then_it_is_answered() -> None:
    assert read(having(), first="2025-11-24", to="2026-11-24")["totalExecutions"] == 0
    assert LONGEST_DAYS == 366


def test_the_calendars_first_and_last_days_are_answered() -> None:
    assert read(having(), first="9999-12-31")["days"] == []
    assert read(having(), to="0001-01-05")["days"] == []


def test_one_change_counts_in_its_hour_for_all_actions() -> None:
    named = list(counters_at("2026-11-24T12", "a"))
    assert [(counter.span, counter.start, counter.action_id) for counter in named] == [
        ("total", "", "a"),
        ("day", "2026-11-24", "a"),
        ("day", "2026-11-24", ""),
        ("hour", "2026-11-24T12", ""),
    ]


@pytest.mark.repetitive
def test_fifty_thousand_actions_answer_in_pages_below_1_mb() -> None:
    store = InMemoryCounters()
    counts = {"completed": 1, "latency_ms": 100, "latencies": 1, "b49": 1}
    for number in range(50_000):
        store.kept[Counter("total", "", f"action-{number:05}")] = {TOTAL: 1 + number % 7, **counts}
    metrics = ReadMetrics(store, SettableClock(), GenesysApi.DATA_ACTIONS)
    first = read(metrics)
    assert len(json.dumps(first)) < 1_000_000
    totals = [each["totalExecutions"] for each in first["actions"]]
    assert totals == sorted(totals, reverse=True)
    seen, after = {each["actionId"] for each in first["actions"]}, first["next"]
    while after:
        page = read(metrics, next=after)
        seen |= {each["actionId"] for each in page["actions"]}
        after = page["next"]
    assert len(seen) == 50_000
