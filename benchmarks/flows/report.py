"""Workflows, measured: a step's cost beside a plain execution's, and how soon it follows what it depends on."""

import json
import statistics
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.bench import Bench
from benchmarks.cost import prices
from benchmarks.cost.bill import Line, bill, total
from benchmarks.cost.deployed import BATCH, WARM, Deployed
from benchmarks.cost.worker import Count
from benchmarks.flows.course import WORKERS, Course, play
from benchmarks.gate.services import LATENCY_MS
from benchmarks.results import TIMES, Result, Target
from benchmarks.samples import ECHO_ACTION, SMALL_BYTES, request

COST_LIMIT = 1.25
"""Of a step over a plain execution, in US dollars."""
_ITEMS = 20

type Graph = Mapping[str, Sequence[str]]

CHAIN: Graph = {f"s{number}": [f"s{number - 1}"] if number else [] for number in range(10)}
DIAMOND: Graph = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
WIDE: Graph = {
    "first": [],
    **{f"m{number}": ["first"] for number in range(_ITEMS)},
    "last": [f"m{number}" for number in range(_ITEMS)],
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one execution takes, plain or as a step."""

    count: Count
    lines: tuple[Line, ...]

    @property
    def dollars(self) -> float:
        """US dollars for a million, to run."""
        return total(self.lines, watching=False)

    @property
    def requests(self) -> float:
        """Requests that the functions send to AWS."""
        return sum(self.count.requests.values()) / self.count.executions

    @property
    def write_units(self) -> float:
        """DynamoDB write units, indexes included."""
        return sum(self.count.write_units.values()) / self.count.executions

    @property
    def read_units(self) -> float:
        """DynamoDB read units."""
        return sum(self.count.read_units.values()) / self.count.executions


def run(bench: Bench) -> Result:
    """Count plain executions and three shapes on the emulator, then play graphs in virtual time."""
    deployed = Deployed(bench.world)
    bodies: dict[str, Callable[[], str]] = {
        "plain": lambda: json.dumps(_step()),
        "chain of 10": lambda: _workflow(CHAIN),
        "diamond": lambda: _workflow(DIAMOND),
        f"forEach of {_ITEMS}": _fan,
        f"{_ITEMS} side by side": lambda: _workflow(WIDE),
    }
    steps = bench.progress("workflows", 2 * len(bodies))
    costs: dict[int, list[Cost]] = {1: [], BATCH: []}
    for batch, found in costs.items():
        for name, body in bodies.items():
            number = bench.scale(10, 1) * batch if name == "plain" else max(bench.scale(BATCH, 2) * batch // BATCH, 1)
            found.append(_cost(deployed, [body() for _ in range(WARM + number)], batch, plain=name == "plain"))
            steps.advance()
    seeds = range(bench.scale(10, 2))
    courses = {
        name: [play(graph, seed) for seed in seeds]
        for name, graph in (("chain of 10", CHAIN), ("diamond", DIAMOND), (f"{_ITEMS} side by side", WIDE))
    }
    return Result(
        name="workflows",
        title="One step of a workflow beside a plain execution of the same inputs: 0.8 KB in, 0.8 KB out, no webhook",
        columns=("", *bodies),
        rows=(*_rows(costs), *_times(list(bodies), courses)),
        targets=tuple(
            Target(
                f"{name}, {batch} per batch: USD of a step over a plain execution",
                each.dollars / plain.dollars,
                COST_LIMIT,
            )
            for batch, (plain, *others) in costs.items()
            for name, each in zip(list(bodies)[1:], others, strict=True)
        ),
        notes=_notes(costs),
    )


def _cost(deployed: Deployed, bodies: list[str], batch: int, *, plain: bool) -> Cost:
    worker = "benchmarks.cost.worker" if plain else "benchmarks.flows.worker"
    count = deployed.counted(worker, bodies, batch=batch)
    return Cost(count, bill(count, batch, deployed.memory_mb))


def _step(needs: Sequence[str] = ()) -> dict[str, Any]:
    """Fill a step, or a plain request: that of `calls`, without the `actionReferences` that a step can't have."""
    inputs = request(SMALL_BYTES, label=uuid.uuid4().hex)["inputs"]
    referred = {each: {"$from": each, "path": "actionId"} for each in needs[:1]}
    after = {"dependsOn": list(needs)} if needs else {}
    return {"actionId": ECHO_ACTION, "inputs": {**inputs, **referred}, **after}


def _workflow(graph: Graph) -> str:
    return json.dumps({"steps": {name: _step(needs) for name, needs in graph.items()}})


def _fan() -> str:
    each = _step(["first"])
    each |= {"forEach": list(range(_ITEMS)), "inputs": {**each["inputs"], "item": {"$from": "$item"}}}
    return json.dumps({"steps": {"first": _step(), "each": each, "last": _step(["each"])}})


def _rows(costs: Mapping[int, Sequence[Cost]]) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    for batch, found in costs.items():
        plain, *_ = found
        figures: dict[str, Callable[[Cost], str]] = {
            "AWS requests": lambda each: f"{each.requests:.2f}",
            "over plain": lambda each, plain=plain: f"{each.requests / plain.requests:.2f} {TIMES}",  # type: ignore[misc]
            "DynamoDB write units": lambda each: f"{each.write_units:.2f}",
            "DynamoDB read units": lambda each: f"{each.read_units:.2f}",
            "USD per million, to run": lambda each: f"{each.dollars:.2f}",
            "**USD over plain**": lambda each, plain=plain: f"{each.dollars / plain.dollars:.2f} {TIMES}",  # type: ignore[misc]
        }
        rows += [(f"{what}, batches of {batch}", *map(figure, found)) for what, figure in figures.items()]
    return tuple(rows)


def _times(names: Sequence[str], courses: Mapping[str, Sequence[Course]]) -> tuple[tuple[str, ...], ...]:
    def cells(figure: Callable[[Sequence[Course]], str]) -> tuple[str, ...]:
        return tuple(figure(courses[name]) if name in courses else "" for name in names)

    return (
        ("end of a dependency to the POST, p50 (ms)", *cells(lambda some: f"{percentile(some, 50):.0f}")),
        ("end of a dependency to the POST, p95 (ms)", *cells(lambda some: f"{percentile(some, 95):.0f}")),
        (
            "in all over the critical path",
            *cells(lambda some: f"{statistics.median(each.over_critical_path for each in some):.2f} {TIMES}"),
        ),
    )


def percentile(courses: Sequence[Course], percent: int) -> float:
    """Return a percentile of all handovers, in ms: the smallest that so many are at or below."""
    every = sorted(handover for course in courses for handover in course.handovers_ms)
    return every[max(-(-len(every) * percent // 100), 1) - 1]


def _notes(costs: Mapping[int, Sequence[Cost]]) -> tuple[str, ...]:
    counts = [cost.count.executions for found in costs.values() for cost in found]
    chain = costs[1][1].count
    calls = ", ".join(f"{name} {number / chain.executions:.2f}" for name, number in sorted(chain.requests.items()))
    return (
        (
            f"Costs are counted by the meter of `calls`, over {min(counts)} to {max(counts)} executions each, at "
            f"prices of {prices.AS_OF}: submission, `workflows`, `execute` and `count`, over all steps of a workflow."
        ),
        f"Requests of a step in the chain, one per batch: {calls}.",
        (
            "A step takes more requests than a plain execution (it reads its workflow and its execution once each, "
            "writes that it began and what it came to, sends one message) and none of API Gateway's and `validate`'s."
        ),
        (
            "Ten per batch: ten workflows at once, so that messages of different ones share an invocation. The message "
            "that keeps the deadline is in it, once per workflow."
        ),
        (
            f"Times are virtual: {WORKERS} workers of each function, ten messages each, an AWS call takes 4 ms and "
            f"more, an action {LATENCY_MS} ms; the rate gate is wide open. One worker begins all that one end makes "
            "ready, one after the other: that is the width's part."
        ),
    )
