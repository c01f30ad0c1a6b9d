"""The only way to write state: the record first, then its outstanding audit entries.

If a worker dies in between, the record still lists the entries, and the next worker (a redelivered message, a repeated
request or webhook) writes them first. Writing them is called paying; until then the record owes them.
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
        """Read a record as last written; at ``paid_version`` its audit entries are known to be written."""
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
            StaleWriteError: another writer was first; nothing has changed.
        """
        self.save_owing(execution)
        return self.pay(execution)

    def save_owing(self, execution: Execution) -> None:
        """Write the next version without its audit entries, for a step that only a send may follow.

        Raises:
            StaleWriteError: another writer was first; nothing has changed.
        """
        try:
            self.store.save(execution)
        except (StaleWriteError, DependencyError):
            if not self._is_own(execution):
                raise

    def _is_own(self, execution: Execution) -> bool:
        """Whether this very record is stored: the response to its write may have been lost.

        The SDK repeats such a write and then finds its own version, or gives up without knowing.
        """
        return self.store.load(execution.execution_id) == execution

    def pay(self, execution: Execution) -> Execution:
        """Write the outstanding audit entries of a stored record; return it without them."""
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
        """Take a step; when another writer was first, read again and decide again.

        ``step`` returns None if nothing is to be done, and so does this. ``first`` is called once the step is written,
        before its audit entries, whose write may fail.

        Raises:
            StaleWriteError: another writer was first each time.
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
