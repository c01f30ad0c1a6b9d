"""Use case: accept up to a hundred requests at once. Each is validated, recorded and queued as if sent alone."""

import json
import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, override

from pydantic import Field

from actionrelay.errors import ActionRelayError, InvalidRequestError, QueueUnavailableError, StoreUnavailableError
from actionrelay.fault import Fault
from actionrelay.faults import Faults
from actionrelay.ids import is_uuid
from actionrelay.json_text import elements, every_member, members
from actionrelay.lanes import Lane
from actionrelay.ledger.message import Message
from actionrelay.ledger.ports import ExecutionQueue
from actionrelay.schemas import Document, Uuid, read, uuid_fault
from actionrelay.submit.submission import SubmitExecution, Submitted

MAX_EXECUTIONS = 100
AT_ONCE = 10
"""The number of requests that are recorded in parallel."""
MOST_DEFAULTS = 4
"""The most that defaults may add up to over all executions, in bodies of the largest size."""
TIME_MS = 10_000
"""No request is begun after this, so that the function answers before its timeout; the rest can be sent again."""


class BatchRequest(Document):
    """The body of ``POST /v1/batches``."""

    batch_id: Uuid | None = None
    """The batch's id; generated if absent. A batch can be sent again safely."""
    defaults: Annotated[dict[str, Any] | None, Field(repr=False)] = None
    """Fields of a request, for the executions that don't have them."""
    executions: Annotated[list[Any], Field(min_length=1, max_length=MAX_EXECUTIONS, repr=False)]
    """Requests, as for one execution."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome of one request of a batch."""

    execution_id: str | None
    """The id that the execution has, or would have had; None if the request has none."""
    outcome: Submitted | ActionRelayError


@dataclass(frozen=True, slots=True)
class Batch:
    """The outcome of a batch, in the order of its requests."""

    batch_id: str
    taken: tuple[Taken, ...]


@dataclass(slots=True)
class _Held(ExecutionQueue):
    """An ``ExecutionQueue`` that holds messages back until the whole batch is recorded."""

    messages: list[Message] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @override
    def send(self, message: Message, delay_ms: int = 0) -> None:
        with self._lock:
            self.messages.append(message)

    @override
    def send_all(self, messages: Sequence[Message]) -> list[Message]:
        with self._lock:
            self.messages.extend(messages)
        return []


@dataclass(frozen=True, slots=True)
class SubmitBatch:
    """Validates, records and queues a batch."""

    submitting: SubmitExecution

    def submit(self, raw: bytes, caller: str | None = None) -> Batch:
        """Take a body as sent.

        Unless a request or the defaults say otherwise, an id is the UUIDv5 of batch and index, the trace id is the
        batch's id, and the lane is bulk. So a repeat finds what was recorded, and queues what was not queued.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: the batch itself is invalid. Faults of a request are in its result.
        """
        batch_id, requests = self.read(raw)
        ends_at = self.submitting.clock.now() + TIME_MS
        held = _Held()
        submitting = replace(self.submitting, queue=held)

        def take(text: str) -> Taken:
            try:
                if submitting.clock.now() > ends_at:
                    raise StoreUnavailableError("there was no time left for this one; send the same batch again")
                submitted = submitting.submit(text.encode(), caller=caller)
            except ActionRelayError as error:
                return Taken(_own_id(text), error)
            return Taken(submitted.execution.execution_id if submitted.execution else None, submitted)

        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="batch") as threads:
            taken = list(threads.map(take, requests))
        lost = {message.execution_id for message in self.submitting.queue.send_all(held.messages)}
        return Batch(batch_id, tuple(_unqueued(each) if each.execution_id in lost else each for each in taken))

    def read(self, raw: bytes) -> tuple[str, list[str]]:
        """Read a body as sent into the batch's id and the text of each request, completed with the defaults.

        Raises:
            PayloadTooLargeError: more bytes than allowed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault of the batch itself.
        """
        document = self.submitting.rules.body(raw)
        request = read(BatchRequest, document)
        faults = request if isinstance(request, Faults) else Faults()
        if isinstance(document, dict):
            batch_id, defaults = document.get("batchId"), document.get("defaults")
            if isinstance(batch_id, str) and (fault := uuid_fault(batch_id, "/batchId")):
                faults.take(fault)
            if isinstance(defaults, dict) and defaults.get("executionId") is not None:
                faults.take(Fault("/defaults/executionId", "schema", "two executions can't have one id"))
        if isinstance(request, Faults) or faults:
            faults.refuse()
        parts = members(raw.decode())
        size = len(parts.get("defaults", "")) * len(request.executions)
        if size > MOST_DEFAULTS * self.submitting.rules.max_payload_bytes:
            raise InvalidRequestError((Fault("/defaults", "schema", "too large to be repeated in each execution"),))
        name = (request.batch_id or self.submitting.randomness.new_id()).lower()
        usual = {"lane": json.dumps(Lane.BULK), "traceId": json.dumps(name)} | _given(parts.get("defaults", "null"))
        return name, [_whole(text, usual, name, index) for index, text in enumerate(elements(parts["executions"]))]


def _given(text: str) -> dict[str, str]:
    """Return the members of an object; a member that is null is absent."""
    return {name: value for name, value in every_member(text) if value != "null"}


def _whole(text: str, usual: dict[str, str], batch_id: str, index: int) -> str:
    """Return the text of a request, completed with the defaults of its batch; a text that is no object is unchanged."""
    if not text.startswith("{"):
        return text
    own = {"executionId": json.dumps(str(uuid.uuid5(uuid.UUID(batch_id), str(index))))}
    return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in (usual | own | _given(text)).items()) + "}"


def _own_id(text: str) -> str | None:
    value = members(text).get("executionId", "null")
    name = json.loads(value) if value.startswith('"') else None
    return name.lower() if isinstance(name, str) and is_uuid(name) else None


def _unqueued(taken: Taken) -> Taken:
    message = "recorded, and not queued: send the same batch again"
    return Taken(taken.execution_id, QueueUnavailableError(message, execution_id=taken.execution_id))


def shortened(error: ActionRelayError, most: int) -> ActionRelayError:
    """Return the error with at most ``most`` of its faults, and their number."""
    if not isinstance(error, InvalidRequestError) or len(error.faults) <= most:
        return error
    return InvalidRequestError(error.faults[:most], error.count)
