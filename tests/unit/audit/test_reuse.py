"""An id that is used again after its retention: another action runs, and both trails are readable and whole."""

from typing import Any

import pytest

from actionrelay.audit.history import ReadHistory
from actionrelay.audit.reader_dynamodb import AuditTableReader
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, Outcome, PayloadRef, Status
from actionrelay.ledger.history_dynamodb import AuditTable
from tests.fakes.aws import FakeDynamoDb
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.recorded_telemetry import RecordedTelemetry
from tests.fakes.relay import EXECUTION_ID, a_draft
from tests.fakes.stores import InMemoryExecutions

DAY_MS = 86_400_000
DONE = Outcome(Status.COMPLETED, PayloadRef("key", 3, "d" * 64))


def _run(accepted_at: int, **changes: Any) -> Execution:
    record = ledger.accept(a_draft(created_at=accepted_at, updated_at=accepted_at, audit_kept_days=400, **changes))
    return ledger.settle(ledger.claim(record, "a", accepted_at + 1, NOON), DONE, accepted_at + 5)


class Audit:
    """The audit table with a writer and a reader, and the records that are there now."""

    def __init__(self) -> None:
        self.table, self.telemetry = FakeDynamoDb(keys=("executionId", "seq")), RecordedTelemetry()
        self.writer = AuditTable(self.table, "audit", 400, self.telemetry)  # type: ignore[arg-type]
        self.store, self.clock = InMemoryExecutions(), SettableClock()

    def write(self, record: Execution) -> None:
        self.writer.append(record.audit.owed)

    def history(self) -> dict[str, Any]:
        reader = AuditTableReader(self.table, "audit")  # type: ignore[arg-type]
        reading = ReadHistory(self.store, reader, self.clock)
        return dict(reading.history(EXECUTION_ID, verified=True))


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("apart_ms", [1_000, 40 * DAY_MS])
def test_both_runs_of_a_reused_id_are_readable_and_whole(apart_ms: int, recorded: bool) -> None:
    audit = Audit()
    first, second = _run(NOON), _run(NOON + apart_ms, action_id="another-action")
    audit.write(first)
    audit.write(second)
    if recorded:
        audit.store.put(second)
    found = audit.history()
    assert [entry["seq"] for entry in found["entries"]] == [1, 2, 3] * 2
    assert [entry["actionId"] for entry in found["entries"]] == [first.action_id] * 3 + ["another-action"] * 3
    assert (found["verification"]["intact"], found["verification"]["checkedEntries"]) == (True, 6)
    assert "AuditConflicts" not in audit.telemetry.counts


@pytest.mark.parametrize("at", range(6))
def test_a_missing_entry_of_either_run_is_named(at: int) -> None:
    audit = Audit()
    for record in (_run(NOON), _run(NOON + 40 * DAY_MS)):
        for entry in record.audit.owed:
            audit.writer.append([entry])
    audit.store.put(_run(NOON + 40 * DAY_MS).paid())
    key = sorted(audit.table.items)[at]
    del audit.table.items[key]
    verification = audit.history()["verification"]
    if at == 2:
        assert verification["intact"], "without its record, nobody knows where the first run ended"
    else:
        assert (verification["intact"], verification["brokenAt"]) == (False, at % 3 + 1)
        assert verification["checkedEntries"] == at


def test_a_trail_of_an_earlier_release_goes_on_as_it_began() -> None:
    audit = Audit()
    record = ledger.accept(a_draft())
    audit.write(record)
    record = ledger.settle(ledger.claim(record, "a", NOON + 1, NOON), DONE, NOON + 5)
    audit.write(record)
    audit.store.put(record)
    assert {int(key[1]) for key in audit.table.items} == {1, 3}
    assert audit.history()["verification"]["intact"]


@pytest.mark.parametrize("after_seconds", [-(10**9), 0, 400 * 86_400 - 1, 401 * 86_400])
def test_an_entry_made_to_expire_early_is_named(after_seconds: int) -> None:
    audit = Audit()
    record = _run(NOON)
    audit.write(record)
    audit.store.put(record)
    assert audit.history()["verification"]["intact"]
    for item in audit.table.items.values():
        item["expires_at"] = {"N": str(NOON // 1_000 + after_seconds)}
    verification = audit.history()["verification"]
    assert (verification["intact"], verification["brokenAt"]) == (False, 1)
    assert "expires_at" in verification["detail"]
