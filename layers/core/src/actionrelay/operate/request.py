"""Use case: show an operator the request of an execution as accepted. The read itself is recorded."""

from dataclasses import dataclass
from typing import TypedDict

from actionrelay.errors import ExecutionNotFoundError
from actionrelay.json_text import RawJson, masked
from actionrelay.lanes import Lane
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.document import RawDocument
from actionrelay.ledger.execution import CacheStatus, Execution, PayloadRef
from actionrelay.ledger.ports import PayloadStore
from actionrelay.ledger.recorder import Recorder
from actionrelay.ledger.retention import named_execution
from actionrelay.ports import Clock, Telemetry
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import Timestamp, iso


class AcceptedRequestDocument(TypedDict):
    """A request as accepted, with ids in lower case and defaults filled in."""

    executionId: str
    actionId: str
    traceId: str
    inputs: dict[str, Json] | None
    """As sent: numbers and order are unchanged. Values under a name of `MaskInputs` are `"•••"`. Null if they are no
    longer stored."""
    inputsStored: bool
    """False if the inputs are gone, because their retention has ended or they were deleted."""
    timeout: int
    """In ms."""
    cacheResults: bool
    webhookUrl: str | None
    actionReferences: dict[str, Json] | None
    """As sent, masked like the inputs. Null if there were none, if they are no longer stored, and if an earlier release
    accepted the request without keeping them."""
    idempotent: bool | None
    """Null if an earlier release accepted the request without keeping it."""
    lane: Lane
    createdAt: Timestamp
    """When it was accepted."""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Shows the request of one execution."""

    recorder: Recorder
    payloads: PayloadStore
    telemetry: Telemetry
    clock: Clock
    masks: frozenset[str]
    """Names, casefolded, whose values are never shown."""

    def request(self, execution_id: str, actor: str | None) -> RawDocument:
        """Return a request as accepted, after recording that ``actor`` reads it.

        Raises:
            ExecutionNotFoundError: no execution has this id.
            StaleWriteError: others kept writing; nothing is shown.
            StoreUnavailableError: the read can't be recorded, or the request can't be read.
        """
        execution = named_execution(self.recorder.store, execution_id)
        self.telemetry.concerning(execution.execution_id, execution.trace_id)
        now = self.clock.now()
        if self.recorder.change(execution, lambda current: ledger.show_request(current, now, actor)) is None:
            raise ExecutionNotFoundError.of(execution_id)
        return accepted_document(execution, self.payloads, self.masks)


def accepted_document(execution: Execution, payloads: PayloadStore, masks: frozenset[str]) -> RawDocument:
    """Return the request of an execution, with its inputs as sent except for masked values."""

    def shown(ref: PayloadRef | None) -> RawJson | None:
        stored = None if ref is None else payloads.get(ref)
        return None if stored is None else RawJson(masked(stored.decode(), masks))

    inputs = shown(execution.request)
    document: AcceptedRequestDocument = {
        "executionId": execution.execution_id,
        "actionId": execution.action_id,
        "traceId": execution.trace_id,
        "inputs": None,
        "inputsStored": inputs is not None,
        "timeout": execution.timeout_ms,
        "cacheResults": execution.cache_status is not CacheStatus.DISABLED,
        "webhookUrl": execution.webhook_url,
        "actionReferences": None,
        "idempotent": execution.idempotent,
        "lane": execution.lane,
        "createdAt": iso(execution.created_at),
    }
    texts = {"inputs": inputs, "actionReferences": shown(execution.references)}
    return {name: texts.get(name) or value for name, value in as_json(document).items()}
