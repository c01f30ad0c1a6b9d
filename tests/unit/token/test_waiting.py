"""An execution whose worker has no token yet: it is tried again, and loses only time."""

from actionrelay.errors import TokenBeingRefreshedError
from actionrelay.ledger.execution import Status
from tests.fakes.relay import Relay


def test_an_execution_returns_when_the_token_may_be_there(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.5
    refreshing = TokenBeingRefreshedError("another worker is getting a token", retry_within_ms=4_000)
    relay.tokens.trouble.before("token", refreshing, times=5)

    waits = []
    for _ in range(5):
        relay.work()
        waits.append(relay.queue.sent[-1][1])
        relay.clock.advance(waits[-1])

    assert waits == [2_000] * 5, "how often it waited before says nothing about the next time"
    assert (relay.record.status, relay.record.chances_used, relay.record.attempts) == (Status.QUEUED, 0, 0)
    assert relay.telemetry.counts["TokenWaits"] == 5
    assert relay.telemetry.counts["TokenFailures"] == 0
