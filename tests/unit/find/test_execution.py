"""An execution as callers read it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.audit.document import audit_document
from actionrelay.audit.trail import Trail
from actionrelay.errors import ExecutionNotFoundError
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.document import STORING_MS
from actionrelay.ledger.execution import ExecutionError, Outcome, Status
from actionrelay.timestamps import iso, iso_or_none
from actionrelay.webhooks.targets import DeliveryAnswer
from tests.fakes.chance import NOON
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, TRACE_ID, WEBHOOK_URL, Relay, a_draft, a_request, encoded
from tests.fakes.stores import InMemoryAudit

FIELDS = [
    *("executionId", "actionId", "traceId", "status", "webhookStatus", "result", "cacheStatus", "error"),
    *("attempts", "createdAt", "updatedAt", "completedAt", "latencyMs"),
]


def test_a_queued_execution_has_every_field(relay: Relay) -> None:
    relay.given_queued(webhook_url=WEBHOOK_URL)
    document = relay.reading.execution(EXECUTION_ID.upper())
    assert list(document) == [*FIELDS, "waiting"]
    assert (document["executionId"], document["actionId"], document["traceId"]) == (EXECUTION_ID, ACTION_ID, TRACE_ID)
    assert (document["status"], document["cacheStatus"]) == ("queued", "disabled")
    assert [document[name] for name in ("result", "error", "completedAt", "latencyMs")] == [None] * 4
    assert document["createdAt"] == iso(NOON)


def test_a_completed_execution_has_result_and_latency(relay: Relay) -> None:
    relay.clock.advance(1_250)
    relay.given_completed({"total": 3})
    document = relay.reading.execution(EXECUTION_ID)
    assert (document["status"], relay.shown_result(), document["latencyMs"]) == ("completed", {"total": 3}, 1_250)


def test_given_a_failure_when_read_then_its_error_is_shown(relay: Relay) -> None:
    relay.given_ended(Outcome(Status.FAILED, error=ExecutionError("c", "m", 400, "corr")))
    assert relay.reading.execution(EXECUTION_ID)["error"] == {
        "code": "c",
        "message": "m",
        "status": 400,
        "correlationId": "corr",
    }


def test_a_result_being_stored_shows_as_running(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    relay.given_completed("big")
    relay.payloads.objects.clear()
    relay.clock.advance(STORING_MS - 1)
    document = relay.reading.execution(EXECUTION_ID)
    assert [document[name] for name in ("status", "result", "error", "completedAt")] == ["running", None, None, None]


def test_a_lost_result_keeps_the_outcome_and_says_so(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    relay.given_completed("big")
    relay.payloads.objects.clear()
    relay.clock.advance(STORING_MS)
    document: Any = relay.reading.execution(EXECUTION_ID)
    assert (document["status"], document["result"]) == ("completed", None)
    assert document["error"]["code"] == "result_not_stored"


def test_a_recorded_delivery_keeps_completed_without_a_result(
    relay: Relay,
) -> None:
    relay.payloads.inline_max = 0
    relay.given_completed("big", webhook_url=WEBHOOK_URL)
    relay.payloads.objects.clear()
    relay.clock.advance(STORING_MS)
    assert relay.reading.execution(EXECUTION_ID)["status"] == "completed"
    relay.delivering.deliver(EXECUTION_ID)
    document = relay.reading.execution(EXECUTION_ID)
    assert (document["status"], document["webhookStatus"]) == ("completed", "delivered")


def test_a_pending_delivery_says_when_its_next_try_is(relay: Relay) -> None:
    relay.given_completed("big", webhook_url=WEBHOOK_URL)
    assert "nextDeliveryAt" not in relay.reading.execution(EXECUTION_ID)
    relay.sender.answer(DeliveryAnswer(503, None, 7.0))
    relay.delivering.deliver(EXECUTION_ID)
    execution = relay.recorder.load(EXECUTION_ID)
    assert execution is not None
    assert execution.delivery.next_at is not None
    assert relay.reading.execution(EXECUTION_ID)["nextDeliveryAt"] == iso(execution.delivery.next_at)
    relay.clock.advance(execution.delivery.next_at - relay.clock.now())
    assert "nextDeliveryAt" not in relay.reading.execution(EXECUTION_ID)


def test_a_history_is_chained_and_oldest_first(relay: Relay) -> None:
    relay.recorder.create(ledger.accept(a_draft()))
    relay.work()
    history: Any = relay.recalling.history(EXECUTION_ID)
    assert history["executionId"] == EXECUTION_ID
    assert [entry["event"] for entry in history["entries"]] == ["accepted", "attempt_started", "completed"]
    assert [entry["seq"] for entry in history["entries"]] == [1, 2, 3]
    assert history["entries"][1]["previousHash"] == history["entries"][0]["hash"]


def test_an_entry_has_every_field_of_the_design() -> None:
    [entry] = ledger.accept(a_draft()).audit.owed
    wanted = {
        *("timestamp", "executionId", "actionId", "event", "status", "latencyMs", "attempt"),
        *("payloadSizeBytes", "webhookUrl", "successRate", "traceId", "correlationId"),
    }
    assert wanted <= set(audit_document(entry))


@pytest.mark.parametrize("execution_id", ["", "x" * 129, "nobody"])
def test_an_unrecorded_id_is_not_found(relay: Relay, execution_id: str) -> None:
    with pytest.raises(ExecutionNotFoundError):
        relay.reading.execution(execution_id)
    with pytest.raises(ExecutionNotFoundError):
        relay.recalling.history(execution_id)


def test_an_instant_is_utc_with_milliseconds() -> None:
    assert iso(1_795_460_400_007) == "2026-11-23T19:00:00.007Z"
    assert iso_or_none(None) is None
    assert iso_or_none(0) == "1970-01-01T00:00:00.000Z"


@given(st.integers(0, 4_000_000_000_000), st.integers(0, 4_000_000_000_000))
def test_instants_sort_like_time(one: int, other: int) -> None:
    assert (iso(one) < iso(other)) == (one < other)


# -- Histories of records that are being written to -------------------------------------------------------------------


def test_an_attempt_under_way_shows_what_is_owed(
    relay: Relay,
) -> None:
    relay.submitting.submit(encoded(a_request(executionId=EXECUTION_ID)))
    relay.recorder.save_owing(ledger.claim(relay.record, "a", NOON, NOON + 95_000))
    assert relay.events == ["accepted"]
    history = relay.recalling.history(EXECUTION_ID, verified=True)
    assert _events(history) == ["accepted", "attempt_started"]
    verification: Any = history["verification"]
    assert (verification["intact"], verification["checkedEntries"]) == (True, 2)
    assert "from entry 2 on it is in the execution's record" in verification["detail"]


def test_an_unverified_history_says_nothing_about_wholeness(relay: Relay) -> None:
    relay.submitting.submit(encoded(a_request(executionId=EXECUTION_ID)))
    assert list(relay.recalling.history(EXECUTION_ID)) == ["executionId", "entries"]


def test_a_record_without_its_trail_says_so(relay: Relay) -> None:
    relay.given_completed({"total": 3})
    history = relay.recalling.history(EXECUTION_ID, verified=True)
    assert history["entries"] == []
    assert history["verification"] == {
        "intact": False,
        "checkedEntries": 0,
        "brokenAt": 1,
        "detail": "the trail ends after 0 entries, but the execution's record has 4",
    }


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_writer_between_two_looks_breaks_no_trail(relay: Relay, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    relay.submitting.submit(encoded(a_request(executionId=EXECUTION_ID)))
    left, trail = steps, InMemoryAudit.trail

    def written_to_first(audit: InMemoryAudit, execution_id: str) -> Trail:
        nonlocal left
        if left:
            left -= 1
            relay.recorder.save(ledger.note(relay.record, "webhook_conflict", NOON))
        return trail(audit, execution_id)

    monkeypatch.setattr(InMemoryAudit, "trail", written_to_first)
    verification = relay.recalling.history(EXECUTION_ID, verified=True)["verification"]
    assert verification == {"intact": True, "checkedEntries": 1 + steps, "brokenAt": None, "detail": None}


def test_a_broken_trail_at_rest_is_looked_at_once(
    relay: Relay,
) -> None:
    relay.submitting.submit(encoded(a_request(executionId=EXECUTION_ID)))
    relay.audit.kept.clear()
    relay.clock.advance(86_400_000)
    verification = relay.recalling.history(EXECUTION_ID, verified=True)["verification"]
    assert isinstance(verification, dict)
    assert (verification["intact"], verification["brokenAt"]) == (False, 1)


def _events(history: dict[str, Any]) -> list[str]:
    return [entry["event"] for entry in history["entries"]]
