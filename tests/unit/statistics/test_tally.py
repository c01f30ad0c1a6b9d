"""The counts: what a step adds and removes, the histogram, the rate."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.ledger.execution import Status
from actionrelay.statistics.tally import (
    Counts,
    Snapshot,
    added,
    average_latency_ms,
    bucket,
    contribution,
    difference,
    percentile,
    success_rate,
)
from tests.fakes.chance import NOON

ACCEPTED = Snapshot("action", NOON, Status.QUEUED, None, from_cache=False, accepted=True)
DAYS_MS = 30 * 86_400_000

latencies = st.integers(0, DAYS_MS)
steps = st.builds(
    Snapshot,
    st.just("action"),
    st.just(NOON),
    st.sampled_from(Status),
    st.none() | latencies,
    from_cache=st.just(value=False),
    accepted=st.just(value=False),
)


def snapshot(status: Status, latency_ms: int | None = None) -> Snapshot:
    return Snapshot("action", NOON, status, latency_ms, from_cache=False, accepted=False)


def measured(*values: int) -> Counts:
    return added(contribution(snapshot(Status.COMPLETED, value)) for value in values)


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        (Status.QUEUED, {}),
        (Status.RUNNING, {}),
        (Status.AWAITING_WEBHOOK, {}),
        (Status.COMPLETED, {"completed": 1, "latency_ms": 100, "latencies": 1, "b49": 1}),
        (Status.FAILED, {"failed": 1, "latency_ms": 100, "latencies": 1, "b49": 1}),
        (Status.UNKNOWN, {"unknown": 1}),
        (Status.CANCELLED, {"cancelled": 1}),
    ],
)
def test_an_end_counts_once_and_an_answer_has_a_latency(status: Status, counts: Counts) -> None:
    assert contribution(snapshot(status, 100)) == counts


def test_an_acceptance_counts_once_and_a_hit_is_complete() -> None:
    hit = replace(ACCEPTED, status=Status.COMPLETED, latency_ms=0, from_cache=True)
    assert contribution(ACCEPTED) == {"total": 1}
    assert contribution(hit) == {"total": 1, "completed": 1, "cache_hits": 1}
    assert contribution(replace(hit, accepted=False)) == {}, "its delivery is no second completion"


@given(st.lists(steps, min_size=1))
def test_the_differences_of_any_course_add_up_to_its_end(
    course: list[Snapshot],
) -> None:
    differences = [difference(before, after) for before, after in zip([None, *course], course, strict=False)]
    assert added(differences) == {name: number for name, number in contribution(course[-1]).items() if number}


def test_a_reused_id_leaves_the_older_record_counted() -> None:
    older = replace(snapshot(Status.FAILED, 5), created_at=NOON - DAYS_MS)
    assert difference(older, snapshot(Status.COMPLETED, 5)) == contribution(snapshot(Status.COMPLETED, 5))


@given(latencies, latencies)
def test_buckets_keep_the_order_of_latencies(one: int, other: int) -> None:
    assert (one <= other) <= (bucket(one) <= bucket(other))


@given(st.lists(latencies, min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_any_percentile_is_within_five_percent(values: list[int], fraction: float) -> None:
    exact = sorted(values)[math.ceil(fraction * len(values)) - 1]
    found = percentile(measured(*values), fraction)
    assert found is not None
    assert abs(found - exact) <= max(0.05 * exact, 1)


def test_without_an_end_there_is_no_rate_or_latency() -> None:
    counts = added([contribution(ACCEPTED), contribution(snapshot(Status.CANCELLED, 5))])
    assert (success_rate(counts), average_latency_ms(counts), percentile(counts, 0.5)) == (None, None, None)


def test_unknown_is_no_success_and_cancelled_is_left_out() -> None:
    ends = [Status.COMPLETED] * 6 + [Status.FAILED, Status.UNKNOWN, Status.CANCELLED]
    assert success_rate(added(contribution(snapshot(end, 1)) for end in ends)) == 0.75


def test_given_latencies_when_averaged_then_it_is_their_mean() -> None:
    assert average_latency_ms(measured(100, 200, 600)) == 300


@given(latencies)
def test_taking_back_a_measure_leaves_nothing(value: int) -> None:
    ended = snapshot(Status.FAILED, value)
    assert added([contribution(ended), difference(ended, snapshot(Status.QUEUED))]) == {}
