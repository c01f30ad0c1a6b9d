"""Callers at the deployed API: several at once, each sends again what got no good answer, and logs every answer."""

import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from urllib3.exceptions import HTTPError

from local.api import Answer, ApiClient
from local.chaos.history import CallerEntry, Order
from local.chaos.together import together
from local.world.state import Stack

CALLERS = 4
TIMEOUT_MS = 3_000
"""Of each request. With the grace of a chaos world it is how long a webhook is awaited."""
_TRIES = 25
_WAIT_SECONDS = 0.4


class Callers:
    """Sends a plan's executions, and keeps the log of what was answered."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lock = threading.Lock()
        self._log: list[CallerEntry] = []

    def send(self, orders: Sequence[Order], per_second: float) -> None:
        """Send them all, at most so many a second; returns when each was answered for good or given up."""
        begun = time.monotonic()
        waiting = iter(enumerate(orders))

        def caller() -> None:
            while True:
                with self._lock:
                    number, order = next(waiting, (0, None))
                if order is None:
                    return
                time.sleep(max(0.0, begun + number / per_second - time.monotonic()))
                self._place(order)

        together([caller] * CALLERS)

    def log(self) -> tuple[CallerEntry, ...]:
        """Return every answer, in the order of their coming."""
        with self._lock:
            return tuple(sorted(self._log, key=lambda entry: entry.at))

    def _place(self, order: Order) -> None:
        contents = [False] * order.copies + ([True] if order.rival_inputs is not None else [])
        together([partial(self._insist, order, rival=rival) for rival in contents])

    def _insist(self, order: Order, *, rival: bool) -> None:
        """Send until there is an answer that sending again would not change; then read its state once."""
        body = self._body(order, rival=rival)
        with ApiClient(self._stack) as api:
            for _ in range(_TRIES):
                entry = _ask(api, order.execution_id, body, rival=rival)
                with self._lock:
                    self._log.append(entry)
                if entry.status is not None and entry.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    break
                time.sleep(_WAIT_SECONDS)
            else:
                return
            read = _look(api, order.execution_id)
            with self._lock:
                self._log.append(read)

    def _body(self, order: Order, *, rival: bool) -> dict[str, Any]:
        return {
            "actionId": order.action_id,
            "inputs": order.rival_inputs if rival else order.inputs,
            "timeout": TIMEOUT_MS,
            "cacheResults": order.cached,
            "executionId": order.execution_id,
            "traceId": order.trace_id,
            "idempotent": order.idempotent,
            **({"webhookUrl": f"{self._stack.sink_url}/hooks/chaos"} if order.webhook else {}),
        }


def _ask(api: ApiClient, execution_id: str, body: Mapping[str, Any], *, rival: bool) -> CallerEntry:
    try:
        answer = api.submit(body)
    except HTTPError as lost:
        return CallerEntry(time.time(), execution_id, rival, None, type(lost).__name__)
    return CallerEntry(time.time(), execution_id, rival, answer.status, *_said(answer))


def _look(api: ApiClient, execution_id: str) -> CallerEntry:
    try:
        answer = api.execution(execution_id)
    except HTTPError as lost:
        return CallerEntry(time.time(), execution_id, False, None, type(lost).__name__, read=True)
    return CallerEntry(time.time(), execution_id, False, answer.status, *_said(answer), read=True)


def _said(answer: Answer) -> tuple[str, str | None]:
    document = answer.document if isinstance(answer.document, dict) else {}
    said = document.get("status") if answer.status < HTTPStatus.BAD_REQUEST else document.get("code")
    return str(said), document.get("executionId")
