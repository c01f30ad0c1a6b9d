"""A day's audit: pages of whole executions, each entry once, and nothing of another day."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.audit.day import MOST_ENTRIES, cursor, is_day, read_day_query
from actionrelay.audit.trail import Flaw, Opening
from actionrelay.errors import InvalidRequestError, StoreUnavailableError
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.audit_entry import AuditEntry, rejected
from tests.fakes.chance import NOON
from tests.fakes.relay import EXECUTION_ID, Relay, a_draft

DAY = "2026-11-24"
DAY_MS = 86_400_000


def given_executions(relay: Relay, number: int, entries: int = 3, action: str = "action", at: int = NOON) -> None:
    """Executions whose entries are all of the day of `at`."""
    for each in range(number):
        draft = a_draft(
            execution_id=f"{action}-{each:04}", action_id=action, created_at=at + each, updated_at=at + each
        )
        record = ledger.accept(draft)
        while record.audit.seq < entries:
            record = ledger.note(record, "webhook_conflict", at + each + record.audit.seq)
        relay.audit.append(record.audit.owed)


def pages(relay: Relay, day: str = DAY, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    following: dict[str, str] = {}
    while True:
        found.append(dict(relay.reading_days.page({"date": day, **query, **following})))
        if found[-1]["next"] is None:
            return found
        following = {"next": found[-1]["next"]}


def places(found: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(entry["executionId"], entry["seq"]) for page in found for entry in page["entries"]]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 20, 30, 31, 1_000])
@pytest.mark.parametrize("times_indexed", [1, 2])
def test_a_day_in_pages_of_any_size_has_each_entry_once(relay: Relay, limit: int, times_indexed: int) -> None:
    relay.audit.times_indexed = times_indexed
    given_executions(relay, 7, action="b")
    given_executions(relay, 3, action="a")
    found = pages(relay, limit=str(limit))
    expected = [
        (f"{action}-{each:04}", seq) for action, n in (("a", 3), ("b", 7)) for each in range(n) for seq in (1, 2, 3)
    ]
    assert places(found) == expected
    for page in found:
        assert page["date"] == DAY
        executions = {entry["executionId"] for entry in page["entries"]}
        assert len(page["entries"]) == 3 * len(executions), "whole executions"
        assert len(page["entries"]) <= limit or len(executions) == 1


def test_a_page_of_a_busy_day_has_at_most_200_entries(relay: Relay) -> None:
    given_executions(relay, 150)
    found = pages(relay)
    assert [len(page["entries"]) for page in found] == [198, 198, 54]


def test_an_execution_over_midnight_is_in_both_days(relay: Relay) -> None:
    record = ledger.note(ledger.accept(a_draft()), "webhook_conflict", NOON + DAY_MS)
    relay.audit.append(ledger.note(record, "webhook_conflict", NOON + 3 * DAY_MS).audit.owed)
    seqs = {day: places(pages(relay, f"2026-11-{day}")) for day in range(23, 29)}
    assert seqs == {
        23: [],
        24: [(EXECUTION_ID, 1)],
        25: [(EXECUTION_ID, 2)],
        26: [],
        27: [(EXECUTION_ID, 3)],
        28: [],
    }


def test_a_refused_submission_is_among_its_days_entries(relay: Relay) -> None:
    given_executions(relay, 1)
    relay.audit.append([rejected("Request-1", NOON, b"{}", "invalid_request", None)])
    assert places(pages(relay)) == [("rejected#Request-1", 1), *(("action-0000", seq) for seq in (1, 2, 3))]


def test_an_unreadable_part_leaves_the_rest_of_the_day(relay: Relay) -> None:
    given_executions(relay, 2)
    relay.audit.flaws["action-0000"] = [Flaw(4, "has no usable timestamp")]
    assert len(places(pages(relay))) == 6


def test_a_day_without_entries_is_one_empty_page(relay: Relay) -> None:
    assert pages(relay, "2026-11-30") == [{"date": "2026-11-30", "entries": [], "next": None}]


def test_a_failing_table_makes_a_day_unavailable(relay: Relay) -> None:
    given_executions(relay, 3)
    for operation in ("openings", "entries"):
        relay.audit.trouble.before(operation, StoreUnavailableError("the audit trail can't be read"))
        with pytest.raises(StoreUnavailableError):
            relay.reading_days.page({"date": DAY})


# -- What is asked for ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ({}, ["/query/date"]),
        ({"date": ""}, ["/query/date"]),
        ({"date": "2026-02-30"}, ["/query/date"]),
        ({"date": "20261124"}, ["/query/date"]),
        ({"date": "2026-W48-2"}, ["/query/date"]),
        ({"date": " 2026-11-24"}, ["/query/date"]),
        ({"date": "2026-11-24T00:00:00Z"}, ["/query/date"]),
        ({"date": DAY, "limit": "0"}, ["/query/limit"]),
        ({"date": DAY, "limit": str(MOST_ENTRIES + 1)}, ["/query/limit"]),
        ({"date": DAY, "limit": "-1"}, ["/query/limit"]),
        ({"date": DAY, "limit": "10.0"}, ["/query/limit"]),
        ({"date": DAY, "limit": "\u0661"}, ["/query/limit"]),
        ({"date": DAY, "limit": ""}, ["/query/limit"]),
        ({"date": DAY, "next": ""}, ["/query/next"]),
        ({"date": DAY, "next": "!"}, ["/query/next"]),
        ({"date": DAY, "next": "e30"}, ["/query/next"]),
        ({"date": DAY, "next": "WyIiLCJhIiwxXQ"}, ["/query/next"]),
        ({"date": DAY, "next": "WyJhIiwiYSIsdHJ1ZV0"}, ["/query/next"]),
        ({"date": DAY, "next": "WyJcdWQ4MDAiLCJhIiwxXQ"}, ["/query/next"]),
        ({"date": DAY, "next": "W1tbW1tb"}, ["/query/next"]),
        ({"date": DAY, "next": "A" * 2_001}, ["/query/next"]),
        ({"date": "x", "limit": "x", "next": "?"}, ["/query/date", "/query/limit", "/query/next"]),
    ],
)
def test_given_a_query_with_faults_when_read_then_each_is_named(
    relay: Relay, query: dict[str, str], pointers: list[str]
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        relay.reading_days.page(query)
    assert [fault.pointer for fault in refused.value.faults] == pointers


@given(st.builds(Opening, st.text("abc-#:.", min_size=1), st.integers(1, 2**40), st.text("0189#Z", min_size=1)))
def test_any_place_in_a_day_survives_the_cursor(opening: Opening) -> None:
    assert read_day_query({"date": DAY, "next": cursor(opening)}).after == opening


def test_days_are_those_of_the_calendar() -> None:
    assert is_day("2028-02-29")
    assert not is_day("2027-02-29")


def test_a_refused_submission_is_a_chain_of_one(relay: Relay) -> None:
    entry: AuditEntry = rejected("Request-1", NOON, b"\x00" * 10, "malformed_json", "arn:caller")
    assert (entry.execution_id, entry.trace_id, entry.seq, entry.previous_hash) == (
        "rejected#Request-1",
        "Request-1",
        1,
        "",
    )
    assert (entry.action_id, entry.event, entry.status, entry.attempt) == ("-", "rejected", "rejected", 0)
    assert (entry.payload_size_bytes, entry.code, entry.actor, entry.day) == (10, "malformed_json", "arn:caller", DAY)
    relay.audit.append([entry])
    verification = relay.recalling.history("Request-1", verified=True)["verification"]
    assert verification == {"intact": True, "checkedEntries": 1, "brokenAt": None, "detail": None}
