"""How many messages wait in the queues, and whether the rate gate delays them."""

from datetime import datetime
from typing import Any

import pytest

from actionrelay.errors import QueueUnavailableError, StoreUnavailableError
from actionrelay.gate.gate_dynamodb import TableGateGauge, TableRateGate
from actionrelay.gate.ports import Ask, GateView
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.lanes import Flow, Lane
from actionrelay.ledger.gauge_sqs import SqsGauge
from actionrelay.ledger.ports import QueueDepth
from actionrelay.timestamps import iso
from tests.fakes.aws import FakeDynamoDb, FakeSqs, aws_error
from tests.fakes.chance import NOON
from tests.fakes.queues import FixedGauge
from tests.fakes.relay import Relay


def test_every_depth_and_all_dead_letters_are_shown(relay: Relay) -> None:
    relay.gauges["executions"] = FixedGauge(QueueDepth(12, 3, 10))
    relay.gauges["dead executions"] = FixedGauge(QueueDepth(4, 0, 1))
    relay.gauges["bulk"] = FixedGauge(QueueDepth(7, 9_000, 8))
    relay.gauges["deliveries"] = FixedGauge(QueueDepth(1, 2, 5))
    relay.gauges["workflows"] = FixedGauge(QueueDepth(0, 40, 3))
    relay.gauges["decisions"] = FixedGauge(QueueDepth(1, 0, 0))
    relay.gauges["dead catalogue"] = FixedGauge(QueueDepth(1, 0, 0))
    assert relay.watching.read() == {
        "queues": [
            {"name": "executions", "waiting": 12, "delayed": 3, "inFlight": 10, "deadLetters": 5},
            {"name": "bulk", "waiting": 7, "delayed": 9_000, "inFlight": 8, "deadLetters": 0},
            {"name": "deliveries", "waiting": 1, "delayed": 2, "inFlight": 5, "deadLetters": 0},
            {"name": "workflows", "waiting": 0, "delayed": 40, "inFlight": 3, "deadLetters": 0},
            {"name": "decisions", "waiting": 1, "delayed": 0, "inFlight": 0, "deadLetters": 0},
            {"name": "catalogue", "waiting": 0, "delayed": 0, "inFlight": 0, "deadLetters": 1},
        ],
        "rateGate": {
            "requestsPerMinute": 270,
            "pausedUntil": None,
            "inFlight": 0,
            "maxInFlight": 30,
            "lanes": [
                {"name": "interactive", "sharePercent": 80, "callersWaiting": 0, "workedOffBy": None},
                {"name": "bulk", "sharePercent": 20, "callersWaiting": 0, "workedOffBy": None},
            ],
        },
    }


def test_a_lane_says_about_when_it_is_worked_off(relay: Relay) -> None:
    relay.gauges["bulk"] = FixedGauge(QueueDepth(0, 531, 0))
    relay.gate_view = GateView(in_flight=29, callers_waiting={Lane.BULK: 2})
    gate: Any = relay.watching.read()["rateGate"]
    interactive, bulk = gate["lanes"]
    assert (gate["inFlight"], bulk["callersWaiting"]) == (29, 2)
    two_minutes = datetime.fromisoformat(bulk["workedOffBy"]).timestamp() * 1_000 - NOON
    assert two_minutes == pytest.approx(120_000, rel=0.01)
    assert (interactive["callersWaiting"], interactive["workedOffBy"]) == (0, None)


def test_a_pauses_end_is_shown_until_it_is_over(relay: Relay) -> None:
    relay.gate.pause(NOON + 1)
    gate: Any = relay.watching.read()["rateGate"]
    assert gate["pausedUntil"] == iso(NOON + 1)
    relay.clock.advance(1)
    gate = relay.watching.read()["rateGate"]
    assert gate["pausedUntil"] is None


def test_a_queue_gauge_separates_three_kinds_of_messages() -> None:
    sqs = FakeSqs()
    sqs.attributes["url"] = {
        "ApproximateNumberOfMessages": "1",
        "ApproximateNumberOfMessagesDelayed": "20",
        "ApproximateNumberOfMessagesNotVisible": "300",
    }
    gauge = SqsGauge(sqs, "url")  # type: ignore[arg-type]
    assert gauge.depth() == QueueDepth(waiting=1, delayed=20, in_flight=300)
    assert gauge.depth().all == 321
    sqs.trouble.before("get_queue_attributes", aws_error("AccessDenied"))
    with pytest.raises(QueueUnavailableError):
        gauge.depth()


def test_a_gate_gauge_reads_and_takes_nothing() -> None:
    dynamodb = FakeDynamoDb()
    gauge = TableGateGauge(dynamodb, "executions")  # type: ignore[arg-type]
    nobody = dict.fromkeys(Lane, 0)
    assert gauge.look(NOON) == GateView(callers_waiting=nobody), "nobody has asked the gate yet"
    gate = TableRateGate(dynamodb, "executions", Sharing(Rate(270)))  # type: ignore[arg-type]
    asks = [Ask(Flow(Lane.BULK, "a"))] * 20
    gate.for_batch(asks).take(NOON, asks[0], NOON + 90_000)
    view = gauge.look(NOON)
    assert (view.paused_until, view.callers_waiting) == (0, {Lane.INTERACTIVE: 0, Lane.BULK: 1})
    assert 0 < view.in_flight < 20
    assert gauge.look(NOON + 90_000) == GateView(callers_waiting=nobody), "its worker is gone, and nobody is left"
    gate.pause(NOON + 5_000)
    before = dict(dynamodb.items)
    assert gauge.look(NOON).paused_until == NOON + 5_000
    assert dynamodb.items == before
    dynamodb.trouble.before("query", aws_error("InternalServerError"))
    with pytest.raises(StoreUnavailableError):
        gauge.look(NOON)
