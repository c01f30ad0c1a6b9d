"""How long an execution is there for those who ask: one place decides, for every route of the API.

DynamoDB deletes what has expired within days, and an execution that was begun on its last day has a week more to come
to its end (``RUN_OUT_DAYS``). Workers and webhooks see it until then. Callers and operators do not: past its retention
it is gone for them, and its id is free.
"""

from dataclasses import dataclass
from typing import override

from actionrelay.ledger.execution import Execution
from actionrelay.ledger.ports import ExecutionStore
from actionrelay.ports import Clock


@dataclass(frozen=True, slots=True)
class RetainedExecutions(ExecutionStore):
    """An ``ExecutionStore`` that shows what its retention still holds."""

    store: ExecutionStore
    clock: Clock
    retention_ms: int
    """Counted from the acceptance."""

    @override
    def create(self, execution: Execution) -> None:
        """Write the first version of a record; the store itself takes an id again that is past its retention."""
        self.store.create(execution)

    @override
    def load(self, execution_id: str) -> Execution | None:
        """Read a record, if it is still there for those who ask."""
        execution = self.store.load(execution_id)
        if execution is None or is_over(execution.created_at, self.retention_ms, self.clock.now()):
            return None
        return execution

    @override
    def save(self, execution: Execution) -> None:
        """Write the next version of a record."""
        self.store.save(execution)


def is_over(created_at: int, retention_ms: int, now: int) -> bool:
    """Whether the retention of what was accepted at ``created_at`` has ended."""
    return created_at + retention_ms <= now
