"""What sharing the rate promises, as scenes in virtual time, and the rules behind each promise.

The scenes are small versions of those in `tests/unit/gate/test_turns.py`, so that each can be played without each rule.
"""

from collections.abc import Callable
from dataclasses import dataclass

from actionrelay.gate import turns
from actionrelay.gate.rate import GateState, Rate
from actionrelay.gate.turns import Sharing
from actionrelay.lanes import Flow, Lane
from benchmarks.gate.turns import Arrival, Course, Turns, every, percentile
from tests.simulation.mutants import Edit

HURRY = Flow(Lane.INTERACTIVE, "in a hurry")
FLOOD = Flow(Lane.INTERACTIVE, "a flood")
FILE, OTHER_FILE = Flow(Lane.BULK, "a file"), Flow(Lane.BULK, "another file")
PER_MINUTE = 270
MOST = 10
"""The limit of actions in flight, in the scene that tests it."""


def _ideal_ms(executions: int) -> float:
    return executions * 60_000 / PER_MINUTE


def _part(course: Course, one: Flow, other: Flow) -> float:
    """Return the share of the first of two flows while both wait."""
    ends = min(max(begun for _, begun in course.begun[flow]) for flow in (one, other))
    begun = [course.begun_within(flow, 0, ends) for flow in (one, other)]
    return begun[0] / sum(begun)


def hurry_is_served_at_once() -> bool:
    """During a bulk load, an interactive execution every two seconds has its first attempt at once."""
    hurry = list(every(HURRY, 2_000, _ideal_ms(400), begins_ms=500))
    course = Turns(Sharing(Rate(PER_MINUTE)), [Arrival(FILE, executions=400), *hurry]).run()
    return percentile(course.waits(HURRY), 0.95) <= 500


def bulk_has_its_fifth() -> bool:
    """Bulk gets a fifth of the rate while both lanes wait."""
    course = Turns(Sharing(Rate(PER_MINUTE)), [Arrival(FILE, executions=300), Arrival(FLOOD, executions=300)]).run()
    return abs(_part(course, FILE, FLOOD) - 0.2) <= 0.02


def callers_share_evenly() -> bool:
    """Callers within a lane get equal shares."""
    arrivals = [Arrival(FILE, executions=1_000), Arrival(OTHER_FILE, executions=300)]
    return abs(_part(Turns(Sharing(Rate(PER_MINUTE)), arrivals).run(), FILE, OTHER_FILE) - 0.5) <= 0.025


def the_rate_is_used() -> bool:
    """A single lane uses the whole rate."""
    return Turns(Sharing(Rate(PER_MINUTE)), [Arrival(FILE, executions=300)]).run().ended_at <= 1.1 * _ideal_ms(300)


def many_callers_get_on() -> bool:
    """More callers than are kept apart are all served."""
    callers = [Arrival(Flow(Lane.BULK, str(number)), executions=30) for number in range(20)]
    return Turns(Sharing(Rate(PER_MINUTE)), callers).run().ended_at <= 1.25 * _ideal_ms(600)


def in_flight_is_bounded() -> bool:
    """Actions in flight stay within the limit, however long they take, and ended ones make room."""
    arrivals = [Arrival(FILE, executions=60), Arrival(FLOOD, executions=60)]
    course = Turns(Sharing(Rate(1_200), max_in_flight=MOST), arrivals, latency_ms=lambda _: 5_000).run()
    return course.most_in_flight <= MOST and course.ended_at <= 2.5 * 120 / MOST * 5_000


SCENES: tuple[Callable[[], bool], ...] = (
    hurry_is_served_at_once,
    bulk_has_its_fifth,
    callers_share_evenly,
    the_rate_is_used,
    many_callers_get_on,
    in_flight_is_bounded,
)


@dataclass(frozen=True, slots=True)
class Gone:
    """A removed rule, and the scene that must notice."""

    scene: Callable[[], bool]
    edit: Edit


RULES: dict[str, Gone] = {
    "a lane that has had more than its share goes on": Gone(
        bulk_has_its_fifth, Edit(turns._Turn, "_is_due", "self._lane_lead(flow.lane) > LANE_LEAD and", "False and")
    ),
    "the lanes' shares are swapped": Gone(
        bulk_has_its_fifth, Edit(Sharing, "weight", "100 - self.percent(lane)", "self.percent(lane)")
    ),
    "a caller that has had more than others goes on": Gone(
        callers_share_evenly, Edit(turns._Turn, "_is_due", "served < self.known[each].served + FLOW_LEAD", "True")
    ),
    "what a caller has had is not counted": Gone(
        callers_share_evenly, Edit(turns._Turn, "grant", "served=self.known[flow].served + 1", "served=0")
    ),
    "waiting flows leave nothing for others": Gone(
        hurry_is_served_at_once,
        Edit(turns._Turn, "grant", "self.sharing.reserve if flow in self.waiting else 0", "0"),
    ),
    "a full bucket is kept for absent flows": Gone(
        many_callers_get_on, Edit(turns._Turn, "grant", "self.full and not self.granted and wanting", "False")
    ),
    "all waiting flows return at the same time": Gone(
        the_rate_is_used, Edit(turns._Turn, "_line_up", "begins + place * between_us", "begins + 300_000_000")
    ),
    "actions in flight are not counted": Gone(
        in_flight_is_bounded, Edit(GateState, "in_flight", "lease.until > now", "False")
    ),
    "ended actions do not make room": Gone(
        in_flight_is_bounded, Edit(GateState, "released", "min(lease.actions, left)", "lease.actions")
    ),
}
