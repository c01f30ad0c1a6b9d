"""The stored trail of one execution, and the places of a day's executions in the index by day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from actionrelay.ledger.audit_entry import AuditEntry


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in the audit table that its writers did not write that way."""

    seq: int
    """The entry that it is about; if that is unknown, the last one of its item."""
    why: str
    """A predicate, such as "has no timestamp"."""
    accepted_at: int | None = None
    """The acceptance that the item's key names, in seconds; None if it names none."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail as it was read. Only the form of its entries has been checked."""

    entries: tuple[AuditEntry, ...] = ()
    """By acceptance, then ``seq``. Equal entries are here once, entries that differ are all here."""
    flaws: tuple[Flaw, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[AuditEntry], flaws: Iterable[Flaw] = ()) -> "Trail":
        """Return the trail of entries and flaws that were found in any order."""
        once = dict.fromkeys(entries)
        return cls(
            tuple(sorted(once, key=lambda entry: (_acceptance(entry), entry.seq))),
            tuple(sorted(flaws, key=lambda flaw: (flaw.accepted_at or 0, flaw.seq))),
        )

    def by_acceptance(self) -> "dict[int, Trail]":
        """Return the trail of each acceptance of this id by its second, oldest first; 0 if entries name none."""
        seconds = sorted({*map(_acceptance, self.entries), *(flaw.accepted_at or 0 for flaw in self.flaws)})
        return {
            second: Trail(
                tuple(entry for entry in self.entries if _acceptance(entry) == second),
                tuple(flaw for flaw in self.flaws if (flaw.accepted_at or 0) == second),
            )
            for second in seconds
        }

    def with_owed(self, owed: Iterable[AuditEntry]) -> "Trail":
        """Return the trail with the entries that are pending in the record; one that is in both counts once."""
        return replace(self, entries=Trail.of((*self.entries, *owed)).entries)


def _acceptance(entry: AuditEntry) -> int:
    return (entry.accepted_at or 0) // 1_000


@dataclass(frozen=True, slots=True)
class Opening:
    """A row of the index by day: something happened to this execution on that day."""

    execution_id: str
    seq: int
    """The ``seq`` of the item that the index names."""
    opened_at: str
    """Its place in the day's order; opaque to readers."""
