"""The rate gate, measured: a backlog in virtual time against the ideal, and one through the deployed local world."""

import statistics
from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.gate.backlog import PER_MINUTE, Backlog, Course, work_off
from benchmarks.gate.deployed import WIDE_OPEN, Drained, drain
from benchmarks.gate.services import ALLOWED, LATENCY_MS, WINDOW_MS
from benchmarks.results import TIMES, Result, Target

EXECUTIONS = 1_000
WORKERS = (2, 3, 5)
SLOWNESS = 10
"""As an emulator that serves one request at a time is, on a machine that it shares."""
POLLED_EACH_MS = 1_000
"""How the emulator finds messages whose delay is over."""
TIME_LIMIT = 1.1
THROTTLED_LIMIT = 1.0
"""Percent of the executions; the targets are for the worst seed."""


def run(bench: Bench) -> Result:
    """Work backlogs off, with several numbers of workers and several seeds, then one on the emulator."""
    seeds = range(bench.scale(4, 1))
    steps = bench.progress("gate", len(WORKERS) * len(seeds))
    courses: dict[int, list[Course]] = {}
    for workers in WORKERS:
        for seed in seeds:
            courses.setdefault(workers, []).append(work_off(Backlog(EXECUTIONS, workers, seed)))
            steps.advance()
    slow = [
        work_off(Backlog(EXECUTIONS, WORKERS[0], seed, slowness=SLOWNESS, look_again_ms=POLLED_EACH_MS))
        for seed in seeds
    ]
    number = bench.scale(300, 30)
    steps = bench.progress("deployed", 2)
    is_open = drain(bench, number, WIDE_OPEN, steps)
    limited = drain(bench, number, PER_MINUTE, steps)
    every = [course for some in courses.values() for course in some]
    return Result(
        name="gate",
        title=(
            f"{EXECUTIONS} queued executions, {PER_MINUTE} requests a minute, Genesys Cloud allows {ALLOWED} in any "
            f"{WINDOW_MS // 1_000} s and takes {LATENCY_MS} ms"
        ),
        columns=("", "time (s)", "over the ideal", "429s", "messages each", "gate requests each", "of them in vain"),
        rows=(
            *(_virtual(f"{workers} workers", some) for workers, some in courses.items()),
            _virtual(f"{WORKERS[0]} workers, AWS {SLOWNESS} times as slow, polled once a second", slow),
            _on_the_emulator(f"the emulator, {number}, the gate wide open, no limit", is_open),
            _on_the_emulator(f"the emulator, {number}, {PER_MINUTE} a minute", limited),
        ),
        targets=(
            Target("the slowest backlog over the ideal", max(map(over_ideal, every)), TIME_LIMIT),
            Target("the most 429s, in virtual time", max(map(throttled_percent, every)), THROTTLED_LIMIT, "%"),
            Target("429s on the emulator", 100 * limited.throttled / number, THROTTLED_LIMIT, "%"),
        ),
        notes=_notes(len(seeds), is_open, limited),
    )


def over_ideal(course: Course, executions: int = EXECUTIONS) -> float:
    """How often the time fits in that would be needed if every permit were used at once, at the full rate."""
    return course.seconds / (executions * 60 / PER_MINUTE)


def throttled_percent(course: Course, executions: int = EXECUTIONS) -> float:
    """How many 429s there were for a hundred executions."""
    return 100 * course.throttled / executions


def _virtual(what: str, courses: Sequence[Course]) -> tuple[str, ...]:
    def mean(values: Sequence[float]) -> float:
        return statistics.mean(values) / EXECUTIONS

    seconds = [course.seconds for course in courses]
    ratios = [over_ideal(course) for course in courses]
    return (
        what,
        f"{statistics.mean(seconds):.1f}",
        f"{statistics.mean(ratios):.3f} {TIMES} (at most {max(ratios):.3f})",
        f"{sum(course.throttled for course in courses)}",
        f"{mean([course.sends for course in courses]):.2f}",
        f"{mean([course.gate_requests for course in courses]):.2f}",
        f"{mean([course.gate_quarrels for course in courses]):.2f}",
    )


def _on_the_emulator(what: str, drained: Drained) -> tuple[str, ...]:
    ideal = drained.executions * 60 / PER_MINUTE
    ratio = f"{drained.seconds / ideal:.2f} {TIMES}"
    return (what, f"{drained.seconds:.1f}", ratio, str(drained.throttled), "", "", "")


def _notes(seeds: int, is_open: Drained, limited: Drained) -> tuple[str, ...]:
    return (
        (
            f"The first rows run `ExecuteAction` and `TableRateGate` in virtual time, {seeds} seeds each: SQS delays "
            "by whole seconds from when a message is sent, an AWS call takes 4 ms and more, and 429 is answered as "
            "published. Ideal is every permit of the full rate used at once; 5 % of it are never given out."
        ),
        "Messages each: all that were sent to the queue for an execution, the first included.",
        "Gate requests each: conditional puts per execution; in vain: another worker had written before.",
        (
            "What the slow row loses, the emulator loses: its poller looks once a second for messages whose delay is "
            "over, and its one process answers one request at a time. What its own row loses beyond is the machine's."
        ),
        (
            f"The emulator, its gate wide open, does {is_open.executions / is_open.seconds:.1f} executions a second, "
            f"and {limited.executions / limited.seconds:.1f} at {PER_MINUTE} a minute "
            f"({PER_MINUTE / 60:.0f} a second): the lower of its own speed and the gate's is what its rows show. Its "
            "Genesys Cloud counts in fixed windows."
        ),
    )
