"""The record of every request, token, run of an action and callback, from which tests read what really happened.

A run is counted when the action runs, whatever becomes of the answer. With an `executionId` a repeat finds
the recorded execution and runs nothing, which is what makes the `data-actions` contract safe to repeat.
"""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic.alias_generators import to_camel

from local.genesys.rules import Mode, Outcome

KEPT_REQUESTS = 50_000
SHOWN_HEADERS = (
    "content-type",
    "content-length",
    "user-agent",
    "x-trace-id",
    "idempotency-key",
    "traceparent",
)


@dataclass
class RequestRecord:
    """One request to the platform. `status` is None while it is open, and stays None if no answer went
    out.
    """

    sequence: int
    at: float
    method: str
    path: str
    correlation_id: str
    headers: dict[str, str]
    body_bytes: int
    token_hash: str | None = None
    client_id: str | None = None
    contract: str | None = None
    action_id: str | None = None
    execution_id: str | None = None
    trace_id: str | None = None
    inputs_hash: str | None = None
    fault: str | None = None
    ran: bool = False
    repeat: bool = False
    status: int | None = None

    def shown(self) -> dict[str, Any]:
        """Return the record as the control API shows it."""
        time = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")
        return {to_camel(name): value for name, value in asdict(self).items()} | {"time": time}


@dataclass
class Execution:
    """An action that ran. `settled` says that its result is out, so that a repeat may return it."""

    execution_id: str
    action_id: str
    mode: Mode
    outcome: Outcome
    result: Any
    settled: bool


@dataclass
class CallbackRecord:
    """One callback: each attempt's status (or the name of the connection error), and whether one was
    taken.
    """

    execution_id: str
    trace_id: str | None
    webhook_id: str
    url: str
    outcome: str
    attempts: list[int | str] = field(default_factory=list)
    delivered: bool = False

    def shown(self) -> dict[str, Any]:
        """Return the record as the control API shows it."""
        return {to_camel(name): value for name, value in asdict(self).items()}


class Ledger:
    """The counts and records of one simulator."""

    def __init__(self) -> None:
        self.requests: deque[RequestRecord] = deque(maxlen=KEPT_REQUESTS)
        self.callbacks: deque[CallbackRecord] = deque(maxlen=KEPT_REQUESTS)
        self.executions: dict[str, Execution] = {}
        self._sequence = 0
        self._tallies: Counter[str] = Counter()
        self._runs: dict[str, Counter[str]] = {name: Counter() for name in ("executionId", "traceId", "actionId")}

    def open_request(self, *, at: float, method: str, path: str, correlation_id: str, body_bytes: int) -> RequestRecord:
        """Record that a request arrived; the caller fills in the rest as it becomes known."""
        self._sequence += 1
        record = RequestRecord(self._sequence, at, method, path, correlation_id, {}, body_bytes)
        self.requests.append(record)
        return record

    def tally(self, name: str) -> None:
        """Add one to a named count (`tokenRequests`, `tokensIssued`, `rateLimited`…)."""
        self._tallies[name] += 1

    def count_run(self, *, action_id: str, execution_id: str | None, trace_id: str | None) -> None:
        """Count that the action ran once more."""
        self._tallies["runs"] += 1
        for name, value in (("actionId", action_id), ("executionId", execution_id), ("traceId", trace_id)):
            if value is not None:
                self._runs[name][value] += 1

    def counts(self) -> dict[str, Any]:
        """Return every count, as `GET /_control/counts` answers it."""
        delivered = sum(callback.delivered for callback in self.callbacks)
        attempts = sum(len(callback.attempts) for callback in self.callbacks)
        return {
            "tokenRequests": self._tallies["tokenRequests"],
            "tokensIssued": self._tallies["tokensIssued"],
            "executeRequests": self._tallies["executeRequests"],
            "rateLimited": self._tallies["rateLimited"],
            "unauthorized": self._tallies["unauthorized"],
            "repeats": self._tallies["repeats"],
            "runs": {
                "total": self._tallies["runs"],
                "byExecutionId": dict(self._runs["executionId"]),
                "byTraceId": dict(self._runs["traceId"]),
                "byActionId": dict(self._runs["actionId"]),
            },
            "callbacks": {"started": len(self.callbacks), "attempts": attempts, "delivered": delivered},
        }

    def clear(self) -> None:
        """Reset everything except the running number of requests."""
        self.requests.clear()
        self.callbacks.clear()
        self.executions.clear()
        self._tallies.clear()
        for counter in self._runs.values():
            counter.clear()
