"""Messages: which are sent again when a service fails, and what a message holds about its execution."""

from collections.abc import Callable

import pytest

from actionrelay.errors import (
    ActionRelayError,
    QueueUnavailableError,
    StoreUnavailableError,
)
from actionrelay.execute.worker import (
    PLACE_TOLERANCE_MS,
    RETURN_SPREAD_MS,
)
from actionrelay.genesys.verdict import Reply
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, Status
from actionrelay.ledger.message import MessageKind
from tests.fakes.chance import NOON
from tests.fakes.relay import (
    EXECUTION_ID,
    Relay,
)
from tests.fakes.replies import ACCEPTED, NO_ANSWER, NOT_SENT, RUN, http_error

# -- Messages that are sent again --


@pytest.mark.parametrize(("drawn", "delay"), [(0.0, 15_000), (0.5, 30_000), (0.999_999, 44_999)])
@pytest.mark.parametrize("kind", MessageKind)
def test_a_store_that_is_down_postpones_the_message(relay: Relay, kind: MessageKind, drawn: float, delay: int) -> None:
    relay.given_queued()
    relay.randomness.fixed = drawn
    relay.store.trouble.before("load", StoreUnavailableError("down"))
    relay.work(kind, version=1, due_at=NOON - 7)
    [(message, delayed)] = relay.queue.sent
    assert (message.execution_id, message.kind, message.due_at) == (EXECUTION_ID, kind, NOON - 7)
    assert message.version is None, "nobody knows any more what is paid"
    assert delayed == delay
    assert relay.telemetry.codes["MessagesPostponed", "store_unavailable"] == 1


@pytest.mark.parametrize("failure", [StoreUnavailableError("down"), QueueUnavailableError("down")])
def test_a_message_is_seen_again_when_the_queue_is_down_too(relay: Relay, failure: ActionRelayError) -> None:
    relay.given_queued()
    relay.store.trouble.before("load", failure)
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.work()


def test_a_queue_that_is_down_is_not_tried_twice(relay: Relay) -> None:
    relay.given_queued(next_at=NOON + 1)
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.work()
    assert relay.queue.sent == []


@pytest.mark.parametrize("remaining_ms", [1, 95_000])
def test_a_live_workers_repeat_returns_after_the_lease(relay: Relay, remaining_ms: int) -> None:
    before = relay.given_running(lease_ms=remaining_ms)
    relay.work(version=before.version)
    assert (relay.client.calls, relay.record) == ([], before)
    [(message, delay)] = relay.queue.sent
    assert (message, message.version, delay) == (RUN, None, remaining_ms + 1_000)
    assert relay.telemetry.codes["MessagesPostponed", "lease_held"] == 1


def test_a_bug_returns_the_message_to_be_counted(relay: Relay) -> None:
    relay.store.trouble.before("load", RuntimeError("bug"))
    with pytest.raises(RuntimeError):
        relay.work()
    assert relay.queue.sent == []


# -- What a message knows --


def owing(relay: Relay, execution: Execution) -> Execution:
    """Let the record owe an entry, whether or not somebody has paid it."""
    return relay.store.put(ledger.note(execution, "owed", NOON))


def turned_away(relay: Relay, execution: Execution) -> Execution:
    relay.gate.waits.append(450)
    return execution


OWING: dict[str, Callable[[Relay], Execution]] = {
    "not due": lambda relay: owing(relay, relay.given_queued(next_at=NOON + 5_000)),
    "turned away": lambda relay: turned_away(relay, owing(relay, relay.given_queued())),
    "run": lambda relay: owing(relay, relay.given_queued()),
    "awaiting": lambda relay: owing(relay, relay.given_awaiting()),
    "ended": lambda relay: owing(relay, relay.given_completed()),
}


