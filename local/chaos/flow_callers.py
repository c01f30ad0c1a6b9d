"""The workflows' callers: they send each until it is taken, and an operator runs again what was planned to fail."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from urllib3.exceptions import HTTPError

from local.api import ApiClient
from local.chaos.history import CallerEntry, FlowOrder
from local.world.state import Stack

_TRIES = 25
_WAIT_SECONDS = 0.4
_TAKEN = frozenset({HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT})


class FlowCallers:
    """Sends a plan's workflows, and looks after them as an operator does; keeps the log of what was answered."""

    def __init__(self, stack: Stack, flows: Sequence[FlowOrder]) -> None:
        self._stack = stack
        self._flows = flows
        self._log: list[CallerEntry] = []
        self._retries: defaultdict[str, list[CallerEntry]] = defaultdict(list)
        self._done: set[str] = set()
        self._failed: set[str] = set()

    @property
    def log(self) -> tuple[CallerEntry, ...]:
        """Every answer to a submission, in the order of their coming."""
        return tuple(self._log)

    @property
    def retries(self) -> Mapping[str, Sequence[CallerEntry]]:
        """Every answer to a request to run one again."""
        return dict(self._retries)

    @property
    def owed(self) -> frozenset[str]:
        """Those that have failed as planned and wait to be run again."""
        return frozenset(self._failed - self._done)

    def send(self) -> None:
        """Send each until there is an answer that sending again would not change."""
        with ApiClient(self._stack) as api:
            for flow in self._flows:
                for _ in range(_TRIES):
                    entry = _ask(api, flow.workflow_id, "/workflows", self._body(flow))
                    self._log.append(entry)
                    if entry.status is not None and entry.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                        break
                    time.sleep(_WAIT_SECONDS)

    def operate_for(self, seconds: float) -> None:
        """Look after them for so long."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.operate()
            time.sleep(_WAIT_SECONDS)

    def operate(self) -> None:
        """Have run again what has failed as planned, once; what an unknown step is in is left alone."""
        with ApiClient(self._stack) as api:
            for flow in self._flows:
                if not flow.retried or flow.workflow_id in self._done:
                    continue
                document = read_flow(api, flow.workflow_id) or {"status": None}
                if document["status"] != "failed" or any(
                    step["status"] == "unknown" for step in document["steps"].values()
                ):
                    continue
                self._failed.add(flow.workflow_id)
                entry = _ask(api, flow.workflow_id, f"/workflows/{flow.workflow_id}/retry", b"{}")
                self._retries[flow.workflow_id].append(entry)
                if entry.status in _TAKEN:
                    self._done.add(flow.workflow_id)

    def _body(self, flow: FlowOrder) -> bytes:
        hook = {"webhookUrl": f"{self._stack.sink_url}/hooks/chaos"} if flow.webhook else {}
        ids = {"workflowId": flow.workflow_id, "traceId": flow.trace_id}
        return json.dumps({**ids, "steps": flow.steps, **hook}).encode()


def _ask(api: ApiClient, workflow_id: str, path: str, body: bytes) -> CallerEntry:
    try:
        answer = api.call("POST", path, body=body)
    except HTTPError as lost:
        return CallerEntry(time.time(), workflow_id, False, None, type(lost).__name__)
    document = answer.document if isinstance(answer.document, dict) else {}
    said = document.get("status") if answer.status < HTTPStatus.BAD_REQUEST else document.get("code")
    return CallerEntry(time.time(), workflow_id, False, answer.status, str(said), document.get("workflowId"))


def read_flow(api: ApiClient, workflow_id: str) -> dict[str, Any] | None:
    """Return a workflow as the API shows it; None where that is not to be had now."""
    try:
        answer = api.call("GET", f"/workflows/{workflow_id}")
    except HTTPError:
        return None
    document: dict[str, Any] = answer.document
    return document if answer.status == HTTPStatus.OK else None
