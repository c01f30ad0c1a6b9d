"""The gate's benchmark detects lost time, 429s and contention; and it is reproducible."""

import random

import pytest

from actionrelay.execute.ports import ActionCall
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.message import Message
from benchmarks.gate.backlog import Backlog, work_off
from benchmarks.gate.report import EXECUTIONS, TIME_LIMIT, over_ideal
from benchmarks.gate.services import ALLOWED, LATENCY_MS, TOKEN, WINDOW_MS, Chance, Genesys, Queue
from benchmarks.gate.virtual import BEGIN_MS, VirtualTime

CALL = ActionCall("execution", "action", "trace", "{}", 60_000, cache_results=False)


def chance(seed: int = 0) -> Chance:
    return Chance(random.Random(seed))  # noqa: S311 - it has to repeat itself


# -- Time --


def test_processes_sleep_at_the_same_time_and_wake_in_order() -> None:
    world, seen = VirtualTime(), list[tuple[str, int]]()

    def process(name: str, naps: list[int]) -> None:
        for nap in naps:
            world.sleep(nap)
            seen.append((name, world.now() - BEGIN_MS))

    world.start(lambda: process("a", [100, 100]))
    world.start(lambda: process("b", [150]))
    world.run()

    assert seen == [("a", 100), ("b", 150), ("a", 200)]


def test_who_waits_for_all_goes_on_with_the_last() -> None:
    world, ended = VirtualTime(), list[int]()

    def all_of_them() -> None:
        world.all_of([lambda nap=nap: world.sleep(nap) for nap in (30, 70, 50)])  # type: ignore[misc]
        world.all_of([])
        ended.append(world.now() - BEGIN_MS)

    world.start(all_of_them)
    world.run()

    assert ended == [70]


def test_a_turn_is_held_by_one_and_handed_to_the_first() -> None:
    world, seen = VirtualTime(), list[tuple[int, int]]()
    turn = world.turn()

    def process(number: int) -> None:
        world.sleep(number)
        with turn.taken():
            world.sleep(100)
            seen.append((number, world.now() - BEGIN_MS))

    for number in (3, 1, 2):
        world.start(lambda number=number: process(number))  # type: ignore[misc]
    world.run()

    assert seen == [(1, 101), (2, 201), (3, 301)]


def test_what_a_process_raises_ends_the_run() -> None:
    world = VirtualTime()

    def fail() -> None:
        world.sleep(1)
        raise ZeroDivisionError

    world.start(fail)
    with pytest.raises(ZeroDivisionError):
        world.run()


# -- Services --


def test_genesys_limits_every_window_and_says_when_to_return() -> None:
    world, replies = VirtualTime(), list[Reply]()
    genesys = Genesys(world, lambda: None)

    def ask(after_ms: int) -> None:
        world.sleep(after_ms)
        replies.append(genesys.execute(CALL, TOKEN, 60_000))

    times = [0] * (ALLOWED - 1) + [4_000, 4_001, WINDOW_MS - 1, WINDOW_MS, WINDOW_MS + 1]
    for after_ms in times:
        world.start(lambda after_ms=after_ms: ask(after_ms))  # type: ignore[misc]
    world.run()

    refused = [reply for reply in replies if reply.kind is not ReplyKind.SUCCEEDED]
    assert (genesys.posts, genesys.throttled) == (ALLOWED + 4, 2)
    assert [(reply.http_status, reply.retry_after) for reply in refused] == [(429, "6"), (429, "1")]
    assert world.now() == BEGIN_MS + WINDOW_MS + 1 + LATENCY_MS


@pytest.mark.parametrize(("delay_ms", "visible_after"), [(0, 0), (1, 1_000), (1_000, 1_000), (1_001, 2_000)])
def test_a_message_is_seen_whole_seconds_after_it_was_sent(delay_ms: int, visible_after: int) -> None:
    world = VirtualTime()
    queue = Queue(world, chance())
    looked: dict[int, int] = {}

    def send_and_look() -> None:
        queue.send(Message("x"), delay_ms)
        sent_at = world.time
        for wait in (visible_after - 1, visible_after):
            if wait >= 0:
                world.sleep(sent_at + wait - world.time)
                looked[wait] = len(queue.receive())

    world.start(send_and_look)
    world.run()

    assert looked == {wait: int(wait == visible_after) for wait in looked}


def test_a_receive_takes_ten_at_most() -> None:
    queue = Queue(VirtualTime(), chance())
    for number in range(25):
        queue.put(Message(str(number)))
    assert [len(queue.receive()) for _ in range(4)] == [10, 10, 5, 0]


# -- A backlog --


def test_a_backlog_is_worked_off_near_the_ideal_without_a_429() -> None:
    course = work_off(Backlog(EXECUTIONS, workers=3, seed=1))

    assert (course.posts, course.throttled) == (EXECUTIONS, 0)
    assert over_ideal(course) <= TIME_LIMIT
    assert course.sends <= 3.5 * EXECUTIONS
    assert 0 < course.gate_quarrels < course.gate_requests <= 1.5 * EXECUTIONS


@pytest.mark.parametrize("per_minute", [270, 300])
def test_a_backlog_gets_97_percent_of_the_rate(per_minute: int) -> None:
    """Genesys Cloud takes so many in any minute and not one more; two workers are what a lane has by default."""
    executions = int(1.6 * per_minute)
    course = work_off(Backlog(executions, 2, 0, per_minute, allowed=per_minute, window_ms=60_000))

    assert course.throttled <= 0.005 * executions
    assert course.seconds <= executions / (0.97 * per_minute) * 60
    assert course.gate_quarrels <= 0.2 * executions


def test_a_slow_aws_that_is_polled_seldom_costs_little() -> None:
    """So it is on the emulator; what it takes beyond that is its own."""
    executions, per_minute = 450, 300
    slow = Backlog(executions, 2, 1, per_minute, per_minute, window_ms=60_000, slowness=10, look_again_ms=1_000)
    course = work_off(slow)

    assert (course.posts, course.throttled) == (executions, 0)
    assert course.seconds <= 1.1 * executions / per_minute * 60


def test_one_worker_alone_has_no_quarrels() -> None:
    assert work_off(Backlog(60, workers=1, seed=0)).gate_quarrels == 0


def test_a_gate_that_lets_too_many_through_causes_429s() -> None:
    course = work_off(Backlog(400, workers=3, seed=0, per_minute=1_800))

    assert course.posts == 400 + course.throttled
    assert 0 < course.throttled < 40
    assert over_ideal(course, 400) <= 1.3


def test_a_seed_repeats_itself() -> None:
    assert work_off(Backlog(60, 3, seed=5)) == work_off(Backlog(60, 3, seed=5))
    assert work_off(Backlog(60, 3, seed=5)) != work_off(Backlog(60, 3, seed=6))
