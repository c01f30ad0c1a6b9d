"""Executions as the API returns them, made of the steps that they went through; times are ms."""

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

STATUS_AFTER = {
    "accepted": "queued",
    "cache_hit": "completed",
    "attempt_started": "running",
    "retry_planned": "queued",
    "awaiting_webhook": "awaiting_webhook",
    "completed": "completed",
    "failed": "failed",
    "unknown": "unknown",
    "cancelled": "cancelled",
    "rerun_requested": "queued",
}
WEBHOOK_AFTER = {
    "webhook_delivered": "delivered",
    "webhook_retry_planned": "pending",
    "webhook_failed": "failed",
    "redelivery_requested": "pending",
    "cancelled": "none",
}
ENDED = {"completed", "failed", "unknown", "cancelled"}


def iso(at: float) -> str:
    """Format a moment as the API does."""
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Trail:
    """One execution, step by step."""

    action_id: str
    at: float
    webhook_url: str | None = None
    result: Any = None
    execution_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    error: dict[str, Any] | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)
    status: str = "queued"
    webhook_status: str = "none"
    attempts: int = 0
    cache_status: str = "enabled"
    completed_at: float | None = None
    created_at: float = 0.0
    inputs: str = '{"customerId": "cust_998877", "amount": 10.10, "card": "•••", "reference": 9007199254740993}'
    """As JSON text: it is handed on as it came."""
    idempotent: bool | None = False
    waiting: dict[str, Any] | None = None
    next_delivery_at: float | None = None
    acknowledged: bool = False

    def __post_init__(self) -> None:
        self.created_at = self.at
        self.webhook_status = "pending" if self.webhook_url else "none"

    def step(self, event: str, after: float = 0, **fields: Any) -> Self:
        """Add an entry, `after` ms later than the last one."""
        self.at += after
        self.status = STATUS_AFTER.get(event, self.status)
        self.webhook_status = WEBHOOK_AFTER.get(event, self.webhook_status)
        self.attempts += event == "attempt_started"
        if event == "cache_hit":
            self.cache_status = "hit"
        if event in ENDED or event == "cache_hit":
            self.completed_at = self.at
        if event == "rerun_requested":
            self.completed_at, self.error, self.result = None, None, None
        previous = self.entries[-1]["hash"] if self.entries else ""
        entry: dict[str, Any] = {
            "seq": len(self.entries) + 1,
            "timestamp": iso(self.at),
            "executionId": self.execution_id,
            "actionId": self.action_id,
            "event": event,
            "status": self.status,
            "latencyMs": None,
            "attempt": self.attempts,
            "payloadSizeBytes": None,
            "payloadSha256": None,
            "webhookUrl": self.webhook_url,
            "successRate": None,
            "traceId": self.trace_id,
            "correlationId": None,
            "code": None,
            "day": None,
            "actor": None,
            "note": None,
            "limit": None,
            "sentAs": None,
            "previousHash": previous,
            **fields,
        }
        text = json.dumps(entry, sort_keys=True).encode()
        self.entries.append({**entry, "hash": hashlib.sha256(text).hexdigest()})
        return self

    def broke(self, code: str, message: str, status: int | None = None, correlation_id: str | None = None) -> Self:
        """Say why it did not complete."""
        self.error = {"code": code, "message": message, "status": status, "correlationId": correlation_id}
        return self

    def document(self, *, result: bool = True) -> dict[str, Any]:
        """As `GET /executions/{id}` returns it, or as the list does, without the result."""
        latency = None if self.completed_at is None else round(self.completed_at - self.created_at)
        document = {
            "executionId": self.execution_id,
            "actionId": self.action_id,
            "traceId": self.trace_id,
            "status": self.status,
            "webhookStatus": self.webhook_status,
            "cacheStatus": self.cache_status,
            "error": self.error,
            "attempts": self.attempts,
            "createdAt": iso(self.created_at),
            "updatedAt": iso(self.at),
            "completedAt": None if self.completed_at is None else iso(self.completed_at),
            "latencyMs": latency,
        }
        if self.waiting and self.status not in ENDED:
            document["waiting"] = self.waiting
        if self.next_delivery_at and self.webhook_status == "pending":
            document["nextDeliveryAt"] = iso(self.next_delivery_at)
        return {**document, "result": self.result if self.status == "completed" else None} if result else document

    def request(self) -> str:
        """As `GET /executions/{id}/request` returns it."""
        document = {
            "executionId": self.execution_id,
            "actionId": self.action_id,
            "traceId": self.trace_id,
            "inputsStored": True,
            "timeout": 60_000,
            "cacheResults": True,
            "webhookUrl": self.webhook_url,
            "actionReferences": {"tax": ["total"], "total": []},
            "idempotent": self.idempotent,
            "lane": "interactive",
            "createdAt": iso(self.created_at),
        }
        return f'{json.dumps(document)[:-1]}, "inputs": {self.inputs}}}'
