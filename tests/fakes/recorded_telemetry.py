"""A ``Telemetry`` that remembers."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class RecordedTelemetry:
    """Counts, durations and log lines, as they were given."""

    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    durations: list[tuple[str, float]] = field(default_factory=list)
    events: list[tuple[str, dict[str, str | float | None]]] = field(default_factory=list)

    def count(self, metric: str, code: str | None = None) -> None:
        self.counts[metric] += 1
        if code is not None:
            self.codes[metric, code] += 1

    def duration(self, metric: str, milliseconds: float) -> None:
        self.durations.append((metric, milliseconds))

    def event(self, name: str, **fields: str | float | None) -> None:
        self.events.append((name, fields))
