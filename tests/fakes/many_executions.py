"""A hundred thousand executions over 29 days and 400 actions: all index entries; records are made when read."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, override

from actionrelay.aws.attributes import attribute, key
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Delivery, Execution, ExecutionError, Outcome, Status, WebhookStatus
from actionrelay.ledger.items_dynamodb import UNDELIVERED, accepted_item, ledger_item
from actionrelay.timestamps import DAY_MS, day_of, iso
from tests.fakes.chance import NOON, SettableClock
from tests.fakes.indexes import AUDIT, EXECUTIONS, FakeIndexedTables
from tests.fakes.relay import TRACE_ID, a_draft

EXECUTIONS_THERE = 100_000
ACTIONS = tuple(str(uuid.UUID(int=number, version=4)) for number in range(400))
_APART_MS = 29 * DAY_MS // EXECUTIONS_THERE
_RARE_ENDS = {7: Status.FAILED, 17: Status.UNKNOWN, 27: Status.CANCELLED}
_GIVEN_UP = 37
_OF = 50
_TRACED = 20_000


@dataclass(slots=True)
class ManyExecutions(FakeIndexedTables):
    """The two tables at that size. Each request advances the clock."""

    clock: SettableClock = field(default_factory=SettableClock)
    request_ms: int = 0

    def __post_init__(self) -> None:
        """Fill the indexes, oldest entry first."""
        for number in reversed(range(EXECUTIONS_THERE)):
            for where, order, value in _entries_of(number):
                table = self.tables[where[0]]
                name, at = _name(number), attribute(value)
                keys = key(f"execution#{name}", "ledger") if where[0] == EXECUTIONS else _audit_key(number)
                assert table.keys == tuple(keys)
                self._entries.setdefault(where, []).append((value, name, {**keys, order: at}))
        for entries in self._entries.values():
            entries.sort(key=lambda each: each[:2])

    @override
    def query(self, **parameters: Any) -> dict[str, Any]:
        self.clock.advance(self.request_ms)
        return FakeIndexedTables.query(self, **parameters)

    @override
    def batch_get_item(self, **parameters: Any) -> dict[str, Any]:
        self.clock.advance(self.request_ms)
        items = self.tables[EXECUTIONS].items
        for asked in parameters["RequestItems"][EXECUTIONS]["Keys"]:
            name = asked["pk"]["S"].partition("#")[2]
            if (number := uuid.UUID(name).int) < EXECUTIONS_THERE:
                items[asked["pk"]["S"], asked["sk"]["S"]] = {**asked, **_item(number, asked["sk"]["S"])}
        answer = FakeIndexedTables.batch_get_item(self, **parameters)
        items.clear()
        return answer


def _entries_of(number: int) -> Iterator[tuple[tuple[str, str, str], str, str | int]]:
    at, name = _accepted_at(number), _name(number)
    day, kind = day_of(at), number % _OF
    yield (AUDIT, "by_day", day), "openedAt", f"{_action(number)}#{iso(at)}#{name}"
    yield (AUDIT, "by_time", day), "timestamp", at
    if kind in _RARE_ENDS:
        yield (EXECUTIONS, "by_status", _RARE_ENDS[kind]), "created_at", at
    if kind == _GIVEN_UP:
        yield (EXECUTIONS, "by_undelivered", UNDELIVERED), "created_at", at
    if number % _TRACED == 0:
        yield (EXECUTIONS, "by_trace", TRACE_ID), "created_at", at


@cache
def _item(number: int, kind: str) -> dict[str, Any]:
    execution = _execution(number)
    return accepted_item(execution) if kind == "accepted" else ledger_item(execution)


def _execution(number: int) -> Execution:
    at, name = _accepted_at(number), _name(number)
    trace_id = TRACE_ID if number % _TRACED == 0 else name
    draft = a_draft(
        execution_id=name, action_id=_action(number), trace_id=trace_id, created_at=at, queued_at=at, updated_at=at
    )
    accepted = ledger.accept(draft)
    kind = number % _OF
    status = _RARE_ENDS.get(kind, Status.COMPLETED)
    if status is Status.CANCELLED:
        return ledger.cancel(accepted, at + 1, None)
    error = None if status is Status.COMPLETED else ExecutionError("code", "message")
    ended = ledger.settle(
        ledger.claim(accepted, "attempt", at + 1, at + 95_000), Outcome(status, error=error), at + 300
    )
    return replace(ended, delivery=Delivery(status=WebhookStatus.FAILED)) if kind == _GIVEN_UP else ended


def _audit_key(number: int) -> dict[str, Any]:
    return {"executionId": attribute(_name(number)), "seq": attribute(1)}


def _name(number: int) -> str:
    return str(uuid.UUID(int=number))


def _action(number: int) -> str:
    return ACTIONS[number % len(ACTIONS)]


def _accepted_at(number: int) -> int:
    return NOON - number * _APART_MS
