"""Validation: all rules of a request against parsing the same bytes and fitting them into the same schema."""

import json
import time
from collections.abc import Callable

from actionrelay.genesys.contract import GenesysApi
from actionrelay.submit.request import ExecutionRequest
from actionrelay.submit.rules import RequestRules
from actionrelay.webhooks.targets import OutboundPolicy
from benchmarks.bench import Bench
from benchmarks.results import TIMES, Result
from benchmarks.samples import LARGE_BYTES, SMALL_BYTES, request
from benchmarks.sampling import in_turns


class _NoResolver:
    """The requests have no webhook, so nothing is looked up."""

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Refuse."""
        raise RuntimeError(f"nobody should look up {host}:{port}")


_RULES = RequestRules(GenesysApi.DATA_ACTIONS, 512_000, 5, OutboundPolicy(), _NoResolver())


def run(bench: Bench) -> Result:
    """Measure a request of 1 KB and one of 500 KB."""
    rounds = bench.scale(41, 7)
    steps = bench.progress("validation", 2 * rounds)
    rows: list[tuple[str, ...]] = []
    for size, repeats in ((SMALL_BYTES, bench.scale(200, 50)), (LARGE_BYTES, bench.scale(5, 1))):
        raw = json.dumps(request(size)).encode()
        taken = in_turns(
            {
                "ours": _per_call(lambda raw=raw: _RULES.read(raw), repeats),  # type: ignore[misc]
                "schema": _per_call(
                    lambda raw=raw: ExecutionRequest.model_validate(json.loads(raw)),  # type: ignore[misc]
                    repeats,
                ),
                "json": _per_call(lambda raw=raw: json.loads(raw), repeats),  # type: ignore[misc]
            },
            rounds,
            steps.advance,
        )
        ours, schema = taken["ours"], taken["schema"]
        ratio = f"{ours.median / schema.median:.2f} {TIMES}"
        rows.append((f"{len(raw)} bytes", ours.shown(0), schema.shown(0), ratio, taken["json"].shown(0)))
    return Result(
        name="validation",
        title=f"Validation, in µs (median of {rounds} batches, quartiles)",
        columns=("request", "RequestRules.read", "json.loads + pydantic", "ratio", "json.loads alone"),
        rows=tuple(rows),
        notes=(
            (
                "What the ratio buys: duplicate keys, numbers that no double holds, depth, cycles, ids, and all faults "
                "of a request in one answer."
            ),
        ),
    )


def _per_call(call: Callable[[], object], repeats: int) -> Callable[[], float]:
    def sample() -> float:
        begun = time.perf_counter()
        for _ in range(repeats):
            call()
        return (time.perf_counter() - begun) / repeats * 1_000_000

    return sample
