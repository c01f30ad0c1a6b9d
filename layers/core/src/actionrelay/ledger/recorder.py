"""The one way in which state is written: the record first, then the audit entries that it owes.

Between the two a worker may die. The record then still lists what it owes, and the next to come (a redelivered
message, a repeated request, a repeated webhook) pays before it goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass

from actionrelay.errors import AlreadyRecordedError, DependencyError, StaleWriteError
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.ports import AuditTrail, ExecutionStore

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Recorder:
    """Reads and writes executions, and keeps the audit trail in step with them."""

    store: ExecutionStore
    audit: AuditTrail

    def load(self, execution_id: str, paid_version: int | None = None) -> Execution | None:
        """Read a record as last written; where nobody wrote since ``paid_version``, it owes nothing any more."""
        execution = self.store.load(execution_id)
        if execution is not None and execution.version == paid_version:
            return execution.paid()
        return execution

    def create(self, execution: Execution) -> Execution:
        """Write the first version.

        Raises:
            AlreadyRecordedError: the id is taken.
        """
        try:
            self.store.create(execution)
        except (AlreadyRecordedError, DependencyError):
            if not self._is_own(execution):
                raise
        return self.pay(execution)

    def save(self, execution: Execution) -> Execution:
        """Write the next version.

        Raises:
            StaleWriteError: somebody else wrote since this record was read; nothing has changed.
        """
        self.save_owing(execution)
        return self.pay(execution)

    def save_owing(self, execution: Execution) -> None:
        """Write the next version and leave the audit for later: for the step that nothing may follow but sending.

        Raises:
            StaleWriteError: somebody else wrote since this record was read; nothing has changed.
        """
        try:
            self.store.save(execution)
        except (StaleWriteError, DependencyError):
            if not self._is_own(execution):
                raise

    def _is_own(self, execution: Execution) -> bool:
        """Whether what is stored is this very record: a write whose answer got lost has been made all the same.

        The SDK repeats such a write and then meets its own, or gives up without knowing.
        """
        return self.store.load(execution.execution_id) == execution

    def pay(self, execution: Execution) -> Execution:
        """Write the audit entries that a stored record owes; the record in hand then owes none."""
        if not execution.audit.owed:
            return execution
        self.audit.append(execution.audit.owed)
        return execution.paid()

    def change(
        self,
        execution: Execution,
        step: Callable[[Execution], Execution | None],
        *,
        first: Callable[[Execution], None] | None = None,
    ) -> Execution | None:
        """Take a step, and when another writer was first, look at what it left and decide again.

        ``step`` returns None when there is nothing to do any more; so does this. ``first`` is done once the step is
        written, before its audit, which may fail.

        Raises:
            StaleWriteError: others were first each time.
        """
        current: Execution | None = execution
        for _ in range(_TRIES):
            changed = step(current) if current else None
            if changed is None:
                return None
            try:
                self.save_owing(changed)
            except StaleWriteError:
                current = self.load(execution.execution_id)
                continue
            if first is not None:
                first(changed)
            return self.pay(changed)
        raise StaleWriteError("too many writers at once", execution_id=execution.execution_id)
