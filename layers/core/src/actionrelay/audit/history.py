"""Use case: give the history of one execution, and say whether it is whole. Reads alone."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

from actionrelay.audit.document import AuditDocument, audit_document
from actionrelay.audit.ports import AuditReader
from actionrelay.audit.trail import Trail
from actionrelay.audit.verification import Verification, VerificationDocument, verification_document, verify
from actionrelay.errors import ExecutionNotFoundError
from actionrelay.ids import recorded_form
from actionrelay.ledger.audit_entry import rejection_id
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.ports import ExecutionStore
from actionrelay.ports import Clock
from actionrelay.strict_json import Json, as_json

_LOOKS = 5
"""How often a record that is being written to is looked at again before its trail is called broken."""


class HistoryDocument(TypedDict):
    """The history of one execution, oldest entry first."""

    executionId: str
    entries: list[AuditDocument]
    """Those included that the execution's record has and the audit table not yet."""
    verification: NotRequired[VerificationDocument]
    """With `verify=true`."""


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Answers what happened to one execution."""

    store: ExecutionStore
    audit: AuditReader
    clock: Clock

    def history(self, execution_id: str, *, verified: bool = False) -> dict[str, Json]:
        """Return an execution's audit entries, oldest first, those that its record still owes to the table included.

        With ``verified``, also whether the trail is whole. An entry that can't be read is left out; that it is there
        shows in the verification alone.

        Raises:
            ExecutionNotFoundError: nothing is on record under this id.
        """
        known_id = recorded_form(execution_id, ExecutionNotFoundError)
        record = self.store.load(known_id)  # first: what it owes and is paid meanwhile is then found twice, not never
        trail = self.audit.trail(known_id)
        if record is None and not (trail.entries or trail.flaws):
            trail = self.audit.trail(rejection_id(execution_id))
            known_id = execution_id  # a request's: API Gateway's ids have capitals
        found = trail.with_owed(record.audit.owed) if record else trail
        if record is None and not (found.entries or found.flaws):
            raise ExecutionNotFoundError.of(execution_id)
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
