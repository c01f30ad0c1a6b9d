"""Leases, concurrent workers, lost answers, crashes and deadlines."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from actionrelay.errors import (
    CredentialsRefusedError,
    QueueUnavailableError,
    StaleWriteError,
    StoreUnavailableError,
)
from actionrelay.execute.worker import (
    LEASE_MARGIN_MS,
)
from actionrelay.genesys.verdict import GIVE_UP_AFTER_MS, Reply, ReplyKind
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, Status
from actionrelay.ledger.message import MessageKind
from actionrelay.resend import RESEND_MS
from tests.fakes.chance import NOON
from tests.fakes.relay import (
    EXECUTION_ID,
    INVOCATION_MS,
    WEBHOOK_URL,
    Relay,
)
from tests.fakes.replies import (
    ACCEPTED,
    CHANCE,
    DEADLINE,
    NO_ANSWER,
    NOT_SENT,
    RUN,
    UNKNOWN,
    WAIT_MS,
    came_to,
    http_error,
    unreadable,
)

# -- Leases and races --


@pytest.mark.parametrize(("repeatable", "expected"), [(True, CHANCE), (False, UNKNOWN)])
def test_a_dead_workers_request_may_have_arrived(relay: Relay, expected: str, *, repeatable: bool) -> None:
    relay.given_running(lease_ms=1_000, repeatable=repeatable)
    relay.clock.advance(1_000)
    relay.work()
    assert came_to(relay) == expected
    assert relay.client.calls == []
    assert relay.telemetry.counts["AttemptsTakenOver"] == 1
    assert relay.audit.entries(EXECUTION_ID)[-1].code == "worker_lost"


def test_the_second_of_two_claims_sends_nothing(relay: Relay) -> None:
    relay.given_queued()
    relay.store.someone_writes_first(lambda current: ledger.claim(current, "theirs", NOON, NOON + 95_000))
    relay.randomness.fixed = 0.0
    relay.work()
    assert relay.client.calls == []
    assert relay.record.attempt is not None
    assert relay.record.attempt.attempt_id == "theirs"
    assert relay.queue.sent == [(RUN, RESEND_MS // 2)]
    assert relay.telemetry.codes["MessagesPostponed", "stale_write"] == 1


COMPLETED = Outcome(Status.COMPLETED)


def webhook_first(relay: Relay) -> Callable[[], None]:
    def arrive() -> None:
        relay.receive(status="completed", result={"from": "webhook"})

    return arrive


@pytest.mark.parametrize("reply", [ACCEPTED, NO_ANSWER, http_error(429), http_error(400), http_error(504)])
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_webhook_before_the_answer_wins(relay: Relay, reply: Reply, *, repeatable: bool) -> None:
    relay.given_queued(repeatable=repeatable, webhook_url=WEBHOOK_URL)
    relay.client.meanwhile = webhook_first(relay)
    relay.client.answer(reply)
    relay.work()
    assert relay.record.status is Status.COMPLETED
    assert relay.queue.sent == []
    assert "decided_elsewhere" in [name for name, _ in relay.telemetry.events]
    assert set(relay.deliveries.sent) == {(EXECUTION_ID, 0)}


def test_a_webhook_before_a_result_wins(relay: Relay) -> None:
    relay.given_queued()
    relay.client.meanwhile = webhook_first(relay)
    relay.client.answer(Reply(ReplyKind.SUCCEEDED, 31, result=b'{"from":"answer"}'))
    relay.work()
    assert relay.shown_result() == {"from": "webhook"}


@pytest.mark.parametrize("reply", [ACCEPTED, NO_ANSWER, Reply(ReplyKind.SUCCEEDED, 31, result=b"{}")])
def test_a_worker_that_lost_its_lease_changes_nothing(relay: Relay, reply: Reply) -> None:
    relay.given_queued(repeatable=True)

    def another_takes_over_and_claims() -> None:
        relay.clock.advance(INVOCATION_MS + LEASE_MARGIN_MS)
        now = relay.clock.now()
        cause = ExecutionError("worker_lost", "gone")
        queued = ledger.postpone(relay.record, now, now, cause, uses_chance=True)
        relay.store.save(queued)
        relay.store.save(ledger.claim(queued, "theirs", now, now + 95_000))

    relay.client.meanwhile = another_takes_over_and_claims
    relay.client.answer(reply)
    relay.work()
    assert relay.record.status is Status.RUNNING
    assert relay.record.attempt is not None
    assert relay.record.attempt.attempt_id == "theirs"


REFUSED = ExecutionError("credentials_refused", "no")


def failed_and_run_again(now: Execution) -> Execution:
    failed = ledger.settle(now, Outcome(Status.FAILED, error=REFUSED), NOON)
    return ledger.rerun(failed, NOON, "operator", 2)


@pytest.mark.parametrize("obstacle", ["token", "expired", "unreadable"])
def test_a_late_decision_about_the_last_run_keeps_this_one(
    obstacle: str,
) -> None:
    relay = Relay(max_attempts=1)
    relay.given_queued()
    match obstacle:
        case "token":
            relay.tokens.trouble.before("token", CredentialsRefusedError("no"))
        case "expired":
            relay.clock.advance(GIVE_UP_AFTER_MS + 1)
        case _:
            unreadable(relay)
    relay.store.someone_writes_first(failed_and_run_again)
    relay.work()
    assert (relay.record.status, relay.record.reruns) == (Status.QUEUED, 1)
    # The message is done with, so it leaves another behind: the first worker may have died before it sent one.
    assert relay.queue.sent == [(RUN, 0)]


def test_an_unrelated_write_does_not_hide_the_outcome(relay: Relay) -> None:
    relay.given_queued()
    relay.client.meanwhile = lambda: relay.store.someone_writes_first(lambda now: ledger.note(now, "seen", NOON))
    relay.work()
    assert relay.record.status is Status.COMPLETED


# -- Writes whose answer was lost --

OWN_WRITE = StaleWriteError("the SDK repeated the write and met its own")


def test_a_claim_whose_answer_was_lost_goes_on(relay: Relay) -> None:
    relay.given_queued(repeatable=False)
    relay.store.trouble.after("save", OWN_WRITE)
    relay.work()
    assert relay.record.status is Status.COMPLETED
    assert (len(relay.client.calls), relay.events) == (1, ["attempt_started", "completed"])


def test_a_recognised_outcome_is_followed_up(relay: Relay) -> None:
    relay.given_queued(webhook_url=WEBHOOK_URL)
    relay.payloads.inline_max = 0
    relay.client.meanwhile = lambda: relay.store.trouble.after("save", OWN_WRITE)
    relay.client.answer(Reply(ReplyKind.SUCCEEDED, 1, result=b'{"a":1}'))
    relay.work()
    assert relay.shown_result() == {"a": 1}
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert relay.telemetry.counts["ExecutionsSucceeded"] == 1


# -- Crashes between a write and the send after it --


def test_a_recorded_retry_that_was_not_sent_is_sent_again(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.5
    relay.client.answer(NOT_SENT)
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.work()
    relay.work()
    assert relay.queue.sent == [(RUN, 500)]
    assert len(relay.client.calls) == 1


def test_a_recorded_deadline_that_was_not_sent_is_sent_again(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.client.answer(ACCEPTED)
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.work()
    relay.clock.advance(1_000)
    relay.work()
    assert relay.queue.sent == [(DEADLINE, WAIT_MS - 1_000)]


def test_an_owed_audit_is_paid_when_the_message_repeats(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(ACCEPTED)
    relay.audit.trouble.before("append", StoreUnavailableError("down"))
    relay.work()
    [(message, _)] = relay.queue.sent
    assert (message, message.version, relay.events) == (RUN, None, [])
    relay.work()
    assert relay.events == ["attempt_started", "awaiting_webhook"]
    assert relay.queue.sent[1:] == [(DEADLINE, WAIT_MS)]


# -- Deadlines --


def test_a_passed_deadline_makes_the_outcome_unknown(relay: Relay) -> None:
    relay.given_awaiting(webhook_url=WEBHOOK_URL)
    relay.clock.advance(WAIT_MS)
    relay.work(MessageKind.DEADLINE)
    assert relay.record.status is Status.UNKNOWN
    assert relay.record.outcome is not None
    assert relay.record.outcome.error is not None
    assert relay.record.outcome.error.code == "webhook_timeout"
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


def test_an_early_deadline_message_is_sent_on(relay: Relay) -> None:
    relay.given_awaiting()
    relay.clock.advance(WAIT_MS - 1)
    relay.work(MessageKind.DEADLINE)
    assert relay.record.status is Status.AWAITING_WEBHOOK
    assert relay.queue.sent == [(DEADLINE, 1)]


def test_a_run_message_after_the_deadline_decides_it(
    relay: Relay,
) -> None:
    relay.given_awaiting()
    relay.clock.advance(WAIT_MS + 5)
    relay.work()
    [(message, delay)] = relay.queue.sent
    assert message == DEADLINE
    assert delay <= 0


def test_a_deadline_message_without_a_deadline_counts_as_due(relay: Relay) -> None:
    relay.store.put(replace(relay.given_awaiting(), deadline_at=None))
    relay.work(MessageKind.DEADLINE)
    assert relay.record.status is Status.UNKNOWN


def test_the_first_writer_at_the_deadline_wins(relay: Relay) -> None:
    relay.given_awaiting()
    relay.clock.advance(WAIT_MS)
    relay.store.someone_writes_first(lambda current: ledger.settle(current, COMPLETED, NOON, by_webhook=True))
    relay.work(MessageKind.DEADLINE)
    assert relay.record.status is Status.COMPLETED


def test_a_deadline_message_before_the_wait_is_like_any_other(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.work(MessageKind.DEADLINE)
    assert relay.record.status is Status.COMPLETED


def test_a_worker_whose_record_vanished_ends_quietly(relay: Relay) -> None:
    relay.given_queued()

    relay.client.meanwhile = relay.store.records.clear
    relay.client.answer(NO_ANSWER)
    relay.work()
    assert relay.store.records == {}


def test_no_log_line_or_metric_has_secrets_or_inputs(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(http_error(504))
    relay.work()
    signals: Any = (relay.telemetry.events, relay.telemetry.counts, relay.telemetry.durations)
    assert relay.tokens.held.value not in repr(signals)
    assert "cust_998877" not in repr(signals)
