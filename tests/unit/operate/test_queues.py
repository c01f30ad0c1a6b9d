"""What waits in the queues, and whether the rate gate holds it up."""

import pytest

from actionrelay.errors import QueueUnavailableError, StoreUnavailableError
from actionrelay.gate.gate_dynamodb import TableGateGauge, TableRateGate
from actionrelay.gate.ports import Ask
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
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
    assert relay.watching.read() == {
        "queues": [
            {"name": "executions", "waiting": 12, "delayed": 3, "inFlight": 10, "deadLetters": 5},
            {"name": "bulk", "waiting": 7, "delayed": 9_000, "inFlight": 8, "deadLetters": 0},
            {"name": "deliveries", "waiting": 1, "delayed": 2, "inFlight": 5, "deadLetters": 0},
        ],
        "rateGate": {"requestsPerMinute": 270, "pausedUntil": None},
    }


def test_a_pauses_end_is_shown_until_it_is_over(relay: Relay) -> None:
    relay.gate.pause(NOON + 1)
    assert relay.watching.read()["rateGate"] == {"requestsPerMinute": 270, "pausedUntil": iso(NOON + 1)}
    relay.clock.advance(1)
    assert relay.watching.read()["rateGate"] == {"requestsPerMinute": 270, "pausedUntil": None}


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
    assert gauge.paused_until() == 0, "nobody has asked the gate yet"
    gate = TableRateGate(dynamodb, "executions", Sharing(Rate(270)))  # type: ignore[arg-type]
    gate.for_batch([Ask()]).take(NOON, Ask())
    assert gauge.paused_until() == 0
    gate.pause(NOON + 5_000)
    before = dict(dynamodb.items)
    assert gauge.paused_until() == NOON + 5_000
    assert dynamodb.items == before
    dynamodb.trouble.before("query", aws_error("InternalServerError"))
    with pytest.raises(StoreUnavailableError):
        gauge.paused_until()
