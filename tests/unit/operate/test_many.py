"""Decisions about many executions: fixed when made, taken once despite crashes, and not for what has changed."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import (
    ActionRelayError,
    DecisionNotFoundError,
    InvalidRequestError,
    QueueUnavailableError,
    StoreUnavailableError,
)
from actionrelay.find.selection import SelectExecutions
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Delivery, Execution, ExecutionError, Outcome, Status, WebhookStatus
from actionrelay.operate.ports import PART_SIZE, DecisionMessage
from tests.fakes.chance import NOON
from tests.fakes.relay import WEBHOOK_URL, Relay, a_draft

FAILED = Outcome(Status.FAILED, error=ExecutionError("http_503", "no"))
UNKNOWN = Outcome(Status.UNKNOWN, error=ExecutionError("no_answer", "none"))
OPERATOR = "arn:aws:iam::123456789012:user/operator"


def ended(relay: Relay, outcome: Outcome = FAILED, webhook: WebhookStatus = WebhookStatus.NONE) -> Execution:
    """Put one more execution there, ended at noon."""
    execution_id = relay.randomness.new_id()
    url = None if webhook is WebhookStatus.NONE else WEBHOOK_URL
    accepted = ledger.accept(a_draft(execution_id=execution_id, trace_id=execution_id, webhook_url=url))
    running = ledger.claim(accepted, "attempt", NOON, NOON + 9)
    settled = ledger.settle(running, outcome, NOON)
    return relay.store.put(replace(settled, delivery=Delivery(webhook)).paid())


def queued(relay: Relay) -> Execution:
    execution_id = relay.randomness.new_id()
    return relay.store.put(ledger.accept(a_draft(execution_id=execution_id, trace_id=execution_id)).paid())


def taken(relay: Relay, decision: str = "retry", **fields: Any) -> dict[str, Any]:
    body = {"decision": decision, "filter": {"status": "failed,unknown"}, **fields}
    return relay.deciding.take(json.dumps(body).encode(), OPERATOR)


def worked_off(relay: Relay) -> None:
    """Let a worker have each message, in the order in which they came; letters are another test's."""
    while relay.decision_queue.sent:
        message = relay.decision_queue.sent.pop(0)
        if message.decision_id:
            relay.working_on_decisions.work(message, relay.clock.now() + 60_000)


def progress(relay: Relay, decision: dict[str, Any]) -> tuple[Any, ...]:
    shown = relay.deciding.progress(decision["decisionId"])
    assert set(shown) == {"decisionId", "status", "matched", "decided", "refused"}
    return shown["status"], shown["matched"], shown["decided"], shown["refused"]


def test_a_dry_run_counts_and_changes_nothing(relay: Relay) -> None:
    for _ in range(3):
        ended(relay)
    assert taken(relay, dryRun=True) == {"matched": 3}
    assert (relay.decisions.kept, relay.decision_queue.sent) == ({}, [])


def test_each_is_retried_with_the_decision_on_record(relay: Relay) -> None:
    failed = [ended(relay) for _ in range(PART_SIZE + 2)]
    decision = taken(relay, note="the outage is over")
    assert decision == {"decisionId": decision["decisionId"], "matched": PART_SIZE + 2}
    assert progress(relay, decision) == ("running", PART_SIZE + 2, 0, 0)

    worked_off(relay)

    assert progress(relay, decision) == ("completed", PART_SIZE + 2, PART_SIZE + 2, 0)
    for each in failed:
        [entry] = [entry for entry in relay.audit.entries(each.execution_id) if entry.event == "rerun_requested"]
        assert (entry.actor, entry.note, entry.decision_id) == (OPERATOR, "the outage is over", decision["decisionId"])
    assert sorted(message.execution_id for message, _ in relay.queue.sent) == sorted(
        each.execution_id for each in failed
    )


def test_each_decision_does_what_it_does_for_one(relay: Relay) -> None:
    waits, unknown, undelivered = queued(relay), ended(relay, UNKNOWN), ended(relay, webhook=WebhookStatus.FAILED)
    seen = ended(relay, Outcome(Status.FAILED, error=ExecutionError("http_400", "no")))
    resolution = {"status": "completed", "result": {"found": 1.10}}
    taken(relay, "cancel", filter={"status": "queued"})
    taken(relay, "resolve", filter={"status": "unknown"}, resolution=resolution, note="looked")
    taken(relay, "redeliver", filter={"webhookStatus": "failed"})
    taken(relay, "acknowledge", filter={"errorCode": "http_400"})
    worked_off(relay)
    records = relay.store.records
    assert records[waits.execution_id].status is Status.CANCELLED
    assert records[unknown.execution_id].status is Status.COMPLETED
    assert relay.shown_result(unknown.execution_id) == {"found": 1.1}
    assert records[undelivered.execution_id].delivery.status is WebhookStatus.PENDING
    assert relay.deliveries.sent == [(undelivered.execution_id, 0)]
    assert records[seen.execution_id].acknowledged


