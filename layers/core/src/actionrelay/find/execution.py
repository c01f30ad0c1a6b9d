"""Use case: show one execution. Reads alone."""

from dataclasses import dataclass

from actionrelay.errors import ExecutionNotFoundError
from actionrelay.gate.ports import GateGauge
from actionrelay.ids import recorded_form
from actionrelay.ledger.document import RawDocument, execution_document
from actionrelay.ledger.execution import Status
from actionrelay.ledger.ports import ExecutionStore, PayloadStore
from actionrelay.ports import Clock, Telemetry


@dataclass(frozen=True, slots=True)
class ReadExecution:
    """Shows one execution."""

    store: ExecutionStore
    payloads: PayloadStore
    gate: GateGauge
    """Asked about what is queued alone: one read."""
    clock: Clock
    telemetry: Telemetry

    def execution(self, execution_id: str) -> RawDocument:
        """Return an execution as last written, with its result.

        Raises:
            ExecutionNotFoundError: there is none with this id.
        """
        execution = self.store.load(recorded_form(execution_id))
        if execution is None:
            raise ExecutionNotFoundError.of(execution_id)
        self.telemetry.concerning(execution.execution_id, execution.trace_id)
        paused_until = self.gate.paused_until() if execution.status is Status.QUEUED else 0
        return execution_document(execution, self.payloads, self.clock.now(), paused_until)
