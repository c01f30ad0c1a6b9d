"""What the audit table holds of one execution, and the places of a day's executions in the index by day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from actionrelay.ledger.audit_entry import AuditEntry


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in the audit table that is not as its writers write it."""

    seq: int
    """Of the entry that it is about; the one of its item's end where nobody can say."""
    why: str
    """In words, to follow a name: "has no timestamp"."""
    accepted_at: int | None = None
    """Of the trail that its item is in, in seconds; None where the key names none."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What was read: nothing is believed of it yet, but that each entry has the facts of one."""

    entries: tuple[AuditEntry, ...] = ()
    """By acceptance, then ``seq``; one that is there twice alike is here once, two that differ are both here."""
    flaws: tuple[Flaw, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[AuditEntry], flaws: Iterable[Flaw] = ()) -> "Trail":
        """Put in order what was found in any."""
        once = dict.fromkeys(entries)
        return cls(
            tuple(sorted(once, key=lambda entry: (_acceptance(entry), entry.seq))),
            tuple(sorted(flaws, key=lambda flaw: (flaw.accepted_at or 0, flaw.seq))),
        )

    def by_acceptance(self) -> "dict[int, Trail]":
        """Return the trail of each acceptance of this id, oldest first, by its second; 0 where entries name none."""
        seconds = sorted({*map(_acceptance, self.entries), *(flaw.accepted_at or 0 for flaw in self.flaws)})
        return {
            second: Trail(
                tuple(entry for entry in self.entries if _acceptance(entry) == second),
                tuple(flaw for flaw in self.flaws if (flaw.accepted_at or 0) == second),
            )
            for second in seconds
        }

    def with_owed(self, owed: Iterable[AuditEntry]) -> "Trail":
        """Count what the record still owes to the table as present; what is there already counts once."""
        return replace(self, entries=Trail.of((*self.entries, *owed)).entries)


def _acceptance(entry: AuditEntry) -> int:
    return (entry.accepted_at or 0) // 1_000


@dataclass(frozen=True, slots=True)
class Opening:
    """An entry of the index by day: on that day something happened to this execution."""

    execution_id: str
    seq: int
    """Of the item that the index names."""
    opened_at: str
    """Its place among the day's; means nothing else to its reader."""
