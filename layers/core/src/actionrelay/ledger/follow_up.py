"""What follows when an execution has ended. Any worker that finds an ended execution may repeat it."""

from dataclasses import dataclass

from actionrelay.errors import DependencyError
from actionrelay.ledger.execution import (
    CacheStatus,
    Execution,
    ExecutionError,
    Outcome,
    PayloadRef,
    Status,
)
from actionrelay.ledger.message import WorkflowMessage
from actionrelay.ledger.ports import CachedResult, DeliveryQueue, PayloadStore, ResultCache, WorkflowQueue
from actionrelay.ledger.recorder import Recorder
from actionrelay.ports import Telemetry
from actionrelay.signals import Count, Duration
from actionrelay.strict_json import digest


@dataclass(frozen=True, slots=True)
class Completion:
    """Counts, caches and passes on an execution's outcome. Every part is safe to repeat."""

    recorder: Recorder
    payloads: PayloadStore
    cache: ResultCache
    deliveries: DeliveryQueue
    workflows: WorkflowQueue
    telemetry: Telemetry
    cache_seconds: int

    def refer_result(self, execution_id: str, result: bytes | None) -> tuple[PayloadRef | None, bytes]:
        """Return the reference of a result (JSON as it came; None is null) and its bytes, before it is recorded.

        ``store_result`` stores a large one afterwards.
        """
        if result is None:
            return None, b""
        return self.payloads.refer(f"{execution_id}/result/{digest(result)}", result), result

    def after_ending(self, ended: Execution, result: bytes = b"") -> None:
        """Do what follows the write of an outcome, by the worker that wrote it."""
        latency_ms = (ended.completed_at or ended.updated_at) - ended.queued_at
        self._count(ended, latency_ms)
        self.telemetry.count(Count.EXECUTIONS_UNSUCCESSFUL, by=int(ended.status is not Status.COMPLETED))
        self.telemetry.duration(Duration.END_TO_END_LATENCY, latency_ms)
        self.hand_on(ended, result)

    def after_decision(self, ended: Execution, result: bytes) -> None:
        """Do what follows an operator's decision: the same without error rate and latency, which say nothing then."""
        self._count(ended)
        self.hand_on(ended, result)

    def hand_on(self, ended: Execution, result: bytes = b"") -> None:
        """Store the result if given, write the audit, fill the cache, queue the delivery and notify the workflow.

        Safe to repeat.
        """
        self.store_result(ended, result)
        self.recorder.pay(ended)
        fills_cache = ended.reusable_result and ended.cache_status is not CacheStatus.HIT and self.cache_seconds
        if fills_cache and ended.cache_key and ended.completed_at:
            expires_at = ended.completed_at + self.cache_seconds * 1_000
            self.cache.remember(CachedResult(ended.cache_key, ended.execution_id, expires_at))
        if ended.delivery.untried:
            self.deliveries.send(ended.execution_id, version=ended.version, receiver=ended.webhook_url)
        self.notify_workflow(ended)

    def notify_workflow(self, execution: Execution) -> None:
        """Notify an execution's workflow that it has ended, or runs again."""
        if execution.workflow is not None:
            self.workflows.notify(WorkflowMessage(execution.workflow.workflow_id, execution.workflow))

    def store_result(self, ended: Execution, result: bytes) -> None:
        """Store a large result right after its outcome is written, before anything else can fail.

        A failure is counted and does not change the outcome.
        """
        if not result or not ended.outcome or not ended.outcome.result:
            return
        try:
            self.payloads.put(ended.outcome.result, result)
        except DependencyError as error:
            self.telemetry.count(Count.RESULTS_NOT_STORED)
            self.telemetry.event("result_not_stored", code=error.code)

    def _count(self, ended: Execution, latency_ms: int | None = None) -> None:
        code = ended.outcome.error.code if ended.outcome and ended.outcome.error else None
        metric = {
            Status.COMPLETED: Count.EXECUTIONS_SUCCEEDED,
            Status.FAILED: Count.EXECUTIONS_FAILED,
            Status.UNKNOWN: Count.EXECUTIONS_UNKNOWN,
        }[ended.status]
        self.telemetry.count(metric)
        self.telemetry.event(
            "execution_ended",
            status=ended.status.value,
            code=code,
            attempts=ended.attempts,
            latency_ms=latency_ms,
        )


def unknown(error: ExecutionError) -> Outcome:
    """Return the outcome of an action that may or may not have run."""
    return Outcome(Status.UNKNOWN, error=error)


def same_outcome(recorded: Outcome, reported: Outcome) -> bool:
    """Whether two outcomes have the same status, error and result content."""
    return (
        recorded.status is reported.status
        and recorded.error == reported.error
        and _content(recorded.result) == _content(reported.result)
    )


def _content(ref: PayloadRef | None) -> str | None:
    return ref.digest if ref else None
