"""Acknowledged: removed from what needs attention, on record, and listed again if something new happens."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from actionrelay.errors import InvalidRequestError
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Delivery, Execution, ExecutionError, Outcome, Status, WebhookStatus
from actionrelay.ledger.items_dynamodb import ledger_item
from tests.fakes.chance import NOON
from tests.fakes.relay import EXECUTION_ID, WEBHOOK_URL, Relay

FAILED = Outcome(Status.FAILED, error=ExecutionError("http_400", "no", 400))
UNKNOWN = Outcome(Status.UNKNOWN, error=ExecutionError("no_answer", "none"))
INDEXED = {"endedAs", "undelivered"}
NEWS: dict[str, Callable[[Execution], Execution]] = {
    "another run": lambda seen: ledger.rerun(seen, NOON, None, seen.run),
    "an outcome": lambda seen: ledger.settle(seen, FAILED, NOON),
    "a resolution": lambda seen: ledger.resolve(seen, FAILED, NOON, None, None),
    "a redelivery": lambda seen: ledger.redeliver(seen, NOON, None),
}


def acknowledge(relay: Relay, body: bytes = b"") -> Execution:
    return relay.operating.acknowledge(EXECUTION_ID, body, "operator")


def listed(relay: Relay, **query: str) -> int:
    page = relay.listing.page(query)
    return len(list(page["executions"]))  # type: ignore[arg-type]


@pytest.mark.parametrize("query", [{"status": "unknown"}, {"status": "failed,unknown"}, {"webhookStatus": "failed"}])
def test_it_leaves_the_lists_of_what_needs_attention(relay: Relay, query: dict[str, str]) -> None:
    relay.given_ended(UNKNOWN, webhook_url=WEBHOOK_URL)
    relay.store.put(replace(relay.record, delivery=Delivery(WebhookStatus.FAILED)))
    assert listed(relay, **query) == 1

    acknowledge(relay)

    assert (listed(relay, **query), listed(relay), listed(relay, status="unknown,completed")) == (0, 1, 1)


def test_it_stays_on_record_with_who_saw_it_and_a_note(relay: Relay) -> None:
    before = relay.given_ended(FAILED)

    seen = acknowledge(relay, b'{"note": "informed the customer"}')

    assert (seen.status, seen.outcome, seen.delivery) == (before.status, before.outcome, before.delivery)
    [entry] = relay.audit.entries(EXECUTION_ID)
    assert (entry.event, entry.actor, entry.note, entry.status) == (
        *("acknowledged", "operator", "informed the customer"),
        "failed",
    )
    assert relay.telemetry.counts["ExecutionsAcknowledged"] == 1


def test_a_repeat_changes_nothing(relay: Relay) -> None:
    relay.given_ended(FAILED)
    first = acknowledge(relay)
    assert acknowledge(relay).version == first.version
    assert relay.events == ["acknowledged"]


def test_its_sparse_index_entries_go(relay: Relay) -> None:
    ended = relay.given_ended(UNKNOWN, webhook_url=WEBHOOK_URL)
    given_up = replace(ended, delivery=Delivery(WebhookStatus.FAILED))
    assert ledger_item(given_up).keys() >= INDEXED
    assert not INDEXED & ledger_item(ledger.acknowledge(given_up, NOON, None, None)).keys()


@pytest.mark.parametrize("step", NEWS.values(), ids=NEWS)
def test_what_comes_next_is_news_again(relay: Relay, step: Callable[[Execution], Execution]) -> None:
    ended = replace(relay.given_ended(UNKNOWN, webhook_url=WEBHOOK_URL), delivery=Delivery(WebhookStatus.FAILED))
    assert not step(ledger.acknowledge(ended, NOON, None, None)).acknowledged


@pytest.mark.parametrize("body", [b"[]", b'{"note": 1}', b'{"nota": "x"}', b'{"note": "' + b"x" * 1_001 + b'"}'])
def test_a_faulty_body_is_refused(relay: Relay, body: bytes) -> None:
    before = relay.given_ended(FAILED)
    with pytest.raises(InvalidRequestError):
        acknowledge(relay, body)
    assert relay.record == before
