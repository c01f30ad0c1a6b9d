"""Results by webhook: first, repeated, late, contradictory, forged."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from actionrelay import foreign_json
from actionrelay.errors import (
    ExecutionNotFoundError,
    InvalidRequestError,
    OutcomeConflictError,
    PayloadTooLargeError,
    QueueUnavailableError,
    StoreUnavailableError,
    UnauthenticWebhookError,
)
from actionrelay.genesys.http import MAX_ANSWER_BYTES
from actionrelay.ledger.execution import CacheStatus, ExecutionError, Outcome, Status
from actionrelay.ledger.message import MessageKind
from actionrelay.strict_json import canonical
from actionrelay.webhooks.keys import SigningSecret
from tests.fakes.memory import AS_DEPLOYED, REPORT_MB
from tests.fakes.relay import EXECUTION_ID, TIMEOUT_MS, WEBHOOK_URL, Relay, signed

RESULT: Any = {"total": 3}


def error_of(relay: Relay) -> ExecutionError | None:
    return relay.record.outcome.error if relay.record.outcome else None


def shown_result(relay: Relay) -> Any:
    return relay.shown_result()


@pytest.mark.parametrize("given", ["given_queued", "given_running", "given_awaiting"])
def test_a_result_completes_a_live_execution(given: str) -> None:
    relay = Relay()
    getattr(relay, given)(webhook_url=WEBHOOK_URL, cache_key="key", cache_status=CacheStatus.ENABLED)
    recorded = relay.receive(status="completed", result=RESULT)
    assert recorded.status is relay.record.status is Status.COMPLETED
    assert shown_result(relay) == RESULT
    assert relay.events[-2:] == ["webhook_received", "completed"]
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert "key" in relay.cache.entries
    assert relay.telemetry.counts["WebhooksReceived"] == 1


def test_given_a_large_result_when_it_arrives_then_it_is_stored(relay: Relay) -> None:
    relay.given_awaiting()
    relay.payloads.inline_max = 0
    relay.receive(status="completed", result=RESULT)
    assert shown_result(relay) == RESULT


def test_given_no_result_when_completed_then_it_is_null(relay: Relay) -> None:
    relay.given_awaiting()
    relay.receive(status="completed")
    assert (relay.record.status, shown_result(relay)) == (Status.COMPLETED, None)


@pytest.mark.parametrize(
    ("error", "recorded"),
    [
        (
            {"code": "c", "message": "m", "status": 400, "correlationId": "corr", "extra": 1},
            ExecutionError("c", "m", 400, "corr"),
        ),
        ({}, ExecutionError("action_failed", "Genesys Cloud reported a failure")),
        ("broken", ExecutionError("action_failed", "broken")),
        (None, ExecutionError("action_failed", "Genesys Cloud reported a failure")),
    ],
)
def test_a_failure_is_recorded_with_its_reason(relay: Relay, error: Any, recorded: ExecutionError) -> None:
    relay.given_awaiting()
    relay.receive(status="failed", error=error)
    assert (relay.record.status, error_of(relay)) == (Status.FAILED, recorded)


def test_an_id_in_capitals_is_the_same_execution(relay: Relay) -> None:
    relay.given_awaiting()
    relay.receive(executionId=EXECUTION_ID.upper(), status="completed")
    assert relay.record.status is Status.COMPLETED


# -- Twice, late, in contradiction --


def test_an_exact_repeat_changes_nothing(relay: Relay) -> None:
    relay.given_awaiting()
    relay.receive(status="completed", result={"a": 1, "b": 2})
    before = relay.record
    again = relay.receive(status="completed", result={"b": 2, "a": 1})
    assert relay.record == before
    assert again.status is Status.COMPLETED
    assert relay.telemetry.counts["ExecutionsSucceeded"] == 1


def test_a_repeat_queues_an_unqueued_delivery(relay: Relay) -> None:
    relay.given_awaiting(webhook_url=WEBHOOK_URL)
    relay.deliveries.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.receive(status="completed", result=RESULT)
    relay.receive(status="completed", result=RESULT)
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


@pytest.mark.parametrize("failure", [RuntimeError("the process dies here"), StoreUnavailableError("down")])
def test_a_repeat_stores_an_unstored_result(relay: Relay, failure: Exception) -> None:
    relay.given_awaiting()
    relay.payloads.inline_max = 0
    relay.payloads.trouble.before("put", failure)
    with suppress(RuntimeError):
        relay.receive(status="completed", result=RESULT)
    assert relay.payloads.objects == {}
    relay.receive(status="completed", result=RESULT)
    assert shown_result(relay) == RESULT


@pytest.mark.parametrize(
    "document",
    [{"status": "completed", "result": {"total": 4}}, {"status": "completed"}, {"status": "failed", "error": "no"}],
    ids=str,
)
def test_a_contradicting_result_is_audited_and_ignored(relay: Relay, document: dict[str, Any]) -> None:
    relay.given_awaiting()
    relay.receive(status="completed", result=RESULT)
    with pytest.raises(OutcomeConflictError, match="completed is on record and stays"):
        relay.receive(**document)
    assert (relay.record.status, shown_result(relay)) == (Status.COMPLETED, RESULT)
    assert relay.events[-1] == "webhook_conflict"
    assert relay.telemetry.counts["WebhookConflicts"] == 1


def test_results_of_one_double_contradict_each_other(relay: Relay) -> None:
    relay.given_awaiting()

    def report(number: str, webhook_id: str) -> None:
        body = f'{{"executionId":"{EXECUTION_ID}","status":"completed","result":{{"n":{number}}}}}'.encode()
        relay.receiving.receive(signed(body, relay.clock.now(), webhook_id=webhook_id), body)

    report("12345678901234567.891", "msg_1")
    report(" 12345678901234567.891", "msg_2")
    with pytest.raises(OutcomeConflictError):
        report("12345678901234567.892", "msg_3")


def test_a_result_for_a_cancelled_execution_is_a_conflict(relay: Relay) -> None:
    relay.given_queued(status=Status.CANCELLED)
    with pytest.raises(OutcomeConflictError):
        relay.receive(status="completed")


@pytest.mark.parametrize(
    ("document", "status"), [({"status": "completed", "result": RESULT}, "completed"), ({"status": "failed"}, "failed")]
)
def test_a_late_result_resolves_an_unknown(relay: Relay, document: dict[str, Any], status: str) -> None:
    relay.given_awaiting(webhook_url=WEBHOOK_URL)
    relay.clock.advance(TIMEOUT_MS * 10)
    relay.work(kind=MessageKind.DEADLINE)
    assert relay.record.status is Status.UNKNOWN
    relay.receive(**document)
    assert relay.record.status.value == status
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)] * 2


@pytest.mark.parametrize("late", [False, True])
def test_only_a_result_in_time_fills_the_cache(relay: Relay, late: bool) -> None:
    relay.given_awaiting(cache_key="key", cache_status=CacheStatus.ENABLED)
    if late:
        relay.clock.advance(TIMEOUT_MS * 10)
        relay.work(kind=MessageKind.DEADLINE)
    relay.receive(status="completed", result={"total": 3})
    assert relay.record.status is Status.COMPLETED
    assert ("key" in relay.cache.entries) is not late


# -- What is not accepted --


def test_an_unknown_id_is_not_found(relay: Relay) -> None:
    with pytest.raises(ExecutionNotFoundError):
        relay.receive(status="completed")


def test_a_record_that_expires_meanwhile_is_not_found(relay: Relay) -> None:
    relay.given_awaiting()
    relay.store.vanishes_before_the_next_save()
    with pytest.raises(ExecutionNotFoundError):
        relay.receive(status="completed")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "missing_header"),
        ({"webhook-id": ["msg_1"]}, "missing_header"),
    ],
)
def test_a_webhook_without_a_signature_is_refused(relay: Relay, headers: dict[str, list[str]], reason: str) -> None:
    relay.given_awaiting()
    with pytest.raises(UnauthenticWebhookError):
        relay.receiving.receive(headers, b"not even json")
    assert relay.record.status is Status.AWAITING_WEBHOOK
    assert relay.telemetry.codes["WebhooksRefused", reason] == 1


def test_given_another_secret_when_it_arrives_then_it_is_forged(relay: Relay) -> None:
    relay.given_awaiting()
    body = canonical({"executionId": EXECUTION_ID, "status": "completed"})
    with pytest.raises(UnauthenticWebhookError):
        relay.receiving.receive(signed(body, relay.clock.now(), SigningSecret(b"x" * 32)), body)
    assert relay.record.status is Status.AWAITING_WEBHOOK


@pytest.mark.parametrize(("age_ms", "authentic"), [(300_000, True), (301_000, False), (-301_000, False)])
def test_a_signature_is_good_for_five_minutes(relay: Relay, age_ms: int, *, authentic: bool) -> None:
    relay.given_awaiting()
    body = canonical({"executionId": EXECUTION_ID, "status": "completed"})
    headers = signed(body, relay.clock.now() - age_ms)
    if authentic:
        relay.receiving.receive(headers, body)
    else:
        with pytest.raises(UnauthenticWebhookError):
            relay.receiving.receive(headers, body)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b"not json", {""}),
        (b'{"a":1,"a":2}', {"/executionId", "/status"}),
        (b"[]", {""}),
        (b"{}", {"/executionId", "/status"}),
        (b'{"executionId":"x","status":"queued"}', {"/status"}),
        (b'{"executionId":5,"status":"completed"}', {"/executionId"}),
    ],
)
def test_a_signed_body_that_is_no_result_names_every_fault(relay: Relay, body: bytes, pointers: set[str]) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        relay.receiving.receive(signed(body, relay.clock.now()), body)
    assert {fault.pointer for fault in refused.value.faults} == pointers


def test_an_oversized_body_is_refused_after_its_signature(relay: Relay) -> None:
    assert foreign_json.REPORT.max_bytes == foreign_json.RESULT.max_bytes == MAX_ANSWER_BYTES
    body = b" " * (MAX_ANSWER_BYTES + 1)
    with pytest.raises(UnauthenticWebhookError):
        relay.receiving.receive({}, body)
    with pytest.raises(PayloadTooLargeError):
        relay.receiving.receive(signed(body, relay.clock.now()), body)


DENSE = """
import sys
sys.path.insert(0, sys.argv[2])
from tests.fakes.memory import peak_kb
from tests.fakes.relay import EXECUTION_ID, Relay, signed

