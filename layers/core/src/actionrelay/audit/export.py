"""Use case: write a day's audit entries to a file, one document a line, without losing any of an earlier export."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from actionrelay.audit.day import DayTrails, is_day
from actionrelay.audit.document import audit_document
from actionrelay.audit.ports import AuditReader, DayFile, DayFiles, DayRefusals
from actionrelay.audit.trail import Opening, Trail
from actionrelay.errors import ExportConflictError, ExportRequestError, ExportUnfinishedError
from actionrelay.ledger.audit_entry import AuditEntry, entry_hash, rejected_beyond
from actionrelay.ports import Clock, Telemetry
from actionrelay.strict_json import Json
from actionrelay.timestamps import DAY_MS, day_of, day_starts_at

_THREADS = 16
"""The number of the client's connections."""
_OPENINGS_AT_ONCE = 1_000
_TRAILS_AT_ONCE = 64
LAST_MS = 30_000
"""The time that is left of an invocation when an unfinished export pauses, so that it can still report it."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far an export is: the last execution, what is written, and how much of the earlier file is found again."""

    after: Opening | None = None
    executions: int = 0
    entries: int = 0
    flaws: int = 0
    found: int = 0
    """The bytes of the earlier file whose entries are in this one too."""

    def beyond(self, opening: Opening, trail: Trail, found: int) -> "Place":
        """Return the place after one more execution."""
        return replace(
            self,
            after=opening,
            executions=self.executions + 1,
            entries=self.entries + len(trail.entries),
            flaws=self.flaws + len(trail.flaws),
            found=found,
        )

    def document(self) -> dict[str, Json]:
        """Return the place as JSON, for another invocation."""
        after = self.after
        return {
            "after": [after.execution_id, after.seq, after.opened_at] if after else None,
            "counts": [self.executions, self.entries, self.flaws, self.found],
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Place":
        """Read a place that ``document`` returned."""
        after = document["after"]
        return cls(Opening(*after) if after else None, *document["counts"])


@dataclass(slots=True)
class _Earlier:
    """The file of an earlier export. Each of its entries has to be found again, in order."""

    lines: Iterator[bytes]
    found: int
    wanted: tuple[str, int, str] | None = None
    _length: int = 0

    def __post_init__(self) -> None:
        self._advance()

    def meet(self, entry: AuditEntry) -> None:
        """Move on to the next line if this one is the entry, unchanged."""
        if self.wanted == (entry.execution_id, entry.seq, entry_hash(entry)):
            self.found += self._length
            self._advance()

    @property
    def is_found_again(self) -> bool:
        """Whether all lines have been found again."""
        return self.wanted is None

    def _advance(self) -> None:
        line = next(self.lines, None)
        self.wanted, self._length = (None, 0) if line is None else (_identity(line), len(line))


def _identity(line: bytes) -> tuple[str, int, str]:
    """Return the identity of the entry in a line, or one that no entry has if the line is no entry."""
    try:
        document = json.loads(line)
        return str(document["executionId"]), int(document["seq"]), str(document["hash"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", 0, ""


@dataclass(frozen=True, slots=True)
class ExportAuditDay:
    """Exports one UTC day. A repeat replaces the file unless one of its entries is gone or changed."""

    audit: AuditReader
    refusals: DayRefusals
    files: DayFiles
    telemetry: Telemetry
    clock: Clock

    def export(self, wanted: Mapping[str, Any], ends_at: int) -> dict[str, Any]:
        """Export the day that is ``wanted``, before ``ends_at`` (ms since the epoch), and return what was written.

        ``wanted`` is ``{"date": "2026-11-24"}``, or ``{"daysBefore": 1}`` for yesterday. Memory holds some trails and
        a part of the file, however many entries a day has. If a day takes longer than one invocation, the export
        pauses, and the next export of that day goes on from there.

        Raises:
            ExportRequestError: ``wanted`` is neither, or a day that is not over.
            ExportUnfinishedError: the export paused.
            ExportConflictError: an entry of the earlier file is gone or changed. That file is unchanged, and the
                table's present entries are beside it, as ``audit-<day>.differs.jsonl``.
            StoreUnavailableError: the table or the bucket failed; no file was written.
        """
        began_at = self.clock.now()
        day = self._day(wanted, began_at)
        name, until = f"audit-{day}.jsonl", ends_at - LAST_MS
        file, place, found_again = self._write(day, name, name, until)
        if not found_again:
            other = f"audit-{day}.differs.jsonl"
            file, place, _ = self._write(day, other, None, until)
            size = file.finish()
            self.telemetry.event("audit_export_differs", date=day, file=other, entries=place.entries, bytes=size)
            raise ExportConflictError(
                "entries of the earlier export are gone or changed; both files are kept", day=day, file=other
            )
        written: dict[str, Any] = {
            "date": day,
            "file": name,
            "executions": place.executions,
            "entries": place.entries,
            "bytes": file.finish(),
            "flaws": place.flaws,
        }
        self.telemetry.event("audit_exported", **written, duration_ms=self.clock.now() - began_at)
        return written

    @staticmethod
    def _day(wanted: Mapping[str, Any], now: int) -> str:
        match dict(wanted):
            case {"date": str(day), **others} if not others and is_day(day):
                if day >= day_of(now):
                    raise ExportRequestError("this day is not over", day=day)
                return day
            case {"daysBefore": int(days), **others} if not others and days is not True and 1 <= days <= now // DAY_MS:
                return day_of(now - days * DAY_MS)
        raise ExportRequestError('wanted is {"date": "2026-11-24"} or {"daysBefore": 1}')

    def _write(self, day: str, name: str, earlier_name: str | None, until: int) -> tuple[DayFile, Place, bool]:
        """Write a day's lines. Return the unfinished file, the place, and whether the earlier file is found again."""
        paused = self.files.resume(name)
        file, place = (paused[0], Place.read(paused[1])) if paused else (self.files.begin(name), Place())
        earlier = _Earlier(self.files.lines(earlier_name, place.found) if earlier_name else iter(()), place.found)
        trails = DayTrails(self.audit, day, _THREADS, _TRAILS_AT_ONCE)
        while openings := self.audit.openings(day, place.after, _OPENINGS_AT_ONCE):
            for opening, trail in trails.read(openings, place.after):
                if self.clock.now() > until:
                    goes_on = file.pause()
                    raise ExportUnfinishedError(
                        "the day takes longer than one invocation",
                        day=day,
                        executions=place.executions,
                        goes_on=goes_on,
                    )
                for entry in trail.entries:
                    earlier.meet(entry)
                place = place.beyond(opening, trail, earlier.found)
                file.write(b"".join(map(_line, trail.entries)), place.document())
            place = replace(place, after=openings[-1])
        for entry in self._counted(day):
            earlier.meet(entry)
            place = replace(place, entries=place.entries + 1)
            file.write(_line(entry), place.document())
        return file, place, earlier.is_found_again

    def _counted(self, day: str) -> Iterator[AuditEntry]:
        """Yield an entry for each caller with more refused submissions than are recorded one by one."""
        for refused in self.refusals.of(day):
            if refused.beyond:
                yield rejected_beyond(day, day_starts_at(day) + DAY_MS, refused.caller, refused.beyond)


def _line(entry: AuditEntry) -> bytes:
    return json.dumps(audit_document(entry), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
