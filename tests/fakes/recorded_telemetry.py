"""A ``Telemetry`` that keeps everything."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from actionrelay.signals import Count, Duration


@dataclass(slots=True)
class RecordedTelemetry:
    """Counts, durations and log lines, as they were given."""

    counts: Counter[str] = field(default_factory=Counter)
    samples: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """The values added to each counter, one by one: a counter whose average matters also gets zeros."""
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    durations: list[tuple[str, float]] = field(default_factory=list)
    events: list[tuple[str, dict[str, str | float | None]]] = field(default_factory=list)

    def count(self, metric: Count, code: str | None = None, *, by: int = 1) -> None:
        self.counts[metric] += by
        self.samples[metric].append(by)
        if code is not None:
            self.codes[metric, code] += by

    def duration(self, metric: Duration, milliseconds: float) -> None:
        self.durations.append((metric, milliseconds))

    def concerning(self, execution_id: str, trace_id: str) -> None:
        """Do nothing: tests identify lines by their fields."""

    def event(self, name: str, **fields: str | float | None) -> None:
        self.events.append((name, fields))
