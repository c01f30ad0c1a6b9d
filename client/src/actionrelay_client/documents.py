"""The API's responses as frozen dataclasses.

Reading is tolerant: a field that is missing or of another type than usual has its default, and a field that this
version does not know is in ``more``. So a deployment that is newer than the client breaks nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actionrelay_client.reading import (
    Document,
    anything,
    by_name,
    count,
    count_or_none,
    flag,
    flag_or_none,
    mapping,
    moment,
    number_or_none,
    one,
    read_by,
    several,
    text,
    text_or_none,
    texts,
)

ENDED = frozenset({"completed", "failed", "unknown", "cancelled"})
"""The states of an execution in which nothing more happens by itself."""
WORKFLOW_ENDED = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True, kw_only=True)
class ExecutionError(Document):
    """Why an execution did not complete."""

    code: str = read_by(text)
    message: str = read_by(text)
    status: int | None = read_by(count_or_none)
    """Genesys Cloud's HTTP status."""
    correlation_id: str | None = read_by(text_or_none)
    """Genesys Cloud's ``ININ-Correlation-Id``."""


@dataclass(frozen=True, kw_only=True)
class Waiting(Document):
    """What an execution waits for."""

    reason: str = read_by(text)
    until: datetime | None = read_by(moment)


@dataclass(frozen=True, kw_only=True)
class Execution(Document):
    """One execution in its current state. In a list ``result`` is None."""

    execution_id: str = read_by(text)
    action_id: str = read_by(text)
    trace_id: str = read_by(text)
    status: str = read_by(text)
    """``queued``, ``running``, ``awaiting_webhook``, then ``completed``, ``failed``, ``unknown`` or ``cancelled``."""
    webhook_status: str = read_by(text)
    result: Any = read_by(anything)
    """What the action returned. Decimals are ``Decimal``, so ``10.10`` stays ``10.10``."""
    cache_status: str = read_by(text)
    error: ExecutionError | None = read_by(one(ExecutionError))
    attempts: int = read_by(count)
    created_at: datetime | None = read_by(moment)
    updated_at: datetime | None = read_by(moment)
    completed_at: datetime | None = read_by(moment)
    latency_ms: int | None = read_by(count_or_none)
    waiting: Waiting | None = read_by(one(Waiting))

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.status in ENDED


@dataclass(frozen=True, kw_only=True)
class AuditEntry(Document):
    """One entry of an execution's history. Other fields are in ``more``."""

    seq: int = read_by(count)
    timestamp: datetime | None = read_by(moment)
    event: str = read_by(text)
    status: str = read_by(text)
    attempt: int = read_by(count)
    latency_ms: int | None = read_by(count_or_none)
    code: str | None = read_by(text_or_none)
    actor: str | None = read_by(text_or_none)
    note: str | None = read_by(text_or_none)
    correlation_id: str | None = read_by(text_or_none)


@dataclass(frozen=True, kw_only=True)
class Verification(Document):
    """Whether a trail is intact."""

    intact: bool = read_by(flag)
    checked_entries: int = read_by(count)
    broken_at: int | None = read_by(count_or_none)
    detail: str | None = read_by(text_or_none)


@dataclass(frozen=True, kw_only=True)
class AuditTrail(Document):
    """The history of an execution, oldest first."""

    execution_id: str = read_by(text)
    entries: tuple[AuditEntry, ...] = read_by(several(AuditEntry))
    verification: Verification | None = read_by(one(Verification))
    """Only if requested."""


@dataclass(frozen=True, kw_only=True)
class BatchItem(Document):
    """The result of one execution of a batch."""

    index: int = read_by(count)
    status: int = read_by(count)
    """The HTTP status that the request would have had by itself.

    202 and 200 are accepted; 200 was on record before, or is answered from the cache.
    """
    execution_id: str | None = read_by(text_or_none)
    problem: Mapping[str, Any] | None = read_by(lambda value: value if isinstance(value, dict) else None)
    """Why it was refused; None if it was accepted."""


@dataclass(frozen=True, kw_only=True)
class Batch(Document):
    """The results of a batch."""

    batch_id: str = read_by(text)
    accepted: int = read_by(count)
    rejected: int = read_by(count)
    results: tuple[BatchItem, ...] = read_by(several(BatchItem))


@dataclass(frozen=True, kw_only=True)
class Metrics(Document):
    """Counts, success rate and latency. ``days``, ``hours`` and ``actions`` are the API's JSON."""

    total_executions: int = read_by(count)
    successful_executions: int = read_by(count)
    failed_executions: int = read_by(count)
    unknown_executions: int = read_by(count)
    cancelled_executions: int = read_by(count)
    in_progress_executions: int = read_by(count)
    cache_hits: int = read_by(count)
    rejected_requests: int = read_by(count)
    average_latency_ms: float | None = read_by(number_or_none)
    success_rate: float | None = read_by(number_or_none)
    latency_ms: Mapping[str, Any] = read_by(mapping)
    """``p50``, ``p95`` and ``p99``."""
    days: Any = read_by(anything)
    hours: Any = read_by(anything)
    actions: Any = read_by(anything)


@dataclass(frozen=True, kw_only=True)
class Action(Document):
    """A data action of the organisation, and its contract. Other fields are in ``more``."""

    action_id: str = read_by(text)
    name: str = read_by(text)
    category: str | None = read_by(text_or_none)
    integration: Any = read_by(anything)
    version: Any = read_by(anything)
    request_type: str | None = read_by(text_or_none)
    secure: bool | None = read_by(flag_or_none)
    timeout_seconds: int | None = read_by(count_or_none)
    checked_at: datetime | None = read_by(moment)


@dataclass(frozen=True, kw_only=True)
class WorkflowStep(Document):
    """One step of a workflow in its current state."""

    status: str = read_by(text)
    execution_id: str | None = read_by(text_or_none)
    items: Any = read_by(anything)
    depends_on: tuple[str, ...] = read_by(texts)
    waiting_for: tuple[str, ...] = read_by(texts)
    """While it waits: the steps that it still waits for."""
    result: Any = read_by(anything)
    error: ExecutionError | None = read_by(one(ExecutionError))
    started_at: datetime | None = read_by(moment)
    completed_at: datetime | None = read_by(moment)
    latency_ms: int | None = read_by(count_or_none)


@dataclass(frozen=True, kw_only=True)
class Workflow(Document):
    """One workflow in its current state."""

    workflow_id: str = read_by(text)
    trace_id: str = read_by(text)
    status: str = read_by(text)
    """``running``, ``blocked``, then ``completed``, ``failed`` or ``cancelled``."""
    steps: Mapping[str, WorkflowStep] = read_by(by_name(WorkflowStep))
    """Empty in a list."""
    error: ExecutionError | None = read_by(one(ExecutionError))
    webhook_status: str = read_by(text)
    started_at: datetime | None = read_by(moment)
    completed_at: datetime | None = read_by(moment)
    latency_ms: int | None = read_by(count_or_none)
    critical_path_ms: int | None = read_by(count_or_none)

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself. A ``blocked`` one waits for an unknown step to be settled."""
        return self.status in WORKFLOW_ENDED


@dataclass(frozen=True, kw_only=True)
class Check(Document):
    """One check of the preflight."""

    name: str = read_by(text)
    status: str = read_by(text)
    detail: str = read_by(text)
    advice: str | None = read_by(text_or_none)


@dataclass(frozen=True, kw_only=True)
class Health(Document):
    """Whether actions can be executed."""

    status: str = read_by(text)
    checks: tuple[Check, ...] = read_by(several(Check))
    checked_at: datetime | None = read_by(moment)
