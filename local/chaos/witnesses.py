"""Asks every witness once all is over: the simulator, the receiver of the callers' webhooks, the API, the tables."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from local.api import ApiClient
from local.chaos import tallies
from local.chaos.history import Callback, GenesysRequest, History
from local.chaos.together import together
from local.genesys.remote import RemoteSimulator
from local.world.state import Stack

_READERS = 4
_TRIES = 10
_WAIT_SECONDS = 0.5
_COUNTING_SECONDS = 90.0
"""The counters are behind by what the stream is, and by a retry where one of their workers was killed."""


def genesys_runs(genesys: RemoteSimulator, *, by_execution_id: bool) -> dict[str, int]:
    """Return how often each action ran: by execution id, else by trace id."""
    runs: dict[str, int] = genesys.counts()["runs"]["byExecutionId" if by_execution_id else "byTraceId"]
    return runs


def genesys_requests(genesys: RemoteSimulator) -> tuple[GenesysRequest, ...]:
    """Return every request to execute an action."""
    return tuple(
        GenesysRequest(
            sequence=each["sequence"],
            at=each["at"],
            trace_id=each["traceId"],
            status=each["status"],
            fault=each["fault"],
            ran=each["ran"],
            repeat=each["repeat"],
            execution_id=each["executionId"],
            action_id=each["actionId"],
            inputs_hash=each["inputsHash"],
        )
        for each in genesys.requests()
        if each["contract"] is not None
    )


def genesys_callbacks(genesys: RemoteSimulator) -> tuple[Callback, ...]:
    """Return every callback that was begun."""
    return tuple(
        Callback(each["executionId"], each["outcome"], tuple(each["attempts"])) for each in genesys.callbacks()
    )


def delivered(stack: Stack) -> dict[str, tuple[str, ...]]:
    """Return the statuses that reached the callers' webhook, by the id of the execution or workflow."""
    answer = urllib3.request("GET", f"{stack.sink_url}/_control/deliveries", retries=False, timeout=30.0)
    received: defaultdict[str, list[str]] = defaultdict(list)
    for each in answer.json()["deliveries"]:
        data = each["json"]["data"]
        received[data.get("executionId") or data["workflowId"]].append(data["status"])
    return {execution_id: tuple(statuses) for execution_id, statuses in received.items()}


def counted(stack: Stack, history: History) -> Mapping[str, Any]:
    """Return what the counters say, once they say what is, or when they had time enough to."""
    until = time.monotonic() + _COUNTING_SECONDS
    with ApiClient(stack) as api:
        while True:
            found: Mapping[str, Any] = api.call("GET", "/metrics").document
            if tallies.said(found, history) == tallies.truth(history) or time.monotonic() > until:
                return found
            time.sleep(_WAIT_SECONDS)


def finals(stack: Stack, execution_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return each execution as the API shows it; none for one that the API does not know."""
    return _read_all(stack, "/executions", execution_ids)


def flow_finals(stack: Stack, workflow_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return each workflow as the API shows it; none for one that the API does not know."""
    return _read_all(stack, "/workflows", workflow_ids)


def _read_all(stack: Stack, path: str, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    def read(some: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        with ApiClient(stack) as api:
            read = {name: _final(api, f"{path}/{name}") for name in some}
        return {name: document for name, document in read.items() if document is not None}

    parts = together([partial(read, names[first::_READERS]) for first in range(_READERS)])
    return {name: document for part in parts for name, document in part.items()}


def _final(api: ApiClient, path: str) -> Mapping[str, Any] | None:
    for _ in range(_TRIES):
        try:
            answer = api.call("GET", path)
        except HTTPError:
            answer = None
        if answer is not None and answer.status == HTTPStatus.OK:
            document: Mapping[str, Any] = answer.document
            return document
        if answer is not None and answer.status == HTTPStatus.NOT_FOUND:
            return None
        time.sleep(_WAIT_SECONDS)
    raise TimeoutError(f"{path} can't be read")
