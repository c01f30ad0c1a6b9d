"""Use case: write a day's audit entries to a file, one document a line."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from actionrelay.audit.day import DayTrails, is_day
from actionrelay.audit.document import audit_document
from actionrelay.audit.ports import AuditReader, DayFiles
from actionrelay.audit.trail import Opening
from actionrelay.errors import ExportRequestError, ExportUnfinishedError
from actionrelay.ports import Clock, Telemetry
from actionrelay.timestamps import iso

_DAY_MS = 86_400_000
_THREADS = 16
"""As many as the client has connections."""
_OPENINGS_AT_ONCE = 1_000
_TRAILS_AT_ONCE = 64
LAST_MS = 30_000
"""What is left of an invocation when an export that has not come to its end gives up, so that it can still say so."""


@dataclass(slots=True)
class _Progress:
    executions: int = 0
    entries: int = 0
    flaws: int = 0


@dataclass(frozen=True, slots=True)
class ExportAuditDay:
    """Exports one UTC day. The same day again replaces the file, with what has come since."""

    audit: AuditReader
    files: DayFiles
    telemetry: Telemetry
    clock: Clock

    def export(self, wanted: Mapping[str, Any], ends_at: int) -> dict[str, Any]:
        """Export the day that is ``wanted``, before ``ends_at`` (ms since the epoch), and say what was written.

        ``wanted`` is ``{"date": "2026-11-24"}``, or ``{"daysBefore": 1}`` for the day before this one. Memory holds
        some trails and a part of the file, however many entries a day has.

        Raises:
            ExportRequestError: ``wanted`` is neither, or a day that is not over.
            ExportUnfinishedError: there is more than can be read in time; no file was written.
            StoreUnavailableError: the table or the bucket failed; no file was written.
        """
        began_at = self.clock.now()
        day, progress = self._day(wanted, began_at), _Progress()
        name = f"audit-{day}.jsonl"
        size = self.files.write(name, self._lines(day, ends_at - LAST_MS, progress))
        written: dict[str, Any] = {
            "date": day,
            "file": name,
            "executions": progress.executions,
            "entries": progress.entries,
            "bytes": size,
            "flaws": progress.flaws,
        }
        self.telemetry.event("audit_exported", **written, duration_ms=self.clock.now() - began_at)
        return written

    @staticmethod
    def _day(wanted: Mapping[str, Any], now: int) -> str:
        match dict(wanted):
            case {"date": str(day), **others} if not others and is_day(day):
                if day >= iso(now)[:10]:
                    raise ExportRequestError("this day is not over", day=day)
                return day
            case {"daysBefore": int(days), **others} if not others and days is not True and 1 <= days <= now // _DAY_MS:
                return iso(now - days * _DAY_MS)[:10]
        raise ExportRequestError('wanted is {"date": "2026-11-24"} or {"daysBefore": 1}')

    def _lines(self, day: str, until: int, progress: _Progress) -> Iterator[bytes]:
        after: Opening | None = None
        trails = DayTrails(self.audit, day, _THREADS, _TRAILS_AT_ONCE)
        while openings := self.audit.openings(day, after, _OPENINGS_AT_ONCE):
            for _, trail in trails.read(openings, after):
                if self.clock.now() > until:
                    raise ExportUnfinishedError(
                        "there is more than can be exported in time", day=day, executions=progress.executions
                    )
                progress.executions += 1
                progress.entries += len(trail.entries)
                progress.flaws += len(trail.flaws)
                for entry in trail.entries:
                    document = json.dumps(audit_document(entry), ensure_ascii=False, separators=(",", ":"))
                    yield document.encode() + b"\n"
            after = openings[-1]
