"""The workflows' benchmark: steps follow their dependencies, runs are reproducible, and each step has its own bill."""

import json

import pytest

from benchmarks.cost.bill import bill
from benchmarks.cost.worker import Count
from benchmarks.flows.course import Course, play
from benchmarks.flows.report import CHAIN, DIAMOND, WIDE, _fan, _workflow, percentile
from benchmarks.gate.services import LATENCY_MS
from tests.fakes.relay import Relay

MEMORY = {"validate": 512, "execute": 1_024, "count": 512, "workflows": 512}
STEPS = Count(
    executions=20,
    submissions=2,
    requests={"sqs:SendMessage": 40},
    validate_ms=[10.0] * 2,
    execute_ms=[300.0] * 4,
    workflows_ms=[20.0] * 6,
    count_ms=[10.0] * 4,
)


@pytest.mark.parametrize("graph", [CHAIN, DIAMOND, WIDE], ids=["chain", "diamond", "wide"])
def test_each_step_follows_what_it_depends_on(graph: dict[str, list[str]]) -> None:
    course = play(graph, seed=1)

    assert len(course.handovers_ms) == sum(bool(needs) for needs in graph.values())
    assert min(course.handovers_ms) > 0
    assert course.total_ms > course.critical_ms >= 3 * LATENCY_MS


def test_a_course_repeats_itself() -> None:
    assert play(DIAMOND, seed=3) == play(DIAMOND, seed=3)
    assert play(DIAMOND, seed=3) != play(DIAMOND, seed=4)


def test_a_percentile_is_over_all_courses() -> None:
    courses = [Course([number], 1, 1) for number in range(1, 101)]

    assert (percentile(courses, 50), percentile(courses, 95), percentile(courses[:1], 95)) == (50, 95, 1)


@pytest.mark.parametrize(("body", "executions"), [(_workflow(CHAIN), 10), (_workflow(WIDE), 22), (_fan(), 22)])
def test_what_is_measured_is_a_valid_workflow(body: str, executions: int) -> None:
    assert Relay().submitting_workflows.plan(body.encode())["executions"] == executions
    first = next(iter(json.loads(body)["steps"].values()))
    assert 750 < len(json.dumps(first)) < 1_000


def test_a_steps_bill_is_what_its_workflow_takes_over_its_steps() -> None:
    lines = {line.what: line.quantity for line in bill(STEPS, 10, MEMORY)}

    assert lines["API Gateway, requests"] == pytest.approx(0.1)
    assert lines["Lambda, invocations"] == pytest.approx((2 + 4 + 6 + 4) / 20)
    assert lines["Lambda validate, GB-s"] == pytest.approx(0.010 * 0.5 / 10)
    assert lines["Lambda execute, GB-s"] == pytest.approx(0.300 * 4 / 20)
    assert lines["Lambda workflows, GB-s"] == pytest.approx(0.020 * 0.5 * 6 / 20)
    assert lines["SQS, sends"] == 2
    assert lines["SQS, receives and deletes"] == pytest.approx(2 * (4 + 6) / 20)
