"""A redelivery by an operator: from which states, who wins a race, what a failure leaves behind."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from actionrelay.errors import (
    DependencyError,
    ExecutionNotFoundError,
    QueueUnavailableError,
    StoreUnavailableError,
    WrongStateError,
)
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, Status, WebhookStatus
from actionrelay.ledger.message import MessageKind
from actionrelay.resend import RESEND_MS
from actionrelay.webhooks.targets import DeliveryAnswer
from tests.fakes.chance import NOON
from tests.fakes.relay import EXECUTION_ID, WEBHOOK_URL, Relay

OPERATOR = "arn:aws:iam::123456789012:user/operator"
GONE = DeliveryAnswer(410, None, 5.0)
BUSY = DeliveryAnswer(503, None, 5.0)
ENDED = (Status.COMPLETED, Status.FAILED, Status.UNKNOWN)
AGAIN = (WebhookStatus.DELIVERED, WebhookStatus.FAILED)


def given(relay: Relay, status: Status, webhook: WebhookStatus, **changes: Any) -> Execution:
    """Record an execution in this state, with ten tries behind it."""
    url = None if webhook is WebhookStatus.NONE else WEBHOOK_URL
    running = relay.given_running(webhook_url=url)
    outcome = Outcome(status, error=ExecutionError("c", "m")) if status in ENDED else None
    current = replace(
        running,
        status=status,
        outcome=outcome,
        **changes,
        delivery=replace(running.delivery, status=webhook, attempts=10),
    )
    return relay.store.put(current)


def given_up(relay: Relay) -> None:
    """Let a delivery be given up, as `deliver` does it."""
    relay.given_completed({"total": 3}, webhook_url=WEBHOOK_URL)
    relay.sender.answer(GONE)
    relay.delivering.deliver(EXECUTION_ID)
    assert relay.record.delivery.status is WebhookStatus.FAILED


def redeliver(relay: Relay, execution_id: str = EXECUTION_ID) -> Execution:
    return relay.operating.redeliver(execution_id, OPERATOR)


@pytest.mark.parametrize(("status", "webhook"), list(product(Status, WebhookStatus)))
def test_only_an_ended_delivery_begins_again(relay: Relay, status: Status, webhook: WebhookStatus) -> None:
    before = given(relay, status, webhook, completed_at=NOON)
    if webhook in AGAIN and status in {*ENDED, Status.CANCELLED}:
        again = redeliver(relay)
        assert (again.status, again.outcome, again.completed_at) == (before.status, before.outcome, NOON)
        assert (again.delivery.status, again.delivery.attempts, again.delivery.repeats) == (WebhookStatus.PENDING, 0, 1)
        assert relay.record.version == before.version + 1
        [entry] = relay.audit.entries(EXECUTION_ID)
        assert (entry.event, entry.actor) == ("redelivery_requested", OPERATOR)
        assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
        assert relay.deliveries.versions == [relay.record.version]
        assert relay.telemetry.counts["RedeliveriesRequested"] == 1
    elif webhook is WebhookStatus.PENDING and status in {*ENDED, Status.CANCELLED}:
        assert redeliver(relay) == before, "it is due already: it is queued once more, and nothing is decided"
        assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    else:
        with pytest.raises(WrongStateError, match=f"^the execution is {status}, its webhook {webhook}; "):
            redeliver(relay)
        assert relay.record == before
        assert (relay.events, relay.deliveries.sent) == ([], [])
        assert relay.telemetry.counts == {}


@pytest.mark.parametrize("execution_id", [EXECUTION_ID, "x" * 500])
def test_a_redelivery_of_an_unknown_id_is_not_found(relay: Relay, execution_id: str) -> None:
    with pytest.raises(ExecutionNotFoundError):
        redeliver(relay, execution_id)


def test_a_redelivery_keeps_the_webhook_id(
    relay: Relay,
) -> None:
    given_up(relay)
    relay.clock.advance(86_400_000)
    redeliver(relay, EXECUTION_ID.upper())
    relay.delivering.deliver(EXECUTION_ID, relay.deliveries.versions[-1])
    assert relay.record.delivery.status is WebhookStatus.DELIVERED
    (_, first, before), (_, second, after) = relay.sender.sent
    assert first["webhook-id"] == second["webhook-id"]
    assert json.loads(before)["timestamp"] == json.loads(after)["timestamp"]
    assert json.loads(after)["data"]["result"] == {"total": 3}
    assert relay.events == ["webhook_failed", "redelivery_requested", "webhook_delivered"]


def test_a_failing_redelivery_begins_the_whole_schedule(relay: Relay) -> None:
    given_up(relay)
    redeliver(relay)
    relay.randomness.fixed = 0.0
    relay.sender.answer(BUSY)
    relay.delivering.deliver(EXECUTION_ID)
    assert (relay.record.delivery.status, relay.record.delivery.attempts) == (WebhookStatus.PENDING, 1)
    assert relay.deliveries.sent[-1] == (EXECUTION_ID, 5_000)


def test_a_redriven_letter_after_a_redelivery_is_done(
    relay: Relay,
) -> None:
    given_up(relay)
    redeliver(relay)
    relay.delivering.deliver(EXECUTION_ID)
    relay.delivering.deliver(EXECUTION_ID, relay.dead_letters.versions[0])
    assert len(relay.dead_letters.sent) == 1
    assert len(relay.sender.sent) == 2


@pytest.mark.parametrize("service", ["audit", "deliveries"])
def test_a_repeat_finishes_an_interrupted_redelivery(relay: Relay, service: str) -> None:
    given_up(relay)
    if service == "audit":
        relay.audit.trouble.before("append", StoreUnavailableError("down"))
    else:
        relay.deliveries.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(DependencyError):
        redeliver(relay)
    asked = relay.record
    assert (asked.delivery.status, relay.deliveries.sent) == (WebhookStatus.PENDING, [])
    redeliver(relay)
    assert relay.record == asked, "a repeat decides nothing"
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert relay.events == ["webhook_failed", "redelivery_requested"]


def test_an_unsent_redelivery_is_queued_by_any_message(
    relay: Relay,
) -> None:
    given_up(relay)
    relay.deliveries.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        redeliver(relay)
    relay.work(MessageKind.RUN)
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


def waiting_for_its_next_try(relay: Relay) -> None:
    relay.randomness.fixed = 0.0
    relay.given_completed({"total": 3}, webhook_url=WEBHOOK_URL)
    relay.sender.answer(BUSY, BUSY)
    for _ in range(2):
        relay.delivering.deliver(EXECUTION_ID, relay.record.version)
        relay.clock.advance(5_000)


def test_a_pending_delivery_is_tried_now(relay: Relay) -> None:
    waiting_for_its_next_try(relay)
    due = redeliver(relay)
    assert (due.delivery.status, due.delivery.attempts, due.delivery.next_at) == (WebhookStatus.PENDING, 2, None)
    assert relay.deliveries.sent[-1] == (EXECUTION_ID, 0)
    relay.delivering.deliver(EXECUTION_ID, relay.deliveries.versions[-1])
    assert relay.record.delivery.status is WebhookStatus.DELIVERED
    assert relay.events[-2:] == ["redelivery_requested", "webhook_delivered"]
    assert len({headers["webhook-id"] for _, headers, _ in relay.sender.sent}) == 1


def test_a_try_now_that_fails_goes_on_with_the_schedule(relay: Relay) -> None:
    waiting_for_its_next_try(relay)
    redeliver(relay)
    relay.sender.answer(BUSY)
    relay.delivering.deliver(EXECUTION_ID, relay.deliveries.versions[-1])
    assert relay.record.delivery.attempts == 3
    assert relay.record.delivery.next_at == relay.clock.now() + 1_800_000


def test_after_a_try_now_no_try_is_made_twice(relay: Relay) -> None:
    waiting_for_its_next_try(relay)
    before = relay.deliveries.versions[-1]
    redeliver(relay)
    relay.sender.answer(BUSY)
    relay.delivering.deliver(EXECUTION_ID, relay.deliveries.versions[-1])
    relay.delivering.deliver(EXECUTION_ID, before)  # the message that waited for the try that came early
    assert relay.deliveries.sent[-2:] == [(EXECUTION_ID, 1_800_000), (EXECUTION_ID, 1_800_000 + RESEND_MS)]
    assert len(relay.sender.sent) == 3


def test_a_repeated_try_now_decides_nothing(relay: Relay) -> None:
    waiting_for_its_next_try(relay)
    asked = redeliver(relay)
    assert redeliver(relay) == asked
    assert relay.events.count("redelivery_requested") == 1
