"""One batch and the gate: it asks once, stays together after a 429, and returns unused permits."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from actionrelay.errors import StoreUnavailableError
from actionrelay.gate.batch import BatchPermits
from actionrelay.gate.ports import Ask
from actionrelay.gate.turns import Crowd, Decision, Share
from actionrelay.lanes import Flow, Lane
from tests.fakes.chance import NOON

LARGEST_BATCH = 10


@dataclass(slots=True)
class Gate:
    """What ``BatchPermits`` asks, with one answer for all times."""

    answer: Decision | StoreUnavailableError
    asked: list[tuple[int, Crowd]] = field(default_factory=list)
    paused: list[int] = field(default_factory=list)
    released: list[tuple[int, int]] = field(default_factory=list)

    def ask(self, now: int, crowd: Crowd, _ends_at: int) -> Decision:
        self.asked.append((now, crowd))
        if isinstance(self.answer, StoreUnavailableError):
            raise self.answer
        return self.answer

    def release(self, lease: int, left: int) -> None:
        self.released.append((lease, left))

    def batch(self, size: int, newcomers: int = 0) -> BatchPermits:
        asks = [RETURNS] * (size - newcomers) + [ARRIVES] * newcomers
        return BatchPermits(self.ask, self.paused.append, self.release, asks)


ARRIVES, RETURNS = Ask(), Ask(waited=True)
ALL = Decision({ARRIVES: Share(LARGEST_BATCH), RETURNS: Share(LARGEST_BATCH)})
NONE = Decision({ARRIVES: Share(0, tuple(range(1, LARGEST_BATCH + 1)))})
SOME = Decision({RETURNS: Share(1, (40, 50)), ARRIVES: Share(2, (700, 900))}, opens_in=30)


def at_once(batch: BatchPermits, threads: int = LARGEST_BATCH) -> list[int | str]:
    """Let threads take at the same moment; one that meets an error says its code."""
    together = threading.Barrier(threads, timeout=5)

    def meet_and_take(_: int) -> int | str:
        together.wait()
        try:
            return batch.take(NOON, ARRIVES)
        except StoreUnavailableError as error:
            return error.code

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(meet_and_take, range(threads)))


@pytest.mark.parametrize(
    ("answer", "waits"), [(ALL, [0] * LARGEST_BATCH), (NONE, list(range(1, LARGEST_BATCH + 1)))], ids=["all", "none"]
)
def test_ten_threads_of_a_batch_ask_the_gate_once(answer: Decision, waits: list[int]) -> None:
    gate = Gate(answer)
    assert sorted(at_once(gate.batch(LARGEST_BATCH, LARGEST_BATCH)), key=int) == waits
    assert gate.asked == [(NOON, {ARRIVES: LARGEST_BATCH})]


def test_a_gate_that_is_down_is_asked_once_by_ten_threads() -> None:
    gate = Gate(StoreUnavailableError("down", aws_code="Throttled"))
    batch = gate.batch(LARGEST_BATCH)
    assert at_once(batch) == ["store_unavailable"] * LARGEST_BATCH
    assert len(gate.asked) == 1
    with pytest.raises(StoreUnavailableError, match="down") as again:
        batch.take(NOON, ARRIVES)
    assert again.value.context == {"aws_code": "Throttled"}
    assert again.value is not gate.answer, "one exception object is not for several threads"


def test_each_half_of_a_batch_gets_its_own_permits() -> None:
    batch = Gate(SOME).batch(7, 4)
    assert [batch.take(NOON, ARRIVES) for _ in range(4)] == [0, 0, 700, 900]
    assert [batch.take(NOON, RETURNS) for _ in range(3)] == [0, 40, 50]


def test_more_takers_than_messages_wait_for_the_gate() -> None:
    batch = Gate(SOME).batch(7, 4)
    assert [batch.take(NOON, ARRIVES) for _ in range(6)][4:] == [30, 30]
    assert [batch.take(NOON, RETURNS) for _ in range(5)][3:] == [30, 30]


def test_another_batch_asks_for_itself() -> None:
    gate = Gate(ALL)
    first = gate.batch(4)
    first.take(NOON, ARRIVES)
    first.hold(NOON + 5_000)
    assert gate.batch(3, 2).take(NOON + 1, ARRIVES) == 0
    assert gate.asked == [(NOON, {RETURNS: 4}), (NOON + 1, {RETURNS: 1, ARRIVES: 2})]


def test_an_unused_batch_does_not_ask_the_gate() -> None:
    gate = Gate(ALL)
    gate.batch(0)
    gate.batch(10)
    assert gate.asked == []


# -- A 429 in the batch --


def test_a_hold_keeps_back_permits_not_yet_taken() -> None:
    batch = Gate(ALL).batch(LARGEST_BATCH, LARGEST_BATCH)
    assert batch.take(NOON, ARRIVES) == 0
    batch.hold(NOON + 5_000)
    batch.hold(NOON + 2_000)
    assert [batch.take(NOON + 1_000, ARRIVES), batch.take(NOON + 4_999, RETURNS)] == [4_000, 1]
    assert batch.take(NOON + 5_000, ARRIVES) == 0


def test_a_last_look_sees_a_hold_after_the_permit() -> None:
    gate = Gate(ALL)
    batch = gate.batch(2)
    assert batch.held(NOON) == 0
    batch.hold(NOON + 5_000)
    assert [batch.held(NOON), batch.held(NOON + 4_999), batch.held(NOON + 5_000)] == [5_000, 1, 0]
    assert (gate.asked, gate.paused) == ([], []), "to hold and to look cost no request"


def test_a_pause_holds_its_batch_even_where_it_fails() -> None:
    gate = Gate(ALL)
    batch = gate.batch(2)
    batch.pause(NOON + 5)
    assert (gate.paused, batch.held(NOON)) == ([NOON + 5], 5)

    def fail(_until: int) -> None:
        raise StoreUnavailableError("down")

    batch = BatchPermits(gate.ask, fail, gate.release, [RETURNS] * 2)
    with pytest.raises(StoreUnavailableError):
        batch.pause(NOON + 5)
    assert batch.held(NOON) == 5


# -- Actions under way --


def under_way(granted: int) -> tuple[Gate, BatchPermits]:
    gate = Gate(Decision({ARRIVES: Share(granted, (7,) * (LARGEST_BATCH - granted))}, lease=41))
    batch = gate.batch(LARGEST_BATCH, LARGEST_BATCH)
    for _ in range(LARGEST_BATCH):
        batch.take(NOON, ARRIVES, NOON + 90_000)
    return gate, batch


def test_what_is_not_needed_is_given_back_by_halves() -> None:
    gate, batch = under_way(granted=LARGEST_BATCH)
    for _ in range(LARGEST_BATCH):
        batch.finished()
    assert gate.released == [(41, 5), (41, 2), (41, 1), (41, 0)], "each is a write, so not one by one"


def test_those_turned_away_release_nothing() -> None:
    gate, batch = under_way(granted=1)
    for _ in range(LARGEST_BATCH - 1):
        batch.finished()
    assert gate.released == []
    batch.finished()
    batch.finished()
    assert gate.released == [(41, 0)]


def test_a_permit_without_a_lease_is_not_released() -> None:
    gate = Gate(ALL)
    batch = gate.batch(1)
    batch.take(NOON, RETURNS)
    batch.finished()
    assert gate.released == []


def test_flows_that_take_turns_as_one_share_its_answer() -> None:
    one, other = Flow(Lane.BULK, "one"), Flow(Lane.BULK, "other")
    together = Flow(Lane.BULK)
    gate = Gate(Decision({Ask(together): Share(1, (300,))}, {one: together, other: together}))
    batch = gate.batch(2)
    assert [batch.take(NOON, Ask(one)), batch.take(NOON, Ask(other))] == [0, 300]
