"""Whether an audit trail is whole: every entry as it was written, none missing, none added, the end not cut off.

Nothing here believes the table. Each entry's hash is computed again, and has to be the one that the next entry names;
the last one's has to be the one in the execution's record, which is in another table. A forger of a trail has to
change all entries that follow and the record too; what then still differs is the day's exported file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypedDict

from actionrelay.audit.trail import Trail
from actionrelay.ledger.audit_entry import AuditEntry, entry_hash
from actionrelay.ledger.execution import Execution


class VerificationDocument(TypedDict):
    """Whether a history is whole: every entry as it was written, none missing, none added."""

    intact: bool
    checkedEntries: int
    """Entries found in order, up to the first that is not."""
    brokenAt: int | None
    """The `seq` of the first entry that is changed, missing or too many."""
    detail: str | None
    """What is wrong, in words; of an intact history, what could not be checked."""


REJECTED = "rejected"
"""The event of a request that never became an execution: one entry, and no record."""
OWED_MS = 3_600_000
"""How long after its last step a record may owe entries to the table: what is left undone by a worker that died, or by
an outage, is done by then. Past that, an entry that the record alone has was deleted, or never paid."""
NO_RECORD = "whole from its first entry on; there is no record of the execution any more that says where it ends"


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of it."""

    checked_entries: int
    """Entries found in order, from the first one on, up to the first that is not."""
    broken_at: int | None = None
    """The ``seq`` of the first entry that is changed, missing or too many."""
    detail: str | None = None
    """What is wrong, in words; for a whole trail, what could not be checked."""

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.broken_at is None


def verify(trail: Trail, record: Execution | None, now: int) -> Verification:
    """Check a trail from its first entry to its last, and its end against the execution's record.

    What the record owes to the table counts as present, for ``OWED_MS`` after its last step. The record ends with its
    retention, before its trail does; without it nobody can say whether the trail's end was cut off, and ``detail`` says
    so. An id that was used again has a trail for each acceptance: each is checked, the record's own with the record.
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
            said = f"entry {seq} is in the execution's record alone: it was deleted from the table, or never written"
        if said is not None:
            return Verification(checked, min(seq, checked + 1), said)
        checked, previous = checked + 1, entries[0].hash
    if record is None:
        rejected = [entry.event for entry in whole.entries] == [REJECTED]
        return Verification(checked, detail=None if rejected else NO_RECORD)
    return _compared(checked, previous, record, owed)


def _places(trail: Trail) -> Iterator[tuple[int, list[AuditEntry], str | None]]:
    """Give each ``seq`` at which there is something: the entries under it, and what is wrong with it as stored."""
    flaws: dict[int, str] = {}
    for flaw in trail.flaws:
        flaws.setdefault(flaw.seq, flaw.why)
    found = {seq: list(entries) for seq, entries in groupby(trail.entries, key=lambda entry: entry.seq)}
    for seq in sorted(flaws.keys() | found.keys()):
        yield seq, found.get(seq, []), flaws.get(seq)


def _fault(seq: int, entries: list[AuditEntry], flaw: str | None, *, expected: int, previous: str) -> str | None:
    """Say what is wrong at one place; None when nothing is."""
    stored = f": entry {seq} {flaw}" if flaw else ""
    if seq < expected:
        return f"there is an entry {seq}, and entries begin with 1{stored}"
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
        return f"entry {seq} is not what its hash says"
    return None


def _compared(checked: int, last_hash: str, record: Execution, owed: Sequence[int]) -> Verification:
    """Compare the end of a trail that is in order with what the execution's record says."""
    if checked < record.audit.seq:
        said = f"the trail ends after {checked} entries, and the execution's record says {record.audit.seq}"
        return Verification(checked, checked + 1, said)
    if checked > record.audit.seq:
        said = f"the execution's record knows {record.audit.seq} entries, and the trail has {checked}"
        return Verification(record.audit.seq, record.audit.seq + 1, said)
    if last_hash != record.audit.hash:
        return Verification(checked - 1, checked, f"entry {checked} is another than the execution's record says")
    if owed:
        said = f"whole; from entry {owed[0]} on it is in the execution's record so far, and not in the table yet"
        return Verification(checked, detail=said)
    return Verification(checked)


def verification_document(verification: Verification) -> VerificationDocument:
    """Return the result of checking a trail as callers see it."""
    return {
        "intact": verification.intact,
        "checkedEntries": verification.checked_entries,
        "brokenAt": verification.broken_at,
        "detail": verification.detail,
    }
