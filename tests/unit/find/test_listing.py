"""The list of executions: every filter, any page size, in the order of acceptance, with the tables."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actionrelay.errors import InvalidRequestError, StoreUnavailableError
from actionrelay.find.filters import cursor, read_question
from actionrelay.find.listing import MAX_DAYS, MAX_ENTRIES
from actionrelay.find.ports import Position
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.audit_entry import rejected
from actionrelay.ledger.execution import Execution, Status, WebhookStatus
from actionrelay.ledger.executions_dynamodb import ExecutionsTable
from actionrelay.pages import milliseconds_of
from actionrelay.timestamps import DAY_MS, iso
from tests.fakes.aws import aws_error
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.indexes import EXECUTIONS
from tests.fakes.listed import RETENTION_DAYS, Listed, ids
from tests.fakes.many_executions import ACTIONS, ManyExecutions
from tests.fakes.relay import ACTION_ID, TRACE_ID

RARE = "11111111-2222-4333-8444-555555555555"
OTHERS = ("aaaaaaaa-2222-4333-8444-555555555555", ACTION_ID, RARE)
HOUR_MS = 3_600_000


@pytest.fixture
def listed() -> Listed:
    return Listed()


# -- What is listed --


def test_an_empty_list_is_the_last_page(listed: Listed) -> None:
    assert listed.page() == {"executions": [], "next": None}


def test_a_listed_execution_is_its_document_without_result(listed: Listed) -> None:
    failed = listed.accept(status=Status.FAILED)
    [document] = listed.page()["executions"]
    assert document == {
        "executionId": failed.execution_id,
        "actionId": ACTION_ID,
        "traceId": failed.execution_id,
        "status": "failed",
        "webhookStatus": "none",
        "cacheStatus": "disabled",
        "error": {"code": "code", "message": "message", "status": None, "correlationId": None},
        "attempts": 1,
        "createdAt": iso(NOON),
        "updatedAt": iso(NOON + 1),
        "completedAt": iso(NOON + 1),
        "latencyMs": 1,
    }


def test_several_actions_and_days_are_listed_newest_first(listed: Listed) -> None:
    times = [NOON - 3 * DAY_MS, NOON - DAY_MS, NOON - 2, NOON - 1, NOON]
    accepted = [listed.accept(at, action_id=OTHERS[number % 3]) for number, at in enumerate(times)]
    assert listed.ids() == [each.execution_id for each in reversed(accepted)]


def test_ids_decide_within_one_ms_in_every_index(listed: Listed) -> None:
    accepted = [
        listed.accept(status=Status.FAILED, trace_id=TRACE_ID, webhook_status=WebhookStatus.FAILED) for _ in range(12)
    ]
    expected = sorted((each.execution_id for each in accepted), reverse=True)
    for query in ({}, {"actionId": ACTION_ID}, {"status": "failed"}, {"traceId": TRACE_ID}):
        assert listed.pages(limit="5", **query)[:3] == [expected[:5], expected[5:10], expected[10:]], query


def test_an_execution_past_its_retention_is_not_listed(listed: Listed) -> None:
    kept = listed.accept(NOON - RETENTION_DAYS * DAY_MS + 1)
    listed.accept(NOON - RETENTION_DAYS * DAY_MS)
    assert listed.ids() == listed.ids(actionId=ACTION_ID) == [kept.execution_id]


def test_an_execution_is_listed_on_the_day_of_acceptance(
    listed: Listed,
) -> None:
    old = listed.accept(NOON - 2 * DAY_MS, goes_on_after_days=2)
    newer = listed.accept(NOON - DAY_MS)
    assert listed.ids() == listed.ids(limit="1") == [newer.execution_id, old.execution_id]


def test_an_acceptance_audited_twice_is_listed_once(listed: Listed) -> None:
    twice = listed.accept(audited_twice=True)
    assert len([each for each in listed.tables.tables["audit"].items.values() if "dayOpened" in each]) == 1
    assert listed.ids() == listed.ids(limit="1") == [twice.execution_id]


def test_an_entry_without_a_record_is_passed_over(listed: Listed) -> None:
    gone = listed.accept()
    kept = listed.accept(NOON - 1)
    for key in [key for key in listed.tables.tables["executions"].items if gone.execution_id in key[0]]:
        del listed.tables.tables["executions"].items[key]
    assert listed.ids(limit="1") == [kept.execution_id]


def test_refused_requests_are_passed_over(listed: Listed) -> None:
    kept = [listed.accept(NOON), listed.accept(NOON - 10 * HOUR_MS)]
    for number in range(3_000):
        listed.audit.append([rejected(f"request-{number}", NOON - 2 * HOUR_MS - number, b"", "invalid_request", None)])
    assert listed.ids() == [each.execution_id for each in kept]


def test_actions_with_a_common_prefix_keep_apart(listed: Listed) -> None:
    names = ("custom", "custom-", "custom-a", "custom_-_a", "Custom", "-a", "--", "0", "z")
    accepted = {name: listed.accept(NOON + number, action_id=name) for number, name in enumerate(names)}
    assert len(listed.ids()) == len(names)
    for name, each in accepted.items():
        assert name == "Custom" or listed.ids(actionId=name) == [each.execution_id], "ids of actions are UUIDs here"


@pytest.mark.repetitive
def test_a_thousand_actions_a_day_are_listed(listed: Listed) -> None:
    accepted = [listed.accept(NOON - number, action_id=f"action-{number}").execution_id for number in range(1_000)]
    assert ids(listed.page(limit="100")) == accepted[:100]
    assert listed.ids(limit="100") == accepted


# -- Filters --


@dataclass(frozen=True, slots=True)
class Filter:
    """A query, and what it must let through."""

    query: dict[str, str]

    def lets(self, execution: Execution) -> bool:
        wanted = self.query
        return (
            wanted.get("actionId", execution.action_id) == execution.action_id
            and execution.status in wanted.get("status", execution.status).split(",")
            and wanted.get("traceId", execution.trace_id) == execution.trace_id
            and execution.delivery.status in wanted.get("webhookStatus", execution.delivery.status).split(",")
            and self._has_code(execution)
            and any(wanted.get("id", "").lower() in each for each in (execution.execution_id, execution.trace_id))
            and milliseconds_of(wanted.get("from_", "1970-01-01")) <= execution.created_at
            and execution.created_at < milliseconds_of(wanted.get("to", "2100-01-01"))
        )

    def _has_code(self, execution: Execution) -> bool:
        if "errorCode" not in self.query:
            return True
        code = execution.outcome.error.code if execution.outcome and execution.outcome.error else None
        return code == self.query["errorCode"] and ("status" in self.query or execution.status in {"failed", "unknown"})


def in_order(query: dict[str, str]) -> dict[str, str]:
    if "from_" in query and "to" in query:
        query["from_"], query["to"] = sorted((query["from_"], query["to"]))
    return query


moments = st.integers(NOON - 4 * DAY_MS, NOON + DAY_MS).map(lambda at: iso(at - at % HOUR_MS))
filters = st.fixed_dictionaries(
    {},
    optional={
        "status": st.lists(st.sampled_from(Status), min_size=1, max_size=3).map(",".join),
        "actionId": st.sampled_from(OTHERS),
        "traceId": st.just(TRACE_ID),
        "webhookStatus": st.sampled_from(["failed", "none", "failed,pending"]),
        "errorCode": st.sampled_from(["code", "other"]),
        "id": st.sampled_from([TRACE_ID, TRACE_ID[3:12].upper(), "-4a6b-", "000000"]),
        "from_": moments,
        "to": moments,
    },
).map(lambda query: Filter(in_order(query)))
kinds = st.fixed_dictionaries(
    {
        # Few times, so that many executions share one, near both ends of a day.
        "at": st.builds(
            lambda day, ms: NOON - day * DAY_MS + ms,
            st.integers(0, 5),
            st.sampled_from([0, 1, DAY_MS // 2 - 1, -DAY_MS // 2, HOUR_MS]),
        ),
        "action_id": st.sampled_from(OTHERS),
        "status": st.sampled_from(Status),
        "trace_id": st.sampled_from([None, TRACE_ID]),
        "webhook_status": st.sampled_from([WebhookStatus.NONE, WebhookStatus.FAILED]),
        "goes_on_after_days": st.sampled_from([0, 0, 1, 3]),
        "audited_twice": st.booleans(),
    }
)


def sanely(kind: dict[str, Any]) -> dict[str, Any]:
    """A webhook is given up, and a history goes on, only where a step was taken."""
    if kind["status"] is Status.QUEUED:
        return kind | {"webhook_status": WebhookStatus.NONE, "goes_on_after_days": 0}
    return kind


@settings(max_examples=150)
@given(
    st.lists(kinds.map(sanely), max_size=30),
    filters,
    st.integers(1, 12),
    st.sampled_from([(1_000, 500, 40), (3, 500, 40), (1_000, 2, 40), (1_000, 500, 1), (1, 1, 1)]),
)
def test_pages_together_are_the_sorted_filtered_list(
    given_executions: list[dict[str, Any]], asked: Filter, limit: int, bounds: tuple[int, int, int]
) -> None:
    listed = Listed(max_entries=bounds[0], max_requests=bounds[1], max_days=bounds[2])
    accepted = [listed.accept(**kind) for kind in given_executions]
    wanted = sorted((each for each in accepted if asked.lets(each)), key=_place, reverse=True)

    shown: list[str] = []
    after: dict[str, str] = {}
    for _ in range(1_000):
        page = listed.page(**asked.query, limit=str(limit), **after)
        assert len(page["executions"]) <= limit
        shown += ids(page)
        if page["next"] is None:
            break
        assert page["next"] != after.get("next"), "this answer got nowhere"
        after = {"next": page["next"]}
        # Whatever is accepted meanwhile is newer, and on no page that follows.
        listed.clock.advance(1)
        listed.accept(NOON + DAY_MS + len(shown), action_id=OTHERS[0], status=Status.FAILED, trace_id=TRACE_ID)

    assert shown == [each.execution_id for each in wanted]


def _place(execution: Execution) -> tuple[int, str]:
    return execution.created_at, execution.execution_id


def test_an_own_id_as_trace_id_needs_no_index_entry(
    listed: Listed,
) -> None:
    own = listed.accept(NOON - 5)
    other = listed.accept(NOON, trace_id=own.execution_id)
    assert listed.ids(traceId=own.execution_id.upper()) == [other.execution_id, own.execution_id]
    assert listed.ids(traceId=own.execution_id, limit="1") == [other.execution_id, own.execution_id]
    assert listed.ids(traceId=own.execution_id, to=iso(NOON - 5)) == []
    assert listed.ids(traceId=other.execution_id) == [], "its caller gave it another"
    accepted = [each for key, each in listed.tables.tables["executions"].items.items() if key[1] == "accepted"]
    assert sum("trace" in each for each in accepted) == 1


def test_an_action_id_in_capitals_is_the_same_uuid(listed: Listed) -> None:
    assert listed.accept().execution_id in listed.ids(actionId=ACTION_ID.upper())
    assert read_question({"actionId": "Custom_A"}, GenesysApi.INTEGRATIONS).action_id == "Custom_A"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24", NOON - DAY_MS // 2),
        ("2026-11-24T12:00:00Z", NOON),
        ("2026-11-24T12:00Z", NOON),
        ("2026-11-24T13:00:00.000+01:00", NOON),
        ("2026-11-24T11:59:59.999000001Z", NOON - 1),
        ("2026-11-24T11:59:59.9991Z", NOON),
        ("1969-12-31T23:59:59.999Z", -1),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000),
    ],
)
def test_given_a_moment_when_read_then_it_is_ms_rounded_up(text: str, expected: int) -> None:
    assert milliseconds_of(text) == expected


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        *(("status", each, "schema") for each in ("", "done", "failed,", "failed, unknown", "FAILED")),
        *(("actionId", each, "schema") for each in ("", "a#b", "a" * 129, "\N{LATIN SMALL LETTER E WITH ACUTE}")),
        *(("from", each, "schema") for each in ("", "yesterday", "2026-11-24T12:00:00", "20261124", "1795521600000")),
        *(
            ("to", each, "moment")
            for each in ("2026-02-30", "2026-11-24T25:00Z", "0000-01-01", "2026-11-24T12:00+99:00")
        ),
        *(("traceId", each, "schema") for each in ("", "trace-1")),
        *(("webhookStatus", each, "schema") for each in ("", "given up", "failed,")),
        *(("errorCode", each, "schema") for each in ("", "a b", "a" * 129, "\N{LATIN SMALL LETTER E WITH ACUTE}")),
        *(("id", each, "schema") for each in ("", "12345", "1" * 37, "order-1", "%2525")),
        *(
            ("limit", each, "schema")
            for each in ("", "0", "101", "-1", "1.0", "1e1", "05", "\N{ARABIC-INDIC DIGIT FIVE}")
        ),
        *(("next", each, "schema") for each in ("", "***", "a" * 2_001)),
        *(("next", each, "cursor") for each in ("a", "abcd", "e30", "WzEsMl0", "WyIxIiwiYSJd", "W3RydWUsImEiXQ")),
        ("next", "WzEsIlx1ZDgwMCJd", "cursor"),
    ],
)
def test_a_bad_parameter_is_named(listed: Listed, name: str, value: str, code: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        listed.listing.page({name: value})
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [(f"/query/{name}", code)]


def test_several_faults_are_reported_at_once(listed: Listed) -> None:
    query = {"status": "done", "limit": "0", "from": "2026-02-30", "next": "abcd"}
    with pytest.raises(InvalidRequestError) as refused:
        listed.listing.page(query)
    assert [fault.pointer for fault in refused.value.faults] == [
        *("/query/status", "/query/from", "/query/limit", "/query/next")
    ]


@given(st.integers(-(2**70), 2**70), st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=128))
def test_any_position_survives_the_cursor(at: int, name: str) -> None:
    listed = Listed()
    text = cursor(Position(at, name))
    assert read_question({"next": text}, GenesysApi.DATA_ACTIONS).after == Position(at, name)
    for query in ({}, {"status": "failed"}, {"traceId": TRACE_ID}, {"actionId": ACTION_ID}):
        assert listed.page(next=text, **query)["executions"] == []


def test_times_out_of_reach_list_nothing(listed: Listed) -> None:
    listed.accept()
    for query in ({"from_": "9999-12-31"}, {"to": "0001-01-01"}, {"from_": "2026-11-24", "to": "2026-11-24"}):
        assert listed.page(**query) == {"executions": [], "next": None}
    assert len(listed.page(from_="0001-01-01", to="9999-12-31")["executions"]) == 1


def test_an_end_before_its_beginning_is_named(listed: Listed) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        listed.page(from_="2026-11-25", to="2026-11-24")
    [fault] = refused.value.faults
    assert (fault.pointer, fault.code, fault.detail) == ("/query/to", "schema", "must not be before from")


def test_a_whole_id_is_found_without_a_search(listed: Listed) -> None:
    wanted = listed.accept(NOON - 20 * DAY_MS)
    followed = listed.accept(NOON - DAY_MS, trace_id=wanted.execution_id)
    for number in range(500):
        listed.accept(NOON - number)
    listed.tables.requests.clear()
    assert ids(listed.page(id=wanted.execution_id.upper())) == [followed.execution_id, wanted.execution_id]
    assert sum(listed.tables.requests.values()) <= 4


def test_an_acknowledged_one_is_not_found_by_its_code(listed: Listed) -> None:
    failed = listed.accept(status=Status.FAILED)
    assert listed.ids(errorCode="code") == [failed.execution_id]
    store = ExecutionsTable(listed.client, EXECUTIONS, RETENTION_DAYS)
    loaded = store.load(failed.execution_id)
    assert loaded
    store.save(ledger.acknowledge(loaded, NOON + 9, None, None))
    assert listed.ids(errorCode="code") == []
    assert listed.ids(errorCode="code", status="failed,completed") == [failed.execution_id]


# -- What one answer reads --


@pytest.mark.repetitive
def test_a_rare_filter_looks_at_a_bounded_part(
    listed: Listed,
) -> None:
    for number in range(3_000):
        listed.accept(NOON - number, action_id=OTHERS[number % 3])
    queued = listed.accept(NOON - 5_000, status=Status.QUEUED)

    first = listed.page(status="queued")

    assert (first["executions"], first["next"] is None) == ([], False)
    assert sum(listed.tables.requests.values()) <= MOST_REQUESTS
    assert MAX_ENTRIES <= listed.tables.scanned["records"] / 2 <= 1.5 * MAX_ENTRIES
    assert listed.ids(status="queued") == [queued.execution_id]


def test_an_action_used_a_month_ago_is_found(listed: Listed) -> None:
    rare = listed.accept(NOON - 29 * DAY_MS, action_id=RARE)
    for day in range(28):
        listed.accept(NOON - day * DAY_MS)
    assert ids(listed.page(actionId=RARE)) == [rare.execution_id]
    assert (listed.tables.requests["by_day"], listed.tables.scanned["by_day"]) == (31, 1)


def test_an_answer_that_ends_amid_a_day_loses_nothing() -> None:
    listed = Listed(max_entries=4)
    expected = [listed.accept(NOON - number, action_id=OTHERS[number % 2]).execution_id for number in range(20)]
    assert listed.ids(from_="2026-11-24", limit="12") == expected


def test_an_opening_that_is_owed_late_is_in_its_place(listed: Listed) -> None:
    """The entry that opens a day has an item of its own, which says when that was."""
    late = listed.accept(NOON, audited_twice=True)
    newer = listed.accept(NOON + 1)
    assert listed.ids() == [newer.execution_id, late.execution_id]


MOST_REQUESTS = 12
MOST_READ_UNITS = 600
ENTRY_BYTES = 250


QUESTIONS: dict[str, dict[str, str]] = {
    "all": {},
    "by action": {"actionId": ACTION_ID},
    "by rare action": {"actionId": RARE},
    **{status.value: {"status": status.value} for status in Status},
    "by trace": {"traceId": TRACE_ID},
    "by time": {"from_": iso(NOON - 9 * DAY_MS), "to": iso(NOON - 8 * DAY_MS)},
    "undelivered": {"webhookStatus": "failed"},
    "pending": {"webhookStatus": "pending,failed"},
    "by error code": {"errorCode": "code"},
    "by rare error code": {"errorCode": "never"},
    "by part of an id": {"id": TRACE_ID[:7]},
    "by whole id": {"id": TRACE_ID},
}


def _filled(number: int) -> Listed:
    """As many executions over ten days, of which all but a fixed number have completed."""
    listed = Listed()
    for each in range(number):
        listed.accept(NOON - each * 10 * DAY_MS // number, action_id=OTHERS[each % 2])
    for each in range(3):
        listed.accept(NOON - each * DAY_MS - 7, action_id=RARE, trace_id=TRACE_ID)
        for status in (*Status, Status.FAILED):
            at = NOON - each * HOUR_MS - 11
            webhook = WebhookStatus.NONE if status is Status.QUEUED else WebhookStatus.FAILED
            listed.accept(at, action_id=OTHERS[each % 2], status=status, webhook_status=webhook)
    return listed


@pytest.fixture(scope="module")
def sizes() -> tuple[Listed, Listed]:
    return _filled(1_000), _filled(5_000)


@pytest.mark.repetitive
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_page_of_any_size_of_table_costs_little(sizes: tuple[Listed, Listed], question: str) -> None:
    for listed in sizes:
        listed.tables.scanned.clear()
        listed.tables.requests.clear()
        found = listed.page(**QUESTIONS[question])
        # A day without an entry of the action is one read of half a unit more, MAX_DAYS of them at the most.
        empty_days = MAX_DAYS if question == "by rare action" else 0
        assert sum(listed.tables.requests.values()) <= MOST_REQUESTS + empty_days
        assert _read_units(listed) <= MOST_READ_UNITS
        if found["next"]:
            listed.page(**QUESTIONS[question], next=found["next"])
            assert sum(listed.tables.requests.values()) <= 2 * MOST_REQUESTS
            assert _read_units(listed) <= 2 * MOST_READ_UNITS


def _read_units(listed: Listed) -> float:
    """What DynamoDB bills: half a unit for 4 KB of an index's entries, and one for each item of a record of 8 KB."""
    scanned = dict(listed.tables.scanned)
    records = scanned.pop("records", 0)
    return records * 1.0 + sum(scanned.values()) * ENTRY_BYTES / 4_096 / 2 + sum(listed.tables.requests.values()) / 2


