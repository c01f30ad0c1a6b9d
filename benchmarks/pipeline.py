"""The deployed pipeline from the outside: how soon a request is accepted, how soon it has ended, how many a second.

Everything runs on this machine, emulator and simulator included, so a time taken here and one taken in a function
are of the same clock.
"""

import base64
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.bench import Bench, Steps
from benchmarks.results import TIMES, Result
from benchmarks.samples import ECHO_ACTION, SMALL_BYTES, request
from benchmarks.sampling import Series
from local.api import ApiClient
from local.genesys.remote import RemoteSimulator
from local.world.state import Stack

CALLERS = 4
_PATIENCE_S = 120.0
_LOOK_AGAIN_S = 0.2
_CLIENT, _SECRET = "benchmark", "benchmark"
_ENDED = {"completed", "failed", "unknown"}


class NotMeasurableError(Exception):
    """The pipeline did not do what was to be measured."""


@dataclass(frozen=True, slots=True)
class _Accepted:
    execution_id: str
    sent_at: float
    """Seconds since the epoch."""
    milliseconds: float


def run(bench: Bench) -> Result:
    """Send executions from a few callers at once, and wait until all have ended."""
    number = bench.scale(200, 20)
    steps = bench.progress("pipeline", 2 * number)
    with ApiClient(bench.world) as api:
        _submit(api, steps=None)  # the functions' cold starts are the imports benchmark's
        _completions(bench.world, [_submit(api, steps=None)])
    accepted = _submissions(bench.world, number, steps)
    completed = _completions(bench.world, accepted)
    submit = Series(tuple(each.milliseconds for each in accepted))
    ends = [completed[each.execution_id] for each in accepted]
    whole = Series(tuple((end - each.sent_at) * 1_000 for end, each in zip(ends, accepted, strict=True)))
    floor = _floor(bench.world, number, steps)
    seconds = max(ends) - min(each.sent_at for each in accepted)
    return Result(
        name="pipeline",
        title=f"{number} executions of 1 KB through the local world, {CALLERS} callers at once",
        columns=("", "p50 (ms)", "p95 (ms)", "p50 over the simulator's"),
        rows=(
            _row("POST /executions until 202", submit, floor),
            _row("POST /executions until completed", whole, floor),
            _row("the simulator alone, same number, same callers", floor, floor),
        ),
        notes=(
            f"{number / seconds:.1f} executions a second from the first request to the last result.",
            (
                "The emulator is one Python process and shares the machine with everything that it runs: these figures "
                "show where a change made things slower, not what AWS does."
            ),
        ),
    )


def _submissions(stack: Stack, number: int, steps: Steps) -> list[_Accepted]:
    def caller(count: int) -> list[_Accepted]:
        with ApiClient(stack) as api:
            return [_submit(api, steps) for _ in range(count)]

    with ThreadPoolExecutor(CALLERS) as threads:
        return [each for some in threads.map(caller, _shares(number)) for each in some]


def _submit(api: ApiClient, steps: Steps | None) -> _Accepted:
    content = request(SMALL_BYTES, label=uuid.uuid4().hex) | {"actionId": ECHO_ACTION}
    sent_at = time.time()
    answer = api.submit(content)
    if answer.status != 202:
        raise NotMeasurableError(f"{answer.status} {answer.document}")
    if steps:
        steps.advance()
    return _Accepted(answer.document["executionId"], sent_at, answer.milliseconds)


def _completions(stack: Stack, accepted: Sequence[_Accepted]) -> dict[str, float]:
    """Return when each execution was completed, by its own record: looking for it costs it no time."""
    patience_ends = time.monotonic() + _PATIENCE_S
    completed: dict[str, float] = {}
    waiting = [each.execution_id for each in accepted]
    with ApiClient(stack) as api:
        while waiting:
            # The last one first: while it runs, there is no need to ask for the others.
            document: dict[str, Any] = api.execution(waiting[-1]).document
            if document["status"] == "completed":
                completed[waiting.pop()] = datetime.fromisoformat(document["completedAt"]).timestamp()
            elif document["status"] in _ENDED or time.monotonic() > patience_ends:
                raise NotMeasurableError(f"{document['executionId']} is {document['status']}: {document['error']}")
            else:
                time.sleep(_LOOK_AGAIN_S)
    return completed


def _floor(stack: Stack, number: int, steps: Steps) -> Series:
    """Call the simulator as `execute` does, with nothing in between."""
    with RemoteSimulator(stack.genesys_url) as simulator:
        simulator.patch_scenario({"tokens": {"clients": {_CLIENT: {"secret": _SECRET}}}})
        token = _token(simulator)

    def caller(count: int) -> list[float]:
        with RemoteSimulator(stack.genesys_url) as own:
            return [_action(own, token, steps) for _ in range(count)]

    with ThreadPoolExecutor(CALLERS) as threads:
        return Series(tuple(each for some in threads.map(caller, _shares(number)) for each in some))


def _token(simulator: RemoteSimulator) -> str:
    basic = base64.b64encode(f"{_CLIENT}:{_SECRET}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    form = b"grant_type=client_credentials&scope=data:action:execute+data:action:view"
    return str(simulator.call("POST", "/oauth/token", body=form, headers=headers).json()["access_token"])


def _action(simulator: RemoteSimulator, token: str, steps: Steps) -> float:
    content = {
        "actionId": ECHO_ACTION,
        "inputs": request(SMALL_BYTES)["inputs"],
        "timeout": 60_000,
        "cacheResults": False,
        "webhookUrl": "https://example.com/",
        "executionId": str(uuid.uuid4()),
        "traceId": str(uuid.uuid4()),
    }
    begun = time.perf_counter()
    answer = simulator.call(
        "POST", "/api/v2/data/actions/execute", content=content, headers={"Authorization": f"Bearer {token}"}
    )
    if answer.status != 200:
        raise NotMeasurableError(f"{answer.status} {answer.data.decode()}")
    steps.advance()
    return (time.perf_counter() - begun) * 1_000


def _shares(number: int) -> list[int]:
    return [len(range(caller, number, CALLERS)) for caller in range(CALLERS)]


def _row(what: str, series: Series, floor: Series) -> tuple[str, ...]:
    return (
        what,
        f"{series.median:.0f}",
        f"{series.quantile(0.95):.0f}",
        f"{series.median / floor.median:.1f} {TIMES}",
    )
