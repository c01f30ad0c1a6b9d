"""A backlog through the deployed local world: first with the gate wide open, then at the rate that is allowed."""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from benchmarks.bench import Bench, Steps
from benchmarks.gate.services import ALLOWED, LATENCY_MS, WINDOW_MS
from benchmarks.samples import ECHO_ACTION, SMALL_BYTES, request
from local.api import ApiClient
from local.genesys.remote import RemoteSimulator
from local.world.state import Stack

WIDE_OPEN = 100_000
_CALLERS = 4
_WARM = 20
_PATIENCE_S = 100.0
_LOOK_AGAIN_S = 0.1
_STACK_NAME = "actionrelay"
_ALIAS = "live"


class NotMeasurableError(Exception):
    """The world did not do what was to be measured."""


@dataclass(frozen=True, slots=True)
class Drained:
    """How a backlog went."""

    executions: int
    seconds: float
    posts: int
    throttled: int


def drain(bench: Bench, executions: int, per_minute: int, steps: Steps) -> Drained:
    """Queue executions while nobody works on them, then let `execute` loose, and wait until each has run."""
    stack, worker = bench.world, _Worker(bench.world)
    with RemoteSimulator(stack.genesys_url) as simulator, worker.asking(per_minute):
        # Another rate is another environment, and a cold start in it.
        warm = simulator.runs() + _WARM
        _submit(stack, _WARM)
        _wait_for(simulator, warm)
        with worker.held_back():
            _submit(stack, executions)
        rate = {"enabled": per_minute != WIDE_OPEN, "allowed": ALLOWED, "windowSeconds": WINDOW_MS / 1_000}
        latency = {"minMs": LATENCY_MS, "maxMs": LATENCY_MS}
        simulator.patch_scenario({"mode": "completed", "rate": rate, "latency": latency})
        before, begun = simulator.counts(), time.monotonic()
        _wait_for(simulator, before["runs"]["total"] + executions)
        seconds, after = time.monotonic() - begun, simulator.counts()
    bench.genesys_takes(stack, milliseconds=0)
    steps.advance()
    posts, throttled = (after[name] - before[name] for name in ("executeRequests", "rateLimited"))
    return Drained(executions, seconds, posts, throttled)


def _wait_for(simulator: RemoteSimulator, runs: int) -> None:
    patience_ends = time.monotonic() + _PATIENCE_S
    while (ran := simulator.runs()) < runs:
        if time.monotonic() > patience_ends:
            raise NotMeasurableError(f"{runs - ran} executions did not run in time")
        time.sleep(_LOOK_AGAIN_S)


class _Worker:
    """The deployed `execute`, as far as it can be controlled."""

    def __init__(self, stack: Stack) -> None:
        session = boto3.Session(stack.access_key_id, stack.secret_access_key, region_name=stack.region)
        formation = session.client("cloudformation", endpoint_url=stack.endpoint_url)
        found = formation.describe_stack_resource(StackName=_STACK_NAME, LogicalResourceId="ExecuteFunction")
        self._name = found["StackResourceDetail"]["PhysicalResourceId"]
        self._client = session.client("lambda", endpoint_url=stack.endpoint_url)

    @contextmanager
    def asking(self, per_minute: int) -> Iterator[None]:
        """Deploy another rate for as long as the block runs: queues invoke a published version behind an alias."""
        before = self._client.get_function_configuration(FunctionName=self._name)["Environment"]["Variables"]
        version = self._client.get_alias(FunctionName=self._name, Name=_ALIAS)["FunctionVersion"]
        self._set_variables(before | {"REQUESTS_PER_MINUTE": str(per_minute)})
        self._invoke(self._client.publish_version(FunctionName=self._name)["Version"])
        try:
            yield
        finally:
            self._set_variables(before)
            self._invoke(version)

    def _set_variables(self, variables: Mapping[str, str]) -> None:
        self._client.update_function_configuration(FunctionName=self._name, Environment={"Variables": variables})

    def _invoke(self, version: str) -> None:
        self._client.update_alias(FunctionName=self._name, Name=_ALIAS, FunctionVersion=version)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let nothing be polled for as long as the block runs, of either lane."""
        every = self._client.list_event_source_mappings()["EventSourceMappings"]
        mappings = [each for each in every if self._name in each["FunctionArn"].split(":")]
        if not mappings:
            raise NotMeasurableError("no queue invokes execute")
        self._poll(mappings, enabled=False)
        try:
            yield
        finally:
            self._poll(mappings, enabled=True)

    def _poll(self, mappings: Sequence[Any], *, enabled: bool) -> None:
        for mapping in mappings:
            self._client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def _submit(stack: Stack, number: int) -> None:
    def caller(count: int) -> None:
        with ApiClient(stack) as api:
            for _ in range(count):
                answer = api.submit(request(SMALL_BYTES, label=uuid.uuid4().hex) | {"actionId": ECHO_ACTION})
                if answer.status != 202:
                    raise NotMeasurableError(f"{answer.status} {answer.document}")

    shares = [len(range(caller, number, _CALLERS)) for caller in range(_CALLERS)]
    with ThreadPoolExecutor(_CALLERS) as threads:
        list(threads.map(caller, shares))
