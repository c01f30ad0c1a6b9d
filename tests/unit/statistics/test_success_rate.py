"""The success rate in audit entries: read once a minute, by one thread, and never delaying an outcome."""

from collections.abc import Iterator

import pytest

from actionrelay.errors import StoreUnavailableError
from actionrelay.ledger.execution import Outcome, Status
from actionrelay.statistics.counters import Counter
from actionrelay.statistics.success_rate import RememberedSuccessRate
from actionrelay.statistics.tally import Counts
from tests.fakes.chance import SettableClock
from tests.fakes.counters import InMemoryCounters
from tests.fakes.relay import EXECUTION_ID, Relay, encoded

TODAY = "2026-11-24"


class AskedCounters(InMemoryCounters):
    """Counts how often it is read; fails where the test says so."""

    asked: int = 0
    down: bool = False

    def days(self, action_id: str, first: str, last: str) -> Iterator[tuple[Counter, Counts]]:
        self.asked += 1
        if self.down:
            raise StoreUnavailableError("the counters can't be read")
        return InMemoryCounters.days(self, action_id, first, last)


@pytest.fixture
def counters() -> AskedCounters:
    counters = AskedCounters()
    for day, action, completed, failed in (
        ("2026-11-23", "", 0, 9),
        (TODAY, "", 3, 1),
        (TODAY, "b", 1, 0),
    ):
        counters.kept[Counter("day", day, action)] = {"completed": completed, "failed": failed}
    return counters


def test_the_rate_is_that_of_all_actions_today(counters: AskedCounters) -> None:
    rate = RememberedSuccessRate(counters, SettableClock())
    assert rate.latest() is None
    rate.refresh()
    assert rate.latest() == 0.75


def test_a_fresh_rate_is_not_read_again_within_a_minute(
    counters: AskedCounters,
) -> None:
    clock = SettableClock()
    rate = RememberedSuccessRate(counters, clock)
    for _ in range(3):
        rate.refresh()
    assert counters.asked == 1
    clock.advance(60_000)
    rate.refresh()
    assert counters.asked == 2


def test_unreadable_counters_leave_the_rate_unknown(
    counters: AskedCounters,
) -> None:
    rate = RememberedSuccessRate(counters, SettableClock())
    counters.down = True
    rate.refresh()
    rate.refresh()
    assert (rate.latest(), counters.asked) == (None, 1)


def outcome_entry(relay: Relay) -> float | None:
    return relay.audit.entries(EXECUTION_ID)[-1].success_rate


def test_any_end_carries_a_known_rate(relay: Relay) -> None:
    relay.success_rate.rate = 0.5
    relay.given_queued()
    relay.batching.for_batch([])
    relay.work()
    assert outcome_entry(relay) == 0.5


def test_a_webhooks_or_operators_outcome_carries_the_rate(relay: Relay) -> None:
    relay.success_rate.rate = 0.25
    relay.given_awaiting()
    relay.receive(status="completed")
    assert outcome_entry(relay) == 0.25
    relay.given_ended(Outcome(Status.UNKNOWN))
    relay.audit.kept.clear()
    relay.success_rate.rate = 0.75
    relay.operating.resolve(EXECUTION_ID, encoded({"status": "completed"}), "somebody")
    assert outcome_entry(relay) == 0.75


def test_a_batch_reads_the_rate_before_it_asks_genesys(relay: Relay) -> None:
    relay.success_rate.rate = 1.0
    relay.batching.for_batch([])
    assert relay.success_rate.latest() == 1.0
