"""Taking a request in: all of its rules, and the whole handler, beside what a Node service does with the same bytes."""

import contextlib
import io
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from actionrelay.genesys.contract import GenesysApi
from actionrelay.submit.request import ExecutionRequest
from actionrelay.submit.rules import RequestRules
from actionrelay.webhooks.targets import OutboundPolicy
from benchmarks.bench import Bench
from benchmarks.node import zod
from benchmarks.results import TIMES, Result, Target
from benchmarks.samples import ACTION, request
from benchmarks.sampling import Series, in_turns
from benchmarks.taking_in import handler

SIZES = (180, 770, 39_000, 480_000)
"""Bytes of a lookup, of a small transaction, of a batch, and of about what is allowed."""


class _NoResolver:
    """The requests have no webhook, so nothing is looked up."""

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Refuse."""
        raise RuntimeError(f"nobody should look up {host}:{port}")


_RULES = RequestRules(GenesysApi.DATA_ACTIONS, 512_000, 5, OutboundPolicy(), _NoResolver())


def run(bench: Bench) -> Result:
    """Measure requests of four sizes."""
    rounds = bench.scale(41, 7)
    steps = bench.progress("validation", len(SIZES) * rounds)
    take_in = handler()
    rows: list[tuple[str, ...]] = []
    targets: list[Target] = []
    with zod() as peer, tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            raw = json.dumps(_of(size)).encode()
            file = Path(folder) / str(size)
            file.write_bytes(raw)
            repeats = max(2, bench.scale(400_000, 100_000) // len(raw) // 4)
            sides: dict[str, Callable[[], float]] = {
                "ours": _per_call(lambda raw=raw: _RULES.read(raw), repeats),  # type: ignore[misc]
                "schema": _per_call(
                    lambda raw=raw: ExecutionRequest.model_validate(json.loads(raw)),  # type: ignore[misc]
                    repeats,
                ),
                "handler": _per_call(lambda raw=raw: _accepted(take_in, raw), max(2, repeats // 20)),  # type: ignore[misc]
            }
            if peer is not None:
                sides["zod"] = lambda file=file, repeats=repeats: peer(file, repeats)  # type: ignore[misc]
            taken = in_turns(sides, rounds, steps.advance)
            rows.append(_row(len(raw), taken))
            if "zod" in taken:
                ratio = taken["ours"].median / taken["zod"].median
                targets.append(Target(f"{len(raw)} bytes: the rules over zod's", ratio, 1.0))
    return Result(
        name="validation",
        title=f"Taking a request in, in µs (median of {rounds} batches, quartiles)",
        columns=(
            "request",
            "RequestRules.read",
            "a second",
            "zod in Node",
            "a second",
            "over zod",
            "json.loads + pydantic",
            "handler",
        ),
        rows=tuple(rows),
        targets=tuple(targets),
        notes=(
            (
                "What the rules find and the peer does not: duplicate keys, numbers that no double holds, lone "
                "surrogates, and all faults of a request in one answer."
            ),
            (
                "The handler goes from API Gateway's event to the answer, botocore's writing, signing and reading "
                "included; AWS answers at once."
            ),
            "Where Node or the registry is not there, its columns are empty and there is no target.",
        ),
    )


def _of(size: int) -> dict[str, object]:
    if size > SIZES[0]:
        return request(size)
    inputs = {"customerId": "cust_998877", "includeHistory": False}
    return {
        "actionId": ACTION,
        "inputs": inputs,
        "timeout": 60_000,
        "executionId": "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
    }


def _row(size: int, taken: dict[str, Series]) -> tuple[str, ...]:
    ours, zods = taken["ours"], taken.get("zod")
    peer = (zods.shown(), _a_second(zods), f"{ours.median / zods.median:.2f} {TIMES}") if zods else ("", "", "")
    return (f"{size} bytes", ours.shown(), _a_second(ours), *peer, taken["schema"].shown(), taken["handler"].shown(0))


def _a_second(series: Series) -> str:
    return f"{1_000_000 / series.median:,.0f}"


def _accepted(take_in: Callable[[bytes], int], raw: bytes) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        status = take_in(raw)
    if status not in {200, 202}:
        raise RuntimeError(f"not taken in: {status}")


def _per_call(call: Callable[[], object], repeats: int) -> Callable[[], float]:
    def sample() -> float:
        begun = time.perf_counter()
        for _ in range(repeats):
            call()
        return (time.perf_counter() - begun) / repeats * 1_000_000

    return sample
