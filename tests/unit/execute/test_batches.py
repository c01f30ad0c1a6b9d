"""Batches and the rate gate, and the 429 that stops a batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import override

import pytest

from actionrelay.errors import (
    StoreUnavailableError,
)
from actionrelay.execute.worker import (
    ExecuteAction,
)
from actionrelay.gate.batch import BatchPermits
from actionrelay.gate.ports import Ask, RateGate
from actionrelay.gate.turns import Crowd, Decision, Share
from actionrelay.lanes import Flow, Lane
from actionrelay.ledger.execution import Execution, Status
from actionrelay.ledger.message import Message
from actionrelay.resend import RESEND_MS
from tests.fakes.chance import NOON
from tests.fakes.relay import (
    INVOCATION_MS,
    Relay,
)
from tests.fakes.replies import DEADLINE, RUN, http_error

# -- Batches --


WAITED = replace(RUN, due_at=NOON - 1)
BULK = replace(RUN, lane=Lane.BULK, caller="0123456789abcdef")


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ([RUN, WAITED, WAITED, DEADLINE], [Ask(), Ask(waited=True), Ask(waited=True)]),
        ([RUN] * 10, [Ask()] * 10),
        ([BULK], [Ask(Flow(Lane.BULK, "0123456789abcdef"))]),
        ([DEADLINE] * 3, []),
    ],
    ids=["both", "newcomers", "bulk", "none"],
)
def test_the_gate_expects_what_a_batch_may_want_to_run(relay: Relay, batch: list[Message], expected: list[Ask]) -> None:
    relay.batching.for_batch(batch)
    assert relay.gate.batches == [expected]


@dataclass(frozen=True, slots=True)
class AskingGate(RateGate):
    """A ``RateGate`` whose batches ask this."""

    ask: Callable[[int, Crowd, int], Decision]

    @override
    def for_batch(self, asks: Sequence[Ask]) -> BatchPermits:
        return BatchPermits(self.ask, self.pause, lambda _lease, _left: None, asks)

    @override
    def pause(self, until: int) -> None: ...


def batches(
    relay: Relay, ask: Callable[[int, Crowd, int], Decision], messages: list[Message] | None = None
) -> ExecuteAction:
    """An ``execute`` whose batch asks this."""
    return replace(relay.batching, gate=AskingGate(ask)).for_batch(messages or [RUN, RUN])


def never(_now: int, _crowd: Crowd, _ends_at: int) -> Decision:
    raise AssertionError("the gate was asked")


def two_permits(_now: int, _crowd: Crowd, _ends_at: int) -> Decision:
    return Decision({Ask(): Share(2)})


@pytest.mark.parametrize("message", [RUN, DEADLINE])
@pytest.mark.parametrize("given_it", [Relay.given_awaiting, Relay.given_completed], ids=["awaiting", "ended"])
def test_a_batch_with_nothing_to_run_does_not_ask_the_gate(
    relay: Relay, given_it: Callable[[Relay], Execution], message: Message
) -> None:
    given_it(relay)
    batches(relay, never, [message]).work(message, relay.clock.now() + INVOCATION_MS)
    assert relay.client.calls == []


def test_two_of_a_batch_share_one_answer_of_the_gate(relay: Relay) -> None:
    asked: list[Crowd] = []

    def ask(_now: int, crowd: Crowd, _ends_at: int) -> Decision:
        asked.append(crowd)
        return Decision({Ask(): Share(0, (3_000, 6_000))})

    relay.given_queued()
    relay.randomness.fixed = 0.0
    together = batches(relay, ask)
    for _ in range(2):
        together.work(RUN, relay.clock.now() + INVOCATION_MS)
    assert asked == [{Ask(): 2}]
    assert [delay for _, delay in relay.queue.sent] == [2_000, 5_000]


def test_a_gate_that_is_down_is_asked_once_per_batch(
    relay: Relay,
) -> None:
    asked: list[Crowd] = []

    def fail(_now: int, crowd: Crowd, _ends_at: int) -> Decision:
        asked.append(crowd)
        raise StoreUnavailableError("down")

    before = relay.given_queued()
    relay.randomness.fixed = 0.5
    together = batches(relay, fail)
    for _ in range(2):
        together.work(RUN, relay.clock.now() + INVOCATION_MS)
    assert len(asked) == 1
    assert relay.queue.sent == [(RUN, RESEND_MS)] * 2
    assert (relay.record, relay.client.calls) == (before, []), "no attempt was used up"


# -- A 429 stops the batch that it met --


def test_a_429_denies_permits_to_the_rest_of_the_batch(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.client.answer(http_error(429, "30"))
    together = batches(relay, two_permits)
    together.work(RUN, relay.clock.now() + INVOCATION_MS)
    relay.clock.advance(30_000 - 1)
    relay.store.put(replace(relay.record, next_at=None))
    before = relay.record
    together.work(RUN, relay.clock.now() + INVOCATION_MS)
    assert (len(relay.client.calls), relay.record) == (1, before)
    assert relay.telemetry.counts["RateGateWaits"] == 1


def test_a_429_stops_a_claimed_request_of_the_same_batch(relay: Relay) -> None:
    relay.given_queued(repeatable=False)
    relay.randomness.fixed = 0.0
    relay.gate.held_for.append(29_500)
    relay.work()
    assert (relay.gate.taken, relay.client.calls) == (1, [])
    assert relay.events == ["attempt_started", "retry_planned"]
    assert (relay.record.status, relay.record.chances_used, relay.record.may_have_run) == (Status.QUEUED, 0, False)
    assert relay.queue.sent == [(RUN, 30_000)], "not before the 429 allows it, in whole seconds as it says them"


def test_a_429_holds_the_batch_before_it_pauses_everybody(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.client.answer(http_error(429, "30"))
    seen: list[tuple[list[int], list[int]]] = []
    relay.queue.meanwhile = lambda: seen.append((list(relay.gate.holds), list(relay.gate.paused_until)))
    relay.work()
    assert seen == [([NOON + 30_000], [])], "what is planned is on record before another service is asked"
    assert relay.gate.paused_until == [NOON + 30_000]
