"""The state machine, and the audit chain that every step extends."""

from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import IllegalTransitionError, LeaseHeldError, WrongStateError
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.audit_entry import AuditEntry, entry_hash
from actionrelay.ledger.execution import (
    ENDED,
    Delivery,
    Execution,
    ExecutionError,
    Outcome,
    PayloadRef,
    Status,
    WebhookStatus,
)
from tests.fakes.chance import NOON
from tests.fakes.relay import WEBHOOK_URL, a_draft

CAUSE = ExecutionError("no_answer", "no answer came", 503, "corr-1")
RESULT = PayloadRef("key", 3, "digest", b"{}")


def outcome_of(status: Status) -> Outcome:
    return Outcome(status, result=RESULT) if status is Status.COMPLETED else Outcome(status, error=CAUSE)


def in_state(status: Status, **changes: Any) -> Execution:
    """An execution in a state, however it got there."""
    return replace(ledger.accept(a_draft()), status=status, **changes)


def step_to(execution: Execution, target: Status) -> Execution:
    """Take the step that leads to a state."""
    match target:
        case Status.QUEUED if execution.ended:
            return ledger.rerun(execution, NOON, "operator", execution.run + 1)
        case Status.QUEUED:
            return ledger.postpone(execution, NOON, NOON + 5, CAUSE, uses_chance=True)
        case Status.RUNNING:
            return ledger.claim(execution, "attempt", NOON, NOON + 95_000)
        case Status.AWAITING_WEBHOOK:
            return ledger.await_webhook(execution, NOON, NOON + 9, 12, "corr")
        case Status.CANCELLED:
            return ledger.cancel(execution, NOON, "operator")
    return ledger.settle(execution, outcome_of(target), NOON)


PAIRS = list(product(Status, Status))


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair[1] in ledger.STEPS[pair[0]]])
def test_a_legal_step_moves_state_version_and_history(before: Status, after: Status) -> None:
    execution = in_state(before)
    following = step_to(execution, after)
    assert following.status is after
    assert following.version == execution.version + 1
    assert following.audit.seq == execution.audit.seq + 1
    entry = following.audit.owed[-1]
    assert (entry.seq, entry.status) == (following.audit.seq, after.value)
    assert entry.previous_hash == execution.audit.hash
    assert following.audit.hash == entry.hash == entry_hash(entry)


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair[1] not in ledger.STEPS[pair[0]]])
def test_a_step_that_does_not_exist_is_refused(before: Status, after: Status) -> None:
    refusal = f"{before} does not lead to {after}|the execution is {before}"
    with pytest.raises((IllegalTransitionError, WrongStateError), match=refusal):
        step_to(in_state(before), after)


def test_the_table_of_steps_reopens_failed_and_unknown_alone() -> None:
    leads_out = {status: set(ledger.STEPS[status]) for status in ENDED if ledger.STEPS[status]}
    assert leads_out == {
        Status.UNKNOWN: {Status.COMPLETED, Status.FAILED, Status.QUEUED},
        Status.FAILED: {Status.QUEUED},
    }


@pytest.mark.parametrize(
    ("ended", "ran", "may_have_run"),
    [(Status.UNKNOWN, False, True), (Status.FAILED, False, False), (Status.FAILED, True, False)],
)
def test_a_rerun_begins_again_and_keeps_what_may_have_run(ended: Status, *, ran: bool, may_have_run: bool) -> None:
    execution = in_state(
        ended,
        outcome=outcome_of(ended),
        completed_at=NOON,
        attempts=3,
        chances_used=3,
        postponements=2,
        may_have_run=ran,
    )
    again = ledger.rerun(execution, NOON + 9, "operator", 2)
    assert (again.status, again.outcome, again.completed_at) == (Status.QUEUED, None, None)
    assert (again.chances_used, again.postponements, again.attempts, again.reruns) == (0, 0, 3, 1)
    assert (again.queued_at, again.created_at, again.may_have_run) == (NOON + 9, NOON, may_have_run)
    assert (again.audit.owed[-1].event, again.audit.owed[-1].actor) == ("rerun_requested", "operator")


@pytest.mark.parametrize("status", sorted(ENDED))
def test_given_an_end_when_postponed_then_it_is_refused(status: Status) -> None:
    """The table leads from some ends to ``queued``, for ``rerun`` alone."""
    ended = in_state(status, outcome=outcome_of(status), completed_at=NOON)
    with pytest.raises(IllegalTransitionError):
        ledger.postpone(ended, NOON, NOON, CAUSE, uses_chance=False)


