"""The audit table: entries that are pending together are one item, and are read one by one."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from botocore.exceptions import ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.audit.reader_dynamodb import AuditTableReader
from actionrelay.audit.trail import Opening
from actionrelay.errors import StoreUnavailableError
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.ledger.entries_dynamodb import entries_item, read_entries
from actionrelay.ledger.execution import CacheStatus, Execution, Outcome, PayloadRef, Status
from actionrelay.ledger.history_dynamodb import AuditTable
from benchmarks.cost.capacity import item_bytes
from tests.fakes.aws import FakeDynamoDb, aws_error
from tests.fakes.chance import NOON
from tests.fakes.recorded_telemetry import RecordedTelemetry
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, TRACE_ID, a_draft
from tests.unit.ledger.test_executions_dynamodb import entries, random_digest

DAY_MS = 86_400_000


def audit_table() -> FakeDynamoDb:
    return FakeDynamoDb(keys=("executionId", "seq"))


def append(dynamodb: FakeDynamoDb, owed: Sequence[AuditEntry]) -> RecordedTelemetry:
    telemetry = RecordedTelemetry()
    AuditTable(dynamodb, "audit", retention_days=400, telemetry=telemetry).append(owed)  # type: ignore[arg-type]
    return telemetry


def reader(dynamodb: FakeDynamoDb) -> AuditTableReader:
    return AuditTableReader(dynamodb, "audit")  # type: ignore[arg-type]


def read(dynamodb: FakeDynamoDb) -> tuple[AuditEntry, ...]:
    trail = reader(dynamodb).trail(EXECUTION_ID)
    assert trail.flaws == ()
    return trail.entries


def awaiting() -> Execution:
    """Three entries: accepted, attempt_started, awaiting_webhook."""
    running = ledger.claim(ledger.accept(a_draft()), "a", NOON, NOON)
    return ledger.await_webhook(running, NOON + 5, NOON, 1, None)


@given(st.lists(entries, min_size=1, max_size=4))
def test_entries_of_one_item_read_back_the_same(owed: list[AuditEntry]) -> None:
    assert read_entries(entries_item(owed)) == tuple(owed)


@pytest.mark.parametrize("rate", [0.0, 0.00001, 1e-7, 5e-324, 0.5, 1.0])
def test_a_small_success_rate_reads_back_the_same(rate: float) -> None:
    entry = replace(awaiting().audit.owed[0], success_rate=rate)
    assert read_entries(entries_item([entry])) == (entry,)


def test_given_absent_facts_when_written_then_they_take_no_room() -> None:
    item = entries_item(awaiting().audit.owed[:1])
    assert {"webhookUrl", "code", "latencyMs", "earlier"}.isdisjoint(item)


def test_an_attempts_entries_cost_one_write_unit() -> None:
    draft = a_draft(cache_status=CacheStatus.ENABLED, content_hash=random_digest(1))
    accepted = ledger.accept(draft).paid()
    running = ledger.claim(accepted, TRACE_ID, NOON, NOON + 95_000)
    result = Outcome(Status.COMPLETED, PayloadRef("key", 1_000, random_digest(2)))
    ended = ledger.settle(running, result, NOON + 300, latency_ms=300, correlation_id=TRACE_ID)
    dynamodb = audit_table()
    append(dynamodb, ended.audit.owed)
    assert [entry.event for entry in read(dynamodb)] == ["attempt_started", "completed"]
    [item] = dynamodb.items.values()
    assert item_bytes(item) <= 1_024


def test_entries_in_any_parting_are_read_once_in_order() -> None:
    owed = awaiting().audit.owed
    for parting in ([owed], [owed[:1], owed[1:]], [owed[:2], owed], [owed, owed[:1], owed[:2], owed]):
        dynamodb = audit_table()
        for part in parting:
            append(dynamodb, part)
        assert read(dynamodb) == owed


def test_an_entry_that_is_there_stays() -> None:
    dynamodb = audit_table()
    owed = awaiting().audit.owed
    append(dynamodb, owed)
    append(dynamodb, [replace(owed[-1], event="forged")])
    assert read(dynamodb) == owed
    assert all("ConditionExpression" in put for put in dynamodb.puts)


def test_entries_of_two_days_are_two_items() -> None:
    record = ledger.note(awaiting(), "seen", NOON + DAY_MS)
    record = ledger.note(record, "seen again", NOON + DAY_MS + 1)
    dynamodb = audit_table()
    append(dynamodb, record.audit.owed)
    append(dynamodb, ledger.note(record.paid(), "and again", NOON + DAY_MS + 2).audit.owed)
    assert read(dynamodb)[:5] == record.audit.owed
    first, next_day, same_day = (dynamodb.items[EXECUTION_ID, str(seq)] for seq in (1, 4, 6))
    assert first["dayOpened"] == {"S": "2026-11-24"}
    assert first["openedAt"] == {"S": f"{ACTION_ID}#2026-11-24T12:00:00.000Z#{EXECUTION_ID}"}
    assert (next_day["dayOpened"]["S"], next_day["openedAt"]["S"].split("#")[1][:10]) == ("2026-11-25",) * 2
    assert {"dayOpened", "openedAt"}.isdisjoint(same_day), "the index is sparse"
    assert first["expires_at"] == {"N": str(NOON // 1_000 + 400 * 86_400)}


def test_appending_entries_again_is_silent() -> None:
    dynamodb = audit_table()
    owed = awaiting().audit.owed
    for again in (owed[:2], owed, owed, owed[:1]):
        telemetry = append(dynamodb, again)
        assert (telemetry.counts, telemetry.events) == ({}, [])


def test_a_conflicting_entry_is_counted_and_logged() -> None:
    # Two writers of one trail that disagree: no rule of the ledger makes them.
    dynamodb = audit_table()
    append(dynamodb, awaiting().audit.owed)
    second = ledger.claim(ledger.accept(a_draft(created_at=NOON + 1, updated_at=NOON + 1)), "b", NOON + 2, NOON)
    waiting = ledger.await_webhook(second, NOON + 9, NOON, 1, None)
    telemetry = append(dynamodb, waiting.audit.owed)
    assert telemetry.counts == {"AuditConflicts": 2}
    assert telemetry.events == [
        ("audit_conflict", {"execution_id": EXECUTION_ID, "seq": seq, "audit_event": event})
        for seq, event in ((1, "accepted"), (3, "awaiting_webhook"))
    ]
    assert read(dynamodb) == awaiting().audit.owed


# -- The index by day -------------------------------------------------------------------------------------------------


def test_a_days_openings_are_read_page_by_page() -> None:
    dynamodb = audit_table()
    for number in range(5):
        draft = a_draft(execution_id=f"execution-{number}", created_at=NOON + number, updated_at=NOON + number)
        append(dynamodb, ledger.accept(draft).audit.owed)
    append(dynamodb, ledger.accept(a_draft(execution_id="of another day", updated_at=NOON + DAY_MS)).audit.owed)
    found: list[Opening] = []
    while page := reader(dynamodb).openings("2026-11-24", found[-1] if found else None, 2):
        assert len(page) <= 2
        found += page
    assert [opening.execution_id for opening in found] == [f"execution-{number}" for number in range(5)]
    assert {opening.seq for opening in found} == {1}


def test_nothing_on_record_has_no_entries() -> None:
    assert read(audit_table()) == ()


@pytest.mark.parametrize(
    "failure", [aws_error("ProvisionedThroughputExceededException"), ConnectTimeoutError(endpoint_url="http://nowhere")]
)
def test_a_failing_table_is_an_unavailable_store(failure: Exception) -> None:
    dynamodb = audit_table()
    for operation in ("put_item", "query"):
        dynamodb.trouble.before(operation, failure)
    with pytest.raises(StoreUnavailableError):
        append(dynamodb, awaiting().audit.owed)
    with pytest.raises(StoreUnavailableError):
        read(dynamodb)
    dynamodb.trouble.before("query", failure)
    with pytest.raises(StoreUnavailableError):
        reader(dynamodb).openings("2026-11-24", None, 10)
