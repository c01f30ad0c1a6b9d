"""A ``Telemetry`` that remembers."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from actionrelay.signals import Count, Duration


@dataclass(slots=True)
class RecordedTelemetry:
    """Counts, durations and log lines, as they were given."""

    counts: Counter[str] = field(default_factory=Counter)
    samples: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """What was added to each counter, one by one: a counter whose average matters also counts nothings."""
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
        """Forget it: lines are identified by their fields here."""

    def event(self, name: str, **fields: str | float | None) -> None:
        self.events.append((name, fields))
