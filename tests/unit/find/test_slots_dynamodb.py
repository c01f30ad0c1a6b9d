"""The item of waiting requests: what is read and written, and what happens when others write too."""

from collections.abc import Callable
from typing import Any

import pytest

from actionrelay.errors import StoreUnavailableError
from actionrelay.find.slots_dynamodb import TableWaitSlots
from tests.fakes.aws import FakeDynamoDb, aws_error
from tests.fakes.chance import NOON, SettableClock

THROTTLED = aws_error("ProvisionedThroughputExceededException")
UNTIL = NOON + 25_000


class Table:
    """A table that counts what it is asked, and lets somebody else write first on demand."""

    def __init__(self) -> None:
        self.stored, self.asked = FakeDynamoDb(), list[str]()
        self.before_put: list[Callable[[], object]] = []

    def put_item(self, **parameters: Any) -> dict[str, Any]:
        self.asked.append("put")
        if self.before_put:
            self.before_put.pop()()
        return self.stored.put_item(**parameters)

    def query(self, **parameters: Any) -> dict[str, Any]:
        self.asked.append("query")
        return self.stored.query(**parameters)

    def function(self, most: int = 4) -> TableWaitSlots:
        return TableWaitSlots(self, "executions", most, SettableClock())  # type: ignore[arg-type]


def test_a_wait_costs_a_read_and_two_writes() -> None:
    table = Table()
    function = table.function()
    slot = function.take("a", UNTIL)
    assert slot is not None
    function.release(slot)
    assert table.asked == ["query", "put", "put"]


def test_a_refused_wait_costs_a_read() -> None:
    table = Table()
    assert [table.function(2).take("a", UNTIL) is None for _ in range(2)] == [False, True]
    assert table.asked == ["query", "put", "query"]


def test_no_slots_cost_nothing() -> None:
    table = Table()
    assert table.function(0).take("a", UNTIL) is None
    assert table.asked == []


def test_functions_share_the_slots() -> None:
    table = Table()
    functions = [table.function(4) for _ in range(6)]
    taken = [function.take("abcdef"[place], UNTIL) for place, function in enumerate(functions)]
    assert [slot is not None for slot in taken] == [True] * 4 + [False] * 2
    functions[1].release(taken[1] or 0)
    assert functions[5].take("f", UNTIL) is not None
    assert functions[4].take("e", UNTIL) is None


def test_who_comes_at_the_same_time_gets_another_one() -> None:
    table = Table()
    first, second = table.function(), table.function()
    table.before_put.append(lambda: second.take("b", UNTIL))
    taken = first.take("a", UNTIL)
    assert taken is not None
    first.release(taken)
    assert table.function().take("c", UNTIL) is not None


def test_the_last_slot_is_given_once() -> None:
    table = Table()
    first, second = table.function(1), table.function(1)
    got: list[int | None] = []
    table.before_put.append(lambda: got.append(second.take("b", UNTIL)))
    assert first.take("a", UNTIL) is None
    assert got == [1]


def test_who_is_always_late_gets_none() -> None:
    table = Table()

    def other() -> None:
        table.before_put.append(other)
        table.stored.items.clear()
        newer = table.stored
        newer.put_item(
            TableName="executions",
            Item={
                "pk": {"S": "wait#slots"},
                "sk": {"S": "slots"},
                "slots": {"S": "[]"},
                "version": {"N": str(len(table.asked) + 100)},
            },
        )

    table.before_put.append(other)
    assert table.function().take("a", UNTIL) is None
    assert table.asked.count("put") <= 4


def test_a_table_that_fails_says_so() -> None:
    table = Table()
    table.stored.trouble.before("query", THROTTLED)
    with pytest.raises(StoreUnavailableError):
        table.function().take("a", UNTIL)


def test_a_slot_that_can_not_be_freed_ends_by_itself() -> None:
    table = Table()
    function = table.function(1)
    slot = function.take("a", UNTIL)
    assert slot is not None
    table.stored.trouble.before("put_item", THROTTLED)
    function.release(slot)
    function.clock.advance(25_000)  # type: ignore[attr-defined]  # a SettableClock
    assert function.take("b", UNTIL + 25_000) is not None
