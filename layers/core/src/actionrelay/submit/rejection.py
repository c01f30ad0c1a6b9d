"""Use case: record in the audit that a submission was refused, with only the size and the digest of its body."""

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
        """Add one to a caller's count of a UTC day, and return it; the count expires at ``expires_at`` (seconds).

        Raises:
            StoreUnavailableError: it may or may not be counted.
        """
        ...


@dataclass(frozen=True, slots=True)
class RecordRejection:
    """Adds an audit entry for a refused submission; beyond ``MOST_RECORDED`` by caller and day it is only counted."""

    audit: AuditTrail
    counter: RefusalCounter
    telemetry: Telemetry
    clock: Clock
    kept_days: int
    """How long the audit keeps each entry."""

    def record(self, request_id: str, body: bytes, code: str, caller: str | None) -> None:
        """Add the entry under the request's id, which the answer has as ``traceId``, or count it.

        Never raises an ``ActionRelayError``: the answer does not depend on it. Failures are counted
        (``RejectionsNotRecorded``).
        """
        now = self.clock.now()
        expires_at = (now + self.kept_days * DAY_MS) // 1_000
        try:
            if self.counter.count(day_of(now), counted_as(caller), expires_at) <= MOST_RECORDED:
                self.audit.append([rejected(request_id, now, body, code, caller, kept_days=self.kept_days)])
        except ActionRelayError as error:
            self.telemetry.count(Count.REJECTIONS_NOT_RECORDED, error.code)
            self.telemetry.event("rejection_not_recorded", trace_id=request_id, code=error.code)
