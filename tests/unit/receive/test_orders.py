"""Every order in which the four events that decide a `data-actions` execution arrive, without an operator.

The answer of the POST (accepted: the result follows), the webhook, its repeat, and the deadline's reminder arrive in
any order; the caller's webhook is posted either as soon as it is queued or when everything has arrived.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import permutations

import pytest

from actionrelay.errors import LeaseHeldError
from actionrelay.execute.ports import ActionCall
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.execution import Status
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.token.ports import AccessToken
from tests.fakes.relay import EXECUTION_ID, GRACE_MS, INVOCATION_MS, TIMEOUT_MS, WEBHOOK_URL, Relay

RESULT = {"total": 3}
ANSWER, WEBHOOK, REPEAT, DEADLINE = "answer", "webhook", "repeat", "deadline"
ORDERS = list(permutations((ANSWER, WEBHOOK, REPEAT, DEADLINE)))


@dataclass(slots=True)
class Story:
    """One order, played: what comes before the answer comes while the POST is under way."""

    relay: Relay
    at_once: bool
    """Whether deliveries are posted as soon as they are queued."""
    posted: int = 0
    before: list[Callable[[], None]] = field(default_factory=list)

    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:
        """Answer, at last, as Genesys Cloud does that took the request: an ``ActionClient``."""
        for happen in self.before:
            happen()
        return Reply(ReplyKind.ACCEPTED, 12)

    def play(self, order: tuple[str, ...]) -> None:
        acts = {WEBHOOK: self.webhook, REPEAT: self.webhook, DEADLINE: self.deadline}
        answered = order.index(ANSWER)
        self.before = [acts[name] for name in order[:answered]]
        self.relay.client = self  # type: ignore[assignment]  # an ``ActionClient`` of its own
        self.relay.work()
        self.deliver_at_once()
        for name in order[answered + 1 :]:
            acts[name]()
        self.deliver()

    def webhook(self) -> None:
        """Let the one webhook arrive, or arrive again: the same id, the same body."""
        assert self.relay.receive("msg_1", status="completed", result=RESULT).status is Status.COMPLETED
        self.deliver_at_once()

    def deadline(self) -> None:
        """Let the reminder arrive in its time, or too early: before there is anything that it could remind of."""
        if self.relay.record.status is Status.AWAITING_WEBHOOK:
            self.relay.clock.advance(TIMEOUT_MS + GRACE_MS)
        reminder = Message(EXECUTION_ID, MessageKind.DEADLINE)
        self.relay.executing.work(reminder, self.relay.clock.now() + INVOCATION_MS)
        self.deliver_at_once()

    def deliver_at_once(self) -> None:
        if self.at_once:
            self.deliver()

    def deliver(self) -> None:
        """Let every queued delivery arrive."""
        sent = self.relay.deliveries.sent
        while self.posted < len(sent):
            self.relay.delivering.deliver(sent[self.posted][0])
            self.posted += 1


@pytest.mark.parametrize("at_once", [True, False], ids=["posted at once", "posted at the end"])
@pytest.mark.parametrize("repeatable", [True, False], ids=["idempotent", "not idempotent"])
@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_any_order_ends_completed_and_delivered_once(
    order: tuple[str, ...], *, repeatable: bool, at_once: bool
) -> None:
    relay = Relay()
    relay.given_queued(webhook_url=WEBHOOK_URL, repeatable=repeatable)

    Story(relay, at_once).play(order)

    assert relay.record.status is Status.COMPLETED
    assert relay.shown_result() == RESULT
    assert relay.events.count("completed") == relay.events.count("webhook_received") == 1
    assert relay.record.webhook_ids == ("msg_1",)
    assert relay.record.attempts == 1
    posted = [json.loads(body)["type"] for _, _, body in relay.sender.sent]
    gave_up = order.index(ANSWER) < order.index(DEADLINE) < min(order.index(WEBHOOK), order.index(REPEAT))
    assert relay.events.count("unknown") == gave_up
    # Unknown is an outcome of its own: a caller that got it, as was right, gets the final one as well, once.
    assert posted == (["execution.unknown"] if gave_up and at_once else []) + ["execution.completed"]
    assert relay.record.delivery.status.value == "delivered"


def test_an_early_reminder_leaves_the_worker_alone() -> None:
    relay = Relay()
    relay.given_running()
    with pytest.raises(LeaseHeldError):
        relay.executing._work(Message(EXECUTION_ID, MessageKind.DEADLINE), relay.clock.now() + INVOCATION_MS)


def test_all_orders_are_there_and_some_give_up() -> None:
    assert len(ORDERS) == 24
    gave_up = [o for o in ORDERS if o.index(ANSWER) < o.index(DEADLINE) < min(o.index(WEBHOOK), o.index(REPEAT))]
    assert len(gave_up) == 2
