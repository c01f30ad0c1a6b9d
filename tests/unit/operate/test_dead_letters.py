"""Dead letters of deliveries: those that were dealt with are deleted, and no other."""

from dataclasses import replace

import pytest

from actionrelay.errors import QueueUnavailableError, RecordUnreadableError, StoreUnavailableError
from actionrelay.ledger.execution import Delivery, ExecutionError, Outcome, Status, WebhookStatus
from actionrelay.operate.dead_letters import MOST_RECEIVES
from actionrelay.operate.ports import DecisionMessage, Letter
from tests.fakes.flows import WORKFLOW_ID, Flow, a_step
from tests.fakes.relay import EXECUTION_ID, WEBHOOK_URL, Relay

FAILED = Outcome(Status.FAILED, error=ExecutionError("http_400", "no", 400))


def given_up(relay: Relay) -> None:
    ended = relay.given_ended(FAILED, webhook_url=WEBHOOK_URL)
    relay.store.put(replace(ended, delivery=Delivery(WebhookStatus.FAILED, attempts=10)))


@pytest.mark.parametrize("own", [True, False], ids=["written by deliver", "moved by SQS"])
@pytest.mark.parametrize("status", WebhookStatus)
def test_a_letter_goes_once_it_is_dealt_with(relay: Relay, status: WebhookStatus, own: bool) -> None:
    ended = relay.given_ended(FAILED, webhook_url=WEBHOOK_URL)
    relay.store.put(replace(ended, delivery=Delivery(status)))
    relay.letters.add(EXECUTION_ID, given_up=own)
    relay.sweeping.sweep()
    stays = status is WebhookStatus.FAILED or (status is WebhookStatus.PENDING and not own)
    assert (len(relay.letters.there), relay.letters.in_hand) == (stays, [])


def test_a_letter_about_what_was_acknowledged_goes(relay: Relay) -> None:
    given_up(relay)
    relay.letters.add(EXECUTION_ID)
    relay.operating.acknowledge(EXECUTION_ID, b"", "operator")
    relay.sweeping.sweep()
    assert relay.letters.there == []


def test_letters_of_the_gone_and_of_the_reopened_go(relay: Relay) -> None:
    relay.letters.add("5b0c7f0a-35ab-4d6f-9c0f-9a1f6f6f8a01")
    given_up(relay)
    relay.letters.add(EXECUTION_ID)
    relay.operating.retry(EXECUTION_ID, "operator")
    relay.sweeping.sweep()
    assert relay.letters.there == []


def given_up_workflow(outcome: str = "failed") -> Flow:
    """A workflow that has come to its end, and whose webhook was given up."""
    flow = Flow({"a": a_step()}, lambda *_: outcome, {"webhookUrl": WEBHOOK_URL}).play()
    run = flow.relay.workflows.runs[WORKFLOW_ID]
    flow.relay.workflows.runs[WORKFLOW_ID] = replace(run, delivery=Delivery(WebhookStatus.FAILED, attempts=10))
    flow.relay.letters.add(WORKFLOW_ID, of="workflowId")
    return flow


@pytest.mark.parametrize("own", [True, False], ids=["written by deliver", "moved by SQS"])
@pytest.mark.parametrize("status", WebhookStatus)
def test_a_workflows_letter_goes_once_it_is_dealt_with(status: WebhookStatus, own: bool) -> None:
    relay = given_up_workflow().relay
    relay.letters.there.clear()
    relay.letters.add(WORKFLOW_ID, given_up=own, of="workflowId")
    relay.workflows.runs[WORKFLOW_ID] = replace(relay.workflows.runs[WORKFLOW_ID], delivery=Delivery(status))
    relay.sweeping.sweep()
    stays = status is WebhookStatus.FAILED or (status is WebhookStatus.PENDING and not own)
    assert (len(relay.letters.there), relay.letters.in_hand) == (stays, [])


