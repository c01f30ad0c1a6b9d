"""Use case: show one execution. Only reads."""

from dataclasses import dataclass

from actionrelay.find.outlook import LookAhead
from actionrelay.find.waiting import AwaitEnd, Wait
from actionrelay.ledger.document import RawDocument, execution_document
from actionrelay.ledger.ports import ExecutionStore, PayloadStore
from actionrelay.ledger.retention import named_execution
from actionrelay.ports import Clock, Telemetry


@dataclass(frozen=True, slots=True)
class ReadExecution:
    """Shows one execution."""

    store: ExecutionStore
    payloads: PayloadStore
    ahead: LookAhead
    clock: Clock
    telemetry: Telemetry
    ending: AwaitEnd

    def execution(self, execution_id: str, wait: Wait | None = None) -> RawDocument:
        """Return an execution as last written, with its result; with ``wait``, once it has ended or the wait is over.

        Raises:
            ExecutionNotFoundError: no execution has this id.
        """
        execution = named_execution(self.store, execution_id)
        self.telemetry.concerning(execution.execution_id, execution.trace_id)
        if wait:
            execution = self.ending.ended(execution, wait)
        now = self.clock.now()
        return execution_document(execution, self.payloads, now, self.ahead.of(execution, now))