def test_numbers_of_a_result_stay_as_they_came(relay: Relay) -> None:
    unknown = ended(relay, UNKNOWN)
    result = '{"a": 10.10, "b": 12345678901234567.891}'
    resolution = f'{{"status": "completed", "result": {result}}}'
    body = f'{{"decision": "resolve", "filter": {{"status": "unknown"}}, "resolution": {resolution}}}'
    relay.deciding.take(body.encode(), OPERATOR)
    worked_off(relay)
    outcome = relay.store.records[unknown.execution_id].outcome
    assert outcome
    assert outcome.result
    assert relay.payloads.get(outcome.result) == result.encode()


def test_what_is_in_another_state_is_refused(relay: Relay) -> None:
    trace = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
    for outcome in (FAILED, Outcome(Status.COMPLETED), UNKNOWN):
        each = ended(relay, outcome)
        relay.store.put(replace(each, trace_id=trace))
    decision = taken(relay, "resolve", filter={"traceId": trace}, resolution={"status": "failed"})
    worked_off(relay)
    assert progress(relay, decision) == ("completed", 3, 1, 2)


def failed_again(relay: Relay, execution_id: str) -> None:
    """Let somebody retry one, and that fail, after the decision was asked for."""
    relay.clock.advance(10)
    again = relay.operating.retry(execution_id, "somebody")
    running = ledger.claim(again, "attempt-2", relay.clock.now(), relay.clock.now() + 9)
    relay.store.put(ledger.settle(running, FAILED, relay.clock.now()).paid())


def test_what_ends_after_the_request_is_left_alone(relay: Relay) -> None:
    retried, kept = ended(relay), ended(relay)
    decision = taken(relay)
    failed_again(relay, retried.execution_id)
    before = relay.store.records[retried.execution_id]
    worked_off(relay)
    assert relay.store.records[retried.execution_id] == before
    assert relay.store.records[kept.execution_id].status is Status.QUEUED
    assert progress(relay, decision) == ("completed", 2, 1, 1)


def test_what_is_accepted_after_the_request_is_left_alone(relay: Relay) -> None:
    first = ended(relay)
    decision = taken(relay)
    later = ended(relay)
    worked_off(relay)
    assert progress(relay, decision) == ("completed", 1, 1, 0)
    assert relay.store.records[first.execution_id].reruns == 1
    assert relay.store.records[later.execution_id].reruns == 0


def test_what_was_delivered_meanwhile_is_not_again(relay: Relay) -> None:
    each = ended(relay, webhook=WebhookStatus.FAILED)
    decision = taken(relay, "redeliver", filter={"webhookStatus": "failed"})
    relay.store.put(replace(each, delivery=Delivery(WebhookStatus.DELIVERED)))
    worked_off(relay)
    assert relay.deliveries.sent == []
    assert progress(relay, decision) == ("completed", 1, 0, 1)


def test_a_repeated_message_decides_nothing_twice(relay: Relay) -> None:
    each = ended(relay)
    decision = taken(relay)
    start = relay.decision_queue.sent[0]
    worked_off(relay)
    first = relay.decisions.kept[decision["decisionId"]]
    for done in (first, replace(first, done={})):
        relay.decisions.kept[decision["decisionId"]] = done
        relay.decision_queue.sent.append(start)
        worked_off(relay)
    assert relay.store.records[each.execution_id].reruns == 1
    assert relay.audit.events(each.execution_id).count("rerun_requested") == 1
    assert progress(relay, decision) == ("completed", 1, 1, 0)


def test_a_late_repeat_does_not_run_a_new_failure(relay: Relay) -> None:
    each = ended(relay)
    decision = taken(relay)
    worked_off(relay)
    rerun = relay.store.records[each.execution_id]
    running = ledger.claim(rerun, "attempt-2", NOON + 5, NOON + 9)
    relay.store.put(ledger.settle(running, FAILED, NOON + 6).paid())
    relay.decisions.kept[decision["decisionId"]] = replace(relay.decisions.kept[decision["decisionId"]], done={})
    relay.working_on_decisions.work(DecisionMessage(decision["decisionId"], 0), NOON + 60_000)
    assert relay.store.records[each.execution_id].reruns == 1


