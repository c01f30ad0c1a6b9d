"""The Genesys client against what an engineer would write with urllib3 alone: the same POST, the same answer read."""

import gc
import json
import time
from collections.abc import Callable

import urllib3

from actionrelay.execute.client_http import GenesysClient
from actionrelay.execute.contracts import DataActions
from actionrelay.execute.ports import ActionCall
from actionrelay.genesys.http import new_pool
from actionrelay.genesys.verdict import ReplyKind
from actionrelay.token.ports import AccessToken
from benchmarks.bench import Bench
from benchmarks.loopback import server
from benchmarks.results import TIMES, Result, Target
from benchmarks.samples import ACTION, RECEIPT_URL, SMALL_BYTES, request
from benchmarks.sampling import in_turns

LIMIT = 1.3
_TIMEOUT_MS = 60_000
_TOKEN = AccessToken("example-token", 2**53, (), "example", "1")
_INPUTS = request(SMALL_BYTES)["inputs"]
_CALL = ActionCall(
    execution_id="123e4567-e89b-12d3-a456-426614174000",
    action_id=ACTION,
    trace_id="223e4567-e89b-12d3-a456-426614174000",
    inputs=json.dumps(_INPUTS),
    timeout_ms=_TIMEOUT_MS,
    cache_results=True,
)


def run(bench: Bench) -> Result:
    """Measure batches of calls, in turns."""
    rounds, calls = bench.scale(41, 7), bench.scale(100, 20)
    steps = bench.progress("client", rounds)
    with server() as url:
        client = GenesysClient(new_pool(), url, DataActions(RECEIPT_URL))
        pool = urllib3.PoolManager()

        def ours() -> None:
            if client.execute(_CALL, _TOKEN, _TIMEOUT_MS).kind is not ReplyKind.SUCCEEDED:
                raise RuntimeError("the loopback server gave no result")

        taken = in_turns(
            {
                "ours": _per_call(ours, calls),
                "urllib3": _per_call(lambda: _plain(pool, url), calls),
            },
            rounds,
            steps.advance,
        )
        client.pool.clear()
        pool.clear()
    ratio = taken["ours"].median / taken["urllib3"].median
    return Result(
        name="client",
        title=f"One call on loopback, in µs (median of {rounds} batches of {calls}, quartiles)",
        columns=("GenesysClient.execute", "plain urllib3", "ratio"),
        rows=((taken["ours"].shown(0), taken["urllib3"].shown(0), f"{ratio:.2f} {TIMES}"),),
        targets=(Target("a call over plain urllib3", ratio, LIMIT),),
        notes=(
            (
                "The peer is `pool.request('POST', url, json=..., timeout=..., retries=False).json()` with the same "
                "headers: it writes and reads the same JSON, and knows nothing of deadlines, of limits, or of whether "
                "a failed request may have arrived."
            ),
        ),
    )


def _plain(pool: urllib3.PoolManager, url: str) -> None:
    response = pool.request(
        "POST",
        url + "/api/v2/data/actions/execute",
        json={
            "actionId": _CALL.action_id,
            "inputs": _INPUTS,
            "timeout": _CALL.timeout_ms,
            "cacheResults": _CALL.cache_results,
            "webhookUrl": RECEIPT_URL,
            "executionId": _CALL.execution_id,
            "traceId": _CALL.trace_id,
        },
        headers={
            "Authorization": f"Bearer {_TOKEN.value}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Trace-Id": _CALL.trace_id,
        },
        timeout=_TIMEOUT_MS / 1_000,
        retries=False,
    )
    if json.loads(response.data)["status"] != "completed":
        raise RuntimeError("the loopback server gave no result")


def _per_call(call: Callable[[], None], calls: int) -> Callable[[], float]:
    """Make a sampler of microseconds per call over one batch, without the garbage of others."""

    def sample() -> float:
        gc.collect()
        gc.disable()
        try:
            begun = time.perf_counter()
            for _ in range(calls):
                call()
            return (time.perf_counter() - begun) / calls * 1_000_000
        finally:
            gc.enable()

    return sample
