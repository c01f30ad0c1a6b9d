"""The stores in memory, with the conditions of the real ones."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import override

from actionrelay.audit.ports import DayFile, DayFiles
from actionrelay.audit.trail import Flaw, Opening, Trail
from actionrelay.errors import AlreadyRecordedError, StaleWriteError
from actionrelay.find.ports import IndexPage, Position, Span
from actionrelay.ledger.audit_entry import AuditEntry
from actionrelay.ledger.entries_dynamodb import trail_key
from actionrelay.ledger.execution import Execution, PayloadRef, Status, WebhookStatus
from actionrelay.ledger.ports import CachedResult, SentRun
from actionrelay.strict_json import Json, digest
from actionrelay.timestamps import day_of
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class InMemoryExecutions:
    """An ``ExecutionStore``: creation requires absence, each later write the previous version."""

    records: dict[str, Execution] = field(default_factory=dict)
    names: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The execution and the number of its run, by the id that was reserved for it."""
    retention_ms: int | None = None
    """The time after which an id can be used again; None for never."""
    writes: list[Execution] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)
    _intruders: list[Callable[[Execution], Execution]] = field(default_factory=list)
    _vanishes: bool = False

    def create(self, execution: Execution) -> None:
        self.trouble.strike_before("create")
        there = self.records.get(execution.execution_id)
        kept = there and (self.retention_ms is None or there.created_at + self.retention_ms > execution.created_at)
        if kept or execution.execution_id in self.names:
            raise AlreadyRecordedError("this id is taken", execution_id=execution.execution_id)
        self._write(execution)
        self.trouble.strike_after("create")

    def load(self, execution_id: str) -> Execution | None:
        self.trouble.strike_before("load")
        return self.records.get(execution_id)

    def save(self, execution: Execution) -> None:
        self.trouble.strike_before("save")
        if self._vanishes:
            self.records.clear()
        if self._intruders:
            stored = self.records[execution.execution_id]
            self._write(self._intruders.pop(0)(stored))
        stored_now = self.records.get(execution.execution_id)
        if stored_now is None or stored_now.version != execution.version - 1:
            raise StaleWriteError("another writer was first", execution_id=execution.execution_id)
        self._write(execution)
        self.trouble.strike_after("save")

    def reserve(self, sent_as: str, run: SentRun) -> bool:
        self.trouble.strike_before("reserve")
        name = (run.execution.execution_id, run.run)
        if sent_as in self.records or self.names.setdefault(sent_as, name) != name:
            return False
        self.trouble.strike_after("reserve")
        return True

    def sent(self, sent_as: str) -> SentRun | None:
        self.trouble.strike_before("sent")
        execution_id, run = self.names.get(sent_as, (sent_as, 1))
        execution = self.records.get(execution_id)
        return SentRun(execution, run) if execution is not None else None

    def someone_writes_first(self, step: Callable[[Execution], Execution], times: int = 1) -> None:
        """Let another writer save ``step`` just before each of the next ``times`` saves."""
        self._intruders.extend([step] * times)

    def vanishes_before_the_next_save(self) -> None:
        """Let the retention end while a worker works on it."""
        self._vanishes = True

    def put(self, execution: Execution) -> Execution:
        """Store a record unconditionally."""
        self.records[execution.execution_id] = execution
        return execution

    def _write(self, execution: Execution) -> None:
        self.records[execution.execution_id] = execution
        self.writes.append(execution)


@dataclass(slots=True)
class InMemoryWebhookIds:
    """``WebhookIds`` in memory."""

    kept: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The content and the expiry, by id."""
    trouble: Trouble = field(default_factory=Trouble)

    def claim(self, webhook_id: str, content: str, now: int, until: int) -> str:
        self.trouble.strike_before("claim")
        if webhook_id not in self.kept or self.kept[webhook_id][1] <= now:
            self.kept[webhook_id] = (content, until)
        self.trouble.strike_after("claim")
        return self.kept[webhook_id][0]


@dataclass(slots=True)
class InMemoryCache:
    """A ``ResultCache`` in memory."""

    entries: dict[str, CachedResult] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)

    def lookup(self, key: str) -> CachedResult | None:
        self.trouble.strike_before("lookup")
        return self.entries.get(key)

    def remember(self, entry: CachedResult) -> None:
        self.trouble.strike_before("remember")
        self.entries[entry.key] = entry
        self.trouble.strike_after("remember")


@dataclass(slots=True)
class InMemoryAudit:
    """An ``AuditTrail`` and its ``AuditReader``: entries are added, never changed."""

    kept: dict[tuple[str, int], AuditEntry] = field(default_factory=dict)
    appended: list[AuditEntry] = field(default_factory=list)
    """Every entry that was to be added, repeats included."""
    flaws: dict[str, list[Flaw]] = field(default_factory=dict)
    """Flaws of the stored trail, by execution."""
    times_indexed: int = 1
    """The number of items that hold the entry that opens a day."""
    trouble: Trouble = field(default_factory=Trouble)

    def append(self, entries: Sequence[AuditEntry]) -> None:
        self.trouble.strike_before("append")
        self.appended.extend(entries)
        for entry in entries:
            self.kept.setdefault((entry.execution_id, trail_key(entry.accepted_at) + entry.seq), entry)
        self.trouble.strike_after("append")

    def entries(self, execution_id: str) -> tuple[AuditEntry, ...]:
        self.trouble.strike_before("entries")
        mine = [entry for entry in self.kept.values() if entry.execution_id == execution_id]
        return tuple(sorted(mine, key=lambda entry: (entry.accepted_at or 0, entry.seq)))

    def trail(self, execution_id: str) -> Trail:
        return Trail.of(self.entries(execution_id), self.flaws.get(execution_id, ()))

    def openings(self, day: str, after: Opening | None, limit: int) -> tuple[Opening, ...]:
        """Return the day's executions by action, then time, each ``times_indexed`` times."""
        self.trouble.strike_before("openings")
        all_of_them = sorted(
            (f"{entry.action_id}#{entry.timestamp}#{entry.execution_id}", entry.execution_id, seq)
            for entry in self.kept.values()
            if entry.day == day
            for seq in range(entry.seq, entry.seq + self.times_indexed)
        )
        place = (after.opened_at, after.execution_id, after.seq) if after else ("", "", 0)
        rest = [each for each in all_of_them if each > place]
        return tuple(Opening(execution_id, seq, opened_at) for opened_at, execution_id, seq in rest[:limit])

    def events(self, execution_id: str) -> list[str]:
        """Return the names of an execution's events, oldest first."""
        return [entry.event for entry in self.entries(execution_id)]


