"""What a benchmark returns: a table, what its targets came to, and what a reader must know to judge it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.bench import Bench

TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, slots=True)
class Target:
    """A number that must not be larger than its limit."""

    what: str
    value: float
    limit: float
    unit: str = TIMES

    @property
    def met(self) -> bool:
        """Whether it holds. What is shown is rounded, what is compared is not."""
        return self.value <= self.limit

    def __str__(self) -> str:
        """Show value, limit and verdict."""
        verdict = "met" if self.met else "MISSED"
        return f"{self.what}: {self.value:.2f} {self.unit}, at most {self.limit:.2f} {self.unit}: {verdict}"


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark's outcome."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    targets: tuple[Target, ...] = ()
    notes: tuple[str, ...] = ()


type Benchmark = Callable[["Bench"], Result]
