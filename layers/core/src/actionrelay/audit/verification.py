"""Checks that an audit trail is whole: every entry as written, none missing, none added, the end not cut off.

The table is not trusted. Each entry's hash is computed again and must be the one that the next entry names; the last
one must be the one in the execution's record, which is in another table. To forge an entry, all entries after it and
the record have to be changed too; the day's exported file still differs then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypedDict

from actionrelay.audit.trail import Trail
from actionrelay.ledger.audit_entry import AuditEntry, entry_hash
from actionrelay.ledger.execution import Execution


class VerificationDocument(TypedDict):
    """Whether a history is whole: every entry as written, none missing, none added."""

    intact: bool
    checkedEntries: int
    """The number of entries in order, up to the first that is not."""
    brokenAt: int | None
    """The `seq` of the first entry that is changed, missing or added."""
    detail: str | None
    """What is wrong; for an intact history, what could not be checked."""


REJECTED = "rejected"
"""The event of a request that did not become an execution: it has one entry and no record."""
OWED_MS = 3_600_000
"""How long after its last step a record may have pending entries: what a worker that died or an outage left undone is
done by then. After that, an entry that is only in the record was deleted from the table, or never written."""
NO_RECORD = "whole from its first entry on; the execution's record, which has the last one, no longer exists"


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of checking a trail."""

    checked_entries: int
    """The number of entries in order, up to the first that is not."""
    broken_at: int | None = None
    """The ``seq`` of the first entry that is changed, missing or added."""
    detail: str | None = None
    """What is wrong; for a whole trail, what could not be checked."""

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken_at is None


def verify(trail: Trail, record: Execution | None, now: int) -> Verification:
    """Check a trail from its first entry to its last, and its end against the execution's record.

    Entries that are pending in the record count as present for ``OWED_MS`` after its last step. The record expires
    before its trail does. Without it, it is unknown whether the trail's end was cut off, and ``detail`` says so. An id
    that was used again has a trail for each acceptance; each is checked, the record's own with the record.
    """
    trails = trail.by_acceptance() or {0: trail}
    own = record.created_at // 1_000 if record and record.audit_kept_days else 0
    if record:
        trails.setdefault(own, Trail())
    checked = 0
    last = Verification(0)
    for acceptance in sorted(trails):
        last = _verify_one(trails[acceptance], record if acceptance == own else None, now)
        if not last.intact:
            return replace(last, checked_entries=checked + last.checked_entries)
        checked += last.checked_entries
    return replace(last, checked_entries=checked)


def _verify_one(trail: Trail, record: Execution | None, now: int) -> Verification:
    owed = [entry.seq for entry in record.audit.owed if entry not in trail.entries] if record else []
    overdue = owed if record and now - record.updated_at > OWED_MS else []
    whole = trail.with_owed(record.audit.owed) if record else trail
    checked, previous = 0, ""
    for seq, entries, flaw in _places(whole):
        said = _fault(seq, entries, flaw, expected=checked + 1, previous=previous)
        if said is None and seq in overdue:
            said = f"entry {seq} is only in the execution's record: it was deleted from the table, or never written"
        if said is not None:
            return Verification(checked, min(seq, checked + 1), said)
        checked, previous = checked + 1, entries[0].hash
    if record is None:
        rejected = [entry.event for entry in whole.entries] == [REJECTED]
        return Verification(checked, detail=None if rejected else NO_RECORD)
    return _compared(checked, previous, record, owed)


def _places(trail: Trail) -> Iterator[tuple[int, list[AuditEntry], str | None]]:
    """Yield each ``seq`` that is stored, its entries, and the first flaw of how it is stored."""
    flaws: dict[int, str] = {}
    for flaw in trail.flaws:
        flaws.setdefault(flaw.seq, flaw.why)
    found = {seq: list(entries) for seq, entries in groupby(trail.entries, key=lambda entry: entry.seq)}
    for seq in sorted(flaws.keys() | found.keys()):
        yield seq, found.get(seq, []), flaws.get(seq)


def _fault(seq: int, entries: list[AuditEntry], flaw: str | None, *, expected: int, previous: str) -> str | None:
    """Return what is wrong at one place, or None."""
    stored = f": entry {seq} {flaw}" if flaw else ""
    if seq < expected:
        return f"there is an entry {seq}, but entries begin with 1{stored}"
    if seq > expected:
        missing = f"entry {expected} is" if seq == expected + 1 else f"entries {expected} to {seq - 1} are"
        return f"{missing} missing (or expired, with a trail that old){stored}"
    if flaw:
        return f"entry {seq} {flaw}"
    if len(entries) > 1:
        return f"there are {len(entries)} entries {seq} that differ"
    [entry] = entries
    if entry.previous_hash != previous:
        return f"entry {seq} does not name the hash of the one before it"
    if entry.hash != entry_hash(entry):
        return f"entry {seq} does not match its hash"
    return None


def _compared(checked: int, last_hash: str, record: Execution, owed: Sequence[int]) -> Verification:
    """Compare the end of a trail that is in order with the execution's record."""
    if checked < record.audit.seq:
        said = f"the trail ends after {checked} entries, but the execution's record has {record.audit.seq}"
        return Verification(checked, checked + 1, said)
    if checked > record.audit.seq:
        said = f"the execution's record has {record.audit.seq} entries, but the trail has {checked}"
        return Verification(record.audit.seq, record.audit.seq + 1, said)
    if last_hash != record.audit.hash:
        return Verification(checked - 1, checked, f"entry {checked} is not the last one in the execution's record")
    if owed:
        said = f"whole; from entry {owed[0]} on it is in the execution's record, and not in the table yet"
        return Verification(checked, detail=said)
    return Verification(checked)


def verification_document(verification: Verification) -> VerificationDocument:
    """Return the result of checking a trail as a document."""
    return {
        "intact": verification.intact,
        "checkedEntries": verification.checked_entries,
        "brokenAt": verification.broken_at,
        "detail": verification.detail,
    }
