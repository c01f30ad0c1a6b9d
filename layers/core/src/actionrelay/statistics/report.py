"""Use case: say how the deployment is doing, from the stored counters. Reads alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from actionrelay.errors import Fault, InvalidRequestError
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ids import is_action_id
from actionrelay.ledger.execution import Status
from actionrelay.ports import Clock
from actionrelay.statistics.counters import NO_ACTION
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
from actionrelay.strict_json import Json, as_json, pointer
from actionrelay.timestamps import iso

DAYS_SHOWN = 30
HOURS_SHOWN = 48
LONGEST_DAYS = 366
_HOUR_MS = 3_600_000
_PARAMETERS = ("from", "to", "actionId")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """Which days are asked for, both included, and of which action."""

    first: date | None
    last: date | None
    action_id: str | None

    @classmethod
    def read(cls, query: Mapping[str, str], api: GenesysApi) -> "Period":
        """Read ``from``, ``to`` and ``actionId``.

        Raises:
            InvalidRequestError: with every fault; an unknown parameter is one.
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
        faults.extend(
            Fault(pointer("query", name), "schema", f"unknown parameter; there are {', '.join(_PARAMETERS)}")
            for name in query
            if name not in _PARAMETERS
        )
        if faults:
            raise InvalidRequestError(tuple(faults))
        return cls(first, last, action_id.lower() if action_id and api is GenesysApi.DATA_ACTIONS else action_id)


@dataclass(frozen=True, slots=True)
class ReadMetrics:
    """Adds up the counters of what is asked for."""

    counters: CounterReader
    clock: Clock
    api: GenesysApi

    def read(self, query: Mapping[str, str]) -> dict[str, Json]:
        """Return the counts since the deployment, or of the days asked for; by day; by hour and by action.

        Raises:
            InvalidRequestError: the query names no period.
        """
        asked = Period.read(query, self.api)
        now = self.clock.now()
        first, last = self._days(asked, now)
        days = list(self.counters.days(asked.action_id or "", first.isoformat(), last.isoformat()))
        totals = [each for each in self.counters.totals() if asked.action_id in {None, each[0].action_id}]
        counted = days if asked.first or asked.last else totals
        hours = self.counters.hours(iso(now - (HOURS_SHOWN - 1) * _HOUR_MS)[:13], iso(now)[:13])
        found: MetricsDocument = {
            "firstDay": asked.first.isoformat() if asked.first else None,
            "lastDay": asked.last.isoformat() if asked.last else None,
            "actionId": asked.action_id,
            **_counts_document(added(counts for _, counts in counted)),
            "days": [{"date": counter.start, **_counts_document(counts)} for counter, counts in days],
            "hours": [{"hour": f"{counter.start}:00:00.000Z", **_counts_document(counts)} for counter, counts in hours],
            "actions": [
                {"actionId": counter.action_id, **_counts_document(counts)}
                for counter, counts in totals
                if counter.action_id != NO_ACTION
            ],
        }
        return as_json(found)

    def _days(self, asked: Period, now: int) -> tuple[date, date]:
        today = date.fromisoformat(iso(now)[:10])
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
        # The stream tells of an ending after its acceptance, but of two executions in any order.
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