@pytest.mark.repetitive
def test_a_page_of_a_day_with_400_actions_costs_little() -> None:
    listed = Listed()
    for number in range(5_000):
        listed.accept(NOON - number * 100, action_id=f"action-{number % 400}", status=Status.QUEUED)
    listed.tables.requests.clear()
    assert len(listed.page(limit="100")["executions"]) == 100
    assert sum(listed.tables.requests.values()) <= MOST_REQUESTS
    assert _read_units(listed) <= MOST_READ_UNITS


REQUEST_MS = 5


@pytest.fixture(scope="module")
def hundred_thousand() -> Listed:
    clock = SettableClock()
    return Listed(ManyExecutions(clock=clock, request_ms=REQUEST_MS), clock)


LARGE_QUESTIONS: dict[str, dict[str, str]] = {
    **QUESTIONS,
    "by action": {"actionId": ACTIONS[0]},
    "by action and status": {"actionId": ACTIONS[1], "status": "queued"},
    "several statuses": {"status": "failed,unknown,cancelled"},
    "a day": {"from_": "2026-11-20", "to": "2026-11-20"},
    "an hour long ago": {"from_": iso(NOON - 20 * DAY_MS), "to": iso(NOON - 20 * DAY_MS + 3_600_000)},
}


@pytest.mark.repetitive
@pytest.mark.parametrize("limit", ["1", "50", "100"])
@pytest.mark.parametrize("question", LARGE_QUESTIONS)
def test_any_page_at_100_000_executions_is_bounded(hundred_thousand: Listed, question: str, limit: str) -> None:
    """With 400 actions a day: requests, read units, and the time where each request takes 5 ms."""
    listed, took, after = hundred_thousand, list[int](), dict[str, str]()
    for _ in range(4):
        listed.tables.requests.clear()
        listed.tables.scanned.clear()
        begun = listed.clock.now()
        page = listed.page(**LARGE_QUESTIONS[question], limit=limit, **after)
        took.append(listed.clock.now() - begun)
        # Nobody has used the rare one: each day of the retention is a read, of half a unit.
        assert sum(listed.tables.requests.values()) <= (MAX_DAYS if question == "by rare action" else MOST_REQUESTS)
        assert _read_units(listed) <= MOST_READ_UNITS
        if page["next"] is None:
            break
        after = {"next": page["next"]}
    assert max(took) <= 200


