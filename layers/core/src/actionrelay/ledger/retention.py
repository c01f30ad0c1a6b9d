"""How long callers and operators see a record: one rule, for every route of the API.

DynamoDB deletes expired items within days, and a record is kept a week longer than its retention (``RUN_OUT_DAYS``), so
that what begins on its last day can end. Workers and webhooks see it until then. For callers and operators it is gone
as soon as its retention ends, and its id is free.
"""

from dataclasses import dataclass
from typing import override

from actionrelay.errors import ExecutionNotFoundError
from actionrelay.ids import recorded_form
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.ports import ExecutionStore
from actionrelay.ports import Clock


@dataclass(frozen=True, slots=True)
class Retention:
    """How long records are shown."""

    clock: Clock
    milliseconds: int
    """Counted from the acceptance."""

    def has_ended(self, created_at: int) -> bool:
        """Whether what was accepted at ``created_at`` (ms) is gone for callers and operators."""
        return created_at + self.milliseconds <= self.clock.now()


@dataclass(frozen=True, slots=True)
class RetainedExecutions(ExecutionStore):
    """An ``ExecutionStore`` as callers and operators see it."""

    store: ExecutionStore
    retention: Retention

    @override
    def create(self, execution: Execution) -> None:
        """Write the first version of a record; the store itself takes an id again that is past its retention."""
        self.store.create(execution)

    @override
    def load(self, execution_id: str) -> Execution | None:
        """Read a record whose retention has not ended."""
        execution = self.store.load(execution_id)
        return None if execution is None or self.retention.has_ended(execution.created_at) else execution

    @override
    def save(self, execution: Execution) -> None:
        """Write the next version of a record."""
        self.store.save(execution)


def named_execution(store: ExecutionStore, execution_id: str) -> Execution:
    """Return the execution that a caller names, by an id in upper or lower case.

    Raises:
        ExecutionNotFoundError: the store has none with this id.
    """
    execution = store.load(recorded_form(execution_id, ExecutionNotFoundError))
    if execution is None:
        raise ExecutionNotFoundError.of(execution_id)
    return execution