@pytest.mark.parametrize("status", [status for status in Status if status not in {Status.FAILED, Status.UNKNOWN}])
def test_only_failed_and_unknown_run_again(status: Status) -> None:
    with pytest.raises(WrongStateError):
        ledger.rerun(in_state(status), NOON, "operator", 2)


def test_a_reruns_end_has_a_delivery_of_its_own() -> None:
    tried = {
        "delivery": Delivery(WebhookStatus.FAILED, 10, NOON, 2),
        "next_at": NOON,
    }
    again = ledger.rerun(in_state(Status.FAILED, webhook_url=WEBHOOK_URL, **tried), NOON, "operator", 2)
    assert again.delivery == Delivery(WebhookStatus.PENDING)
    assert again.next_at is None


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED])
def test_a_resolution_records_who_and_why_first(status: Status) -> None:
    unknown = in_state(Status.UNKNOWN, outcome=outcome_of(Status.UNKNOWN), completed_at=NOON, webhook_url=WEBHOOK_URL)
    resolved = ledger.resolve(unknown, outcome_of(status), NOON + 9, "operator", "seen in the CRM")
    found, end = resolved.audit.owed[-2:]
    assert (found.event, found.status, found.actor, found.note) == (
        "resolved",
        "unknown",
        "operator",
        "seen in the CRM",
    )
    assert (end.event, end.actor, end.note) == (status.value, None, None)
    assert (found.timestamp, end.previous_hash, resolved.version) == (NOON + 9, found.hash, unknown.version + 1)
    assert (resolved.status, resolved.outcome, resolved.completed_at) == (status, outcome_of(status), NOON + 9)
    assert (resolved.delivery.status, resolved.delivery.attempts) == (WebhookStatus.PENDING, 0)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.UNKNOWN])
def test_a_known_outcome_cannot_be_resolved(status: Status) -> None:
    with pytest.raises(WrongStateError):
        ledger.resolve(in_state(status), outcome_of(Status.COMPLETED), NOON, "operator", None)


def test_a_cancelled_queued_execution_delivers_nothing() -> None:
    queued = in_state(Status.QUEUED, webhook_url=WEBHOOK_URL, next_at=NOON)
    cancelled = ledger.cancel(queued, NOON + 4, "operator")
    assert (cancelled.status, cancelled.outcome) == (Status.CANCELLED, Outcome(Status.CANCELLED))
    assert (cancelled.completed_at, cancelled.next_at) == (NOON + 4, None)
    assert cancelled.delivery.status is WebhookStatus.NONE
    assert (cancelled.audit.owed[-1].event, cancelled.audit.owed[-1].actor) == ("cancelled", "operator")


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.QUEUED])
def test_an_execution_that_does_not_wait_cannot_be_cancelled(status: Status) -> None:
    with pytest.raises(WrongStateError):
        ledger.cancel(in_state(status), NOON, "operator")


DAY_MS = 86_400_000


def test_the_first_step_of_each_day_opens_it_in_the_index() -> None:
    execution = ledger.accept(a_draft())
    midnight = NOON + DAY_MS // 2
    for now in (NOON + 1, midnight - 1, midnight, midnight + 1, midnight + 2 * DAY_MS):
        execution = ledger.note(execution, "seen", now)
    assert [entry.day for entry in execution.audit.owed] == [
        *("2026-11-24", None, None),
        *("2026-11-25", None, "2026-11-27"),
    ]
    assert execution.audit.day == "2026-11-27"


def test_only_the_first_of_two_entries_opens_the_day() -> None:
    waiting = in_state(Status.AWAITING_WEBHOOK)
    ended = ledger.settle(waiting, outcome_of(Status.COMPLETED), NOON + DAY_MS, by_webhook=True)
    assert [entry.day for entry in ended.audit.owed] == ["2026-11-24", "2026-11-25", None]


def test_an_accepted_request_owes_its_first_entry() -> None:
    execution = ledger.accept(a_draft())
    [entry] = execution.audit.owed
    assert (execution.version, execution.status) == (1, Status.QUEUED)
    assert (entry.event, entry.seq, entry.previous_hash) == ("accepted", 1, "")
    assert (entry.payload_size_bytes, entry.payload_sha256) == (execution.request.size, execution.request.digest)


