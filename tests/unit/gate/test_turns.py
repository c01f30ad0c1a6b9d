"""The effect of sharing the rate over minutes and hours of virtual time: lanes, callers, and actions in flight.

Each scene runs the gate's own rule with queues as SQS describes them (`benchmarks/gate/turns.py`).
"""

import random

import pytest

from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.lanes import Flow, Lane
from benchmarks.gate.turns import Arrival, Course, Turns, every, percentile

HURRY = Flow(Lane.INTERACTIVE, "in a hurry")
FILE, OTHER_FILE = Flow(Lane.BULK, "a file"), Flow(Lane.BULK, "another file")
FLOOD = Flow(Lane.INTERACTIVE, "a flood")
PER_MINUTE = 270
SHARING = Sharing(Rate(PER_MINUTE))
MINUTE_MS = 60_000


def ideal_ms(executions: int, per_minute: int = PER_MINUTE) -> float:
    """How long it takes where every permit is used at once."""
    return executions * MINUTE_MS / per_minute


def shares(course: Course, one: Flow, other: Flow) -> tuple[float, list[float]]:
    """The part of the first of two flows while both wait, and in each whole minute of that time."""
    ends = min(max(begun for _, begun in course.begun[flow]) for flow in (one, other))

    def part(begins_ms: float, ends_ms: float) -> float:
        counts = [course.begun_within(flow, begins_ms, ends_ms) for flow in (one, other)]
        return counts[0] / sum(counts)

    minutes = [part(begins * MINUTE_MS, (begins + 1) * MINUTE_MS) for begins in range(int(ends // MINUTE_MS))]
    return part(0, ends), minutes


@pytest.mark.repetitive
def test_a_hurry_is_served_at_once_beside_ten_thousand() -> None:
    hurry = list(every(HURRY, 2_000, ideal_ms(10_000), begins_ms=500))
    course = Turns(SHARING, [Arrival(FILE, executions=10_000), *hurry]).run()
    assert percentile(course.waits(HURRY), 0.95) <= 2_000
    assert course.ended_at <= 1.1 * ideal_ms(10_000 + len(hurry))


@pytest.mark.parametrize("per_minute", [60, 1_200])
def test_a_hurry_is_served_at_once_at_other_rates(per_minute: int) -> None:
    hurry = list(every(HURRY, 8 * MINUTE_MS / per_minute, ideal_ms(600, per_minute), begins_ms=500))
    course = Turns(Sharing(Rate(per_minute)), [Arrival(FILE, executions=600), *hurry]).run()
    assert percentile(course.waits(HURRY), 0.95) <= 2_000


def test_bulk_has_a_fifth_while_both_lanes_wait() -> None:
    course = Turns(SHARING, [Arrival(FILE, executions=900), Arrival(FLOOD, executions=900)]).run()
    whole, minutes = shares(course, FILE, FLOOD)
    assert whole == pytest.approx(0.2, abs=0.01)
    one_permit = 1 / PER_MINUTE
    assert min(minutes) >= 0.2 - 2 * one_permit


@pytest.mark.repetitive
def test_bulk_has_its_share_beside_a_steady_stream() -> None:
    stream = list(every(HURRY, ideal_ms(1) / 0.9, 4 * MINUTE_MS))
    course = Turns(SHARING, [Arrival(FILE, executions=2_000), *stream], until_ms=4 * MINUTE_MS).run()
    begun = course.begun_within(FILE, 0, 4 * MINUTE_MS)
    assert begun >= 0.19 * (begun + course.begun_within(HURRY, 0, 4 * MINUTE_MS))


@pytest.mark.parametrize("percent", [10, 50])
def test_the_share_is_a_setting(percent: int) -> None:
    sharing = Sharing(Rate(PER_MINUTE), bulk_percent=percent)
    course = Turns(sharing, [Arrival(FILE, executions=500), Arrival(FLOOD, executions=500)]).run()
    assert shares(course, FILE, FLOOD)[0] == pytest.approx(percent / 100, abs=0.02)


@pytest.mark.parametrize("seed", range(2))
def test_two_callers_of_a_lane_share_evenly(seed: int) -> None:
    arrivals = [Arrival(FILE, executions=1_000), Arrival(OTHER_FILE, executions=300)]
    course = Turns(SHARING, arrivals, seed).run()
    assert shares(course, FILE, OTHER_FILE)[0] == pytest.approx(0.5, rel=0.05)
    assert course.ended_at <= 1.1 * ideal_ms(1_300)


@pytest.mark.repetitive
def test_more_callers_than_are_known_apart_all_get_on() -> None:
    callers = [Flow(Lane.BULK, f"caller {number}") for number in range(20)]
    course = Turns(SHARING, [Arrival(caller, executions=30) for caller in callers]).run()
    assert course.ended_at <= 1.25 * ideal_ms(20 * 30), "so many ask in vain that the workers are busy"
    later = ideal_ms(20 * 30) * 0.75
    begun = sorted(course.begun_within(caller, 0, later) for caller in callers)
    assert begun[0] >= 2, "those beyond the twelve take turns as one, so each has an eighth of a turn"
    assert begun[-12:] == [30] * 12


@pytest.mark.repetitive
@pytest.mark.parametrize("lane", Lane)
def test_one_callers_hundred_thousand_keep_nobody_waiting(lane: Lane) -> None:
    """A sends a hundred thousand as fast as the API takes them; B comes in the middle of it."""
    flood, quiet = Flow(lane, "A"), Flow(lane, "B")
    arrivals = [Arrival(flood, second * 1_000, 200) for second in range(500)]
    later = [Arrival(quiet, 120_000 + number * 3_000) for number in range(20)]

    def all_of_b(course: Course) -> bool:
        return len(course.begun[quiet]) == len(later)

    course = Turns(SHARING, [*arrivals, *later], stops=all_of_b).run()
    assert max(course.waits(quiet)) <= 5_000
    assert percentile(course.waits(quiet), 0.95) <= 2_000


@pytest.mark.parametrize("most", [10, 30])
def test_never_more_than_max_in_flight_are_under_way(most: int) -> None:
    def slow(chance: random.Random) -> float:
        return 5_000 * (0.5 + chance.random())

    arrivals = [Arrival(FILE, executions=250), Arrival(FLOOD, executions=250)]
    course = Turns(Sharing(Rate(1_200), max_in_flight=most), arrivals, latency_ms=slow).run()
    assert most - 5 <= course.most_in_flight <= most
    # Four workers, and each takes its next ten when the slowest of the last ten has ended.
    assert course.ended_at <= 2.5 * 500 / most * 5_000, "what has ended makes room"


def test_a_lane_alone_uses_the_whole_rate() -> None:
    for flow in (FILE, FLOOD):
        assert Turns(SHARING, [Arrival(flow, executions=800)]).run().ended_at <= 1.1 * ideal_ms(800)
