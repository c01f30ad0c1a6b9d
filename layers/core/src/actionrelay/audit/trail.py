"""What the audit table holds of one execution, and where a day's executions stand in the index by day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from actionrelay.ledger.history import AuditEntry


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in the audit table that is not as its writers write it."""

    seq: int
    """Of the entry that it is about; the one of its item's end where nobody can say."""
    why: str
    """In words, to follow a name: "has no timestamp"."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What was read: nothing is believed of it yet, but that each entry has the facts of one."""

    entries: tuple[AuditEntry, ...] = ()
    """By ``seq``; one that is there twice alike is here once, two that differ are both here."""
    flaws: tuple[Flaw, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[AuditEntry], flaws: Iterable[Flaw] = ()) -> "Trail":
        """Put in order what was found in any."""
        once = dict.fromkeys(entries)
        return cls(tuple(sorted(once, key=lambda entry: entry.seq)), tuple(sorted(flaws, key=lambda flaw: flaw.seq)))

    def with_owed(self, owed: Iterable[AuditEntry]) -> "Trail":
        """Count what the record still owes to the table as present; what is there already counts once."""
        return replace(self, entries=Trail.of((*self.entries, *owed)).entries)


@dataclass(frozen=True, slots=True)
class Opening:
    """An entry of the index by day: on that day something happened to this execution."""

    execution_id: str
    seq: int
    """Of the item that the index names."""
    opened_at: str
    """Its place among the day's; says nothing else to whoever reads it."""
