"""Delivering a workflow's outcome: the rules of an execution's delivery hold, over the workflow's record."""

import json
from dataclasses import replace

import pytest

from actionrelay.deliver.posting import SCHEDULE_MS
from actionrelay.errors import StaleWriteError, StoreUnavailableError
from actionrelay.ledger.execution import Delivery, WebhookStatus
from actionrelay.ledger.message import MessageKind
from actionrelay.resend import RESEND_MS
from actionrelay.webhooks.targets import DeliveryAnswer
from actionrelay.workflows import transitions
from actionrelay.workflows.run import Run
from tests.fakes.flows import WORKFLOW_ID, Flow, a_step
from tests.fakes.relay import WEBHOOK_URL, Relay


@pytest.fixture
def relay() -> Relay:
    """A workflow that has completed, its webhook due; without jitter."""
    relay = Flow({"a": a_step()}, fields={"webhookUrl": WEBHOOK_URL}).play().relay
    relay.deliveries.sent.clear()
    relay.deliveries.versions.clear()
    relay.randomness.fixed = 0.0
    return relay


def record(relay: Relay) -> Run:
    return relay.workflows.runs[WORKFLOW_ID]


def deliver(relay: Relay, version: int | None = None) -> WebhookStatus:
    relay.delivering_workflows.deliver(WORKFLOW_ID, version)
    return record(relay).delivery.status


def answer(relay: Relay, *statuses: int) -> None:
    relay.sender.answer(*(DeliveryAnswer(status, None, 21.4) for status in statuses))


def test_it_is_delivered_once_under_one_id(relay: Relay) -> None:
    answer(relay, 500, 204)
    settled_at = record(relay).settled_at
    assert deliver(relay) is WebhookStatus.PENDING
    relay.clock.advance(SCHEDULE_MS[0])
    assert deliver(relay) is WebhookStatus.DELIVERED
    assert deliver(relay) is WebhookStatus.DELIVERED
    assert [headers["webhook-id"] for _, headers, _ in relay.sender.sent] == [f"{WORKFLOW_ID}-{settled_at}"] * 2
    document = json.loads(relay.sender.sent[-1][2])
    assert (document["type"], document["data"]["workflowId"]) == ("workflow.completed", WORKFLOW_ID)
    assert [fields for event, fields in relay.telemetry.events if event == "workflow_webhook"] == [
        {"status": "pending", "code": "http_500"},
        {"status": "delivered", "code": "http_204"},
    ]


def test_every_message_says_that_it_is_a_workflows(relay: Relay) -> None:
    answer(relay, 500, 410)
    deliver(relay)
    relay.clock.advance(SCHEDULE_MS[0])
    assert deliver(relay) is WebhookStatus.FAILED
    assert relay.deliveries.sent == [(WORKFLOW_ID, SCHEDULE_MS[0])]
    assert relay.dead_letters.sent == [(WORKFLOW_ID, 0)]
    assert {*relay.deliveries.kinds, *relay.dead_letters.kinds} == {MessageKind.WORKFLOW}
    assert {*relay.deliveries.receivers, *relay.dead_letters.receivers} == {WEBHOOK_URL}


def test_a_message_that_is_behind_comes_after_the_current(relay: Relay) -> None:
    answer(relay, 500)
    before = record(relay).version
    deliver(relay, before)
    deliver(relay, before)
    deliver(relay, relay.deliveries.versions[0])
    waits = [wait for _, wait in relay.deliveries.sent]
    assert waits == [SCHEDULE_MS[0], SCHEDULE_MS[0] + RESEND_MS, SCHEDULE_MS[0]]
    assert len(relay.sender.sent) == 1


def first(relay: Relay, delivery: Delivery) -> None:
    """Let another worker's try be on record before the next write."""
    relay.workflows.runs[WORKFLOW_ID] = transitions.delivered(record(relay), delivery)


@pytest.mark.parametrize(
    ("status", "wait_ms", "letters"), [(WebhookStatus.PENDING, 5_000, 0), (WebhookStatus.FAILED, None, 1)]
)
def test_what_another_worker_recorded_is_followed(
    relay: Relay, status: WebhookStatus, wait_ms: int | None, letters: int
) -> None:
    """It may have died between its record and the message, and this message may be the last one."""
    now = relay.clock.now()
    theirs = record(relay).delivery.tried(status, None if wait_ms is None else now + wait_ms)
    relay.sender.meanwhile = lambda: first(relay, theirs)
    answer(relay, 204)
    assert deliver(relay) is status
    assert [wait for _, wait in relay.deliveries.sent] == ([] if wait_ms is None else [wait_ms])
    assert len(relay.dead_letters.sent) == letters
    assert record(relay).delivery == theirs


def test_another_outcome_is_not_marked_as_delivered(relay: Relay) -> None:
    def settles_again() -> None:
        run = record(relay)
        assert run.settled_at is not None
        changed = replace(run, settled_at=run.settled_at + 1, version=run.version + 1)
        relay.workflows.runs[WORKFLOW_ID] = changed

    relay.sender.meanwhile = settles_again
    answer(relay, 204)
    assert deliver(relay) is WebhookStatus.PENDING
    assert relay.deliveries.sent == [(WORKFLOW_ID, 0)]
    relay.sender.meanwhile = None
    assert deliver(relay) is WebhookStatus.DELIVERED
    assert len({headers["webhook-id"] for _, headers, _ in relay.sender.sent}) == 2


def test_a_write_whose_answer_is_lost_counts_one_try(relay: Relay) -> None:
    answer(relay, 500)
    relay.workflows.trouble.after("save", StaleWriteError("the SDK met its own write"))
    assert deliver(relay) is WebhookStatus.PENDING
    assert record(relay).delivery.attempts == 1
    assert relay.deliveries.sent == [(WORKFLOW_ID, SCHEDULE_MS[0])]


def test_a_failing_table_postpones_the_delivery(relay: Relay) -> None:
    relay.workflows.trouble.before("load", StoreUnavailableError("down"))
    assert deliver(relay) is WebhookStatus.PENDING
    assert relay.deliveries.sent == [(WORKFLOW_ID, RESEND_MS // 2)]
    assert relay.deliveries.kinds[-1] is MessageKind.WORKFLOW
    assert relay.telemetry.codes["MessagesPostponed", "store_unavailable"] == 1