unit = {
    "objects": b"{},",
    "lists": b"[],",
    "deep lists": b"[" * 60 + b"]" * 60 + b",",
    "deep objects": b'{"a":' * 60 + b"1" + b"}" * 60 + b",",
    "texts": b'"ab",',
    "numbers": b"1,",
    "fractions": b"1.5,",
    "long fractions": b"0.12345678901234567890,",
}[sys.argv[1]]
head = b'{"executionId":"%s","status":"completed","result":[' % EXECUTION_ID.encode()
body = head + unit * (5_200_000 // len(unit)) + b"0]}"
relay = Relay()
relay.given_awaiting()
before = peak_kb()
for _ in range(2):
    relay.receiving.receive(signed(body, relay.clock.now()), body)
assert relay.record.status == "completed"
print((peak_kb() - before) // 1_024)
"""


@pytest.mark.repetitive
@pytest.mark.parametrize(
    "kind",
    ["objects", "lists", "deep lists", "deep objects", "texts", "numbers", "fractions", "long fractions"],
)
def test_the_longest_webhook_fits_into_the_function(kind: str) -> None:
    command = [sys.executable, "-c", DENSE, kind, str(Path(__file__).parents[3])]
    environment = {**os.environ, **AS_DEPLOYED}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300)
    assert int(done.stdout) < REPORT_MB


def test_a_webhook_equal_to_the_outcome_is_a_repeat(relay: Relay) -> None:
    relay.given_completed(RESULT)
    assert relay.receive(status="completed", result=RESULT).outcome is not None
    relay.given_ended(Outcome(Status.FAILED, error=ExecutionError("c", "m", 400)))
    assert relay.receive(status="failed", error={"code": "c", "message": "m", "status": 400}).ended
