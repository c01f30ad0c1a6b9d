"""The function dies anywhere: a repeat does everything once; a late webhook leaves nothing pending without one."""

import json
from contextlib import suppress
from typing import Any

import pytest

from actionrelay.ledger.execution import CacheStatus, Status, WebhookStatus
from actionrelay.ledger.message import MessageKind
from actionrelay.receive.receipt import LOOK_AGAIN_MS
from tests.fakes.relay import EXECUTION_ID, TIMEOUT_MS, WEBHOOK_URL, Relay

RESULT: Any = {"total": 3}


def shown_result(relay: Relay) -> Any:
    return relay.shown_result()


STEPS = {
    "before the id is kept": ("webhook_ids", "claim", "before"),
    "after the id is kept": ("webhook_ids", "claim", "after"),
    "before the reminder": ("queue", "send", "before"),
    "after the reminder": ("queue", "send", "after"),
    "before the outcome is recorded": ("store", "save", "before"),
    "after the outcome is recorded": ("store", "save", "after"),
    "before the result is stored": ("payloads", "put", "before"),
    "before the audit is paid": ("audit", "append", "before"),
    "before the cache is filled": ("cache", "remember", "before"),
    "before the delivery is queued": ("deliveries", "send", "before"),
    "after the delivery is queued": ("deliveries", "send", "after"),
}


class DiedError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_repeat_after_a_dying_receiver_does_all_once(step: str, *, late: bool) -> None:
    relay = given_a_webhook_that_dies(step, late=late)
    recorded = relay.receive(status="completed", result=RESULT)
    assert recorded.status is relay.record.status is Status.COMPLETED
    assert shown_result(relay) == RESULT
    assert relay.events[-2:] == ["webhook_received", "completed"]
    assert relay.events.count("completed") == 1
    assert_delivered_once(relay)


@pytest.mark.parametrize("step", [step for step in STEPS if "result is stored" not in step])
def test_a_dying_receiver_of_a_late_webhook_delivers_anyway(
    step: str,
) -> None:
    """Not the result: nobody but the dead receiver had the bytes of a large one."""
    relay = given_a_webhook_that_dies(step, late=True)
    for message, delay_ms in relay.queue.sent:
        assert (message.kind, delay_ms) == (MessageKind.DEADLINE, LOOK_AGAIN_MS)
        relay.work(message.kind)
    if relay.record.status is Status.UNKNOWN:
        assert "record" not in step or "before" in step
        assert relay.deliveries.sent == []
        assert relay.record.delivery.status is WebhookStatus.DELIVERED
    else:
        assert_delivered_once(relay)
        assert relay.events[-3:] == ["webhook_received", "completed", "webhook_delivered"]


def given_a_webhook_that_dies(step: str, *, late: bool) -> Relay:
    """Let the receiver of a webhook die at a step; late: when the deadline had passed, and the caller was informed."""
    relay = Relay()
    relay.payloads.inline_max = 0
    relay.given_awaiting(webhook_url=WEBHOOK_URL, cache_key="key", cache_status=CacheStatus.ENABLED)
    if late:
        relay.clock.advance(TIMEOUT_MS * 10)
        relay.work(kind=MessageKind.DEADLINE)
        relay.delivering.deliver(EXECUTION_ID)
        relay.deliveries.sent.clear()
        relay.sender.sent.clear()
        relay.audit.kept.clear()
    service, operation, when = STEPS[step]
    getattr(getattr(relay, service).trouble, when)(operation, DiedError())
    with suppress(DiedError):
        relay.receive(status="completed", result=RESULT)
    return relay


def assert_delivered_once(relay: Relay) -> None:
    """Let every message that was queued arrive, and look at what the receiver got."""
    assert relay.deliveries.sent
    for execution_id, delay_ms in relay.deliveries.sent:
        relay.clock.advance(delay_ms)
        relay.delivering.deliver(execution_id)
    assert len(relay.deliveries.sent) <= 3, "a delivery that waits for its result does not wait for ever"
    [(_, _, body)] = relay.sender.sent
    assert json.loads(body)["type"] == "execution.completed"
    assert relay.record.delivery.status is WebhookStatus.DELIVERED
