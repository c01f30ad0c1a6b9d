"""Use case: say what is on record. Reads alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actionrelay.audit.trail import Trail
from actionrelay.audit.verification import Verification, verify
from actionrelay.errors import ExecutionNotFoundError
from actionrelay.ledger.document import as_json, audit_document, execution_document, verification_document
from actionrelay.ledger.execution import LONGEST_ID, Execution
from actionrelay.ledger.history import rejection_id
from actionrelay.ports import AuditReader, Clock, ExecutionStore, PayloadStore, Telemetry
from actionrelay.strict_json import Json

if TYPE_CHECKING:
    from actionrelay.documents import HistoryDocument

_LOOKS = 5
"""How often a record that is being written to is looked at again before its trail is called broken."""


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

    def history(self, execution_id: str, *, verified: bool = False) -> dict[str, Json]:
        """Return an execution's audit entries, oldest first, those that its record still owes to the table included.

        With ``verified``, also whether the trail is whole. An entry that can't be read is left out; that it is there
        shows in the verification alone.

        Raises:
            ExecutionNotFoundError: nothing is on record under this id.
        """
        known_id = _known_form(execution_id)
        record = self.store.load(known_id)  # first: what it owes and is paid meanwhile is then found twice, not never
        trail = self.audit.trail(known_id)
        if record is None and not (trail.entries or trail.flaws):
            trail = self.audit.trail(rejection_id(known_id))
        found = trail.with_owed(record.pending_audit) if record else trail
        if record is None and not (found.entries or found.flaws):
            raise _not_found(execution_id)
        document: HistoryDocument = {
            "executionId": known_id,
            "entries": [audit_document(entry) for entry in found.entries],
        }
        if verified:
            document["verification"] = verification_document(self._verification(known_id, trail, record))
        return as_json(document)

    def _verification(self, execution_id: str, trail: Trail, record: Execution | None) -> Verification:
        """Check a trail; where the record was written to between the two looks, both are looked at again."""
        verification = verify(trail, record, self.clock.now())
        for _ in range(_LOOKS):
            if verification.intact or record is None:
                break
            latest = self.store.load(execution_id)
            if latest is None or latest.version == record.version:
                break
            record, trail = latest, self.audit.trail(execution_id)
            verification = verify(trail, record, self.clock.now())
        return verification


def _known_form(execution_id: str) -> str:
    """Ids are kept in lower case; one that is too long for a key can't be there."""
    if not 0 < len(execution_id) <= LONGEST_ID:
        raise _not_found(execution_id)
    return execution_id.lower()


def _not_found(execution_id: str) -> ExecutionNotFoundError:
    return ExecutionNotFoundError("no execution with this id", execution_id=execution_id[:LONGEST_ID])
