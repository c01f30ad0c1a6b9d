"""Use case: put on record that a submission was refused, with nothing of what it said but its size and its digest."""

from dataclasses import dataclass
from typing import Protocol

from actionrelay.errors import ActionRelayError
from actionrelay.ledger.audit_entry import rejected
from actionrelay.ledger.ports import AuditTrail
from actionrelay.ledger.refusals import MOST_RECORDED, counted_as
from actionrelay.ports import Clock, Telemetry
from actionrelay.signals import Count
from actionrelay.timestamps import DAY_MS, day_of


class RefusalCounter(Protocol):
    """Counts refused submissions."""

    def count(self, day: str, caller: str, expires_at: int) -> int:
        """Add one to a caller's number of a UTC day, and return it; it is kept until ``expires_at`` (seconds).

        Raises:
            StoreUnavailableError: it may or may not be counted.
        """
        ...


@dataclass(frozen=True, slots=True)
class RecordRejection:
    """Adds one audit entry for a refused submission; beyond ``MOST_RECORDED`` of a caller and day, it counts alone."""

    audit: AuditTrail
    counter: RefusalCounter
    telemetry: Telemetry
    clock: Clock
    kept_days: int
    """How long the audit keeps each entry."""

    def record(self, request_id: str, body: bytes, code: str, caller: str | None) -> None:
        """Add the entry under the id of the request, which the answer has as ``traceId``, or count it.

        Never raises one of our errors: the caller has an answer, whatever becomes of this (``RejectionsNotRecorded``).
        """
        now = self.clock.now()
        expires_at = (now + self.kept_days * DAY_MS) // 1_000
        try:
            if self.counter.count(day_of(now), counted_as(caller), expires_at) <= MOST_RECORDED:
                self.audit.append([rejected(request_id, now, body, code, caller, kept_days=self.kept_days)])
        except ActionRelayError as error:
            self.telemetry.count(Count.REJECTIONS_NOT_RECORDED, error.code)
            self.telemetry.event("rejection_not_recorded", trace_id=request_id, code=error.code)
