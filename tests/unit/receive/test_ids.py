"""A webhook's id: a repeat has no second effect, and other content under the same id is refused."""

import hmac
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from actionrelay.errors import StoreUnavailableError, WebhookConflictError
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ids import run_id
from actionrelay.ledger.execution import Status
from actionrelay.ledger.message import MessageKind
from actionrelay.receive.receipt import REMEMBERED_MS
from actionrelay.strict_json import canonical
from actionrelay.webhooks.signatures import HubSignatureVerifier
from tests.fakes.relay import EXECUTION_ID, SECRET, TIMEOUT_MS, Relay

RESULT: Any = {"total": 3}
OTHER_ID = "77b0a1c2-1111-4222-8333-944455566677"


def shown_result(relay: Relay) -> Any:
    return relay.shown_result()


def failed_and_run_again(relay: Relay) -> None:
    """A webhook has decided, and an operator has taken that back."""
    relay.given_awaiting()
    relay.receive("msg_1", status="failed", error="no")
    relay.operating.retry(EXECUTION_ID, "operator")


@pytest.mark.parametrize("running", [False, True])
def test_the_last_runs_webhook_decides_nothing_now(relay: Relay, *, running: bool) -> None:
    failed_and_run_again(relay)
    if running:
        relay.client.answer(Reply(ReplyKind.ACCEPTED, 12))
        relay.work()
    before = relay.record
    again = relay.receive("msg_1", status="failed", error="no")
    assert relay.record == before
    assert again.status is (Status.AWAITING_WEBHOOK if running else Status.QUEUED)
    relay.receive("msg_2", executionId=run_id(EXECUTION_ID, 2), status="completed", result=RESULT)
    assert (relay.record.status, relay.record.webhook_ids) == (Status.COMPLETED, ("msg_1", "msg_2"))
    assert relay.receive("msg_1", status="failed", error="no").status is Status.COMPLETED
    assert relay.telemetry.counts["WebhookConflicts"] == 0


def test_an_unfinished_webhook_decides_the_next_run(relay: Relay) -> None:
    relay.given_awaiting()
    relay.store.trouble.before("save", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        relay.receive("msg_1", status="completed", result=RESULT)
    relay.clock.advance(TIMEOUT_MS * 10)
    relay.work(kind=MessageKind.DEADLINE)
    relay.operating.retry(EXECUTION_ID, "operator")
    relay.receive("msg_1", status="completed", result=RESULT)
    assert (relay.record.status, shown_result(relay)) == (Status.COMPLETED, RESULT)


@pytest.mark.parametrize(
    "other",
    [
        {"status": "completed", "result": {"total": 4}},
        {"status": "failed"},
        {"status": "completed", "result": RESULT, "executionId": OTHER_ID},
    ],
    ids=["result", "status", "execution"],
)
@pytest.mark.parametrize("recorded", [True, False])
def test_an_id_with_other_content_is_refused_and_recorded(
    relay: Relay, other: dict[str, Any], *, recorded: bool
) -> None:
    relay.given_awaiting()
    relay.store.put(replace(relay.record, execution_id=OTHER_ID))
    if not recorded:
        relay.store.trouble.before("save", StoreUnavailableError("down"))
    with suppress(StoreUnavailableError):
        relay.receive("msg_1", status="completed", result=RESULT)
    before = {name: execution.outcome for name, execution in relay.store.records.items()}
    with pytest.raises(WebhookConflictError):
        relay.receive("msg_1", **other)
    assert {name: execution.outcome for name, execution in relay.store.records.items()} == before
    entry = relay.audit.entries(other.get("executionId", EXECUTION_ID))[-1]
    assert (entry.event, entry.code) == ("webhook_conflict", "webhook_conflict")
    assert relay.telemetry.counts["WebhookConflicts"] == 1
    assert relay.receive("msg_1", status="completed", result=RESULT).status is Status.COMPLETED


@pytest.mark.parametrize(
    "form",
    [
        {"executionId": EXECUTION_ID.upper(), "status": "completed", "result": {"a": 1, "b": 2}},
        {"status": "completed", "result": {"b": 2, "a": 1}, "try": 2, "sentAt": "2026-11-23T19:00:00Z"},
    ],
)
def test_an_id_with_equal_content_is_a_repeat(relay: Relay, form: dict[str, Any]) -> None:
    relay.given_awaiting()
    relay.receive("msg_1", status="completed", result={"a": 1, "b": 2})
    assert relay.receive("msg_1", **form).status is Status.COMPLETED


def test_an_id_is_free_after_a_week(relay: Relay) -> None:
    relay.given_awaiting()
    relay.store.put(replace(relay.record, execution_id=OTHER_ID))
    relay.receive("msg_1", status="completed", result=RESULT)
    relay.clock.advance(REMEMBERED_MS - 1)
    with pytest.raises(WebhookConflictError):
        relay.receive("msg_1", status="failed", executionId=OTHER_ID)
    relay.clock.advance(1)
    assert relay.receive("msg_1", status="failed", executionId=OTHER_ID).status is Status.FAILED


def test_an_id_that_cannot_be_kept_records_nothing(relay: Relay) -> None:
    relay.given_awaiting()
    relay.webhook_ids.trouble.before("claim", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        relay.receive(status="completed", result=RESULT)
    assert relay.record.status is Status.AWAITING_WEBHOOK


def test_without_ids_the_outcome_identifies_a_repeat(relay: Relay) -> None:
    relay.given_awaiting()
    hub = replace(relay.receiving, verifier=lambda: HubSignatureVerifier((SECRET,)))
    body = canonical({"executionId": EXECUTION_ID, "status": "completed", "result": RESULT})
    headers = {"X-Hub-Signature-256": ["sha256=" + hmac.digest(SECRET.key, body, "sha256").hex()]}
    for _ in range(2):
        assert hub.receive(headers, body).status is Status.COMPLETED
    assert (relay.webhook_ids.kept, relay.record.webhook_ids) == ({}, ())