def test_a_letter_of_a_workflow_that_is_gone_goes(relay: Relay) -> None:
    relay.letters.add(WORKFLOW_ID, of="workflowId")
    relay.sweeping.sweep()
    assert relay.letters.there == []


@pytest.mark.parametrize(("decide", "outcome"), [("retry", "failed"), ("cancel", "unknown")])
def test_a_decision_about_a_workflow_takes_its_letter_away(decide: str, outcome: str) -> None:
    relay = given_up_workflow(outcome).relay
    if decide == "retry":
        relay.operating_workflows.retry(WORKFLOW_ID, "operator")
    else:
        relay.operating_workflows.cancel(WORKFLOW_ID, "operator")
    assert relay.decision_queue.sent == [DecisionMessage()]
    relay.working_on_decisions.work(DecisionMessage(), relay.clock.now() + 60_000)
    assert (relay.letters.there, relay.letters.in_hand) == ([], [])


def test_any_other_workflow_has_no_letters_looked_at() -> None:
    flow = Flow({"a": a_step()}, lambda *_: "failed", {"webhookUrl": WEBHOOK_URL}).play().retry()
    assert flow.relay.decision_queue.sent == []


def test_an_unreadable_record_keeps_its_letter(relay: Relay) -> None:
    relay.letters.add(WORKFLOW_ID, of="workflowId")
    relay.letters.add(EXECUTION_ID)
    relay.workflows.trouble.before("load", RecordUnreadableError("x"))
    relay.store.trouble.before("load", RecordUnreadableError("x"))
    relay.sweeping.sweep()
    assert len(relay.letters.there) == 2


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "no letter of ours",
        '{"execution": 1}',
        "null",
        "5",
        '"workflowId"',
        '{"executionId": 5}',
        '{"workflowId": null}',
        "[" * 100_000,
    ],
    ids=lambda body: body[:20] or "empty",
)
def test_what_is_no_letter_of_a_delivery_stays(relay: Relay, body: str) -> None:
    letter = Letter(body, "handle", given_up=False)
    relay.letters.there.append(letter)
    relay.sweeping.sweep()
    assert relay.letters.there == [letter]


def test_a_look_is_bounded(relay: Relay) -> None:
    given_up(relay)
    for _ in range(MOST_RECEIVES * 10 + 5):
        relay.letters.add(EXECUTION_ID)
    relay.operating.redeliver(EXECUTION_ID, "operator")
    relay.sweeping.sweep()
    assert len(relay.letters.there) == 5


@pytest.mark.parametrize("decide", ["redeliver", "acknowledge", "retry"])
def test_a_decision_about_a_given_up_one_has_letters_looked_at(relay: Relay, decide: str) -> None:
    given_up(relay)
    match decide:
        case "redeliver":
            relay.operating.redeliver(EXECUTION_ID, "operator")
        case "acknowledge":
            relay.operating.acknowledge(EXECUTION_ID, b"", "operator")
        case _:
            relay.operating.retry(EXECUTION_ID, "operator")
    assert relay.decision_queue.sent == [DecisionMessage()]


def test_any_other_decision_has_no_letters_looked_at(relay: Relay) -> None:
    relay.given_ended(FAILED)
    relay.operating.acknowledge(EXECUTION_ID, b"", "operator")
    assert relay.decision_queue.sent == []


def test_a_look_that_can_t_be_queued_undoes_no_decision(relay: Relay) -> None:
    given_up(relay)
    relay.decision_queue.trouble.before("enqueue", QueueUnavailableError("x"))
    relay.operating.redeliver(EXECUTION_ID, "operator")
    assert relay.record.delivery.status is WebhookStatus.PENDING
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


def test_a_failing_table_deletes_no_letter(relay: Relay) -> None:
    given_up(relay)
    relay.letters.add(EXECUTION_ID)
    relay.store.trouble.before("load", StoreUnavailableError("x"))
    with pytest.raises(StoreUnavailableError):
        relay.sweeping.sweep()
    assert len(relay.letters.in_hand) == 1
