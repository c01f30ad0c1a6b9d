"""Waiting in memory: slots that are shared by the rule, and time that passes at once."""

from collections.abc import Callable
from dataclasses import dataclass, field

from actionrelay.find.slots import Slots
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class InMemorySlots:
    """``WaitSlots`` in memory."""

    most: int = 2
    state: Slots = field(default_factory=Slots)
    asked: list[tuple[str, int]] = field(default_factory=list)
    """The caller and the end of each request for a slot."""
    trouble: Trouble = field(default_factory=Trouble)

    def take(self, caller: str, until: int) -> int | None:
        self.trouble.strike_before("take")
        self.asked.append((caller, until))
        after = self.state.take(self.most, caller, NOON, until)
        if after is None:
            return None
        self.state = after
        return after.version

    def release(self, slot: int) -> None:
        self.state = self.state.without(slot)


@dataclass(slots=True)
class SteppedSleep:
    """A ``Sleep`` that advances a clock, and meanwhile does what a test has planned."""

    clock: SettableClock
    slept: list[int] = field(default_factory=list)
    planned: dict[int, Callable[[], object]] = field(default_factory=dict)
    """By the total of ms slept so far."""

    def sleep(self, milliseconds: int) -> None:
        self.slept.append(milliseconds)
        self.clock.advance(milliseconds)
        for after in sorted(each for each in self.planned if each <= sum(self.slept)):
            self.planned.pop(after)()
