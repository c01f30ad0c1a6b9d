"""Use case: find what needs somebody, all of it in one answer."""

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
"""A failure is of interest for a day."""
ACCEPTED_WITHIN_MS = 3 * DAY_MS
"""Lists go by acceptance. What only ever waits is given up a day after it, and a retry gives it another day."""


class AttentionDocument(TypedDict):
    """What needs somebody, newest first; nothing in it has been acknowledged."""

    unknown: ExecutionListDocument
    """Executions whose outcome nobody knows. `next` goes on with `GET /executions?status=unknown`."""
    undelivered: ExecutionListDocument
    """Executions whose webhook was given up. `next` goes on with `GET /executions?webhookStatus=failed`."""
    failed: ExecutionListDocument
    """Executions that failed in the last 24 hours, of those accepted in the last three days. `next` goes on with
    `GET /executions?status=failed`."""


@dataclass(frozen=True, slots=True)
class ReadAttention:
    """Answers what needs somebody."""

    listing: ListExecutions
    clock: Clock

    def read(self) -> dict[str, Json]:
        """Return all of it; costs what three pages of the list do."""
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