def test_a_cached_result_opens_completed_and_owes_a_delivery() -> None:
    execution = ledger.serve_from_cache(a_draft(webhook_url=WEBHOOK_URL), RESULT, NOON)
    assert (execution.status, execution.attempts, execution.completed_at) == (Status.COMPLETED, 0, NOON)
    assert execution.delivery.status is WebhookStatus.PENDING
    assert execution.audit.owed[0].event == "cache_hit"


def test_a_claim_is_fenced_and_leased() -> None:
    execution = ledger.claim(in_state(Status.QUEUED, next_at=NOON), "mine", NOON + 1, NOON + 95_000)
    assert execution.attempt is not None
    assert (execution.attempt.attempt_id, execution.attempt.number) == ("mine", 1)
    assert execution.attempt.lease_until == NOON + 95_000
    assert (execution.next_at, execution.attempts, execution.updated_at) == (None, 1, NOON + 1)


@pytest.mark.parametrize("uses_chance", [True, False])
def test_only_an_attempt_that_counts_uses_a_chance(uses_chance: bool) -> None:
    running = ledger.claim(in_state(Status.QUEUED), "mine", NOON, NOON + 1)
    queued = ledger.postpone(running, NOON, NOON + 7, CAUSE, uses_chance=uses_chance)
    assert (queued.attempt, queued.next_at, queued.attempts) == (None, NOON + 7, 1)
    assert queued.chances_used == uses_chance
    assert (queued.audit.owed[-1].code, queued.audit.owed[-1].correlation_id) == ("no_answer", "corr-1")


def test_postponements_count_and_keep_what_may_have_run() -> None:
    execution, seen = in_state(Status.QUEUED), []
    for may_have_run in (False, True, False):
        running = ledger.claim(execution, "mine", NOON, NOON + 1)
        execution = ledger.postpone(running, NOON, NOON, CAUSE, uses_chance=False, may_have_run=may_have_run)
        seen.append((execution.postponements, execution.may_have_run))
    assert seen == [(1, False), (2, True), (3, True)]
    assert ledger.claim(execution, "mine", NOON, NOON + 1).may_have_run


@pytest.mark.parametrize(("url", "status"), [(WEBHOOK_URL, WebhookStatus.PENDING), (None, WebhookStatus.NONE)])
def test_only_a_caller_with_a_webhook_is_owed_a_delivery(url: str | None, status: WebhookStatus) -> None:
    waiting = in_state(
        Status.AWAITING_WEBHOOK,
        webhook_url=url,
        deadline_at=NOON,
        next_at=NOON,
        delivery=Delivery(attempts=4, next_at=NOON),
    )
    ended = ledger.settle(waiting, outcome_of(Status.COMPLETED), NOON + 3, latency_ms=40, correlation_id="corr-9")
    assert ended.delivery.status is status
    assert (ended.delivery.attempts, ended.delivery.next_at, ended.deadline_at, ended.next_at) == (0, None, None, None)
    assert (ended.completed_at, ended.attempt) == (NOON + 3, None)
    entry = ended.audit.owed[-1]
    assert (entry.latency_ms, entry.correlation_id, entry.payload_sha256) == (40, "corr-9", "digest")


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (WebhookStatus.PENDING, "webhook_retry_planned"),
        (WebhookStatus.DELIVERED, "webhook_delivered"),
        (WebhookStatus.FAILED, "webhook_failed"),
    ],
)
def test_a_recorded_delivery_is_in_the_history(status: WebhookStatus, event: str) -> None:
    tried = ledger.record_delivery(in_state(Status.COMPLETED), status, NOON, NOON + 5, latency_ms=3, cause=None)
    assert (tried.delivery.status, tried.delivery.attempts, tried.delivery.next_at) == (status, 1, NOON + 5)
    assert (tried.audit.owed[-1].event, tried.status) == (event, Status.COMPLETED)


def test_an_outcome_by_webhook_has_a_receipt_entry() -> None:
    execution = in_state(Status.AWAITING_WEBHOOK)
    ended = ledger.settle(execution, outcome_of(Status.COMPLETED), NOON, by_webhook=True)
    receipt, end = ended.audit.owed[-2:]
    assert (receipt.event, end.event) == ("webhook_received", "completed")
    assert (end.seq, end.previous_hash) == (receipt.seq + 1, receipt.hash)
    assert (ended.version, ended.audit.hash) == (execution.version + 1, end.hash)


