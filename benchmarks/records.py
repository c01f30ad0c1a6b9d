"""Executions as the functions would have left them in the tables, written there in bulk.

Each is made by the ledger's own steps and written by the adapters' own code. They are spread over a month, so that more
of them are denser and not older. Most have completed; what needs attention is a part of them, as large for a thousand
as for a hundred thousand.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any

from actionrelay.aws.attributes import Item, attribute
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.entries_dynamodb import by_day, entries_item
from actionrelay.ledger.execution import Delivery, Execution, ExecutionError, Outcome, Status, WebhookStatus
from actionrelay.ledger.executions_dynamodb import record_keys
from actionrelay.ledger.items_dynamodb import accepted_item, ledger_item
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.timestamps import DAY_MS
from benchmarks.samples import SMALL_BYTES, request

DAYS = 29
"""A day less than what is kept by default."""
ACTIONS = tuple(str(uuid.uuid5(uuid.NAMESPACE_URL, f"action/{number}")) for number in range(8))
RARE_ACTION = str(uuid.uuid5(uuid.NAMESPACE_URL, "action/rare"))
TRACE_ID = str(uuid.uuid5(uuid.NAMESPACE_URL, "trace"))
RARELY = 3
"""Executions of the rare action and of the one trace, however many there are of others."""
_ENDS = (
    *((Status.FAILED, WebhookStatus.NONE),) * 6,
    *((Status.UNKNOWN, WebhookStatus.NONE),) * 6,
    *((Status.CANCELLED, WebhookStatus.NONE),) * 6,
    *((Status.COMPLETED, WebhookStatus.FAILED),) * 6,
    *((Status.COMPLETED, WebhookStatus.DELIVERED),) * 76,
)
"""Of a hundred executions."""
_BATCH = 25
"""Items of one `BatchWriteItem`."""
_WRITERS = 4
_EXPIRES_AT = attribute(4_000_000_000)
_INLINE = BucketPayloads(None, "none of them is large")  # type: ignore[arg-type]
_INPUTS = json.dumps(request(SMALL_BYTES)["inputs"]).encode()


@dataclass(frozen=True, slots=True)
class Tables:
    """Where to."""

    client: Any
    executions: str
    audit: str

    def load(self, executions: Iterable[Execution], advance: Callable[[], None]) -> None:
        """Write executions with their whole history."""

        def write(some: tuple[tuple[str, Item], ...]) -> None:
            wanted: dict[str, list[Any]] = {}
            for table, item in some:
                wanted.setdefault(table, []).append({"PutRequest": {"Item": item}})
            while wanted:
                wanted = self.client.batch_write_item(RequestItems=wanted)["UnprocessedItems"]

        def items() -> Iterator[tuple[str, Item]]:
            for execution in executions:
                yield from self._items(execution)
                advance()

        with ThreadPoolExecutor(_WRITERS) as writers:
            for wave in batched(batched(items(), _BATCH, strict=False), 4 * _WRITERS, strict=False):
                list(writers.map(write, wave))

    def _items(self, execution: Execution) -> Iterator[tuple[str, Item]]:
        accepted, state = record_keys(execution.execution_id)
        settled = execution.paid()
        yield self.executions, {**accepted, **accepted_item(settled), "expires_at": _EXPIRES_AT}
        if execution.status is not Status.QUEUED:
            yield self.executions, {**state, **ledger_item(settled), "expires_at": _EXPIRES_AT}
        first, *others = execution.audit.owed
        for entries in ([first], *by_day(others)):
            yield self.audit, {**entries_item(entries), "expires_at": _EXPIRES_AT}


def executions(first: int, last: int, now: int) -> Iterator[Execution]:
    """Make executions number ``first`` to ``last`` (exclusive), the same for the same ``now`` (ms)."""
    for number in range(first, last):
        # The golden ratio's multiples fall everywhere in a span evenly, however many there are.
        share = number * 0.618_033_988_749_895 % 1
        status, webhook_status = _ENDS[number % len(_ENDS)]
        yield _execution(
            number,
            now - int(share * DAYS * DAY_MS),
            status,
            ACTIONS[number % 8],
            delivery=Delivery(status=webhook_status),
        )


def rare_ones(now: int) -> Iterator[Execution]:
    """Make those that there are few of: of the rare action, with the trace id, and not ended yet."""
    for number in range(RARELY):
        at = now - number * 9 * DAY_MS - 1_000
        yield _execution(-4 * number - 1, at, Status.COMPLETED, RARE_ACTION, trace_id=TRACE_ID)
        for place, status in enumerate((Status.QUEUED, Status.RUNNING, Status.AWAITING_WEBHOOK), start=2):
            yield _execution(-4 * number - place, now - 60_000 * place, status, ACTIONS[number])


def _execution(number: int, at: int, status: Status, action_id: str, **fields: Any) -> Execution:
    execution_id = str(uuid.UUID(bytes=hashlib.sha256(f"{number}/{at}".encode()).digest()[:16], version=4))
    draft = Execution(
        execution_id=execution_id,
        action_id=action_id,
        trace_id=fields.pop("trace_id", execution_id),
        content_hash=hashlib.sha256(execution_id.encode()).hexdigest(),
        request=_INLINE.refer(f"{execution_id}/request", _INPUTS),
        timeout_ms=60_000,
        cache_key=None,
        webhook_url=None,
        repeatable=True,
        created_at=at,
        queued_at=at,
        updated_at=at,
    )
    return replace(_brought_to(status, ledger.accept(draft), at), **fields)


def _brought_to(status: Status, accepted: Execution, at: int) -> Execution:
    if status is Status.QUEUED:
        return accepted
    if status is Status.CANCELLED:
        return ledger.cancel(accepted, at + 400, None)
    running = ledger.claim(accepted, "attempt", at + 100, at + 95_000)
    if status is Status.RUNNING:
        return running
    if status is Status.AWAITING_WEBHOOK:
        return ledger.await_webhook(running, at + 400, at + 360_000, 300, None)
    result = _INLINE.refer(f"{accepted.execution_id}/result", _INPUTS) if status is Status.COMPLETED else None
    error = None if result else ExecutionError("no_answer", "no answer came")
    return ledger.settle(running, Outcome(status, result, error), at + 400, latency_ms=300)


def of_the_stack(client: Any, outputs: Mapping[str, str]) -> Tables:
    """Return the tables of a deployed stack."""
    return Tables(client, outputs["ExecutionsTableName"], outputs["AuditTableName"])