@pytest.mark.repetitive
def test_pages_at_100_000_executions_hold_what_is_asked_for(hundred_thousand: Listed) -> None:
    assert len(hundred_thousand.page(limit="100")["executions"]) == 100
    assert len(hundred_thousand.page(limit="100", status="failed")["executions"]) == 100
    found = hundred_thousand.page(actionId=ACTIONS[0])["executions"]
    assert {each["actionId"] for each in found} == {ACTIONS[0]}
    assert len(found) == 50
    assert len(hundred_thousand.ids(actionId=ACTIONS[-1])) == 250


# -- The tables --


def test_a_batch_answered_in_parts_is_read_whole(listed: Listed) -> None:
    accepted = [listed.accept(NOON - number) for number in range(40)]
    listed.tables.answered_at_once = 7
    assert ids(listed.page()) == [each.execution_id for each in accepted]
    assert listed.tables.requests["records"] == 12


def test_a_table_that_answers_nothing_is_unavailable(
    listed: Listed,
) -> None:
    listed.accept()
    listed.tables.answered_at_once = 0
    with pytest.raises(StoreUnavailableError):
        listed.page()
    assert listed.tables.requests["records"] == 3


@pytest.mark.parametrize("operation", ["query", "batch_get_item"])
def test_a_failing_table_makes_the_list_unavailable(listed: Listed, operation: str) -> None:
    listed.accept()
    listed.tables.trouble.before(operation, aws_error("ProvisionedThroughputExceededException"))
    with pytest.raises(StoreUnavailableError):
        listed.page()


def test_a_list_reads_no_request_or_result_bytes(
    listed: Listed,
) -> None:
    accepted = listed.accept()
    stored = listed.tables.tables["executions"].items["execution#" + accepted.execution_id, "accepted"]
    assert "request" in stored
    [read] = listed.index.read([accepted.execution_id, accepted.execution_id]).values()
    assert read.request.inline is None
