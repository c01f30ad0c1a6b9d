"""Use case: report the metrics of the deployment from the stored counters. It only reads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from actionrelay.errors import InvalidRequestError
from actionrelay.fault import Fault
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ids import is_action_id
from actionrelay.ledger.audit_entry import NO_ACTION
from actionrelay.ledger.execution import Status
from actionrelay.ports import Clock
from actionrelay.statistics.document import CountsDocument, MetricsDocument
from actionrelay.statistics.ports import CounterReader
from actionrelay.statistics.tally import (
    CACHE_HITS,
    ENDINGS,
    REJECTED,
    TOTAL,
    Counts,
    added,
    average_latency_ms,
    percentile,
    success_rate,
)
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import day_of, iso

DAYS_SHOWN = 30
HOURS_SHOWN = 48
LONGEST_DAYS = 366
_HOUR_MS = 3_600_000
ACTIONS_SHOWN = 1_000
"""Actions in one answer: at half a KB each it is far below 1 MB."""
_FIRST_DAY = "0001-01-01"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """The requested days, both included, and action."""

    first: date | None
    last: date | None
    action_id: str | None
    after: str = ""
    """The last action of the previous page of ``actions``."""

    @classmethod
    def read(cls, query: Mapping[str, str], api: GenesysApi) -> "Period":
        """Read ``from``, ``to``, ``actionId`` and ``next``.

        Raises:
            InvalidRequestError: with every fault.
        """
        faults: list[Fault] = []
        first, last = (_day(query, name, faults) for name in ("from", "to"))
        if first and last and first > last:
            faults.append(Fault("/query/to", "schema", "must not be before from"))
        if first and last and (last - first).days >= LONGEST_DAYS:
            faults.append(Fault("/query/to", "schema", f"at most {LONGEST_DAYS} days at once"))
        action_id = query.get("actionId")
        if action_id is not None and not is_action_id(action_id):
            faults.append(Fault("/query/actionId", "schema", "must be 1 to 128 letters, digits, _ and -"))
        after = query.get("next")
        if after is not None and not is_action_id(after):
            faults.append(Fault("/query/next", "cursor", "must be the next of an answer before"))
        if faults:
            raise InvalidRequestError(tuple(faults))
        known = action_id.lower() if action_id and api is GenesysApi.DATA_ACTIONS else action_id
        return cls(first, last, known, after or "")


@dataclass(frozen=True, slots=True)
class ReadMetrics:
    """Adds up the requested counters."""

    counters: CounterReader
    clock: Clock
    api: GenesysApi

    def read(self, query: Mapping[str, str]) -> dict[str, Json]:
        """Return the counts since the deployment, or of the requested days; by day, by hour and by action.

        Raises:
            InvalidRequestError: the query has a fault.
        """
        asked = Period.read(query, self.api)
        now = self.clock.now()
        first, last = self._days(asked, now)
        since = first.isoformat() if asked.first or asked.last or asked.action_id else _FIRST_DAY
        counted = list(self.counters.days(asked.action_id or "", since, last.isoformat()))
        days = [each for each in counted if each[0].start >= first.isoformat()]
        actions, following = self._actions(asked)
        if asked.action_id and not (asked.first or asked.last):
            sums = actions[0][1] if actions else {}
        else:
            sums = added(counts for _, counts in counted)
        hours = self.counters.hours(iso(now - (HOURS_SHOWN - 1) * _HOUR_MS)[:13], iso(now)[:13])
        found: MetricsDocument = {
            "firstDay": asked.first.isoformat() if asked.first else None,
            "lastDay": asked.last.isoformat() if asked.last else None,
            "actionId": asked.action_id,
            **_counts_document(sums),
            "days": [{"date": counter.start, **_counts_document(counts)} for counter, counts in days],
            "hours": [{"hour": f"{counter.start}:00:00.000Z", **_counts_document(counts)} for counter, counts in hours],
            "actions": [{"actionId": action_id, **_counts_document(counts)} for action_id, counts in actions],
            "next": following,
        }
        return as_json(found)

    def _actions(self, asked: Period) -> tuple[list[tuple[str, Counts]], str | None]:
        """Return the actions of one page, the largest first, and the action after which the next page begins."""
        if asked.action_id:
            counts = self.counters.total(asked.action_id)
            return ([(asked.action_id, counts)] if counts else []), None
        read = [(each.action_id, counts) for each, counts in self.counters.totals(asked.after, ACTIONS_SHOWN + 1)]
        page = read[:ACTIONS_SHOWN]
        largest_first = sorted(page, key=lambda each: each[1].get(TOTAL, 0), reverse=True)
        following = page[-1][0] if len(read) > ACTIONS_SHOWN else None
        return [each for each in largest_first if each[0] != NO_ACTION], following

    def _days(self, asked: Period, now: int) -> tuple[date, date]:
        today = date.fromisoformat(day_of(now))
        if asked.first and not asked.last:
            longest = asked.first.toordinal() + LONGEST_DAYS - 1
            return asked.first, date.fromordinal(min(max(today, asked.first).toordinal(), longest))
        last = asked.last or today
        return asked.first or date.fromordinal(max(last.toordinal() - DAYS_SHOWN + 1, 1)), last


def _counts_document(counts: Counts) -> CountsDocument:
    ended = {status: counts.get(name, 0) for status, name in ENDINGS.items()}
    total = counts.get(TOTAL, 0)
    return {
        "totalExecutions": total,
        "successfulExecutions": ended[Status.COMPLETED],
        "failedExecutions": ended[Status.FAILED],
        "unknownExecutions": ended[Status.UNKNOWN],
        "cancelledExecutions": ended[Status.CANCELLED],
        # The stream has an ending after its acceptance, but of two executions in any order.
        "inProgressExecutions": max(total - sum(ended.values()), 0),
        "cacheHits": counts.get(CACHE_HITS, 0),
        "rejectedRequests": counts.get(REJECTED, 0),
        "averageLatencyMs": average_latency_ms(counts),
        "latencyMs": {
            "p50": percentile(counts, 0.50),
            "p95": percentile(counts, 0.95),
            "p99": percentile(counts, 0.99),
        },
        "successRate": success_rate(counts),
    }


def _day(query: Mapping[str, str], name: str, faults: list[Fault]) -> date | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    faults.append(Fault(f"/query/{name}", "schema", "must be a date, such as 2026-11-24"))
    return None
