"""What the fake deployment does, without its HTTP."""

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

ENDED = ("completed", "failed", "unknown", "cancelled")
_PLACE = "@result@"


class ProblemError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str, detail: str = "", *, headers: Any = None, **members: Any) -> None:
        self.status = status
        self.headers: dict[str, str] = headers or {}
        self.document = {
            "type": f"urn:actionrelay:problem:{code}",
            "title": code,
            "status": status,
            "detail": detail or code,
            "code": code,
            "traceId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            **members,
        }


@dataclass
class Trouble:
    """What goes wrong instead of an answer, so many times."""

    method: str
    path: str
    """How the path begins, below the stage."""
    status: int = 503
    code: str = "store_unavailable"
    retry_after: str | None = None
    times: int = 1
    lose: str | None = None
    """`before` or `after` it was done: the connection ends without an answer."""
    body: bytes | None = None
    """A body that is not the API's."""


@dataclass
class Record:
    """One execution."""

    request: dict[str, Any]
    created: float
    ends: float
    outcome: str
    changed: float = 0.0
    decided: list[dict[str, Any]] = field(default_factory=list)
    attempts: int = 1


@dataclass
class RelayState:
    """What the deployment is set to do, what it has on record, and what it has seen."""

    delay: float = 0.0
    """Seconds from acceptance to the end of an execution."""
    pace: float = 0.0
    """Seconds from the end of one to the end of the next, at least: as a rate gate has it."""
    auth: str = "key"
    """`key`, `iam`, or `none`."""
    max_payload_bytes: int = 512_000
    max_input_depth: int = 5
    backlog: int | None = None
    """So many may be waiting; more are 429 `backlog_full`."""
    endless: bool = False
    """Whether nothing ends for now."""
    page_size: int = 50
    waits: bool = True
    """Whether it knows `wait` and `Prefer`."""
    slots: bool = True
    """Whether one more may wait; else it answers at once."""
    result: Callable[[Mapping[str, Any]], str] = field(default=lambda inputs: json.dumps({"echo": inputs}))
    """The text of a result."""
    actions: dict[str, dict[str, Any]] = field(default_factory=dict)
    serves: tuple[str, ...] = (
        "/executions",
        "/batches",
        "/metrics",
        "/attention",
        "/queues",
        "/health",
        "/actions",
        "/workflows",
    )
    health: dict[str, Any] = field(default_factory=lambda: {"status": "ok"})
    clock_offset: float = 0.0
    """By how many seconds its clock is ahead."""

    def __post_init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.workflows: dict[str, dict[str, Any]] = {}
        self.runs: Counter[str] = Counter()
        self.troubles: list[Trouble] = []
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        """Method, target, headers by lower-case name, and body of each request."""
        self.lock = threading.RLock()
        self._last_end = 0.0

    def trouble(self, method: str, path: str, **what: Any) -> None:
        self.troubles.append(Trouble(method, path, **what))

    def passes(self, seconds: float) -> None:
        """Let time pass: what is on record is so many seconds older."""
        with self.lock:
            for each in self.records.values():
                each.created, each.ends, each.changed = (at - seconds for at in (each.created, each.ends, each.changed))
            self._last_end -= seconds

    # -- What it does -------------------------------------------------------------------------------------------------

    def submit(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.judge(request)
        execution_id = str(request.get("executionId") or uuid.uuid4()).lower()
        with self.lock:
            found = self.records.get(execution_id)
            if found is None:
                waiting = sum(1 for each in self.records.values() if each.ends > time.time())
                if self.backlog is not None and waiting >= self.backlog:
                    raise ProblemError(429, "backlog_full", headers={"Retry-After": "1"})
                now = time.time()
                outcome = str(request["inputs"].get("outcome", "completed"))
                self._last_end = max(now + self.delay, self._last_end + self.pace)
                found = Record({**request, "executionId": execution_id}, now, self._last_end, outcome, now)
                self.records[execution_id] = found
                self.runs[execution_id] += 1
                return 202, self.document(execution_id)
            if _content(found.request) != _content(request):
                raise ProblemError(409, "execution_conflict", "the id was used for other content")
            return 200, self.document(execution_id)

    def judge(self, request: Any) -> None:
        faults = []
        if not isinstance(request, dict):
            raise ProblemError(
                422, "invalid_request", errors=[{"pointer": "", "code": "schema", "detail": "no object"}]
            )
        if not isinstance(request.get("actionId"), str):
            faults.append({"pointer": "/actionId", "code": "schema", "detail": "is required"})
        if not isinstance(request.get("inputs"), dict):
            faults.append({"pointer": "/inputs", "code": "schema", "detail": "is required"})
        elif request["inputs"].get("outcome") == "invalid":
            faults.append({"pointer": "/inputs/outcome", "code": "schema", "detail": "the deployment refuses this"})
        if faults:
            raise ProblemError(422, "invalid_request", f"{len(faults)} faults found", errors=faults)

    def document(self, execution_id: str) -> dict[str, Any]:
        record = self.records.get(execution_id)
        if record is None:
            raise ProblemError(404, "execution_not_found")
        ended = time.time() >= record.ends and not self.endless
        status = record.outcome if ended else "queued"
        document: dict[str, Any] = {
            "executionId": execution_id,
            "actionId": record.request["actionId"],
            "traceId": record.request.get("traceId") or execution_id,
            "status": status,
            "webhookStatus": "none",
            "result": _PLACE if status == "completed" else None,
            "cacheStatus": "enabled",
            "error": None,
            "attempts": record.attempts if ended else 0,
            "createdAt": _iso(record.created),
            "updatedAt": _iso(max(record.changed, record.created)),
            "completedAt": _iso(record.ends) if ended else None,
            "latencyMs": round((record.ends - record.created) * 1000) if ended else None,
            "newerField": {"kept": True},
        }
        if status in {"failed", "unknown"}:
            document["error"] = {
                "code": "http_400" if status == "failed" else "no_answer",
                "message": "the action said no" if status == "failed" else "no answer came",
                "status": 400 if status == "failed" else None,
                "correlationId": "11111111-2222-3333-4444-555555555555",
            }
        if not ended:
            document["waiting"] = {"reason": "rate", "until": None}
        return document

    def text_of(self, document: Any) -> str:
        text = json.dumps(document)
        if f'"{_PLACE}"' in text and isinstance(document, dict):
            inputs = self.records[document["executionId"]].request["inputs"]
            text = text.replace(f'"{_PLACE}"', self.result(inputs))
        return text

    def decide(self, execution_id: str, decision: str, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self.lock:
            status = self.document(execution_id)["status"]
            record = self.records[execution_id]
            allowed = {
                "queued": ["cancel"],
                "failed": ["retry", "acknowledge"],
                "unknown": ["retry", "resolve", "acknowledge"],
                "completed": ["redeliver"],
                "cancelled": [],
            }[status]
            if decision not in allowed:
                raise ProblemError(409, "wrong_state", f"it is {status}", allowed=allowed)
            record.decided.append({"decision": decision, **document})
            record.changed = time.time()
            if decision == "retry":
                record.outcome, record.ends = "completed", time.time() + self.delay
                record.attempts += 1
                self.runs[execution_id] += 1
            elif decision == "cancel":
                record.outcome, record.ends = "cancelled", time.time()
            elif decision == "resolve":
                record.outcome = document["status"]
            return (202 if decision in {"retry", "redeliver"} else 200), self.document(execution_id)

    def batch(self, request: dict[str, Any]) -> dict[str, Any]:
        executions = request.get("executions")
        if not isinstance(executions, list) or not 1 <= len(executions) <= 100:
            raise ProblemError(
                422, "invalid_request", errors=[{"pointer": "/executions", "code": "schema", "detail": "1 to 100"}]
            )
        batch_id = request.get("batchId") or str(uuid.uuid4())
        results: list[dict[str, Any]] = []
        for index, given in enumerate(executions):
            each = {"traceId": batch_id, **request.get("defaults", {}), **given}
            each.setdefault("executionId", str(uuid.uuid5(uuid.UUID(batch_id), str(index))))
            try:
                status, document = self.submit(each)
            except ProblemError as problem:
                results.append(
                    {
                        "index": index,
                        "status": problem.status,
                        "executionId": each["executionId"],
                        "problem": problem.document,
                    }
                )
            else:
                results.append({"index": index, "status": status, "executionId": document["executionId"]})
        accepted = sum("problem" not in each for each in results)
        return {"batchId": batch_id, "accepted": accepted, "rejected": len(results) - accepted, "results": results}

    def listed(self, query: Mapping[str, str]) -> dict[str, Any]:
        start, limit = int(query.get("next") or 0), int(query.get("limit") or self.page_size)
        with self.lock:
            newest = [self.document(each) for each in reversed(list(self.records))]
        statuses = query["status"].split(",") if "status" in query else None
        fits = [
            {name: value for name, value in each.items() if name != "result"}
            for each in newest
            if (statuses is None or each["status"] in statuses)
            and all(each[name] == query[name] for name in ("actionId", "traceId") if name in query)
        ]
        more = start + limit < len(fits)
        return {"executions": fits[start : start + limit], "next": str(start + limit) if more else None}

    def workflow(self, request: dict[str, Any]) -> dict[str, Any]:
        workflow_id = request["workflowId"]
        steps = {
            name: {"status": "completed", "executionId": str(uuid.uuid4()), "dependsOn": step.get("dependsOn", [])}
            for name, step in request["steps"].items()
        }
        return self.workflows.setdefault(
            workflow_id,
            {"workflowId": workflow_id, "traceId": workflow_id, "status": "completed", "steps": steps, "error": None},
        )

    def figures(self) -> dict[str, Any]:
        ended = [self.document(each)["status"] for each in self.records]
        return {
            "totalExecutions": len(ended),
            "successfulExecutions": ended.count("completed"),
            "failedExecutions": ended.count("failed"),
            "unknownExecutions": ended.count("unknown"),
            "averageLatencyMs": 12.5,
            "successRate": 0.995,
            "latencyMs": {"p50": 10, "p95": 20, "p99": 30},
            "days": [],
        }


def _content(request: Mapping[str, Any]) -> str:
    content = {name: value for name, value in request.items() if name not in {"executionId", "traceId"}}
    return json.dumps(content, sort_keys=True)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