PORTS = {
    "record": ("store", ("load", "save")),
    "run": ("store", ("reserve",)),
    "audit": ("audit", ("append",)),
    "queue": ("queue", ("send",)),
    "deliveries": ("deliveries", ("send",)),
    "parts": ("decisions", ("load", "finish_part")),
    "decisions": ("decision_queue", ("enqueue",)),
    "payloads": ("payloads", ("get",)),
}
CRASHES = [(port, operation) for port, operations in PORTS.values() for operation in operations]


class Death(BaseException):
    """The process ends here."""


@dataclass(slots=True)
class Strike:
    """A ``Trouble`` that strikes at the n-th call of one operation, once."""

    operation: str
    call: int
    after: bool
    error: BaseException
    calls: int = 0

    def strike_before(self, struck: str) -> None:
        self.calls += struck == self.operation
        self._strike(struck, after=False)

    def strike_after(self, struck: str) -> None:
        self._strike(struck, after=True)

    def _strike(self, struck: str, *, after: bool) -> None:
        if (struck, self.calls, after) == (self.operation, self.call, self.after):
            self.call = 0
            raise self.error


STRIKES = [
    (port, Strike(operation, call, after, error))
    for port, operation in CRASHES
    for call in (1, 2, 3, 4)
    for after in (False, True)
    for error in (Death("killed"), StoreUnavailableError("x"))
]
DECIDED: dict[str, tuple[Outcome, WebhookStatus, str]] = {
    "retry": (FAILED, WebhookStatus.NONE, "rerun_requested"),
    "redeliver": (FAILED, WebhookStatus.FAILED, "redelivery_requested"),
    "acknowledge": (FAILED, WebhookStatus.NONE, "acknowledged"),
    "resolve": (UNKNOWN, WebhookStatus.NONE, "resolved"),
}


def worked_off_by_mortals(relay: Relay) -> None:
    """Let workers have the messages; those of one that dies, or meets a failing service, are seen again."""
    messages = list(relay.decision_queue.sent)
    for _ in range(60):
        relay.decision_queue.sent.clear()
        if not messages:
            return
        message = messages.pop(0)
        try:
            relay.working_on_decisions.work(message, relay.clock.now() + 60_000)
        except (Death, ActionRelayError):
            messages.append(message)
        messages += relay.decision_queue.sent
    raise AssertionError("it does not come to an end")


@pytest.mark.parametrize("decision", DECIDED)
@pytest.mark.parametrize(("port", "strike"), STRIKES, ids=str)
def test_a_death_at_any_call_loses_and_doubles_nothing(decision: str, port: str, strike: Strike) -> None:
    relay = Relay()
    relay.payloads.inline_max = 0
    outcome, webhook, event = DECIDED[decision]
    ids = {ended(relay, outcome, webhook).execution_id for _ in range(3)}
    extra = {"resolution": {"status": "completed", "result": 7}} if decision == "resolve" else {}
    about = taken(relay, decision, **extra)
    whole = getattr(relay, port).trouble
    getattr(relay, port).trouble = replace(strike)
    worked_off_by_mortals(relay)
    getattr(relay, port).trouble = whole

    assert progress(relay, about) == ("completed", 3, 3, 0)
    assert [relay.audit.events(each).count(event) for each in ids] == [1, 1, 1]
    if decision == "retry":
        assert ids == {message.execution_id for message, _ in relay.queue.sent}
    if decision == "redeliver":
        assert ids == {sent for sent, _ in relay.deliveries.sent}
    if decision == "resolve":
        assert [relay.shown_result(each) for each in ids] == [7, 7, 7]


def test_one_that_fails_keeps_the_others_not_waiting(relay: Relay) -> None:
    for _ in range(3):
        ended(relay)
    decision = taken(relay)
    relay.working_on_decisions.work(relay.decision_queue.sent.pop(), NOON + 60_000)
    part = relay.decision_queue.sent.pop()
    relay.store.trouble.before("load", StoreUnavailableError("x"))
    with pytest.raises(StoreUnavailableError):
        relay.working_on_decisions.work(part, NOON + 60_000)
    assert sum(each.reruns for each in relay.store.records.values()) == 2
    relay.working_on_decisions.work(part, NOON + 60_000)
    assert progress(relay, decision) == ("completed", 3, 3, 0)


def test_a_worker_without_time_sends_its_part_on(relay: Relay) -> None:
    ended(relay)
    decision = taken(relay)
    part = DecisionMessage(decision["decisionId"], 0)
    relay.decision_queue.sent.clear()
    relay.working_on_decisions.work(part, relay.clock.now() + 5_000)
    assert relay.decision_queue.sent == [part]
    assert progress(relay, decision) == ("running", 1, 0, 0)


