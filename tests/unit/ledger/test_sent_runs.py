"""The names of runs in the table: beside the records, and never in place of one."""

from dataclasses import replace

import pytest

from actionrelay.errors import AlreadyRecordedError, StoreUnavailableError
from actionrelay.ids import run_id
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.executions_dynamodb import ExecutionsTable
from actionrelay.ledger.ports import SentRun
from actionrelay.statistics.changes_dynamodb import read_change
from tests.fakes.aws import FakeDynamoDb, aws_error
from tests.fakes.chance import NOON
from tests.fakes.relay import EXECUTION_ID, a_draft

SECOND = run_id(EXECUTION_ID, 2)


@pytest.fixture
def dynamodb() -> FakeDynamoDb:
    return FakeDynamoDb()


@pytest.fixture
def table(dynamodb: FakeDynamoDb) -> ExecutionsTable:
    return ExecutionsTable(dynamodb, "executions", 30)  # type: ignore[arg-type]


def recorded(table: ExecutionsTable, **changes: object) -> Execution:
    """An execution on record, of which the second run is under way."""
    execution = ledger.accept(a_draft(**changes))
    table.create(execution)
    again = replace(execution, run=2, version=execution.version + 1)
    table.save(again)
    return again


def test_a_run_is_found_by_the_id_it_went_out_under(table: ExecutionsTable) -> None:
    execution = recorded(table)

    assert table.reserve(SECOND, SentRun(execution, 2))

    assert table.sent(SECOND) == SentRun(execution, 2)
    assert table.sent(EXECUTION_ID) == SentRun(execution, 1)
    assert table.load(SECOND) is None, "a name is no record"


def test_a_name_may_be_reserved_twice(table: ExecutionsTable) -> None:
    execution = recorded(table)
    assert [table.reserve(SECOND, SentRun(execution, 2)) for _ in range(2)] == [True, True]


def test_a_name_and_an_execution_exclude_each_other(table: ExecutionsTable) -> None:
    execution = recorded(table)
    other = ledger.accept(a_draft(execution_id=SECOND))
    table.create(other)
    assert not table.reserve(SECOND, SentRun(execution, 2))
    assert table.sent(SECOND) == SentRun(other, 1)

    third = run_id(EXECUTION_ID, 3)
    assert table.reserve(third, SentRun(execution, 3))
    with pytest.raises(AlreadyRecordedError):
        table.create(ledger.accept(a_draft(execution_id=third)))


def test_a_name_that_outlived_its_execution_finds_nothing(table: ExecutionsTable, dynamodb: FakeDynamoDb) -> None:
    table.reserve(SECOND, SentRun(recorded(table), 2))
    dynamodb.items = {key: item for key, item in dynamodb.items.items() if "run_of" in item}
    assert table.sent(SECOND) is None
    recorded(table, created_at=NOON + 1)  # another one under the same id
    assert table.sent(SECOND) is None


def test_a_run_that_never_came_about_finds_nothing(table: ExecutionsTable) -> None:
    table.reserve(run_id(EXECUTION_ID, 3), SentRun(recorded(table), 3))
    assert table.sent(run_id(EXECUTION_ID, 3)) is None


def test_a_name_expires_with_what_was_accepted(table: ExecutionsTable, dynamodb: FakeDynamoDb) -> None:
    table.reserve(SECOND, SentRun(recorded(table), 2))
    expiries = {item["expires_at"]["N"] for item in dynamodb.items.values() if item["sk"]["S"] == "accepted"}
    assert len(expiries) == 1


def test_a_name_counts_for_nothing(table: ExecutionsTable, dynamodb: FakeDynamoDb) -> None:
    table.reserve(SECOND, SentRun(recorded(table), 2))
    [name] = [item for item in dynamodb.items.values() if "run_of" in item]
    assert read_change({"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": name}}) is None


def test_a_table_that_fails_says_so(table: ExecutionsTable, dynamodb: FakeDynamoDb) -> None:
    execution = recorded(table)
    dynamodb.trouble.before("put_item", aws_error("InternalServerError"))
    with pytest.raises(StoreUnavailableError):
        table.reserve(SECOND, SentRun(execution, 2))
    dynamodb.trouble.before("query", aws_error("InternalServerError"))
    with pytest.raises(StoreUnavailableError):
        table.sent(SECOND)
