"""Use case: show an operator the request of an execution as it was accepted. The read itself is on record."""

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
    """A request as it was accepted, its ids in lower case and its defaults filled in."""

    executionId: str
    actionId: str
    traceId: str
    inputs: dict[str, Json] | None
    """As they came: numbers and order stay what they were. Values under a name of `MaskInputs` are `"•••"`. Null where
    they are not stored any more."""
    inputsStored: bool
    """False where the inputs are gone: their retention has ended, or somebody deleted them."""
    timeout: int
    """In ms."""
    cacheResults: bool
    webhookUrl: str | None
    actionReferences: dict[str, Json] | None
    """As they came; masked as the inputs are. Null where there were none, where they are not stored any more, and for
    what was accepted by a release that did not keep them."""
    idempotent: bool | None
    """Null for what was accepted by a release that did not keep it."""
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
        """Return a request as it was accepted, once it is on record that ``actor`` reads it.

        Raises:
            ExecutionNotFoundError: there is none with this id.
            StaleWriteError: others kept writing; nothing is shown.
            StoreUnavailableError: it can't be put on record, or not be read.
        """
        execution = named_execution(self.recorder.store, execution_id)
        self.telemetry.concerning(execution.execution_id, execution.trace_id)
        now = self.clock.now()
        if self.recorder.change(execution, lambda current: ledger.show_request(current, now, actor)) is None:
            raise ExecutionNotFoundError.of(execution_id)
        return accepted_document(execution, self.payloads, self.masks)


def accepted_document(execution: Execution, payloads: PayloadStore, masks: frozenset[str]) -> RawDocument:
    """Return the request of an execution, its inputs as the text that came except for what is masked."""

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