@pytest.mark.parametrize("given_owing", OWING.values(), ids=OWING)
def test_the_records_version_spares_a_second_payment(relay: Relay, given_owing: Callable[[Relay], Execution]) -> None:
    version = given_owing(relay).version
    relay.work(version=version)
    assert "owed" not in relay.events


@pytest.mark.parametrize("off", [None, -1, 1])
@pytest.mark.parametrize("given_owing", OWING.values(), ids=OWING)
def test_another_version_or_none_makes_the_worker_pay(
    relay: Relay, given_owing: Callable[[Relay], Execution], off: int | None
) -> None:
    version = given_owing(relay).version
    relay.work(version=None if off is None else version + off)
    assert relay.events.count("owed") == 1


@pytest.mark.parametrize(
    "reply", [NOT_SENT, ACCEPTED, NO_ANSWER, http_error(429)], ids=["not sent", "accepted", "no answer", "429"]
)
def test_a_messages_version_was_paid_before_it_was_sent(relay: Relay, reply: Reply) -> None:
    relay.given_queued(repeatable=True)
    relay.client.answer(reply)
    paid: list[int] = []
    relay.queue.meanwhile = lambda: paid.append(relay.audit.entries(EXECUTION_ID)[-1].seq)
    relay.work()
    [(message, _)] = relay.queue.sent
    assert message.version == relay.record.version
    assert paid == [relay.record.audit.seq]


def test_an_early_message_keeps_its_place_in_line(
    relay: Relay,
) -> None:
    relay.given_queued()
    due_at = NOON + 5_000
    relay.work(due_at=due_at)
    [(message, delay)] = relay.queue.sent
    assert (message.due_at, delay) == (due_at, 5_000 - PLACE_TOLERANCE_MS)
    assert (relay.gate.had_waited, relay.client.calls) == ([], [])
    relay.clock.advance(delay - 1)
    relay.work(due_at=due_at)
    assert relay.queue.sent[-1] == (RUN, 1)
    relay.clock.advance(1)
    relay.work(due_at=due_at)
    assert (relay.gate.had_waited, relay.record.status) == ([True], Status.COMPLETED)


def test_the_later_of_two_retry_times_counts(
    relay: Relay,
) -> None:
    relay.given_queued(next_at=NOON + 9_000)
    relay.work(due_at=NOON + 5_000)
    assert relay.queue.sent == [(RUN, 9_000)]


@pytest.mark.parametrize(
    ("drawn", "spread"), [(0.0, 0), (0.5, RETURN_SPREAD_MS // 2), (0.999_999, RETURN_SPREAD_MS - 1)]
)
@pytest.mark.parametrize("due_at", [None, NOON - 1], ids=["newcomer", "waited"])
def test_a_message_turned_away_returns_around_its_place(
    relay: Relay, due_at: int | None, drawn: float, spread: int
) -> None:
    relay.given_queued()
    relay.randomness.fixed = drawn
    relay.gate.waits.append(7_000)
    relay.work(due_at=due_at)
    [(message, delay)] = relay.queue.sent
    assert (message.due_at, delay) == (NOON + 7_000 + spread, 7_000 + spread - PLACE_TOLERANCE_MS)
    assert relay.gate.had_waited == [due_at is not None]


def test_a_message_does_not_return_at_once_to_an_opening_gate(relay: Relay) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.0
    relay.gate.waits.append(1)
    relay.work()
    [(_, delay)] = relay.queue.sent
    assert delay == 1, "SQS makes a second of it"


def test_a_returning_message_says_that_it_has_waited(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.gate.waits.append(7_000)
    relay.work()
    [(message, delay)] = relay.queue.sent
    relay.clock.advance(delay)
    relay.work(version=message.version, due_at=message.due_at)
    assert relay.gate.had_waited == [False, True]
    assert relay.record.status is Status.COMPLETED


def test_a_planned_retry_has_no_place_in_line(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(NOT_SENT)
    relay.work(due_at=NOON - 1)
    [(message, _)] = relay.queue.sent
    assert message.due_at is None