@pytest.mark.parametrize("webhook", WebhookStatus)
@pytest.mark.parametrize("status", Status)
def test_a_redelivery_begins_again_or_goes_on_now(status: Status, webhook: WebhookStatus) -> None:
    execution = in_state(status, delivery=Delivery(status=webhook, attempts=4, next_at=NOON, repeats=1))
    if status in ENDED and webhook in {WebhookStatus.DELIVERED, WebhookStatus.FAILED}:
        again = ledger.redeliver(execution, NOON + 9, "operator")
        assert (again.status, again.delivery.status) == (status, WebhookStatus.PENDING)
        assert (again.delivery.attempts, again.delivery.next_at, again.delivery.repeats) == (0, None, 2)
        assert (again.version, again.updated_at) == (execution.version + 1, NOON + 9)
        assert (again.audit.owed[-1].event, again.audit.owed[-1].actor) == ("redelivery_requested", "operator")
    elif status in ENDED and webhook is WebhookStatus.PENDING:
        due = ledger.redeliver(execution, NOON + 9, "operator")
        assert due.delivery == Delivery(webhook, attempts=4, repeats=1)
        assert (due.audit.owed[-1].event, due.audit.owed[-1].actor) == ("redelivery_requested", "operator")
    else:
        with pytest.raises(WrongStateError):
            ledger.redeliver(execution, NOON + 9, "operator")


def test_webhooks_that_decided_are_remembered_over_reruns() -> None:
    first = ledger.settle(
        in_state(Status.AWAITING_WEBHOOK), outcome_of(Status.FAILED), NOON, by_webhook=True, webhook_id="msg_1"
    )
    again = ledger.claim(ledger.rerun(first, NOON, "operator", 2), "attempt", NOON, NOON + 5)
    assert again.webhook_ids == ("msg_1",)
    second = ledger.settle(again, outcome_of(Status.COMPLETED), NOON, by_webhook=True, webhook_id="msg_2")
    assert second.webhook_ids == ("msg_1", "msg_2")
    assert ledger.settle(again, outcome_of(Status.COMPLETED), NOON, by_webhook=True).webhook_ids == ("msg_1",)


def test_given_a_note_when_made_then_the_state_stays() -> None:
    ended = in_state(Status.COMPLETED)
    noted = ledger.note(ended, "webhook_conflict", NOON + 1, CAUSE)
    assert (noted.status, noted.outcome, noted.version) == (ended.status, ended.outcome, ended.version + 1)
    assert noted.audit.owed[-1].event == "webhook_conflict"


def test_a_lease_is_held_until_it_ends_and_not_longer() -> None:
    running = ledger.claim(in_state(Status.QUEUED), "mine", NOON, NOON + 100)
    with pytest.raises(LeaseHeldError) as held:
        ledger.require_free(running, NOON + 99)
    assert held.value.remaining_ms == 1
    ledger.require_free(running, NOON + 100)
    ledger.require_free(in_state(Status.QUEUED), NOON)


@pytest.mark.parametrize("name", [field.name for field in fields(AuditEntry) if field.name != "hash"])
def test_a_changed_field_breaks_an_entrys_hash(name: str) -> None:
    [entry] = ledger.accept(a_draft()).audit.owed
    changed: dict[str, Any] = {name: 77 if isinstance(getattr(entry, name), int) else "forged"}
    assert entry_hash(replace(entry, **changed)) != entry.hash


@given(st.lists(st.sampled_from(Status), max_size=15), st.booleans())
def test_any_walk_of_legal_steps_keeps_the_invariants(walk: list[Status], hooked: bool) -> None:
    execution = ledger.accept(a_draft(webhook_url=WEBHOOK_URL if hooked else None))
    for number, wish in enumerate(walk):
        not_any_more = wish is Status.CANCELLED and execution.may_have_run
        if wish not in ledger.STEPS[execution.status] or not_any_more:
            with pytest.raises((IllegalTransitionError, WrongStateError)):
                step_to(execution, wish)
            continue
        before = execution
        execution = step_to(execution, wish)
        assert execution.version == before.version + 1
        assert execution.attempts - before.attempts == (wish is Status.RUNNING)
        assert (execution.attempt is not None) == (execution.status is Status.RUNNING), number
        assert (execution.outcome is not None) == (execution.completed_at is not None)
        assert execution.ended == (execution.outcome is not None)
    chain = execution.audit.owed
    assert [entry.seq for entry in chain] == list(range(1, execution.version + 1))
    previous = ""
    for entry in chain:
        assert entry.previous_hash == previous
        assert entry_hash(entry) == entry.hash
        previous = entry.hash
    assert execution.audit.hash == previous
