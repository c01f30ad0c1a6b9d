"""Use case: return the history of one execution, verified on request. Only reads."""

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
"""How often a record that changes meanwhile is read again before its trail is reported as broken."""


class HistoryDocument(TypedDict):
    """The history of one execution, oldest entry first."""

    executionId: str
    entries: list[AuditDocument]
    """Includes entries that are in the execution's record and not in the audit table yet."""
    verification: NotRequired[VerificationDocument]
    """Present with `verify=true`."""


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Returns what happened to one execution."""

    store: ExecutionStore
    audit: AuditReader
    clock: Clock

    def history(self, execution_id: str, *, verified: bool = False) -> dict[str, Json]:
        """Return an execution's audit entries, oldest first, including those that are pending in its record.

        With ``verified``, also return whether the trail is whole. An entry that can't be read is left out and shows
        only in the verification.

        Raises:
            ExecutionNotFoundError: nothing is on record under this id.
        """
        known_id = recorded_form(execution_id, ExecutionNotFoundError)
        record = self.store.load(known_id)  # first: an entry that is written meanwhile is found twice instead of never
        trail = self.audit.trail(known_id)
        if record is None and not (trail.entries or trail.flaws):
            trail = self.audit.trail(rejection_id(execution_id))
            known_id = execution_id  # a request's id, which API Gateway writes with capitals
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
        """Check a trail; if the record has changed since it was read, read both again."""
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
