"""Permits and places are shared between lanes by their shares and between callers evenly, within the bucket."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.gate.ports import Ask
from actionrelay.gate.rate import GateState, Lease, Rate, pause
from actionrelay.gate.turns import LATE_US, MAX_FLOWS, MAX_LINE_MS, RETURN_PERCENT, Decision, Share, Sharing
from actionrelay.lanes import Flow, Lane
from tests.fakes.chance import NOON
from tests.unit.gate.test_rate import MINUTE_MS, most_in_any

ARRIVES, RETURNS = Ask(), Ask(waited=True)
A, B = Flow(Lane.INTERACTIVE, "a"), Flow(Lane.INTERACTIVE, "b")
BULK = Flow(Lane.BULK, "a")

flows = st.builds(Flow, st.sampled_from(Lane), st.sampled_from([*"abc", *(f"caller {n}" for n in range(MAX_FLOWS))]))
crowds = st.dictionaries(st.builds(Ask, flows, st.booleans()), st.integers(1, 10), min_size=1, max_size=10)
questions = st.lists(st.tuples(st.integers(-200, 5_000), crowds), min_size=1, max_size=40)
sharings = st.builds(Sharing, st.integers(1, 10_000).map(Rate), st.integers(1, 90), st.integers(1, 40))


def emptied(sharing: Sharing, *waiting: Ask, now: int = NOON) -> GateState:
    """A gate whose bucket is empty, before which these wait."""
    state = GateState(used_until_us=now * 1_000)
    for ask in waiting:
        state, _ = sharing.decide(state, now, {ask: 10})
    return state


@given(sharings, questions)
def test_no_minute_exceeds_the_rate_for_any_who_ask(
    sharing: Sharing, questions: list[tuple[int, Mapping[Ask, int]]]
) -> None:
    state, now, given_at = GateState(), NOON, list[int]()
    for gap, crowd in questions:
        now += gap
        there = sharing.rate.there(state, now)
        state, decision = sharing.decide(state, now, crowd)
        assert decision.permits <= min(there, sum(crowd.values()))
        given_at += [now] * decision.permits
    assert most_in_any(MINUTE_MS, given_at) <= sharing.rate.per_minute


@given(sharings, questions)
def test_each_gets_a_permit_or_a_wait(sharing: Sharing, questions: list[tuple[int, Mapping[Ask, int]]]) -> None:
    state, now = GateState(), NOON
    for gap, crowd in questions:
        now += gap
        before, (state, decision) = state, sharing.decide(state, now, crowd, now + 90_000)
        asked: dict[Ask, int] = {}
        for ask, count in crowd.items():
            asked[decision.place(ask)] = asked.get(decision.place(ask), 0) + count
        assert {ask: share.permits + len(share.waits) for ask, share in decision.shares.items()} == asked
        assert all(wait >= 1 for share in decision.shares.values() for wait in share.waits)
        assert state.version == before.version + 1
        assert len(state.flows) <= MAX_FLOWS + len(Lane)
        assert state.in_flight(now) <= max(sharing.max_in_flight, before.in_flight(now))


@given(sharings, crowds, st.integers(0, 900_000))
def test_a_pause_keeps_everybody(sharing: Sharing, crowd: Mapping[Ask, int], lasts: int) -> None:
    state = pause(GateState(), NOON + lasts + 1)
    after, decision = sharing.decide(state, NOON, crowd)
    assert (decision.permits, after.paused_until) == (0, NOON + lasts + 1)
    assert min(wait for share in decision.shares.values() for wait in share.waits) >= lasts + 1


def test_a_flow_alone_gets_all_that_there_is_at_first() -> None:
    sharing = Sharing(Rate(270))
    _, decision = sharing.decide(GateState(), NOON, {Ask(A): 10})
    assert decision.shares[Ask(A)] == Share(10)


def test_those_that_return_come_first() -> None:
    sharing = Sharing(Rate(60))
    _, decision = sharing.decide(GateState(), NOON, {ARRIVES: 2, RETURNS: 2})
    assert (decision.shares[RETURNS].permits, decision.shares[ARRIVES].permits) == (2, 1)


def test_who_waits_leaves_a_reserve_for_who_does_not() -> None:
    sharing = Sharing(Rate(270))
    later = NOON + 5 * sharing.rate.interval_us // 1_000 + 1
    state, decision = sharing.decide(emptied(sharing, Ask(A)), later, {Ask(A, waited=True): 10})
    assert decision.permits == 5 - sharing.reserve == 2
    _, decision = sharing.decide(state, later, {Ask(B): 1, Ask(Flow(Lane.BULK, "c")): 1})
    assert decision.permits == 2


@pytest.mark.parametrize(("per_minute", "reserve"), [(1, 0), (2, 0), (3, 1), (60, 1), (200, 3), (10_000, 3)])
def test_the_reserve_is_a_part_of_the_bucket(per_minute: int, reserve: int) -> None:
    assert Sharing(Rate(per_minute)).reserve == reserve


def test_a_permit_is_kept_for_who_has_had_less() -> None:
    sharing = Sharing(Rate(270))
    state = emptied(sharing, Ask(A), Ask(B))
    now = NOON + 8 * sharing.rate.interval_us // 1_000 + 1
    state, first = sharing.decide(state, now, {Ask(A, waited=True): 10})
    assert first.permits == 2, "as much more as B has a lead to catch up"
    state, second = sharing.decide(state, now, {Ask(A, waited=True): 10})
    assert second.permits == 0
    _, others = sharing.decide(state, now, {Ask(B, waited=True): 10})
    assert others.permits == 8 - 2 - sharing.reserve


def test_a_permit_that_would_be_lost_goes_to_who_asks() -> None:
    sharing = Sharing(Rate(270))
    state = emptied(sharing, Ask(A), Ask(B))
    state, _ = sharing.decide(state, NOON + 1_000, {Ask(A, waited=True): 10})
    full = NOON + 5_000
    state, decision = sharing.decide(state, full, {Ask(A, waited=True): 10})
    assert decision.permits == 1
    assert next(each.served for each in state.flows if each.flow == A) == 2, "and counts for nobody's share"


def test_who_was_away_has_no_credit() -> None:
    sharing = Sharing(Rate(270))
    state = emptied(sharing, Ask(A))
    for second in range(1, 20):
        state, _ = sharing.decide(state, NOON + second * 1_000, {Ask(A, waited=True): 10})
    _, decision = sharing.decide(emptied(sharing, Ask(B), now=NOON), NOON, {Ask(A): 1})
    assert decision.permits == 0
    state, _ = sharing.decide(state, NOON + 20_000, {Ask(B): 10})
    assert {each.flow: each.served for each in state.flows}[B] <= sharing.rate.burst


def test_a_flow_is_forgotten_after_its_last_place() -> None:
    sharing = Sharing(Rate(270))
    state = emptied(sharing, Ask(A))
    [waiting] = state.flows
    late = waiting.line_until_us // 1_000 + LATE_US // 1_000
    assert waiting in sharing.decide(state, late - 1, {Ask(B): 1})[0].flows
    assert sharing.decide(state, late + 1, {Ask(B): 1})[0].flows == ()


def test_bulk_waits_for_its_share_while_interactive_waits() -> None:
    sharing = Sharing(Rate(270))
    state = replace(emptied(sharing, Ask(A), Ask(BULK)), lane_lead=-200)
    now = NOON + 8 * sharing.rate.interval_us // 1_000 + 1
    assert sharing.decide(state, now, {Ask(BULK, waited=True): 10})[1].permits == 0
    assert sharing.decide(state, now, {Ask(A, waited=True): 10})[1].permits == 5
    ahead = replace(state, lane_lead=200)
    assert sharing.decide(ahead, now, {Ask(A, waited=True): 10})[1].permits == 0
    assert sharing.decide(ahead, now, {Ask(BULK, waited=True): 10})[1].permits == 4, "until it is ahead itself"


# -- Lines --


def places(decision: Decision, ask: Ask) -> tuple[int, ...]:
    return decision.shares[ask].waits


def test_places_are_an_interval_apart_and_returns_nearer() -> None:
    sharing = Sharing(Rate(60))
    state, _ = sharing.decide(GateState(), NOON, {ARRIVES: 103})
    after, decision = sharing.decide(state, NOON, {RETURNS: 2, ARRIVES: 1})
    interval_ms = sharing.rate.interval_us / 1_000
    assert places(decision, ARRIVES) == (math.ceil(101 * interval_ms),)
    assert places(decision, RETURNS) == (
        math.ceil(interval_ms),
        math.ceil((sharing.rate.interval_us + sharing.rate.interval_us * RETURN_PERCENT // 100) / 1_000),
    )
    assert after.flows[0].line_until_us == state.flows[0].line_until_us + sharing.rate.interval_us


def test_each_flow_has_lines_of_its_own() -> None:
    sharing = Sharing(Rate(60))
    state = emptied(sharing, *[Ask(A)] * 20)
    assert places(sharing.decide(state, NOON, {Ask(B): 1})[1], Ask(B)) == (1_017,)


def test_no_place_is_further_off_than_five_minutes() -> None:
    sharing, state, waits = Sharing(Rate(600)), GateState(), list[int]()
    for _ in range(500):
        state, decision = sharing.decide(state, NOON, {ARRIVES: 10})
        waits += places(decision, ARRIVES)
    in_time = [wait for wait in waits if wait < MAX_LINE_MS]
    assert in_time == [-(-(place + 1) * sharing.rate.interval_us // 1_000) for place in range(len(in_time))]
    assert len(in_time) == pytest.approx(MAX_LINE_MS * 60 / 61 / 100, abs=10)
    assert max(waits) <= MAX_LINE_MS + 11 * sharing.rate.interval_us / 1_000


def test_a_new_line_begins_with_the_next_permit() -> None:
    sharing = Sharing(Rate(60))
    ended = GateState(used_until_us=NOON * 1_000)
    assert places(sharing.decide(ended, NOON, {ARRIVES: 2})[1], ARRIVES) == (1_017, 2_034)
    paused = pause(ended, NOON + 9_000)
    assert places(sharing.decide(paused, NOON, {ARRIVES: 1})[1], ARRIVES) == (9_000,)


# -- Actions under way --


def test_no_more_are_under_way_than_may_be() -> None:
    sharing = Sharing(Rate(1_200), max_in_flight=12)
    state, first = sharing.decide(GateState(), NOON, {ARRIVES: 10}, NOON + 90_000)
    state, second = sharing.decide(state, NOON + 1_000, {ARRIVES: 10}, NOON + 91_000)
    assert (first.permits, second.permits, state.in_flight(NOON + 1_000)) == (10, 2, 12)
    released = state.released(first.lease, 4)
    assert released.in_flight(NOON + 1_000) == 6
    assert released.released(first.lease, 4).in_flight(NOON + 1_000) == 6, "a repeat changes nothing"
    assert sharing.decide(released, NOON + 2_000, {ARRIVES: 10}, NOON + 92_000)[1].permits == 6


def test_the_actions_of_a_dead_worker_end_with_its_time() -> None:
    sharing = Sharing(Rate(1_200), max_in_flight=10)
    dead = GateState(leases=(Lease(1, NOON + 90_000, 10),))
    assert sharing.decide(dead, NOON + 89_999, {ARRIVES: 10})[1].permits == 0
    after, decision = sharing.decide(dead, NOON + 90_000, {ARRIVES: 10}, NOON + 180_000)
    assert (decision.permits, [lease.number for lease in after.leases]) == (10, [after.version])


def test_a_look_is_no_action() -> None:
    after, decision = Sharing(Rate(60)).decide(GateState(), NOON, {ARRIVES: 1})
    assert (decision.permits, decision.lease, after.leases) == (1, 0, ())


def test_flows_beyond_those_known_apart_take_turns_as_one() -> None:
    sharing = Sharing(Rate(60))
    state = emptied(sharing, *(Ask(Flow(Lane.BULK, f"{number}")) for number in range(MAX_FLOWS)))
    late = Flow(Lane.INTERACTIVE, "late"), Flow(Lane.INTERACTIVE, "later")
    _, decision = sharing.decide(state, NOON, {Ask(flow): 1 for flow in late})
    assert decision.known_as == dict.fromkeys(late, Flow(Lane.INTERACTIVE))
    assert len(decision.shares[Ask(Flow(Lane.INTERACTIVE))].waits) == 2
