"""How many workflows a lane accepts: they count as executions, and an accepted one goes on in a full lane."""

from typing import Any

import pytest

from actionrelay.boundary import http
from actionrelay.errors import BacklogFullError, QueueUnavailableError
from actionrelay.lanes import Flow, Lane, caller_name
from actionrelay.ledger.ports import QueueDepth
from actionrelay.workflows.submission import Disposition
from tests.fakes import flows
from tests.fakes.flows import WORKFLOW_ID, a_step, from_step
from tests.fakes.queues import FixedGauge
from tests.fakes.relay import RETENTION_MS, Relay, encoded

MOST = 4_800
QUOTA = MOST // 48
LANES = {Lane.INTERACTIVE: "executions", Lane.BULK: "bulk"}
STEPS = {"a": a_step(), "each": a_step(forEach=from_step("a", "list")), "last": a_step(dependsOn=["each"])}
EXECUTIONS = 102
"""A `forEach` over a result counts as 100."""


@pytest.fixture
def relay() -> Relay:
    return Relay(max_backlog=MOST)


def waits(relay: Relay, depth: int, lane: Lane = Lane.INTERACTIVE) -> None:
    relay.gauges[LANES[lane]] = FixedGauge(QueueDepth(depth, 0, 0))


def submit(relay: Relay, **fields: Any) -> Disposition:
    body = {"workflowId": WORKFLOW_ID, "steps": STEPS, **fields}
    return relay.submitting_workflows.submit(encoded(body), "a")[0]


@pytest.mark.parametrize("lane", Lane)
def test_a_full_lane_is_429_says_when_and_records_nothing(relay: Relay, lane: Lane) -> None:
    waits(relay, 2 * MOST, lane)

    with pytest.raises(BacklogFullError) as full:
        submit(relay, lane=lane)

    answer = http.problem(full.value, "trace")
    wanted = min(-(-(MOST + 1) * 60 // 270), 3_600)
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (429, str(wanted))
    assert relay.workflow_records.load(WORKFLOW_ID) is None
    assert relay.workflow_queue.sent == []
    other = Lane.BULK if lane is Lane.INTERACTIVE else Lane.INTERACTIVE
    assert submit(relay, lane=other) is Disposition.ACCEPTED


def test_a_workflow_in_a_full_lane_is_found_by_its_repeat(relay: Relay) -> None:
    assert submit(relay) is Disposition.ACCEPTED
    waits(relay, 2 * MOST)

    assert submit(relay) is Disposition.REPEATED
    body = encoded({"steps": STEPS})
    assert relay.submitting_workflows.plan(body)["executions"] == EXECUTIONS, "and a dry run asks nobody for room"


def test_all_executions_of_a_workflow_count_to_its_caller(relay: Relay) -> None:
    waits(relay, MOST // 2)

    submit(relay)

    assert list(relay.acceptances.counted.values()) == [EXECUTIONS]
    assert [flow for flow, _ in relay.acceptances.counted] == [Flow(Lane.INTERACTIVE, caller_name("a"))]
    waits(relay, MOST)
    with pytest.raises(BacklogFullError):
        submit(relay, workflowId="5a5a5a5a-0000-4000-8000-000000000002")


def test_what_is_past_its_retention_makes_no_room(relay: Relay) -> None:
    assert submit(relay) is Disposition.ACCEPTED
    relay.clock.advance(RETENTION_MS)
    waits(relay, 2 * MOST)

    with pytest.raises(BacklogFullError):
        submit(relay)


def test_a_small_workflow_finds_a_callers_room_in_a_full_lane(relay: Relay) -> None:
    waits(relay, MOST)

    assert submit(relay, steps={"a": a_step()}) is Disposition.ACCEPTED
    assert EXECUTIONS > QUOTA


def test_what_cannot_be_looked_at_refuses_no_workflow(relay: Relay) -> None:
    waits(relay, 2 * MOST)
    relay.gauges["executions"].trouble.before("depth", QueueUnavailableError("down"))

    assert submit(relay) is Disposition.ACCEPTED


def test_the_steps_of_what_was_accepted_go_on_in_a_full_lane() -> None:
    flow = flows.Flow({"a": a_step(), "b": a_step(inputs={"x": from_step("a")})})
    flow.submit()
    waits(flow.relay, 10 * flow.relay.max_backlog)

    flow.run()

    assert flow.status == "completed"
