"""Ended executions, as the delivery of webhooks reads and records them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, override

from actionrelay.deliver.ports import Deliverable, Deliverables, Try
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.document import execution_document
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.message import MessageKind
from actionrelay.ledger.ports import PayloadStore
from actionrelay.ledger.recorder import Recorder
from actionrelay.ports import Clock


@dataclass(frozen=True, slots=True)
class EndedExecutions(Deliverables[Execution]):
    """``Deliverables`` over the ledger."""

    recorder: Recorder
    payloads: PayloadStore
    clock: Clock
    kind: ClassVar[MessageKind] = MessageKind.RUN

    @override
    def load(self, subject_id: str, version: int | None = None) -> Deliverable[Execution] | None:
        execution = self.recorder.load(subject_id, version)
        return None if execution is None or not execution.ended else _deliverable(execution)

    @override
    def document(self, due: Deliverable[Execution]) -> Mapping[str, object] | None:
        """Return the execution; delivered without its large result, the receiver would never get that."""
        document = execution_document(due.record, self.payloads, self.clock.now())
        return document if document["status"] == due.record.status.value else None

    @override
    def write_audit(self, due: Deliverable[Execution]) -> None:
        self.recorder.pay(due.record)

    @override
    def record(self, due: Deliverable[Execution], tried: Try) -> Deliverable[Execution] | None:
        def step(current: Execution) -> Execution | None:
            if _try_of(current) != _try_of(due.record):
                return None
            return ledger.record_delivery(
                current, tried.status, tried.at, tried.next_at, latency_ms=tried.latency_ms, cause=tried.cause
            )

        recorded = self.recorder.change(due.record, step)
        return None if recorded is None else _deliverable(recorded)


def _deliverable(execution: Execution) -> Deliverable[Execution]:
    return Deliverable(
        execution,
        execution.execution_id,
        execution.trace_id,
        execution.webhook_url or "",
        execution.caller,
        f"execution.{execution.status.value}",
        execution.completed_at or execution.updated_at,
        execution.delivery,
        execution.version,
    )


def _try_of(execution: Execution) -> tuple[object, ...]:
    """Identifies one try: outcome, series, number."""
    return execution.outcome, execution.completed_at, execution.delivery.repeats, execution.delivery.attempts