def test_a_decision_about_none_is_completed_at_once(relay: Relay) -> None:
    assert progress(relay, taken(relay)) == ("completed", 0, 0, 0)
    assert relay.decision_queue.sent == []


def test_a_decision_whose_list_is_gone_refuses_the_rest(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    ended(relay)
    decision = taken(relay)
    relay.payloads.objects.clear()
    worked_off(relay)
    assert progress(relay, decision) == ("completed", 1, 0, 1)


@pytest.mark.parametrize("message", [DecisionMessage("7c1d7f5e-2f0b-4c8e-9d55-1b3c3f1e2a90", 0), DecisionMessage()])
def test_a_message_about_nothing_is_done_with(relay: Relay, message: DecisionMessage) -> None:
    failed = ended(relay)
    relay.working_on_decisions.work(message, NOON + 60_000)
    assert relay.store.load(failed.execution_id) == failed
    assert relay.decision_queue.sent == []


def test_a_part_that_a_decision_has_not_is_done_with(relay: Relay) -> None:
    ended(relay)
    decision = taken(relay)
    relay.working_on_decisions.work(DecisionMessage(decision["decisionId"], 1), NOON + 60_000)
    assert progress(relay, decision) == ("running", 1, 0, 0)


@pytest.mark.parametrize("name", ["7c1d7f5e-2f0b-4c8e-9d55-1b3c3f1e2a90", "no-uuid", "x" * 300])
def test_an_unknown_decision_is_not_found(relay: Relay, name: str) -> None:
    with pytest.raises(DecisionNotFoundError):
        relay.deciding.progress(name)


def test_without_its_message_nothing_is_decided(relay: Relay) -> None:
    ended(relay)
    relay.decision_queue.trouble.before("enqueue", QueueUnavailableError("x"))
    with pytest.raises(QueueUnavailableError):
        taken(relay)
    second = taken(relay)
    worked_off(relay)
    assert progress(relay, second) == ("completed", 1, 1, 0)


FAULTY: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"/filter"}),
    ({"status": None}, {"/filter"}),
    ({"status": "done", "staus": "failed"}, {"/filter/status", "/filter/staus"}),
    ({"limit": "5"}, {"/filter/limit"}),
    ({"next": "abcd"}, {"/filter/next"}),
    ({"status": 1}, {"/filter/status"}),
    ({"status": "failed", "from": "2026-11-25", "to": "2026-11-24"}, {"/filter/to"}),
]


@pytest.mark.parametrize(("filters", "pointers"), FAULTY)
def test_a_faulty_filter_is_refused(relay: Relay, filters: dict[str, Any], pointers: set[str]) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        taken(relay, filter=filters)
    assert {fault.pointer for fault in refused.value.faults} == pointers


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"decision": "resolve"}, {"/resolution"}),
        ({"resolution": {"status": "failed"}}, {"/resolution"}),
        ({"decision": "resolve", "resolution": {"status": "done"}}, {"/resolution/status"}),
        ({"decision": "delete", "dryRun": "yes"}, {"/decision", "/dryRun"}),
        ({"note": "x" * 1_001, "again": True}, {"/note", "/again"}),
        ({"filter": []}, {"/filter"}),
    ],
)
def test_a_faulty_request_is_refused(relay: Relay, fields: dict[str, Any], pointers: set[str]) -> None:
    body = {"decision": "retry", "filter": {"status": "failed"}, **fields}
    with pytest.raises(InvalidRequestError) as refused:
        relay.deciding.take(json.dumps(body).encode(), OPERATOR)
    assert {fault.pointer for fault in refused.value.faults} == pointers


def test_a_filter_that_means_too_many_is_refused(relay: Relay) -> None:
    for _ in range(6):
        ended(relay)
    narrow = SelectExecutions(relay.listing, most=5)
    with pytest.raises(InvalidRequestError) as refused:
        narrow.select({"status": "failed"}, NOON)
    [fault] = refused.value.faults
    assert (fault.pointer, fault.code) == ("/filter", "too_many")
    assert len(SelectExecutions(relay.listing, most=6).select({"status": "failed"}, NOON)) == 6


@given(st.integers(0, 3 * PART_SIZE), st.data())
def test_parts_in_any_order_and_number_come_to_the_same(number: int, data: st.DataObject) -> None:
    relay = Relay()
    for _ in range(number):
        ended(relay)
    decision = taken(relay)
    parts = [DecisionMessage(decision["decisionId"], part) for part in range(-(-number // PART_SIZE))]
    for message in data.draw(st.permutations([*parts, *parts])):
        relay.working_on_decisions.work(message, NOON + 60_000)
    assert progress(relay, decision) == ("completed", number, number, 0)
    assert {each.reruns for each in relay.store.records.values()} <= {1}
