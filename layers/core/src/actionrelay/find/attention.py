"""Use case: list everything that needs an operator's attention, in one response."""

from dataclasses import dataclass
from typing import TypedDict

from actionrelay.find.filters import ListQuestion, cursor
from actionrelay.find.listing import ExecutionListDocument, ListExecutions
from actionrelay.ledger.document import execution_summary
from actionrelay.ledger.execution import Execution, Status, WebhookStatus
from actionrelay.ports import Clock
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import DAY_MS

MOST = 25
MOST_FAILED = 100
FAILED_WITHIN_MS = DAY_MS
"""How long a failure is listed."""
ACCEPTED_WITHIN_MS = 3 * DAY_MS
"""The list is ordered by acceptance. A waiting execution is given up after a day, and a retry adds another day."""


class AttentionDocument(TypedDict):
    """What needs an operator's attention, newest first, without what has been acknowledged."""

    unknown: ExecutionListDocument
    """Executions whose outcome is unknown. `next` goes on with `GET /executions?status=unknown`."""
    undelivered: ExecutionListDocument
    """Executions whose delivery was given up. `next` goes on with `GET /executions?webhookStatus=failed`."""
    failed: ExecutionListDocument
    """Executions accepted in the last three days that failed in the last 24 hours. `next` goes on with
    `GET /executions?status=failed`."""


@dataclass(frozen=True, slots=True)
class ReadAttention:
    """Lists what needs attention."""

    listing: ListExecutions
    clock: Clock

    def read(self) -> dict[str, Json]:
        """Return all of it, at the cost of three pages of the list."""
        now = self.clock.now()
        failed = ListQuestion(frozenset({Status.FAILED}), since=now - ACCEPTED_WITHIN_MS, limit=MOST_FAILED)
        document: AttentionDocument = {
            "unknown": self._page(ListQuestion(frozenset({Status.UNKNOWN}), limit=MOST), now),
            "undelivered": self._page(
                ListQuestion(webhook_statuses=frozenset({WebhookStatus.FAILED}), limit=MOST), now
            ),
            "failed": self._page(failed, now, ended_since=now - FAILED_WITHIN_MS),
        }
        return as_json(document)

    def _page(self, question: ListQuestion, now: int, ended_since: int = 0) -> ExecutionListDocument:
        found, after = self.listing.look(question)
        kept: list[Execution] = [each for each in found if (each.completed_at or now) >= ended_since]
        return {
            "executions": [execution_summary(each, now) for each in kept],
            "next": None if after is None else cursor(after),
        }
