"""Executions in both tables, as their writers leave them, for tests of lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from actionrelay.find.indexes_dynamodb import TableIndexes
from actionrelay.find.listing import MAX_DAYS, MAX_ENTRIES, MAX_REQUESTS, ListExecutions
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import ENDED, Delivery, Execution, ExecutionError, Outcome, Status, WebhookStatus
from actionrelay.ledger.executions_dynamodb import ExecutionsTable
from actionrelay.ledger.history_dynamodb import AuditTable
from actionrelay.timestamps import DAY_MS
from tests.fakes.chance import NOON, SeededRandomness, SettableClock
from tests.fakes.indexes import AUDIT, EXECUTIONS, FakeIndexedTables
from tests.fakes.recorded_telemetry import RecordedTelemetry
from tests.fakes.relay import ACTION_ID, a_draft

RETENTION_DAYS = 30


@dataclass(slots=True)
class Listed:
    """A deployment that has only its tables."""

    tables: FakeIndexedTables = field(default_factory=FakeIndexedTables)
    clock: SettableClock = field(default_factory=SettableClock)
    randomness: SeededRandomness = field(default_factory=SeededRandomness)
    max_entries: int = MAX_ENTRIES
    max_requests: int = MAX_REQUESTS
    max_days: int = MAX_DAYS

    @property
    def listing(self) -> ListExecutions:
        return ListExecutions(
            self.index,
            self.clock,
            GenesysApi.DATA_ACTIONS,
            RETENTION_DAYS * DAY_MS,
            self.max_entries,
            self.max_requests,
            self.max_days,
        )

    @property
    def index(self) -> TableIndexes:
        return TableIndexes(self.client, EXECUTIONS, AUDIT)

    @property
    def audit(self) -> AuditTable:
        return AuditTable(self.client, AUDIT, 400, RecordedTelemetry())

    @property
    def client(self) -> Any:
        return cast("Any", self.tables)

    def accept(
        self,
        at: int = NOON,
        *,
        action_id: str = ACTION_ID,
        status: Status = Status.COMPLETED,
        trace_id: str | None = None,
        webhook_status: WebhookStatus = WebhookStatus.NONE,
        execution_id: str | None = None,
        goes_on_after_days: int = 0,
        audited_twice: bool = False,
    ) -> Execution:
        """Record an execution, step by step up to a status, with its audit entries."""
        execution_id = execution_id or self.randomness.new_id()
        draft = a_draft(
            execution_id=execution_id,
            action_id=action_id,
            trace_id=trace_id or execution_id,
            created_at=at,
            queued_at=at,
            updated_at=at,
        )
        accepted = ledger.accept(draft)
        store = ExecutionsTable(self.client, EXECUTIONS, RETENTION_DAYS)
        store.create(accepted)
        self.audit.append(accepted.audit.owed)
        reached = replace(_reached(accepted, status, at + 1), delivery=Delivery(status=webhook_status))
        if goes_on_after_days:
            reached = ledger.note(reached, "looked_at", at + goes_on_after_days * DAY_MS)
        if reached.version == accepted.version:
            return reached
        store.save(replace(reached, version=accepted.version + 1).paid())
        owed = reached.audit.owed if audited_twice else reached.audit.owed[1:]
        if owed:
            self.audit.append(owed)
        return reached

    def page(self, **query: str) -> dict[str, Any]:
        """Return one page; ``from_`` is the parameter ``from``."""
        return cast("dict[str, Any]", self.listing.page(_named(query)))

    def pages(self, **query: str) -> list[list[str]]:
        """Return the ids of each page, to the end."""
        pages: list[list[str]] = []
        after: dict[str, str] = {}
        while True:
            page = self.page(**query, **after)
            pages.append(ids(page))
            if page["next"] is None:
                return pages
            assert page["next"] != after.get("next"), "this page made no progress"
            after = {"next": page["next"]}

    def ids(self, **query: str) -> list[str]:
        """Return the ids of all pages."""
        return [each for page in self.pages(**query) for each in page]


def ids(page: Mapping[str, Any]) -> list[str]:
    return [each["executionId"] for each in page["executions"]]


def _named(query: Mapping[str, str]) -> dict[str, str]:
    return {name.rstrip("_"): value for name, value in query.items()}


def _reached(accepted: Execution, status: Status, now: int) -> Execution:
    if status is Status.QUEUED:
        return accepted
    if status is Status.CANCELLED:
        return ledger.cancel(accepted, now, None)
    running = ledger.claim(accepted, "attempt", now, now + 95_000)
    if status is Status.AWAITING_WEBHOOK:
        return ledger.await_webhook(running, now, now + 60_000, 1, None)
    if status not in ENDED:
        return running
    error = None if status is Status.COMPLETED else ExecutionError("code", "message")
    return ledger.settle(running, Outcome(status, error=error), now)
