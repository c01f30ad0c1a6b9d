"""Samples taken in turns: what disturbs the machine disturbs each side alike, so the ratio survives it."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """The samples of one side, in the unit that they were taken in."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle sample."""
        return statistics.median(self.values)

    def quantile(self, part: float) -> float:
        """The smallest sample that at least this part of all does not exceed (nearest rank)."""
        ordered = sorted(self.values)
        return ordered[max(0, -int(-part * len(ordered) // 1) - 1)]

    def shown(self, digits: int = 1) -> str:
        """The median with the lower and the upper quartile: `12.3 (11.9-13.0)`."""
        return f"{self.median:.{digits}f} ({self.quantile(0.25):.{digits}f}-{self.quantile(0.75):.{digits}f})"


def in_turns(
    sides: Mapping[str, Callable[[], float]], rounds: int, advance: Callable[[], None] = lambda: None
) -> dict[str, Series]:
    """Take one sample of each side per round, the order turned by one each round so that nobody is always second.

    One round more is taken first and thrown away: it fills caches, connections and bytecode.
    """
    names = list(sides)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        sides[name]()
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            taken[name].append(sides[name]())
        advance()
    return {name: Series(tuple(values)) for name, values in taken.items()}
