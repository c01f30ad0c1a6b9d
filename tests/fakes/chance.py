"""Time and chance under the test's control."""

import random
import uuid
from dataclasses import dataclass, field

NOON = 1_795_521_600_000
"""2026-11-24T12:00:00Z, in ms."""


@dataclass(slots=True)
class SettableClock:
    """A ``Clock`` that moves on command."""

    time: int = NOON

    def now(self) -> int:
        return self.time

    def advance(self, milliseconds: int) -> None:
        self.time += milliseconds


@dataclass(slots=True)
class SeededRandomness:
    """A reproducible ``Randomness``; ``fixed`` replaces every draw."""

    seed: int = 0
    fixed: float | None = None
    _source: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._source = random.Random(self.seed)  # noqa: S311 - it has to be reproducible

    def uniform(self) -> float:
        return self._source.random() if self.fixed is None else self.fixed

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._source.getrandbits(128), version=4))
