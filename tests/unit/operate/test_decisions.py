"""Decisions of operators: in which states each is allowed, who wins a race, and what a failure leaves behind."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from actionrelay.boundary import http
from actionrelay.errors import (
    DependencyError,
    ExecutionNotFoundError,
    InvalidRequestError,
    MalformedJsonError,
    PayloadTooLargeError,
    QueueUnavailableError,
    StaleWriteError,
    StoreUnavailableError,
    WrongStateError,
)
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import (
    CacheStatus,
    Delivery,
    Execution,
    ExecutionError,
    Outcome,
    Status,
    WebhookStatus,
)
from actionrelay.ledger.message import Message
from actionrelay.ledger.operator_decisions import Decision, allowed
from tests.fakes.chance import NOON
from tests.fakes.relay import EXECUTION_ID, RETENTION_MS, WEBHOOK_URL, Relay, encoded

OPERATOR = "arn:aws:iam::123456789012:user/operator"
CAUSE = ExecutionError("http_400", "no", 400, "corr-1")
FAILED = Outcome(Status.FAILED, error=CAUSE)
UNKNOWN = Outcome(Status.UNKNOWN, error=ExecutionError("no_answer", "none"))
COMPLETED = Outcome(Status.COMPLETED)


def given_cancelled(relay: Relay, **changes: Any) -> Execution:
    cancelled = ledger.cancel(relay.given_queued(**changes), NOON, OPERATOR)
    return relay.store.put(cancelled.paid())


GIVEN: dict[Status, Callable[..., Execution]] = {
    Status.QUEUED: Relay.given_queued,
    Status.RUNNING: Relay.given_running,
    Status.AWAITING_WEBHOOK: Relay.given_awaiting,
    Status.COMPLETED: Relay.given_completed,
    Status.FAILED: lambda relay, **changes: relay.given_ended(FAILED, **changes),
    Status.UNKNOWN: lambda relay, **changes: relay.given_ended(UNKNOWN, **changes),
    Status.CANCELLED: given_cancelled,
}


def retry(relay: Relay, execution_id: str = EXECUTION_ID) -> Execution:
    return relay.operating.retry(execution_id, OPERATOR)


def cancel(relay: Relay, execution_id: str = EXECUTION_ID) -> Execution:
    return relay.operating.cancel(execution_id, OPERATOR)


def resolve(relay: Relay, execution_id: str = EXECUTION_ID, **document: Any) -> Execution:
    return relay.operating.resolve(
        execution_id, encoded({"status": "completed", "result": {"found": "later"}} | document), OPERATOR
    )


def acknowledge(relay: Relay, execution_id: str = EXECUTION_ID) -> Execution:
    return relay.operating.acknowledge(execution_id, b'{"note": "seen"}', OPERATOR)


DECISIONS: dict[str, Callable[..., Execution]] = {
    "retry": retry,
    "resolve": resolve,
    "cancel": cancel,
    "acknowledge": acknowledge,
}
ALLOWED = {
    ("retry", Status.FAILED): Status.QUEUED,
    ("retry", Status.UNKNOWN): Status.QUEUED,
    ("resolve", Status.UNKNOWN): Status.COMPLETED,
    ("cancel", Status.QUEUED): Status.CANCELLED,
    ("acknowledge", Status.FAILED): Status.FAILED,
    ("acknowledge", Status.UNKNOWN): Status.UNKNOWN,
}


# -- Every decision in every state --


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(("name", "decide"), DECISIONS.items(), ids=DECISIONS)
def test_a_decision_is_taken_where_it_fits_alone(
    relay: Relay, name: str, decide: Callable[..., Execution], status: Status
) -> None:
    before = GIVEN[status](relay, **({"result": "another"} if status is Status.COMPLETED else {}))
    expected = ALLOWED.get((name, status))
    if expected is None:
        with pytest.raises(WrongStateError, match=f"^the execution is {status}; "):
            decide(relay)
        assert relay.record == before
        assert (relay.events, relay.queue.sent, relay.deliveries.sent) == ([], [], [])
        assert relay.telemetry.counts == {}
    else:
        decided = decide(relay)
        assert (decided.status, relay.record.status) == (expected, expected)
        assert relay.record.version == before.version + 1
        assert relay.audit.entries(EXECUTION_ID)[0].actor == OPERATOR


@pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS)
def test_an_execution_past_its_retention_is_gone(relay: Relay, decide: Callable[..., Execution]) -> None:
    before = relay.given_ended(UNKNOWN)
    relay.clock.advance(RETENTION_MS)
    with pytest.raises(ExecutionNotFoundError):
        decide(relay)
    assert relay.record == before


@pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS)
def test_an_unknown_id_is_not_found(relay: Relay, decide: Callable[..., Execution]) -> None:
    with pytest.raises(ExecutionNotFoundError) as refused:
        decide(relay, "x" * 500)
    assert refused.value.context["execution_id"] == "x" * 128


@pytest.mark.parametrize(("name", "decide"), DECISIONS.items(), ids=DECISIONS)
def test_an_id_in_capitals_is_the_same(relay: Relay, name: str, decide: Callable[..., Execution]) -> None:
    GIVEN[Status.QUEUED if name == "cancel" else Status.UNKNOWN](relay)
    assert decide(relay, EXECUTION_ID.upper()).execution_id == EXECUTION_ID


@pytest.mark.parametrize(("name", "decide"), DECISIONS.items(), ids=DECISIONS)
def test_a_table_that_is_down_changes_nothing(relay: Relay, name: str, decide: Callable[..., Execution]) -> None:
    before = GIVEN[Status.QUEUED if name == "cancel" else Status.UNKNOWN](relay)
    relay.store.trouble.before("save", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        decide(relay)
    assert (relay.record, relay.events, relay.queue.sent, relay.deliveries.sent) == (before, [], [], [])


# -- Retry --


@pytest.mark.parametrize(("status", "may_have_run"), [(Status.FAILED, False), (Status.UNKNOWN, True)])
def test_a_retried_end_waits_with_its_audit_paid(relay: Relay, status: Status, *, may_have_run: bool) -> None:
    GIVEN[status](relay)
    relay.clock.advance(7)
    queued = retry(relay)
    assert (queued.status, queued.queued_at, queued.reruns) == (Status.QUEUED, NOON + 7, 1)
    assert (queued.outcome, queued.may_have_run) == (None, may_have_run)
    [(message, delay)] = relay.queue.sent
    assert (message, message.version, delay) == (Message(EXECUTION_ID), relay.record.version, 0)
    assert relay.events == ["rerun_requested"]
    assert relay.telemetry.counts["ExecutionsRerun"] == 1


def test_a_retry_whose_send_failed_is_finished_by_a_repeat(
    relay: Relay,
) -> None:
    relay.given_ended(FAILED)
    relay.queue.trouble.before("send", QueueUnavailableError("down"), times=2)
    for _ in range(2):
        with pytest.raises(QueueUnavailableError):
            retry(relay)
    assert (relay.record.status, relay.record.reruns, relay.queue.sent) == (Status.QUEUED, 1, [])
    queued = retry(relay)
    assert (queued.status, queued.reruns) == (Status.QUEUED, 1)
    assert [message.version for message, _ in relay.queue.sent] == [relay.record.version]
    assert relay.events == ["rerun_requested"]
    assert relay.telemetry.counts["ExecutionsRerun"] == 1
    relay.work()
    assert relay.record.status is Status.COMPLETED


def test_a_repeated_retry_pays_the_audit_before_it_sends(relay: Relay) -> None:
    relay.given_ended(FAILED)
    relay.audit.trouble.before("append", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        retry(relay)
    assert (relay.record.status, relay.events, relay.queue.sent) == (Status.QUEUED, [], [])
    retry(relay)
    assert relay.events == ["rerun_requested"]
    assert len(relay.queue.sent) == 1


def test_a_retry_starts_the_day_of_waiting_again(relay: Relay) -> None:
    relay.given_ended(FAILED)
    relay.clock.advance(10 * 86_400_000)
    retry(relay)
    relay.work()
    assert relay.record.status is Status.COMPLETED


def test_a_refused_retry_of_an_unknown_is_unknown_again(relay: Relay) -> None:
    relay.given_ended(UNKNOWN)
    retry(relay)
    relay.payloads.inline_max = 0
    relay.store.put(replace(relay.record, request=replace(relay.record.request, inline=None)))
    relay.work()
    assert relay.record.status is Status.UNKNOWN


# -- Resolve --


def test_a_resolved_unknown_is_delivered_like_any_outcome(
    relay: Relay,
) -> None:
    relay.payloads.inline_max = 0
    unknown = relay.given_ended(UNKNOWN, webhook_url=WEBHOOK_URL, cache_key="key", cache_status=CacheStatus.ENABLED)
    relay.store.put(replace(unknown, delivery=replace(unknown.delivery, status=WebhookStatus.DELIVERED, attempts=2)))
    relay.clock.advance(60_000)
    resolved = resolve(relay, result={"total": 3}, note="seen in the CRM")
    assert (resolved.status, resolved.completed_at) == (Status.COMPLETED, NOON + 60_000)
    assert relay.shown_result() == {"total": 3}
    assert resolved.outcome is not None
    assert relay.cache.entries == {}, "what an operator says is for this execution alone"
    assert (resolved.delivery.status, resolved.delivery.attempts) == (WebhookStatus.PENDING, 0)
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert relay.telemetry.counts["ExecutionsSucceeded"] == 1


def test_a_resolution_records_who_and_why(relay: Relay) -> None:
    relay.given_ended(UNKNOWN)
    resolve(relay, note="seen in the CRM")
    found, end = relay.audit.entries(EXECUTION_ID)
    assert (found.event, found.actor, found.note) == ("resolved", OPERATOR, "seen in the CRM")
    assert (end.event, end.previous_hash) == ("completed", found.hash)


def test_a_resolution_without_actor_or_note_is_the_event_alone(relay: Relay) -> None:
    relay.given_ended(UNKNOWN)
    relay.operating.resolve(EXECUTION_ID, b'{"status":"completed"}', None)
    found, _ = relay.audit.entries(EXECUTION_ID)
    assert (found.event, found.actor, found.note) == ("resolved", None, None)


@pytest.mark.parametrize(
    ("error", "recorded"),
    [
        (None, ExecutionError("resolved_as_failed", "an operator found that the action failed")),
        ("the CRM was down", ExecutionError("action_failed", "the CRM was down")),
        ({"code": "crm", "message": "down", "status": 500}, ExecutionError("crm", "down", 500)),
    ],
)
def test_a_resolved_failure_has_the_operators_error(relay: Relay, error: Any, recorded: ExecutionError) -> None:
    relay.given_ended(UNKNOWN, webhook_url=WEBHOOK_URL)
    resolved = resolve(relay, status="failed", error=error)
    assert resolved.outcome == Outcome(Status.FAILED, error=recorded)
    assert relay.telemetry.counts["ExecutionsFailed"] == 1
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", MalformedJsonError),
        (b'{"status":"completed","status":"failed"}', MalformedJsonError),
        (b"[]", InvalidRequestError),
        (b"[" * 100_000, InvalidRequestError),
        (b"{}", InvalidRequestError),
        (b'{"status":"unknown"}', InvalidRequestError),
        (b'{"status":"completed","note":5}', InvalidRequestError),
        (b'{"status":"completed","surprise":1}', InvalidRequestError),
        (encoded({"status": "completed", "note": "x" * 1_001}), InvalidRequestError),
    ],
)
def test_a_body_that_is_no_resolution_reads_nothing(relay: Relay, raw: bytes, error: type[Exception]) -> None:
    relay.store.trouble.before("load", AssertionError("read"))
    with pytest.raises(error):
        relay.operating.resolve(EXECUTION_ID, raw, OPERATOR)


def test_given_faults_when_resolved_then_every_one_is_named(relay: Relay) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        resolve(relay, status="done", note=7, surprise=True)
    assert {fault.pointer for fault in refused.value.faults} == {"/status", "/note", "/surprise"}


@pytest.mark.parametrize("service", ["audit", "deliveries"])
def test_a_repeat_finishes_an_interrupted_resolution(relay: Relay, service: str) -> None:
    relay.payloads.inline_max = 0
    relay.given_ended(UNKNOWN, webhook_url=WEBHOOK_URL)
    if service == "audit":
        relay.audit.trouble.before("append", StoreUnavailableError("down"))
    else:
        relay.deliveries.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(DependencyError):
        resolve(relay, result={"total": 3})
    decided = relay.record
    assert decided.status is Status.COMPLETED
    assert resolve(relay, result={"total": 3}) == decided
    assert len(relay.store.writes) == 1, "a repeat decides nothing"
    assert relay.events == ["resolved", "completed"]
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert relay.shown_result() == {"total": 3}


@pytest.mark.parametrize("given", ["its own answer", "a late webhook", "a failure"])
def test_an_outcome_that_nobody_resolved_is_no_repeat(relay: Relay, given: str) -> None:
    same: dict[str, Any] = {"result": 3}
    if given == "its own answer":
        relay.given_awaiting()
        relay.receive(status="completed", **same)
    elif given == "a late webhook":
        relay.given_ended(UNKNOWN)
        relay.receive(status="completed", **same)
    else:
        relay.given_ended(Outcome(Status.FAILED, error=ExecutionError("broken", "no")))
        same = {"status": "failed", "result": None, "error": {"code": "broken", "message": "no"}}
    before, written = relay.record, len(relay.store.writes)
    with pytest.raises(WrongStateError):
        resolve(relay, **same)
    assert (relay.record, len(relay.store.writes)) == (before, written)
    assert "resolved" not in relay.events


def test_the_first_resolution_stays(relay: Relay) -> None:
    relay.given_ended(UNKNOWN)
    resolve(relay, result={"total": 3})
    for other in ({"result": {"total": 4}}, {"status": "failed"}):
        with pytest.raises(WrongStateError, match=r"^the execution is completed; nothing can be decided now$"):
            resolve(relay, **other)
    assert len(relay.store.writes) == 1


def test_a_decisions_latency_is_not_the_executions(relay: Relay) -> None:
    relay.given_ended(UNKNOWN)
    relay.clock.advance(86_400_000)
    resolve(relay)
    assert relay.telemetry.counts["ExecutionsSucceeded"] == 1
    assert relay.telemetry.durations == []


def test_an_oversized_resolution_is_not_parsed(relay: Relay) -> None:
    with pytest.raises(PayloadTooLargeError):
        relay.operating.resolve(EXECUTION_ID, b"[" * (relay.max_payload_bytes + 1), OPERATOR)


# -- Cancel --


@pytest.mark.parametrize("changes", [{}, {"next_at": NOON + 9_000, "attempts": 2, "chances_used": 1}])
def test_a_cancelled_executions_message_finds_nothing_to_do(relay: Relay, changes: dict[str, int]) -> None:
    relay.given_queued(webhook_url=WEBHOOK_URL, **changes)
    cancelled = cancel(relay)
    assert (cancelled.delivery.status, cancelled.completed_at) == (WebhookStatus.NONE, NOON)
    assert relay.telemetry.counts["ExecutionsCancelled"] == 1
    relay.clock.advance(9_000)
    relay.work()
    assert (relay.client.calls, relay.queue.sent, relay.deliveries.sent) == ([], [], [])
    assert relay.events == ["cancelled"]


def test_a_repeated_cancellation_is_refused_and_audited(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.audit.trouble.before("append", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        cancel(relay)
    with pytest.raises(WrongStateError):
        cancel(relay)
    assert (relay.record.status, relay.events) == (Status.CANCELLED, ["cancelled"])


def test_what_may_have_run_cannot_be_cancelled(relay: Relay) -> None:
    before = relay.given_queued(may_have_run=True)
    with pytest.raises(
        WrongStateError,
        match=r"^the execution is queued and an earlier attempt may have run; nothing can be decided now$",
    ):
        cancel(relay)
    assert relay.record == before


def test_a_second_cancellation_is_refused_for_its_state(relay: Relay) -> None:
    given_cancelled(relay)
    relay.store.put(replace(relay.record, may_have_run=True))
    with pytest.raises(WrongStateError, match=r"^the execution is cancelled; "):
        cancel(relay)


# -- Races --


def claimed(current: Execution) -> Execution:
    return ledger.claim(current, "theirs", NOON, NOON + 95_000)


def completed_late(current: Execution) -> Execution:
    return ledger.settle(current, COMPLETED, NOON, by_webhook=True)


def ambiguous(current: Execution) -> Execution:
    running = ledger.claim(current, "theirs", NOON, NOON + 95_000)
    planned = ledger.postpone(running, NOON, NOON, CAUSE, uses_chance=True, may_have_run=True)
    return replace(planned, version=current.version + 1)


def noted(current: Execution) -> Execution:
    return ledger.note(current, "seen", NOON)


@pytest.mark.parametrize(
    ("name", "status", "first", "state"),
    [
        ("cancel", Status.QUEUED, claimed, "running"),
        ("cancel", Status.QUEUED, ambiguous, "queued and an earlier attempt may have run"),
        ("retry", Status.UNKNOWN, completed_late, "completed"),
        ("resolve", Status.UNKNOWN, completed_late, "completed"),
        ("retry", Status.FAILED, lambda current: ledger.rerun(current, NOON, "another", 2), "queued"),
        ("resolve", Status.UNKNOWN, lambda current: ledger.rerun(current, NOON, "another", 2), "queued"),
    ],
)
def test_the_first_of_two_decisions_stays(
    relay: Relay, name: str, status: Status, first: Callable[[Execution], Execution], state: str
) -> None:
    GIVEN[status](relay)
    relay.store.someone_writes_first(first)
    with pytest.raises(WrongStateError) as refused:
        DECISIONS[name](relay)
    assert refused.value.message.startswith(f"the execution is {state}")
    assert len(relay.store.writes) == 1
    assert (relay.queue.sent, relay.deliveries.sent) == ([], [])


@pytest.mark.parametrize(("name", "decide"), DECISIONS.items(), ids=DECISIONS)
def test_a_decision_survives_an_unrelated_write(relay: Relay, name: str, decide: Callable[..., Execution]) -> None:
    GIVEN[Status.QUEUED if name == "cancel" else Status.UNKNOWN](relay)
    relay.store.someone_writes_first(noted)
    decide(relay)
    assert len(relay.store.writes) == 2
    assert relay.events[0] == "seen"


def test_a_decision_gives_up_after_too_many_other_writers(relay: Relay) -> None:
    relay.given_queued()
    relay.store.someone_writes_first(noted, times=5)
    with pytest.raises(StaleWriteError):
        cancel(relay)


def test_a_record_that_vanished_meanwhile_is_not_found(relay: Relay) -> None:
    relay.given_queued()
    relay.store.vanishes_before_the_next_save()
    with pytest.raises(ExecutionNotFoundError):
        cancel(relay)


@pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS)
def test_an_overlong_id_asks_no_table(
    decide: Callable[..., Execution],
) -> None:
    relay = Relay()
    relay.store.trouble.before("load", StoreUnavailableError("a key has 2048 bytes at most"))

    with pytest.raises(ExecutionNotFoundError):
        decide(relay, "x" * 129)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(("name", "decide"), DECISIONS.items(), ids=DECISIONS)
def test_a_refusal_names_what_would_be_allowed(
    relay: Relay, name: str, decide: Callable[..., Execution], status: Status
) -> None:
    GIVEN[status](relay, **({"result": "another"} if status is Status.COMPLETED else {}))
    if (name, status) in ALLOWED:
        return
    expected = [decision for decision, where in ALLOWED if where is status]

    with pytest.raises(WrongStateError) as refused:
        decide(relay)

    problem = json.loads(http.problem(refused.value, "trace")["body"])
    assert problem["allowed"] == expected
    assert all(decision in problem["detail"] for decision in expected)


@pytest.mark.parametrize("webhook", WebhookStatus)
@pytest.mark.parametrize("status", Status)
def test_what_is_allowed_is_what_the_steps_take(relay: Relay, status: Status, webhook: WebhookStatus) -> None:
    execution = replace(GIVEN[status](relay), delivery=Delivery(status=webhook))
    taken: dict[Decision, Callable[[], Execution]] = {
        Decision.RETRY: lambda: ledger.rerun(execution, NOON, None, execution.run + 1),
        Decision.RESOLVE: lambda: ledger.resolve(execution, FAILED, NOON, None, None),
        Decision.CANCEL: lambda: ledger.cancel(execution, NOON, None),
        Decision.REDELIVER: lambda: ledger.redeliver(execution, NOON, None),
        Decision.ACKNOWLEDGE: lambda: ledger.acknowledge(execution, NOON, None, None),
    }
    found = []
    for decision, step in taken.items():
        with suppress(WrongStateError):
            step()
            found.append(decision)
    assert allowed(execution) == tuple(found)
