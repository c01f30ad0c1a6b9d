"""Use case: say what is on record. Reads alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actionrelay.errors import ExecutionNotFoundError
from actionrelay.models import LONGEST_ID
from actionrelay.ports import AuditReader, Clock, ExecutionStore, PayloadStore, Telemetry
from actionrelay.strict_json import Json
from actionrelay.views import as_json, audit_document, execution_document

if TYPE_CHECKING:
    from actionrelay.documents import HistoryDocument


@dataclass(frozen=True, slots=True)
class ReadExecutions:
    """Answers questions about one execution."""

    store: ExecutionStore
    audit: AuditReader
    payloads: PayloadStore
    clock: Clock
    telemetry: Telemetry

    def execution(self, execution_id: str) -> dict[str, Json]:
        """Return an execution as last written, with its result.

        Raises:
            ExecutionNotFoundError: there is none with this id.
        """
        execution = self.store.load(_known_form(execution_id))
        if execution is None:
            raise _not_found(execution_id)
        self.telemetry.concerning(execution)
        return execution_document(execution, self.payloads, self.clock.now())

    def history(self, execution_id: str) -> dict[str, Json]:
        """Return an execution's audit entries, oldest first.

        Raises:
            ExecutionNotFoundError: nothing is on record under this id.
        """
        entries = self.audit.entries(_known_form(execution_id))
        if not entries:
            raise _not_found(execution_id)
        found: HistoryDocument = {
            "executionId": entries[0].execution_id,
            "entries": [audit_document(entry) for entry in entries],
        }
        return as_json(found)


def _known_form(execution_id: str) -> str:
    """Ids are kept in lower case; one that is too long for a key can't be there."""
    if not 0 < len(execution_id) <= LONGEST_ID:
        raise _not_found(execution_id)
    return execution_id.lower()


def _not_found(execution_id: str) -> ExecutionNotFoundError:
    return ExecutionNotFoundError("no execution with this id", execution_id=execution_id[:LONGEST_ID])
