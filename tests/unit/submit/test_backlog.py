"""How much a lane accepts: no more than can be worked off, and no caller can fill it for the others."""

import pytest

from actionrelay.boundary import http
from actionrelay.errors import BacklogFullError, QueueUnavailableError, StoreUnavailableError
from actionrelay.lanes import Flow, Lane, caller_name
from actionrelay.ledger.ports import QueueDepth
from actionrelay.submit.acceptances_dynamodb import TableAcceptances
from actionrelay.submit.backlog import LOOKED_AT_MS
from actionrelay.submit.submission import Disposition
from tests.fakes.chance import NOON
from tests.fakes.queues import FixedGauge
from tests.fakes.relay import Relay, a_request, encoded

MOST = 480
QUOTA = MOST // 48
LANES = {Lane.INTERACTIVE: "executions", Lane.BULK: "bulk"}


@pytest.fixture
def relay() -> Relay:
    return Relay(max_backlog=MOST)


def waits(relay: Relay, lane: Lane, depth: int) -> None:
    relay.gauges[LANES[lane]] = FixedGauge(QueueDepth(depth - 2, 1, 1))


def submit(relay: Relay, lane: Lane = Lane.INTERACTIVE, caller: str = "a", **changes: object) -> Disposition:
    return relay.submitting.submit(encoded(a_request(lane=lane, **changes)), caller=caller).disposition


@pytest.mark.parametrize("lane", Lane)
def test_a_full_lane_refuses_who_filled_it(relay: Relay, lane: Lane) -> None:
    backlog = relay.backlog
    waits(relay, lane, MOST // 2)
    flow = Flow(lane, "a")
    assert [backlog.refuses_for(flow) for _ in range(MOST // 2)] == [0] * (MOST // 2)
    assert backlog.refuses_for(flow) > 0, "what was let in since the last look counts"
    other = Lane.BULK if lane is Lane.INTERACTIVE else Lane.INTERACTIVE
    assert backlog.refuses_for(Flow(other, "a")) == 0


def test_a_refusal_is_429_says_when_and_records_nothing(relay: Relay) -> None:
    waits(relay, Lane.INTERACTIVE, 2 * MOST)
    with pytest.raises(BacklogFullError) as full:
        submit(relay)
    answer = http.problem(full.value, "trace")
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (429, str(-(-(MOST + 1) * 60 // 270)))
    assert '"code":"backlog_full"' in answer["body"].replace('": ', '":')
    assert (relay.store.writes, relay.queue.sent, relay.audit.kept) == ([], [], {})
    assert submit(relay, Lane.BULK) is Disposition.ACCEPTED


def test_a_repeat_is_found_in_a_full_lane(relay: Relay) -> None:
    key = "0d9f7f0e-6f0e-4a57-9d53-0f6f6f9f5f22"
    assert submit(relay, executionId=key) is Disposition.ACCEPTED
    waits(relay, Lane.INTERACTIVE, 2 * MOST)
    assert submit(relay, executionId=key) is Disposition.REPEATED
    assert relay.submitting.submit(encoded(a_request()), dry_run=True).disposition is Disposition.VALID


def test_a_caller_that_added_little_finds_room_in_a_full_lane(relay: Relay) -> None:
    backlog = relay.backlog
    waits(relay, Lane.BULK, MOST)
    quiet = Flow(Lane.BULK, caller_name("b"))
    assert [backlog.refuses_for(quiet) for _ in range(QUOTA)] == [0] * QUOTA
    assert backlog.refuses_for(quiet) > 0
    relay.clock.advance(3_600_000)
    assert backlog.refuses_for(quiet) == 0, "and an hour later again"


def test_five_quarters_are_the_most_for_anybody(relay: Relay) -> None:
    waits(relay, Lane.BULK, MOST + MOST // 4)
    assert relay.backlog.refuses_for(Flow(Lane.BULK, "b")) > 0


def test_a_half_empty_lane_counts_nobody(relay: Relay) -> None:
    waits(relay, Lane.INTERACTIVE, MOST // 2 - 1)
    backlog = relay.backlog
    assert backlog.refuses_for(Flow()) == 0
    assert relay.acceptances.counted.total() == 0
    assert backlog.refuses_for(Flow()) == 0
    assert relay.acceptances.counted.total() == 1


def test_the_queue_is_looked_at_once_in_ten_seconds(relay: Relay) -> None:
    backlog = relay.backlog
    backlog.refuses_for(Flow())
    waits(relay, Lane.INTERACTIVE, 2 * MOST)
    relay.clock.advance(LOOKED_AT_MS - 1)
    assert backlog.refuses_for(Flow()) == 0
    relay.clock.advance(1)
    assert backlog.refuses_for(Flow()) > 0


@pytest.mark.parametrize("down", ["gauge", "count"])
def test_what_cannot_be_looked_at_refuses_nobody(relay: Relay, down: str) -> None:
    waits(relay, Lane.INTERACTIVE, 2 * MOST)
    if down == "gauge":
        relay.gauges["executions"].trouble.before("depth", QueueUnavailableError("down"))
    else:
        relay.acceptances.trouble.before("count", StoreUnavailableError("down"))
    assert relay.backlog.refuses_for(Flow()) == 0


def test_an_hours_acceptances_are_one_item() -> None:
    asked: list[dict[str, object]] = []

    class Table:
        def update_item(self, **parameters: object) -> object:
            asked.append(parameters)
            return {"Attributes": {"accepted": {"N": "7"}}}

    hour = NOON // 3_600_000
    assert TableAcceptances(Table(), "executions").count(Flow(Lane.BULK, "x"), hour, 3) == 7  # type: ignore[arg-type]
    [one] = asked
    assert one["Key"] == {"pk": {"S": "backlog#bulk#x"}, "sk": {"S": str(hour)}}
    assert {"N": "3"} in one["ExpressionAttributeValues"].values()  # type: ignore[attr-defined]  # a dict
