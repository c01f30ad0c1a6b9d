"""Use case: put on record that a submission was refused, with nothing of what it said but its size and its digest."""

from dataclasses import dataclass

from actionrelay.errors import ActionRelayError
from actionrelay.ledger.audit_entry import rejected
from actionrelay.ledger.ports import AuditTrail
from actionrelay.ports import Clock, Telemetry
from actionrelay.signals import Count


@dataclass(frozen=True, slots=True)
class RecordRejection:
    """Adds one audit entry for a refused submission."""

    audit: AuditTrail
    telemetry: Telemetry
    clock: Clock
    kept_days: int
    """How long the audit keeps each entry."""

    def record(self, request_id: str, body: bytes, code: str, caller: str | None) -> None:
        """Add the entry under the id of the request, which the answer has as ``traceId``.

        Never raises one of our errors: the caller has an answer, whatever becomes of this (``RejectionsNotRecorded``).
        """
        entry = rejected(request_id, self.clock.now(), body, code, caller, kept_days=self.kept_days)
        try:
            self.audit.append([entry])
        except ActionRelayError as error:
            self.telemetry.count(Count.REJECTIONS_NOT_RECORDED, error.code)
            self.telemetry.event("rejection_not_recorded", trace_id=request_id, code=error.code)
