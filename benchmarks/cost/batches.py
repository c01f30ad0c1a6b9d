"""What executions cost that are submitted a hundred at a time, beside as many that come one by one."""

import statistics

from benchmarks.bench import Bench
from benchmarks.cost import prices
from benchmarks.cost.bill import bill, side_by_side, total
from benchmarks.cost.calls import GENESYS_MS
from benchmarks.cost.deployed import BATCH, Deployed
from benchmarks.results import TIMES, Result, Target

TOGETHER = 100
LIMIT = 0.75
"""A hundred share a request, an invocation and ten messages; each one's writes are the rest."""


def run(bench: Bench) -> Result:
    """Count both ways of submitting; `execute` gets ten messages at once in both."""
    stack = bench.world
    deployed = Deployed(stack)
    bench.genesys_takes(stack, milliseconds=GENESYS_MS)
    steps = bench.progress("batches", 2)
    singly = deployed.count(batch=BATCH, executions=bench.scale(200, TOGETHER))
    steps.advance()
    together = deployed.count(batch=BATCH, executions=bench.scale(4 * TOGETHER, TOGETHER), together=TOGETHER)
    steps.advance()
    bench.genesys_takes(stack, milliseconds=0)
    lines_singly = bill(singly, BATCH, deployed.memory_mb)
    lines_together = bill(together, BATCH, deployed.memory_mb, TOGETHER)
    ratio = total(lines_together, watching=False) / total(lines_singly, watching=False)
    return Result(
        name="batches",
        title=f"One execution of 1 KB, submitted alone or {TOGETHER} in a request, Genesys Cloud takes {GENESYS_MS} ms",
        columns=("", "POST /executions", "USD per million", f"POST /batches of {TOGETHER}", "USD per million"),
        rows=side_by_side(lines_singly, lines_together),
        targets=(Target(f"a million executions, batches of {TOGETHER} over single submissions", ratio, LIMIT, TIMES),),
        notes=(
            (
                f"Counted at the SDK over {singly.executions} and {together.executions} warm executions, prices of "
                f"{prices.AS_OF}. `calls` says what is counted, what is assumed, and what is left out."
            ),
            (
                f"Warm handlers: validate takes {statistics.median(singly.validate_ms):.0f} ms for one and "
                f"{statistics.median(together.validate_ms):.0f} ms for {TOGETHER}, the emulator's latency included."
            ),
            "A batch has one trace id, which takes an entry in an index; an execution alone is its own trace.",
        ),
    )
