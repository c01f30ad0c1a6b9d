"""One invocation of `execute` with ten messages against one with a single message, where AWS answers in parallel.

The emulator serves one request at a time, so ten threads wait for it as they would not for AWS. Here the services are
in memory and take a few milliseconds each; the threads, the use case and the Genesys client are the real ones, the
client over real HTTP to a server that takes 300 ms.
"""

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, override

from actionrelay.boundary.batch import serve
from actionrelay.execute.after_attempt import ExecutionPolicy
from actionrelay.execute.batch import ExecuteBatch
from actionrelay.execute.client_http import GenesysClient
from actionrelay.execute.contracts import DataActions
from actionrelay.execute.worker import ExecuteAction
from actionrelay.gate.batch import BatchPermits
from actionrelay.gate.ports import Ask, RateGate
from actionrelay.gate.turns import Crowd, Decision, Share
from actionrelay.genesys.http import new_pool
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, Status
from actionrelay.ledger.follow_up import Completion
from actionrelay.ledger.recorder import Recorder
from actionrelay.strict_json import canonical
from benchmarks.bench import Bench
from benchmarks.gate.services import LATENCY_MS, Audit, Chance, Nothing, Payloads, Queue, Records, Tokens
from benchmarks.loopback import server
from benchmarks.results import TIMES, Result, Target
from benchmarks.samples import ACTION, RECEIPT_URL, SMALL_BYTES, request
from benchmarks.sampling import in_turns

BATCH = 10
LIMIT = 1.3
_INVOCATION_MS = 90_000


@dataclass(frozen=True, slots=True)
class _WallTime:
    """The real clock, and real waits."""

    @property
    def time(self) -> float:
        return time.time() * 1_000

    def now(self) -> int:
        return int(self.time)

    def sleep(self, milliseconds: float) -> None:
        time.sleep(milliseconds / 1_000)


@dataclass(frozen=True, slots=True)
class _OpenGate(RateGate):
    """Lets everybody through, at the price of a request."""

    clock: _WallTime
    chance: Chance

    @override
    def for_batch(self, asks: Sequence[Ask]) -> BatchPermits:
        return BatchPermits(self._ask, self.pause, lambda _lease, _left: None, asks)

    @override
    def pause(self, until: int) -> None:
        """Do nothing: Genesys Cloud answers no 429 here."""

    def _ask(self, _now: int, crowd: Crowd, _ends_at: int) -> Decision:
        self.clock.sleep(self.chance.aws_ms())
        return Decision({ask: Share(count) for ask, count in crowd.items()})


@dataclass(frozen=True, slots=True)
class _Context:
    function_name: str = "execute"

    def get_remaining_time_in_millis(self) -> int:
        return _INVOCATION_MS


class _Worker:
    """A warm worker, and the records that its messages name."""

    def __init__(self, genesys_url: str) -> None:
        self._clock, self._chance = _WallTime(), Chance(random.Random(1))
        self._records = Records(self._clock, self._chance)
        self._payloads = Payloads()
        self._number = 0
        nothing, recorder = Nothing(), Recorder(self._records, Audit(self._clock, self._chance))
        action = partial(
            ExecuteAction,
            policy=ExecutionPolicy(max_attempts=4, webhook_grace_ms=0),
            recorder=recorder,
            completion=Completion(recorder, self._payloads, nothing, nothing, nothing, nothing, 0),
            success_rate=nothing,
            payloads=self._payloads,
            queue=Queue(self._clock, self._chance),
            tokens=Tokens(),
            client=GenesysClient(new_pool(), genesys_url, DataActions(RECEIPT_URL)),
            telemetry=nothing,
            clock=self._clock,
            randomness=self._chance,
        )
        self._executing = ExecuteBatch(_OpenGate(self._clock, self._chance), nothing, action)

    def invocation_ms(self, size: int) -> float:
        """Work a batch off, and return how long that took."""
        names = [self._accepted() for _ in range(size)]
        records = [{"messageId": name, "body": json.dumps({"executionId": name, "version": 1})} for name in names]
        context: Any = _Context()
        begun = time.perf_counter()
        answer = serve(
            {"Records": records}, context, lambda messages: self._executing.for_batch(messages).work, Nothing
        )
        taken = (time.perf_counter() - begun) * 1_000
        if answer["batchItemFailures"] or any(
            self._records.records[name].status is not Status.COMPLETED for name in names
        ):
            raise RuntimeError("not what was to be measured")
        return taken

    def _accepted(self) -> str:
        self._number += 1
        name, now = f"execution-{self._number}", self._clock.now()
        inputs = canonical(request(SMALL_BYTES, label=name)["inputs"])
        draft = Execution(
            execution_id=name,
            action_id=ACTION,
            trace_id=name,
            content_hash="",
            request=self._payloads.refer(name, inputs),
            timeout_ms=60_000,
            cache_key=None,
            webhook_url=None,
            repeatable=True,
            created_at=now,
            updated_at=now,
            queued_at=now,
        )
        self._records.create(ledger.accept(draft))
        return name


def run(bench: Bench) -> Result:
    """Measure invocations in turns."""
    rounds = bench.scale(25, 5)
    steps = bench.progress("batch", rounds)
    with server(LATENCY_MS) as url:
        worker = _Worker(url)
        taken = in_turns(
            {"one": lambda: worker.invocation_ms(1), "ten": lambda: worker.invocation_ms(BATCH)}, rounds, steps.advance
        )
    ratio = taken["ten"].median / taken["one"].median
    return Result(
        name="batch",
        title=f"One invocation of `execute`, warm, in ms (median of {rounds}, quartiles)",
        columns=(f"{BATCH} messages", "1 message", "ratio"),
        rows=((taken["ten"].shown(0), taken["one"].shown(0), f"{ratio:.2f} {TIMES}"),),
        targets=(Target(f"{BATCH} messages over 1, services in memory", ratio, LIMIT),),
        notes=(
            (
                f"Genesys Cloud takes {LATENCY_MS} ms, over HTTP; each call of an AWS service 4 ms and more, in "
                "memory. `calls` has the same with the emulator, which serves one request at a time."
            ),
        ),
    )
