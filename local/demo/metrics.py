"""Metrics from log lines in CloudWatch's embedded metric format (EMF), added up as CloudWatch does. Pure."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one metric. One that was never sent has none."""

    values: tuple[float, ...] = ()

    @property
    def samples(self) -> int:
        """How many values were sent."""
        return len(self.values)

    @property
    def total(self) -> float:
        """The statistic `Sum`."""
        return sum(self.values)

    @property
    def average(self) -> float:
        """The statistic `Average`; 0 without values."""
        return self.total / self.samples if self.values else 0.0


class Metrics:
    """All values in a set of log lines, by metric and error code."""

    def __init__(self, lines: Iterable[str]) -> None:
        values: defaultdict[tuple[str, str | None], list[float]] = defaultdict(list)
        self.lines = 0
        for document in _documents(lines):
            self.lines += 1
            for name, code, sent in _values(document):
                values[name, code].extend(sent)
        self._series = {key: Series(tuple(sent)) for key, sent in values.items()}

    def series(self, name: str, code: str | None = None) -> Series:
        """Return the values of a metric, or those with one value of its dimension `code`."""
        return self._series.get((name, code), Series())

    def codes(self, name: str) -> list[str]:
        """Return the codes under which a metric was sent, in alphabetical order."""
        return sorted(code for metric, code in self._series if metric == name and code is not None)


def _documents(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Return the EMF documents among log lines."""
    for line in lines:
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict) and "CloudWatchMetrics" in document.get("_aws", {}):
            yield document


def _values(document: Mapping[str, Any]) -> Iterator[tuple[str, str | None, list[float]]]:
    for directive in document["_aws"]["CloudWatchMetrics"]:
        dimensions = {name for names in directive["Dimensions"] for name in names}
        code = document.get("code") if "code" in dimensions else None
        for metric in directive["Metrics"]:
            value = document[metric["Name"]]
            yield metric["Name"], code, value if isinstance(value, list) else [value]
