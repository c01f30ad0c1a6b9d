"""What an answer reads of the tables, at 1,000 executions and at 100,000: the same tables, in one run.

Items are counted at the SDK, as DynamoDB counts them: what a query evaluated (``ScannedCount``), and what a batch
brought back. The times beside them are the emulator's, whose searches take longer in larger tables whatever they read.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import botocore.session

from actionrelay.find.indexes_dynamodb import TableIndexes
from actionrelay.find.listing import ListExecutions
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ledger.execution import Status
from actionrelay.statistics.counters_dynamodb import TableCounters
from actionrelay.statistics.report import ReadMetrics
from actionrelay.strict_json import Json
from actionrelay.timestamps import DAY_MS, iso
from actionrelay.wiring.process import SystemClock
from benchmarks.bench import Bench
from benchmarks.records import ACTIONS, DAYS, RARE_ACTION, TRACE_ID, Tables, executions, of_the_stack, rare_ones
from benchmarks.results import TIMES, Result, Target
from local.world.state import Stack

LIMIT = 1.1
_RETENTION_MS = 30 * DAY_MS
_COUNTING_SECONDS = 600.0

type Ask = Callable[[], Mapping[str, Json]]


@dataclass(slots=True)
class Count:
    """What one answer took."""

    entries: int = 0
    """Items that queries evaluated, of an index or a table."""
    records: int = 0
    """Items that were read by key."""
    requests: int = 0
    milliseconds: float = 0.0

    @property
    def items(self) -> int:
        """All that was read."""
        return self.entries + self.records


@dataclass(slots=True)
class Reader:
    """Asks over clients that it listens to."""

    stack: Stack
    now: int
    _count: Count = field(default_factory=Count)

    def client(self) -> Any:
        """Return a DynamoDB client whose answers are counted."""
        os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
        session = botocore.session.get_session()
        session.set_credentials(self.stack.access_key_id, self.stack.secret_access_key)
        session.get_component("event_emitter").register("after-call.dynamodb", self._answered)
        return session.create_client("dynamodb", region_name=self.stack.region, endpoint_url=self.stack.endpoint_url)

    def questions(self, tables: Tables) -> dict[str, Ask]:
        """Return every kind of question, by its name."""
        index = TableIndexes(tables.client, tables.executions, tables.audit)
        page = ListExecutions(index, SystemClock(), GenesysApi.DATA_ACTIONS, _RETENTION_MS).page
        after = str(page({})["next"])
        asked: dict[str, dict[str, str]] = {
            "all": {},
            "all, the second page": {"next": after},
            "one action": {"actionId": ACTIONS[0]},
            "a rare action": {"actionId": RARE_ACTION},
            **{f"status {status}": {"status": status} for status in Status},
            "given-up webhooks": {"webhookStatus": "failed"},
            "a trace id": {"traceId": TRACE_ID},
            "five days": {"from": iso(self.now - 15 * DAY_MS), "to": iso(self.now - 10 * DAY_MS)},
        }
        counters = TableCounters(tables.client, tables.executions, SystemClock())
        return {
            **{name: partial(page, query) for name, query in asked.items()},
            "`GET /metrics`": partial(ReadMetrics(counters, SystemClock(), GenesysApi.DATA_ACTIONS).read, {}),
        }

    def counted(self, tables: Tables, executions: int) -> None:
        """Wait until the deployment has counted so many, as its streams report them."""
        counters = TableCounters(tables.client, tables.executions, SystemClock())
        metrics = ReadMetrics(counters, SystemClock(), GenesysApi.DATA_ACTIONS)
        until = time.monotonic() + _COUNTING_SECONDS
        while int(str(metrics.read({})["totalExecutions"])) < executions:
            if time.monotonic() > until:
                raise TimeoutError("the counters stay behind")
            time.sleep(1)

    def count(self, ask: Ask) -> Count:
        """Ask once: what is read is the same each time, and the time is no more than an impression."""
        self._count = Count()
        begun = time.perf_counter()
        ask()
        counted, self._count = self._count, Count()
        counted.milliseconds = (time.perf_counter() - begun) * 1_000
        return counted

    def _answered(self, parsed: Mapping[str, Any], **_: Any) -> None:
        self._count.requests += 1
        self._count.entries += parsed.get("ScannedCount", 0)
        self._count.records += sum(map(len, parsed.get("Responses", {}).values()))


def run(bench: Bench) -> Result:
    """Load the smaller number, ask everything, load the rest, ask everything again."""
    small, large = 1_000, bench.scale(100_000, 5_000)
    now = SystemClock().now()
    reader = Reader(bench.world, now)
    tables = of_the_stack(reader.client(), bench.world.outputs)
    steps = bench.progress("reads", large)
    tables.load(rare_ones(now), lambda: None)
    counted: list[dict[str, Count]] = []
    for first, last in ((0, small), (small, large)):
        tables.load(executions(first, last, now), steps.advance)
        reader.counted(tables, last)
        counted.append({name: reader.count(ask) for name, ask in reader.questions(tables).items()})
    pairs = [(name, before, counted[1][name]) for name, before in counted[0].items()]
    worst = max(after.items / before.items for _, before, after in pairs)
    return Result(
        name="reads",
        title=f"What an answer reads, at {small:,} executions and at {large:,}",
        columns=(
            "`GET /executions`, and metrics",
            *(f"items at {small:,}", f"at {large:,}", "ratio", "requests", f"at {large:,}", "ms", f"at {large:,}"),
        ),
        rows=tuple(_row(*pair) for pair in pairs),
        targets=(Target(f"items read at {large:,} over {small:,}, the worst question", worst, LIMIT),),
        notes=(
            (
                "Items: index entries (`ScannedCount`) and records, two items each, of one answer of up to 50, over "
                f"{len(ACTIONS)} actions and {DAYS} days. Most have completed; 6 in 100 each are failed, unknown, "
                "cancelled, or have a given-up webhook."
            ),
            (
                "Metrics read a counter for each day, each hour and each action. The emulator's stream has one part; "
                "with AWS's four and more, a counter is up to four items, however many executions it counts."
            ),
            "Requests: each is one page of DynamoDB's.",
            "The emulator searches the larger tables longer, whatever is read: its times compare questions, not sizes.",
        ),
    )


def _row(name: str, before: Count, after: Count) -> tuple[str, ...]:
    return (
        name,
        *(str(before.items), str(after.items), f"{after.items / before.items:.2f} {TIMES}"),
        *(str(before.requests), str(after.requests)),
        *(f"{before.milliseconds:.0f}", f"{after.milliseconds:.0f}"),
    )
