"""What needs an operator's attention, in one answer."""

from typing import Any

import pytest

from actionrelay.find.attention import MOST, MOST_FAILED, ReadAttention
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Status, WebhookStatus
from actionrelay.ledger.executions_dynamodb import ExecutionsTable
from actionrelay.timestamps import DAY_MS
from tests.fakes.chance import NOON
from tests.fakes.indexes import EXECUTIONS
from tests.fakes.listed import RETENTION_DAYS, Listed, ids


@pytest.fixture
def listed() -> Listed:
    return Listed()


def attention(listed: Listed) -> dict[str, list[str]]:
    found: Any = ReadAttention(listed.listing, listed.clock).read()
    return {name: ids(page) for name, page in found.items()}


def test_each_kind_of_trouble_is_a_list_newest_first(listed: Listed) -> None:
    listed.accept()
    listed.accept(status=Status.CANCELLED)
    unknown = [listed.accept(NOON - ago, status=Status.UNKNOWN).execution_id for ago in (0, 5, 10 * DAY_MS)]
    failed = [listed.accept(NOON - ago, status=Status.FAILED).execution_id for ago in (0, 5)]
    given_up = listed.accept(webhook_status=WebhookStatus.FAILED).execution_id
    assert attention(listed) == {"unknown": unknown, "undelivered": [given_up], "failed": failed}


def test_what_is_acknowledged_needs_nobody(listed: Listed) -> None:
    failed = listed.accept(status=Status.FAILED)
    store = ExecutionsTable(listed.client, EXECUTIONS, RETENTION_DAYS)
    loaded = store.load(failed.execution_id)
    assert loaded
    store.save(ledger.acknowledge(loaded, NOON + 9, None, None))
    assert attention(listed) == {"unknown": [], "undelivered": [], "failed": []}


def test_a_failure_counts_for_a_day_from_its_end(listed: Listed) -> None:
    listed.accept(NOON - DAY_MS - 2, status=Status.FAILED)
    of_yesterday = listed.accept(NOON - DAY_MS - 1, status=Status.FAILED)  # it ended a ms later
    assert attention(listed)["failed"] == [of_yesterday.execution_id]


def test_of_many_the_first_are_named_and_where_to_go_on(listed: Listed) -> None:
    for number in range(MOST_FAILED + 1):
        listed.accept(NOON - number, status=Status.FAILED, webhook_status=WebhookStatus.FAILED)
        listed.accept(NOON - number, status=Status.UNKNOWN)
    found = attention(listed)
    assert {name: len(each) for name, each in found.items()} == {
        "unknown": MOST,
        "undelivered": MOST,
        "failed": MOST_FAILED,
    }
    pages: Any = ReadAttention(listed.listing, listed.clock).read()
    following = listed.page(status="unknown", next=pages["unknown"]["next"])
    assert ids(following)[0] not in found["unknown"]


@pytest.mark.repetitive
def test_an_answer_costs_what_three_pages_do(listed: Listed) -> None:
    for number in range(1_000):
        listed.accept(NOON - number, status=Status.FAILED, webhook_status=WebhookStatus.FAILED)
        listed.accept(NOON - number, status=Status.UNKNOWN)
    listed.tables.requests.clear()
    attention(listed)
    assert sum(listed.tables.requests.values()) <= 8
