"""AWS calls, capacity and cost of one execution: 1 KB in, 1 KB out, without a webhook in either direction."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict

import boto3

from benchmarks.bench import Bench
from benchmarks.cost import prices
from benchmarks.cost.bill import Line, bill, total
from benchmarks.cost.worker import Count, Job
from benchmarks.results import Result, Target
from benchmarks.samples import ECHO_ACTION, SMALL_BYTES, request
from local.world.state import ROOT, Stack

GENESYS_MS = 300
BATCH = 10
COST_LIMITS = {1: 14.0, BATCH: 9.0}
"""USD for a million executions, by how many messages `execute` gets at once."""
_FUNCTIONS = {"validate": "ValidateFunction", "execute": "ExecuteFunction", "count": "CountFunction"}
_PARTITIONS = 4
"""A table has at least as many, and `count` is given the changes of each on its own."""
GATHERED_SECONDS = 60
"""What the template has as ``MaximumBatchingWindowInSeconds``."""
_CHANGES_EACH = 2
_MONTH_SECONDS = 30 * 86_400
_A_MILLION_A_MONTH = 1_000_000 / _MONTH_SECONDS * GATHERED_SECONDS / _PARTITIONS
_CHANGES = {1: _CHANGES_EACH * int(_A_MILLION_A_MONTH), BATCH: 100}
"""How many changes `count` gets at once, by how many messages `execute` gets. One message is what it gets at a million
executions a month; at ten there are 20 executions and more a second."""
_STACK_NAME = "actionrelay"


class _Deployed:
    """The functions of a deployed stack, as far as they can be run elsewhere."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.session = boto3.Session(stack.access_key_id, stack.secret_access_key, region_name=stack.region)
        self.memory_mb: dict[str, int] = {}
        self._variables: dict[str, str] = {}
        formation = self.session.client("cloudformation", endpoint_url=stack.endpoint_url)
        functions = self.session.client("lambda", endpoint_url=stack.endpoint_url)
        for function, logical_id in _FUNCTIONS.items():
            found = formation.describe_stack_resource(StackName=_STACK_NAME, LogicalResourceId=logical_id)
            name = found["StackResourceDetail"]["PhysicalResourceId"]
            configuration = functions.get_function_configuration(FunctionName=name)
            self.memory_mb[function] = configuration["MemorySize"]
            self._variables |= configuration["Environment"]["Variables"]

    def environment(self, queue_url: str) -> dict[str, str]:
        """Return what a process needs to be both functions, with another queue between them."""
        return self._variables | {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(ROOT),
            "AWS_ENDPOINT_URL": self._stack.endpoint_url,
            "AWS_REGION": self._stack.region,
            "AWS_DEFAULT_REGION": self._stack.region,
            "AWS_ACCESS_KEY_ID": self._stack.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._stack.secret_access_key,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "EXECUTION_QUEUE_URL": queue_url,
        }

    @contextlib.contextmanager
    def scratch_queue(self) -> Iterator[str]:
        """Make a queue that nothing polls, for as long as the block runs."""
        client = self.session.client("sqs", endpoint_url=self._stack.endpoint_url)
        url = client.create_queue(QueueName=f"benchmark-{uuid.uuid4().hex}")["QueueUrl"]
        try:
            yield url
        finally:
            client.delete_queue(QueueUrl=url)


def run(bench: Bench) -> Result:
    """Count in batches of one, as under light load, and in batches of ten, as under heavy load."""
    stack = bench.world
    deployed = _Deployed(stack)
    bench.genesys_takes(stack, milliseconds=GENESYS_MS)
    steps = bench.progress("calls", 2)
    single = _count(deployed, stack, batch=1, batches=bench.scale(40, 6))
    steps.advance()
    tens = _count(deployed, stack, batch=BATCH, batches=bench.scale(10, 2))
    steps.advance()
    bench.genesys_takes(stack, milliseconds=0)
    lines_single, lines_tens = bill(single, 1, deployed.memory_mb), bill(tens, BATCH, deployed.memory_mb)
    return Result(
        name="calls",
        title="One execution on AWS: 1 KB in, 1 KB out, no webhook, Genesys Cloud takes 300 ms",
        columns=("", "batches of 1", "USD per million", f"batches of {BATCH}", "USD per million"),
        rows=_rows(lines_single, lines_tens),
        targets=(
            Target("a million executions, 1 per batch", total(lines_single, watching=False), COST_LIMITS[1], "USD"),
            Target(
                f"a million executions, {BATCH} per batch", total(lines_tens, watching=False), COST_LIMITS[BATCH], "USD"
            ),
        ),
        notes=_notes(single, tens),
    )


def _count(deployed: _Deployed, stack: Stack, *, batch: int, batches: int) -> Count:
    warm = 2
    with deployed.scratch_queue() as queue_url:
        bodies = [_body() for _ in range(warm + batches * batch)]
        tables = [stack.outputs["ExecutionsTableName"], stack.outputs["AuditTableName"]]
        job = Job(bodies, batch, warm, queue_url, tables, _CHANGES[batch])
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.cost.worker"],
            input=json.dumps(asdict(job)),
            env=deployed.environment(queue_url),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return Count(**json.loads(done.stdout))


def _body() -> str:
    """Fill a request of 1 KB that no cache entry answers."""
    return json.dumps(request(SMALL_BYTES, label=uuid.uuid4().hex) | {"actionId": ECHO_ACTION})


def _rows(single: tuple[Line, ...], tens: tuple[Line, ...]) -> tuple[tuple[str, ...], ...]:
    lines = [(_by_name(single).get(name), _by_name(tens).get(name)) for name in _names(single, tens)]
    shown = [
        (name, *_cells(one), *_cells(ten))
        for name, (one, ten) in zip(_names(single, tens), lines, strict=True)
        if (one and one.quantity) or (ten and ten.quantity)
    ]
    sums = [
        (what, "", f"{total(single, watching=watching):.2f}", "", f"{total(tens, watching=watching):.2f}")
        for what, watching in (("**to run**", False), ("**with logs and traces**", True))
    ]
    return (*shown, *sums)


def _names(*bills: tuple[Line, ...]) -> list[str]:
    return list(dict.fromkeys(line.what for lines in bills for line in lines))


def _by_name(lines: tuple[Line, ...]) -> Mapping[str, Line]:
    return {line.what: line for line in lines}


def _cells(line: Line | None) -> tuple[str, str]:
    return (f"{line.quantity:.4g}", f"{line.per_million:.2f}") if line else ("0", "0.00")


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
            f"Counting: `count` gets {_CHANGES[1]} changes at once, {_CHANGES_EACH} for each execution (a million a "
            f"month over {_PARTITIONS} partitions, gathered for {GATHERED_SECONDS} s), or {_CHANGES[BATCH]} where "
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
