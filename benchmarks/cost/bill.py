"""What the counts of one run come to, in US dollars for a million executions."""

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks.cost import prices
from benchmarks.cost.worker import Count

_MILLION = 1_000_000
_GB = 1_000_000_000
_MB_PER_GB = 1_024

# What no handler can count, and is billed all the same. The poller of an event source receives a batch with one
# request and deletes it with one more.
_POLLER_REQUESTS_PER_BATCH = 2
# Lambda's own START, END and REPORT lines of one invocation, and the API's access log line, as CloudWatch Logs
# bills them.
_PLATFORM_LOG_BYTES = 550
_ACCESS_LOG_BYTES = 450
# X-Ray's default rule beyond its first request a second; `validate` and `execute` are a trace each.
_TRACED_PART = 0.05


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill: how much of something one execution takes, and what a million of that cost."""

    what: str
    quantity: float
    price: float
    watching: bool = False
    """Whether it is logs or traces: what is paid to see, not to run."""

    @property
    def per_million(self) -> float:
        """US dollars for a million executions."""
        return self.quantity * self.price * _MILLION


def bill(count: Count, batch: int, memory_mb: Mapping[str, int], together: int = 1) -> tuple[Line, ...]:
    """Return the lines, in the order in which an execution meets them; `together` are submitted in one request.

    Of workflows, what one of their executions takes.
    """
    executions, submissions, executed = count.executions, 1 / together, 1 / batch
    if count.submissions:  # of workflows: each has several executions, in batches that are seldom full
        submissions, executed = count.submissions / executions, len(count.execute_ms) / executions
    advanced = len(count.workflows_ms) / executions
    validate = _gb_seconds(count.validate_ms, memory_mb["validate"]) * submissions
    execute = _gb_seconds(count.execute_ms, memory_mb["execute"]) * executed
    workflows = _gb_seconds(count.workflows_ms or [0.0], memory_mb.get("workflows", 0)) * advanced
    counted = len(count.count_ms) / executions
    requests = {name: number / executions for name, number in count.requests.items()}
    sent = sum(number for name, number in requests.items() if name.startswith("sqs:"))
    own_logs = count.logged_bytes / executions
    invoked = submissions + executed + advanced + counted
    platform_logs = _ACCESS_LOG_BYTES * submissions + _PLATFORM_LOG_BYTES * invoked
    return (
        Line("API Gateway, requests", submissions, prices.API_REQUEST),
        Line("Lambda, invocations", invoked, prices.LAMBDA_REQUEST),
        Line("Lambda validate, GB-s", validate, prices.LAMBDA_GB_SECOND),
        Line("Lambda execute, GB-s", execute, prices.LAMBDA_GB_SECOND),
        Line("Lambda workflows, GB-s", workflows, prices.LAMBDA_GB_SECOND),
        Line("Lambda count, GB-s", _gb_seconds(count.count_ms, memory_mb["count"]) * counted, prices.LAMBDA_GB_SECOND),
        *_units("write units", count.write_units, executions, prices.WRITE_UNIT),
        *_units("read units", count.read_units, executions, prices.READ_UNIT),
        Line("SQS, sends", sent, prices.SQS_REQUEST),
        Line("SQS, receives and deletes", _POLLER_REQUESTS_PER_BATCH * (executed + advanced), prices.SQS_REQUEST),
        *(Line(name, requests.get(name, 0), price) for name, price in prices.OTHER_REQUESTS.items()),
        Line("CloudWatch Logs, ours, GB", own_logs / _GB, prices.LOGGED_GB, watching=True),
        Line("CloudWatch Logs, the platform's, GB", platform_logs / _GB, prices.LOGGED_GB, watching=True),
        Line("X-Ray, traces", (submissions + 1) * _TRACED_PART, prices.TRACE, watching=True),
    )


def total(lines: Iterable[Line], *, watching: bool) -> float:
    """Sum up, with or without what is paid for logs and traces."""
    return sum(line.per_million for line in lines if watching or not line.watching)


def _units(what: str, counted: Mapping[str, float], executions: int, price: float) -> list[Line]:
    return [Line(f"DynamoDB {what}, {kind}", number / executions, price) for kind, number in sorted(counted.items())]


def _gb_seconds(durations_ms: list[float], memory_mb: int) -> float:
    """Of a typical warm invocation, rounded up to a millisecond as it is billed."""
    return math.ceil(statistics.median(durations_ms)) / 1_000 * memory_mb / _MB_PER_GB


def side_by_side(left: tuple[Line, ...], right: tuple[Line, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the rows of a table: each line's quantity and price in both bills, and the sums."""
    names = dict.fromkeys(line.what for line in (*left, *right))
    lines = [[next((line for line in lines if line.what == name), None) for lines in (left, right)] for name in names]
    shown = [
        (name, *(cell for line in both for cell in _cells(line)))
        for name, both in zip(names, lines, strict=True)
        if any(line and line.quantity for line in both)
    ]
    sums = [
        (what, "", f"{total(left, watching=watching):.2f}", "", f"{total(right, watching=watching):.2f}")
        for what, watching in (("**to run**", False), ("**with logs and traces**", True))
    ]
    return (*shown, *sums)


def _cells(line: Line | None) -> tuple[str, str]:
    return (f"{line.quantity:.4g}", f"{line.per_million:.2f}") if line else ("0", "0.00")
