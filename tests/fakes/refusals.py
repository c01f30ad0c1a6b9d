"""Counts of refused submissions in memory."""

from collections import Counter
from dataclasses import dataclass, field
from typing import override

from actionrelay.audit.ports import DayRefusals
from actionrelay.ledger.refusals import Refusals
from actionrelay.submit.rejection import RefusalCounter
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class InMemoryRefusals(RefusalCounter, DayRefusals):
    """A ``RefusalCounter``, and the ``DayRefusals`` that it has counted."""

    numbers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By day and caller."""
    expire_at: dict[tuple[str, str], int] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)

    @override
    def count(self, day: str, caller: str, expires_at: int) -> int:
        self.trouble.strike_before("count")
        self.numbers[day, caller] += 1
        self.expire_at.setdefault((day, caller), expires_at)
        return self.numbers[day, caller]

    @override
    def of(self, day: str) -> tuple[Refusals, ...]:
        found = ((caller, number) for (of_day, caller), number in self.numbers.items() if of_day == day)
        return tuple(Refusals(caller, number) for caller, number in sorted(found))