@dataclass(slots=True)
class InMemoryDayFile(DayFile):
    """A file that is being written; what is written counts as sent at once."""

    files: "InMemoryDayFiles"
    name: str
    written: bytes = b""
    place: Mapping[str, Json] = field(default_factory=dict)

    @override
    def write(self, lines: bytes, place: Mapping[str, Json]) -> None:
        self.written += lines
        self.place = place

    @override
    def pause(self) -> bool:
        if self.written:
            self.files.paused[self.name] = (self.written, json.loads(json.dumps(self.place)))
        return bool(self.written)

    @override
    def finish(self) -> int:
        self.files.trouble.strike_before("write")
        self.files.files[self.name] = self.written
        self.files.paused.pop(self.name, None)
        return len(self.written)


@dataclass(slots=True)
class InMemoryDayFiles(DayFiles):
    """Whole files by name, and paused files with their places."""

    files: dict[str, bytes] = field(default_factory=dict)
    paused: dict[str, tuple[bytes, dict[str, Json]]] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)

    @override
    def lines(self, name: str, offset: int = 0) -> Iterator[bytes]:
        yield from self.files.get(name, b"")[offset:].splitlines(keepends=True)

    @override
    def begin(self, name: str) -> DayFile:
        return InMemoryDayFile(self, name)

    @override
    def resume(self, name: str) -> tuple[DayFile, Mapping[str, Json]] | None:
        if name not in self.paused:
            return None
        written, place = self.paused[name]
        return InMemoryDayFile(self, name, written, place), place


@dataclass(slots=True)
class InMemoryPayloads:
    """A ``PayloadStore``; payloads of more than ``inline_max`` bytes are in ``objects``."""

    inline_max: int = 1_000
    objects: dict[str, bytes] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)

    def refer(self, key: str, data: bytes, beside: PayloadRef | None = None) -> PayloadRef:
        room = self.inline_max - len((beside.inline if beside else None) or b"")
        inline = data if len(data) <= room else None
        return PayloadRef(key, len(data), digest(data), inline)

    def put(self, ref: PayloadRef, data: bytes) -> None:
        if ref.inline is None:
            self.trouble.strike_before("put")
            self.objects[ref.key] = data
            self.trouble.strike_after("put")

    def get(self, ref: PayloadRef) -> bytes | None:
        if ref.inline is not None:
            return ref.inline
        self.trouble.strike_before("get")
        data = self.objects.get(ref.key)
        return data if data is not None and digest(data) == ref.digest else None


@dataclass(slots=True)
class InMemoryIndex:
    """An ``ExecutionIndex`` that is always up to date: it scans all records."""

    store: InMemoryExecutions

    def of_day(self, day: str, span: Span, limit: int) -> IndexPage:
        return self._page(span, limit, lambda it: day_of(it.created_at) == day)

    def of_action(self, action_id: str, day: str, span: Span, limit: int) -> IndexPage:
        return self._page(span, limit, lambda it: it.action_id == action_id and day_of(it.created_at) == day)

    def ended_as(self, status: Status, span: Span, limit: int) -> IndexPage:
        return self._page(span, limit, lambda it: it.status is status)

    def undelivered(self, span: Span, limit: int) -> IndexPage:
        return self._page(span, limit, lambda it: it.delivery.status is WebhookStatus.FAILED)

    def traced(self, trace_id: str, span: Span, limit: int) -> IndexPage:
        return self._page(span, limit, lambda it: it.execution_id != it.trace_id == trace_id)

    def read(self, execution_ids: Sequence[str]) -> dict[str, Execution]:
        return {each: self.store.records[each] for each in execution_ids if each in self.store.records}

    def _page(self, span: Span, limit: int, fits: Callable[[Execution], bool]) -> IndexPage:
        found = sorted((_position(each) for each in self.store.records.values() if fits(each)), reverse=True)
        within = [each for each in found if span.since <= each.created_at and each < span.before]
        return IndexPage(tuple(within[:limit]), len(within) > limit)


def _position(execution: Execution) -> Position:
    return Position(execution.created_at, execution.execution_id)
