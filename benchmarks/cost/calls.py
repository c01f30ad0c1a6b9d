"""AWS calls, capacity and cost of one execution: 1 KB in, 1 KB out, without a webhook in either direction."""

import statistics

from benchmarks.bench import Bench
from benchmarks.cost import prices
from benchmarks.cost.bill import bill, side_by_side, total
from benchmarks.cost.deployed import BATCH, CHANGES, CHANGES_EACH, GATHERED_SECONDS, PARTITIONS, Deployed
from benchmarks.cost.worker import Count
from benchmarks.results import Result, Target

GENESYS_MS = 300
COST_LIMITS = {1: 14.0, BATCH: 9.0}
"""USD for a million executions, by how many messages `execute` gets at once."""


def run(bench: Bench) -> Result:
    """Count in batches of one, as under light load, and in batches of ten, as under heavy load."""
    stack = bench.world
    deployed = Deployed(stack)
    bench.genesys_takes(stack, milliseconds=GENESYS_MS)
    steps = bench.progress("calls", 2)
    single = deployed.count(batch=1, executions=bench.scale(40, 6))
    steps.advance()
    tens = deployed.count(batch=BATCH, executions=bench.scale(100, 20))
    steps.advance()
    bench.genesys_takes(stack, milliseconds=0)
    lines_single, lines_tens = bill(single, 1, deployed.memory_mb), bill(tens, BATCH, deployed.memory_mb)
    return Result(
        name="calls",
        title="One execution on AWS: 1 KB in, 1 KB out, no webhook, Genesys Cloud takes 300 ms",
        columns=("", "batches of 1", "USD per million", f"batches of {BATCH}", "USD per million"),
        rows=side_by_side(lines_single, lines_tens),
        targets=(
            Target("a million executions, 1 per batch", total(lines_single, watching=False), COST_LIMITS[1], "USD"),
            Target(
                f"a million executions, {BATCH} per batch", total(lines_tens, watching=False), COST_LIMITS[BATCH], "USD"
            ),
        ),
        notes=_notes(single, tens),
    )


def _notes(single: Count, tens: Count) -> tuple[str, ...]:
    calls = ", ".join(f"{name} {number / single.executions:.2f}" for name, number in sorted(single.requests.items()))
    stored = single.stored_bytes / single.executions
    return (
        f"Counted at the SDK over {single.executions} and {tens.executions} warm executions, prices of {prices.AS_OF}.",
        f"Requests per execution, one per batch: {calls}.",
        (
            f"Warm handlers: validate {statistics.median(single.validate_ms):.0f} ms, execute "
            f"{statistics.median(single.execute_ms):.0f} ms alone and {statistics.median(tens.execute_ms):.0f} ms with "
            f"{BATCH} messages, the emulator's latency included where AWS's would be. The "
            "emulator serves one request at a time, on a CPU that it shares with the handler: ten messages wait for "
            "it as they would not for AWS; `batch` has them without it."
        ),
        (f"One message per batch is light traffic: a worker is paid for {GENESYS_MS} ms of waiting each time."),
        (
            f"Counting: `count` gets {CHANGES[1]} changes at once, {CHANGES_EACH} for each execution (a million a "
            f"month over {PARTITIONS} partitions, gathered for {GATHERED_SECONDS} s), or {CHANGES[BATCH]} where "
            f"there are {BATCH} per batch."
        ),
        (
            "Not counted but assumed: what the queue's poller does per batch (one receive, one delete), the lines that "
            "Lambda and the access log write, X-Ray's default rule at 5 % (its first request a second is always "
            "traced, so at under a million a month the price per million is up to ten times that)."
        ),
        (
            f"Left behind: {stored:.0f} bytes per execution in DynamoDB, indexes included, "
            f"{stored / 1_000 * prices.STORED_GB_MONTH:.2f} USD a month for a million of them, until they expire."
        ),
        (
            "Not in it: cold starts, alarms, metrics, the poller's empty receives (a fixed sum a month), data "
            "transfer, and the caller's own polls of `GET /executions/{id}`."
        ),
    )
