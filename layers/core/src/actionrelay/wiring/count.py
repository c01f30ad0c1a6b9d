"""How ``count`` is built."""

import os

from actionrelay.statistics.changes_dynamodb import read_change
from actionrelay.statistics.counters_dynamodb import TableCounters
from actionrelay.statistics.counting import CountChanges
from actionrelay.wiring.process import SystemClock, aws, once, prepare
from actionrelay.wiring.settings import CountSettings
from actionrelay.wiring.telemetry import telemetry


@once
def count_changes() -> CountChanges:
    """Keeps the counters in step with the tables."""
    settings = CountSettings.read(os.environ)
    counters = TableCounters(aws().dynamodb, settings.executions_table, SystemClock())
    return CountChanges(read_change, counters, telemetry(), SystemClock())


prepare(count_changes)
