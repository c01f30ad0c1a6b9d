"""Working on one message: every way in which an attempt can end, and everything that can stand in its way."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from actionrelay import ledger
from actionrelay.errors import (
    ActionRelayError,
    CredentialsRefusedError,
    PermissionMissingError,
    QueueUnavailableError,
    ScopeMissingError,
    StaleWriteError,
    StoreUnavailableError,
    TokenUnavailableError,
)
from actionrelay.execution import (
    ANSWER_MARGIN_MS,
    COME_BACK_MS,
    LEASE_MARGIN_MS,
    MIN_WAIT_MS,
    PLACE_TOLERANCE_MS,
    RECORDING_MARGIN_MS,
    RETURN_SPREAD_MS,
    ExecuteAction,
)
from actionrelay.models import CacheStatus, Execution, ExecutionError, Message, MessageKind, Outcome, Status
from actionrelay.ports import AccessToken
from actionrelay.rate import BatchPermits, Crowd, Decision, Share
from actionrelay.retry import GIVE_UP_AFTER_MS, Reply, ReplyKind
from tests.fakes.chance import NOON
from tests.fakes.genesys import a_token
from tests.fakes.relay import (
    ACTION_ID,
    EXECUTION_ID,
    GRACE_MS,
    INPUTS,
    INVOCATION_MS,
    TIMEOUT_MS,
    TRACE_ID,
    WEBHOOK_URL,
    Relay,
)

RUN = Message(EXECUTION_ID)
DEADLINE = Message(EXECUTION_ID, MessageKind.DEADLINE)
WAIT_MS = TIMEOUT_MS + GRACE_MS


def http_error(status: int, retry_after: str | None = None) -> Reply:
    error = ExecutionError(f"http_{status}", "no", status, "corr-1")
    return Reply(ReplyKind.HTTP_ERROR, 31, error=error, retry_after=retry_after, correlation_id="corr-1")


NO_ANSWER = Reply(ReplyKind.NO_ANSWER, 31, error=ExecutionError("no_answer", "reset"))
NOT_SENT = Reply(ReplyKind.NOT_SENT, 31, error=ExecutionError("not_reached", "dns"))
ACCEPTED = Reply(ReplyKind.ACCEPTED, 31, correlation_id="corr-1")


# -- Success --


def test_given_a_queued_execution_when_worked_on_then_it_is_claimed_before_the_request_goes_out(relay: Relay) -> None:
    relay.given_queued()
    seen: list[Execution] = []
    relay.client.meanwhile = lambda: seen.append(relay.record)
    relay.clock.advance(1_500)
    relay.work()
    [claimed] = seen
    assert claimed.status is Status.RUNNING
    assert (claimed.attempts, claimed.version) == (1, 2)
    assert claimed.attempt is not None
    assert claimed.attempt.lease_until == NOON + 1_500 + INVOCATION_MS + LEASE_MARGIN_MS
    assert ("QueueWait", 1_500) in relay.telemetry.durations


def test_given_a_claim_when_written_then_no_audit_stands_between_it_and_the_request_and_both_are_paid_at_the_end(
    relay: Relay,
) -> None:
    relay.given_queued()
    seen: list[tuple[list[str], list[str]]] = []
    relay.client.meanwhile = lambda: seen.append(
        (relay.events, [entry.event for entry in relay.record.pending_audit]),
    )
    relay.work()
    assert seen == [([], ["attempt_started"])]
    assert relay.events == ["attempt_started", "completed"]
    assert [entry.seq for entry in relay.audit.entries(EXECUTION_ID)] == [2, 3]


def test_given_a_claim_whose_worker_died_when_taken_over_then_the_entry_that_it_owed_is_paid(relay: Relay) -> None:
    queued = relay.given_queued(repeatable=False)
    relay.store.put(ledger.claim(queued, "theirs", NOON, NOON + 1_000))
    relay.clock.advance(1_000)
    relay.work()
    assert relay.events == ["attempt_started", "unknown"]


def test_given_an_audit_trail_that_is_down_when_a_request_goes_out_then_it_goes_out_all_the_same(relay: Relay) -> None:
    relay.given_queued()
    relay.audit.trouble.before("append", StoreUnavailableError("down"))
    relay.work()
    assert len(relay.client.calls) == 1
    assert relay.record.status is Status.COMPLETED
    assert relay.events == []
    relay.work()
    assert relay.events == ["attempt_started", "completed"]


def test_given_a_result_when_answered_then_it_is_recorded_audited_and_handed_on(relay: Relay) -> None:
    relay.given_queued(webhook_url=WEBHOOK_URL, cache_key="key", cache_status=CacheStatus.ENABLED)
    relay.client.answer(Reply(ReplyKind.SUCCEEDED, 31, result={"total": 3}, correlation_id="corr-1"))
    relay.work()
    assert relay.record.status is Status.COMPLETED
    assert relay.record.outcome is not None
    assert relay.record.outcome.result is not None
    assert relay.payloads.get(relay.record.outcome.result) == b'{"total":3}'
    assert relay.events == ["attempt_started", "completed"]
    last = relay.audit.entries(EXECUTION_ID)[-1]
    assert (last.latency_ms, last.correlation_id, last.attempt) == (31, "corr-1", 1)
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert "key" in relay.cache.entries
    assert ("GenesysLatency", 31) in relay.telemetry.durations
    assert relay.queue.sent == []


def test_given_a_call_when_made_then_it_carries_what_the_request_said_and_waits_as_long(relay: Relay) -> None:
    relay.given_queued(cache_key="key", timeout_ms=10_000)
    relay.work()
    [(call, token, wait)] = relay.client.calls
    assert (call.execution_id, call.action_id, call.trace_id) == (EXECUTION_ID, ACTION_ID, TRACE_ID)
    assert (call.inputs, call.timeout_ms, call.cache_results) == (INPUTS, 10_000, True)
    assert token is relay.tokens.held
    assert wait == 10_000 + ANSWER_MARGIN_MS


def test_given_a_timeout_longer_than_the_invocation_when_called_then_the_wait_leaves_time_to_record(
    relay: Relay,
) -> None:
    relay.given_queued(timeout_ms=300_000)
    relay.work()
    assert relay.client.calls[0][2] == INVOCATION_MS - RECORDING_MARGIN_MS


def test_given_a_result_too_big_to_store_when_answered_then_the_outcome_stands(relay: Relay) -> None:
    relay.given_queued()
    relay.payloads.inline_max = 0
    relay.payloads.trouble.before("put", StoreUnavailableError("too big"))
    relay.client.answer(Reply(ReplyKind.SUCCEEDED, 31, result="x" * 100))
    relay.work()
    assert relay.record.status is Status.COMPLETED


def test_given_an_accepted_request_when_answered_then_the_webhook_is_awaited_and_its_deadline_kept(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.client.answer(ACCEPTED)
    relay.work()
    assert relay.record.status is Status.AWAITING_WEBHOOK
    assert relay.record.deadline_at == NOON + WAIT_MS
    assert relay.queue.sent == [(DEADLINE, WAIT_MS)]
    assert relay.events == ["attempt_started", "awaiting_webhook"]


# -- Promise 2: what each answer leads to --

POSTPONED = "postponed"
CHANCE = "a chance used"
FAILED = "failed"
UNKNOWN = "unknown"

CASES: list[tuple[str, Reply, str, str]] = [
    # the reply, what a repeatable one comes to, what another one comes to
    ("not sent", NOT_SENT, POSTPONED, POSTPONED),
    ("429", http_error(429, "7"), POSTPONED, POSTPONED),
    ("429 bare", http_error(429), POSTPONED, POSTPONED),
    ("503 shed", http_error(503, "7"), POSTPONED, POSTPONED),
    ("401", http_error(401), CHANCE, CHANCE),
    ("no answer", NO_ANSWER, CHANCE, UNKNOWN),
    ("no words", Reply(ReplyKind.NO_ANSWER, 31), CHANCE, UNKNOWN),
    *((str(status), http_error(status), CHANCE, UNKNOWN) for status in (408, 500, 502, 503, 504, 507, 599)),
    *((str(s), http_error(s), FAILED, FAILED) for s in (301, 400, 403, 404, 405, 409, 410, 413, 415, 422, 501, 505)),
    ("reported", Reply(ReplyKind.REPORTED_FAILURE, 31, error=ExecutionError("bad", "x", 200)), FAILED, FAILED),
]
LAST = {POSTPONED: POSTPONED, FAILED: FAILED, UNKNOWN: UNKNOWN}


def came_to(relay: Relay) -> str:
    if relay.record.status is Status.QUEUED:
        assert relay.record.attempt is None
        assert relay.record.next_at is not None
        assert relay.queue.sent == [(RUN, relay.record.next_at - relay.clock.now())]
        return CHANCE if relay.record.chances_used else POSTPONED
    assert relay.queue.sent == []
    assert relay.record.outcome is not None
    assert relay.record.outcome.error is not None
    return relay.record.status.value


@pytest.mark.parametrize("repeatable", [True, False], ids=["repeatable", "not"])
@pytest.mark.parametrize(("reply", "if_repeatable", "if_not"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_given_chances_left_when_an_attempt_ends_then_the_table_decides(
    relay: Relay, reply: Reply, if_repeatable: str, if_not: str, *, repeatable: bool
) -> None:
    relay.given_queued(repeatable=repeatable)
    relay.client.answer(reply)
    relay.work()
    assert came_to(relay) == (if_repeatable if repeatable else if_not)
    assert relay.record.attempts == 1


@pytest.mark.parametrize("repeatable", [True, False], ids=["repeatable", "not"])
@pytest.mark.parametrize(("reply", "if_repeatable", "if_not"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_given_the_last_chance_when_an_attempt_ends_then_only_waiting_goes_on(
    reply: Reply, if_repeatable: str, if_not: str, *, repeatable: bool
) -> None:
    relay = Relay(max_attempts=1)
    relay.given_queued(repeatable=repeatable)
    relay.client.answer(reply)
    relay.work()
    expected = if_repeatable if repeatable else if_not
    if expected == CHANCE:
        expected = FAILED if reply.http_status == 401 else UNKNOWN
    assert came_to(relay) == expected


def test_given_an_ambiguous_end_when_told_then_the_callers_see_why(relay: Relay) -> None:
    relay.given_queued(webhook_url=WEBHOOK_URL)
    relay.client.answer(http_error(504))
    relay.work()
    assert relay.record.outcome == Outcome(Status.UNKNOWN, error=ExecutionError("http_504", "no", 504, "corr-1"))
    assert relay.telemetry.counts["ExecutionsUnknown"] == 1
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


def test_given_throttling_when_answered_then_everybody_pauses_and_retry_after_is_a_floor(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(http_error(429, "7200"))
    relay.work()
    assert relay.gate.paused_until == [NOON + 7_200_000]
    assert relay.record.next_at is not None
    assert NOON + 7_200_000 <= relay.record.next_at < NOON + 7_201_000
    assert relay.telemetry.counts["Throttled"] == 1


def test_given_throttling_without_a_time_when_answered_then_the_pause_is_a_second(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(http_error(429))
    relay.work()
    assert relay.gate.paused_until == [NOON + 1_000]


def test_given_throttling_a_thousand_times_when_worked_on_then_no_chance_is_used(relay: Relay) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.0
    for _ in range(1_000):
        relay.client.answer(http_error(429))
        relay.work()
    assert (relay.record.status, relay.record.attempts, relay.record.chances_used) == (Status.QUEUED, 1_000, 0)


def test_given_a_refused_token_when_answered_then_exactly_its_version_is_forgotten(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(http_error(401))
    relay.work()
    assert relay.tokens.refused == ["v1"]


def test_given_throttling_and_a_gate_that_cannot_be_paused_when_answered_then_the_retry_is_planned_all_the_same(
    relay: Relay,
) -> None:
    relay.given_queued(repeatable=False)
    relay.client.answer(http_error(429, "7"))
    relay.gate.trouble.before("pause", StoreUnavailableError("down"))
    relay.work()
    assert came_to(relay) == POSTPONED
    assert relay.gate.paused_until == []
    assert ("gate_not_paused", {"code": "store_unavailable"}) in relay.telemetry.events


def test_given_growing_attempts_when_retried_then_the_waits_may_grow(relay: Relay) -> None:
    relay.max_attempts = 10
    relay.given_queued(repeatable=True)
    relay.randomness.fixed = 0.999_999
    waits = []
    for _ in range(5):
        relay.client.answer(NO_ANSWER)
        relay.work()
        waits.append(relay.queue.sent[-1][1])
        relay.clock.advance(waits[-1])
    assert waits == [999, 1_999, 3_999, 7_999, 15_999]


@pytest.mark.parametrize("obstacle", ["token", "connection", "throttling"])
def test_given_an_outage_that_uses_no_chance_when_retried_then_the_waits_may_grow_all_the_same(
    relay: Relay, obstacle: str
) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.999_999
    waits = []
    for _ in range(5):
        match obstacle:
            case "token":
                relay.tokens.trouble.before("token", TokenUnavailableError("down"))
            case "connection":
                relay.client.answer(NOT_SENT)
            case _:
                relay.client.answer(http_error(429))
        relay.work()
        waits.append(relay.queue.sent[-1][1])
        relay.clock.advance(waits[-1])
    assert waits == [999, 1_999, 3_999, 7_999, 15_999]
    assert (relay.record.postponements, relay.record.chances_used) == (5, 0)


def test_given_a_closed_gate_when_waited_for_then_the_backoff_does_not_grow(relay: Relay) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.999_999
    relay.gate.waits.extend([450] * 5)
    for _ in range(5):
        relay.work()
    relay.client.answer(NOT_SENT)
    relay.work()
    assert relay.queue.sent[-1] == (RUN, 999)


# -- Promise 2, over several attempts: what may have run is not forgotten --


def unreadable(relay: Relay) -> None:
    """Let the stored request be gone."""
    relay.store.put(replace(relay.record, request=replace(relay.record.request, inline=None)))


REPORTED = Reply(ReplyKind.REPORTED_FAILURE, 31, error=ExecutionError("reported", "x", 200))
LATER: dict[str, Callable[[Relay], None]] = {
    "http_401": lambda relay: relay.client.answer(*[http_error(401)] * 3),
    "http_400": lambda relay: relay.client.answer(http_error(400)),
    "http_404": lambda relay: relay.client.answer(http_error(404)),
    "http_501": lambda relay: relay.client.answer(http_error(501)),
    "reported": lambda relay: relay.client.answer(REPORTED),
    "expired": lambda relay: relay.clock.advance(GIVE_UP_AFTER_MS + 1),
    "credentials_refused": lambda relay: relay.tokens.trouble.before("token", CredentialsRefusedError("no"), times=3),
    "permission_missing": lambda relay: relay.tokens.trouble.before("token", PermissionMissingError("no"), times=3),
    "scope_missing": lambda relay: relay.tokens.trouble.before("token", ScopeMissingError("no"), times=3),
    "request_unreadable": unreadable,
}


def work_until_ended(relay: Relay) -> Outcome:
    while not relay.record.ended:
        relay.work()
    assert relay.record.outcome is not None
    return relay.record.outcome


@pytest.mark.parametrize(
    ("first", "ends"),
    [
        (NO_ANSWER, Status.UNKNOWN),
        (http_error(504), Status.UNKNOWN),
        (NOT_SENT, Status.FAILED),
        (http_error(429), Status.FAILED),
        (http_error(401), Status.FAILED),
    ],
    ids=["no answer", "504", "not sent", "429", "401"],
)
@pytest.mark.parametrize(("code", "given_later"), LATER.items(), ids=LATER)
def test_given_a_first_attempt_when_a_later_one_fails_for_good_then_what_may_have_run_is_unknown(
    relay: Relay, first: Reply, ends: Status, code: str, given_later: Callable[[Relay], None]
) -> None:
    relay.given_queued(repeatable=True, webhook_url=WEBHOOK_URL)
    relay.randomness.fixed = 0.0
    relay.client.answer(first)
    relay.work()
    given_later(relay)
    outcome = work_until_ended(relay)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code) == (ends, code)
    assert relay.telemetry.counts["ExecutionsUnknown"] == (ends is Status.UNKNOWN)
    assert relay.telemetry.counts["ExecutionsFailed"] == (ends is Status.FAILED)
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


def test_given_an_ambiguous_attempt_when_throttled_and_then_refused_then_it_is_still_not_forgotten(
    relay: Relay,
) -> None:
    relay.given_queued(repeatable=True)
    relay.randomness.fixed = 0.0
    relay.client.answer(NO_ANSWER, http_error(429), NOT_SENT, http_error(400))
    assert work_until_ended(relay).status is Status.UNKNOWN


def test_given_a_worker_that_died_when_the_repeat_is_refused_then_the_outcome_is_unknown(relay: Relay) -> None:
    relay.given_running(lease_ms=1_000, repeatable=True)
    relay.randomness.fixed = 0.0
    relay.clock.advance(1_000)
    relay.client.answer(http_error(400))
    outcome = work_until_ended(relay)
    assert outcome == Outcome(Status.UNKNOWN, error=ExecutionError("http_400", "no", 400, "corr-1"))
    assert len(relay.client.calls) == 1


def test_given_an_ambiguous_attempt_when_the_repeat_succeeds_then_it_is_completed(relay: Relay) -> None:
    relay.given_queued(repeatable=True)
    relay.randomness.fixed = 0.0
    relay.client.answer(NO_ANSWER)
    assert work_until_ended(relay).status is Status.COMPLETED


def test_given_an_unknown_outcome_of_two_attempts_when_its_webhook_arrives_late_then_it_is_resolved(
    relay: Relay,
) -> None:
    relay.given_queued(repeatable=True)
    relay.randomness.fixed = 0.0
    relay.client.answer(NO_ANSWER, http_error(400))
    work_until_ended(relay)
    relay.receive(status="completed", result={"total": 3})
    assert relay.reading.execution(EXECUTION_ID)["result"] == {"total": 3}


# -- Before the attempt --


def test_given_an_unknown_id_when_worked_on_then_the_message_is_done_with(relay: Relay) -> None:
    relay.work()
    assert relay.telemetry.events == [("execution_gone", {"execution_id": EXECUTION_ID})]
    assert relay.client.calls == []


def test_given_an_ended_execution_when_worked_on_then_what_follows_is_finished_and_nothing_runs(relay: Relay) -> None:
    relay.given_completed({"a": 1}, webhook_url=WEBHOOK_URL)
    relay.work()
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert relay.client.calls == []


def test_given_a_message_before_its_time_when_worked_on_then_it_is_sent_on_for_the_rest(relay: Relay) -> None:
    relay.given_queued(next_at=NOON + 5_000)
    relay.clock.advance(1_000)
    relay.work()
    assert relay.queue.sent == [(RUN, 4_000)]
    assert relay.client.calls == []


def test_given_a_message_at_its_time_when_worked_on_then_it_runs(relay: Relay) -> None:
    relay.given_queued(next_at=NOON)
    relay.work()
    assert relay.record.status is Status.COMPLETED


def test_given_a_day_of_waiting_when_worked_on_then_it_ends(relay: Relay) -> None:
    relay.given_queued()
    relay.clock.advance(GIVE_UP_AFTER_MS + 1)
    relay.work()
    assert relay.record.outcome is not None
    assert relay.record.outcome.error is not None
    assert (relay.record.status, relay.record.outcome.error.code) == (Status.FAILED, "expired")
    assert relay.client.calls == []


def test_given_a_closed_gate_when_worked_on_then_the_message_waits_and_nothing_is_used_up(relay: Relay) -> None:
    before = relay.given_queued()
    relay.randomness.fixed = 0.0
    relay.gate.waits.append(4_500)
    relay.work()
    assert relay.record == before
    assert relay.queue.sent == [(RUN, 3_500)]
    assert relay.telemetry.counts["RateGateWaits"] == 1


def test_given_a_gate_that_is_down_when_worked_on_then_the_message_comes_back(relay: Relay) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.5
    relay.gate.trouble.before("take", StoreUnavailableError("down"))
    relay.work()
    assert relay.queue.sent == [(RUN, COME_BACK_MS)]
    assert (relay.record.status, relay.client.calls) == (Status.QUEUED, [])
    relay.work()
    assert relay.record.status is Status.COMPLETED


def test_given_a_request_that_cannot_be_read_any_more_when_worked_on_then_it_fails_and_nothing_is_claimed(
    relay: Relay,
) -> None:
    relay.given_queued(webhook_url=WEBHOOK_URL)
    unreadable(relay)
    relay.work()
    assert relay.record.outcome is not None
    assert relay.record.outcome.error is not None
    assert (relay.record.status, relay.record.outcome.error.code) == (Status.FAILED, "request_unreadable")
    assert (relay.record.attempts, relay.client.calls, relay.queue.sent) == (0, [], [])
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


def test_given_a_bucket_that_is_down_when_worked_on_then_the_message_comes_back_and_nothing_has_ended(
    relay: Relay,
) -> None:
    relay.given_queued()
    unreadable(relay)
    relay.payloads.trouble.before("get", StoreUnavailableError("down"))
    relay.work()
    assert (relay.record.status, relay.record.attempts) == (Status.QUEUED, 0)
    assert [message for message, _ in relay.queue.sent] == [RUN]


@pytest.mark.parametrize("left_ms", [-1, 2_000, RECORDING_MARGIN_MS, RECORDING_MARGIN_MS + MIN_WAIT_MS - 1])
def test_given_a_worker_without_time_when_worked_on_then_another_gets_the_message_at_once(
    relay: Relay, left_ms: int
) -> None:
    before = relay.given_queued()
    relay.executing.work(RUN, relay.clock.now() + left_ms)
    assert (relay.record, relay.client.calls, relay.gate.taken) == (before, [], 0)
    assert relay.queue.sent == [(RUN, 0)]


def test_given_a_worker_with_just_enough_time_when_worked_on_then_it_uses_all_of_it(relay: Relay) -> None:
    relay.given_queued()
    relay.executing.work(RUN, relay.clock.now() + RECORDING_MARGIN_MS + MIN_WAIT_MS)
    assert [wait for _, _, wait in relay.client.calls] == [MIN_WAIT_MS]
    assert relay.record.status is Status.COMPLETED


@dataclass(slots=True)
class SlowTokens:
    """A ``TokenSource`` whose login takes its time."""

    relay: Relay
    takes_ms: int

    def token(self) -> AccessToken:
        self.relay.clock.advance(self.takes_ms)
        return a_token()

    def refuse(self, version: str) -> None: ...


@pytest.mark.parametrize("left_ms", [RECORDING_MARGIN_MS + MIN_WAIT_MS - 1, RECORDING_MARGIN_MS, 1_000])
def test_given_a_slow_login_when_it_has_eaten_the_time_then_no_attempt_is_begun(relay: Relay, left_ms: int) -> None:
    before = relay.given_queued(repeatable=False)
    executing = replace(relay.executing, tokens=SlowTokens(relay, INVOCATION_MS - left_ms))
    executing.work(RUN, relay.clock.now() + INVOCATION_MS)
    assert (relay.client.calls, relay.record, relay.gate.taken) == ([], before, 0)
    assert relay.queue.sent == [(RUN, 0)]


# -- Messages that come back --


@pytest.mark.parametrize(("drawn", "delay"), [(0.0, 15_000), (0.5, 30_000), (0.999_999, 44_999)])
@pytest.mark.parametrize("kind", MessageKind)
def test_given_a_store_that_is_down_when_worked_on_then_another_message_comes_in_a_while(
    relay: Relay, kind: MessageKind, drawn: float, delay: int
) -> None:
    relay.given_queued()
    relay.randomness.fixed = drawn
    relay.store.trouble.before("load", StoreUnavailableError("down"))
    relay.work(kind, version=1, due_at=NOON - 7)
    [(message, delayed)] = relay.queue.sent
    assert (message.execution_id, message.kind, message.due_at) == (EXECUTION_ID, kind, NOON - 7)
    assert message.version is None, "nobody knows any more what is paid"
    assert delayed == delay
    assert relay.telemetry.codes["MessagesPostponed", "store_unavailable"] == 1


@pytest.mark.parametrize("failure", [StoreUnavailableError("down"), QueueUnavailableError("down")])
def test_given_a_queue_that_is_down_too_when_worked_on_then_the_message_must_be_seen_again(
    relay: Relay, failure: ActionRelayError
) -> None:
    relay.given_queued()
    relay.store.trouble.before("load", failure)
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.work()


def test_given_a_queue_that_is_down_when_worked_on_then_it_is_not_tried_a_second_time(relay: Relay) -> None:
    relay.given_queued(next_at=NOON + 1)
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.work()
    assert relay.queue.sent == []


@pytest.mark.parametrize("remaining_ms", [1, 95_000])
def test_given_a_living_worker_when_its_message_comes_again_then_it_comes_back_once_the_lease_has_ended(
    relay: Relay, remaining_ms: int
) -> None:
    before = relay.given_running(lease_ms=remaining_ms)
    relay.work(version=before.version)
    assert (relay.client.calls, relay.record) == ([], before)
    [(message, delay)] = relay.queue.sent
    assert (message, message.version, delay) == (RUN, None, remaining_ms + 1_000)
    assert relay.telemetry.codes["MessagesPostponed", "lease_held"] == 1


def test_given_a_bug_when_worked_on_then_the_message_is_seen_again_and_counted_by_the_queue(relay: Relay) -> None:
    relay.store.trouble.before("load", RuntimeError("bug"))
    with pytest.raises(RuntimeError):
        relay.work()
    assert relay.queue.sent == []


# -- What a message knows --


def owing(relay: Relay, execution: Execution) -> Execution:
    """Let the record owe an entry, whether or not somebody has paid it."""
    return relay.store.put(ledger.note(execution, "owed", NOON))


def turned_away(relay: Relay, execution: Execution) -> Execution:
    relay.gate.waits.append(450)
    return execution


OWING: dict[str, Callable[[Relay], Execution]] = {
    "not due": lambda relay: owing(relay, relay.given_queued(next_at=NOON + 5_000)),
    "turned away": lambda relay: turned_away(relay, owing(relay, relay.given_queued())),
    "run": lambda relay: owing(relay, relay.given_queued()),
    "awaiting": lambda relay: owing(relay, relay.given_awaiting()),
    "ended": lambda relay: owing(relay, relay.given_completed()),
}


@pytest.mark.parametrize("given_owing", OWING.values(), ids=OWING)
def test_given_a_message_that_knows_the_records_version_when_worked_on_then_nothing_is_paid_twice(
    relay: Relay, given_owing: Callable[[Relay], Execution]
) -> None:
    version = given_owing(relay).version
    relay.work(version=version)
    assert "owed" not in relay.events


@pytest.mark.parametrize("off", [None, -1, 1])
@pytest.mark.parametrize("given_owing", OWING.values(), ids=OWING)
def test_given_a_message_that_knows_another_version_or_none_when_worked_on_then_what_is_owed_is_paid(
    relay: Relay, given_owing: Callable[[Relay], Execution], off: int | None
) -> None:
    version = given_owing(relay).version
    relay.work(version=None if off is None else version + off)
    assert relay.events.count("owed") == 1


@pytest.mark.parametrize(
    "reply", [NOT_SENT, ACCEPTED, NO_ANSWER, http_error(429)], ids=["not sent", "accepted", "no answer", "429"]
)
def test_given_a_message_that_is_sent_when_it_names_a_version_then_everything_up_to_it_was_paid(
    relay: Relay, reply: Reply
) -> None:
    relay.given_queued(repeatable=True)
    relay.client.answer(reply)
    paid: list[int] = []
    relay.queue.meanwhile = lambda: paid.append(relay.audit.entries(EXECUTION_ID)[-1].seq)
    relay.work()
    [(message, _)] = relay.queue.sent
    assert message.version == relay.record.version
    assert paid == [relay.record.audit_seq]


def test_given_a_message_with_a_place_in_the_line_when_it_comes_early_then_it_is_sent_on_and_keeps_its_place(
    relay: Relay,
) -> None:
    relay.given_queued()
    due_at = NOON + 5_000
    relay.work(due_at=due_at)
    [(message, delay)] = relay.queue.sent
    assert (message.due_at, delay) == (due_at, 5_000 - PLACE_TOLERANCE_MS)
    assert (relay.gate.had_waited, relay.client.calls) == ([], [])
    relay.clock.advance(delay - 1)
    relay.work(due_at=due_at)
    assert relay.queue.sent[-1] == (RUN, 1)
    relay.clock.advance(1)
    relay.work(due_at=due_at)
    assert (relay.gate.had_waited, relay.record.status) == ([True], Status.COMPLETED)


def test_given_a_retry_that_is_due_later_than_its_message_when_worked_on_then_the_later_time_counts(
    relay: Relay,
) -> None:
    relay.given_queued(next_at=NOON + 9_000)
    relay.work(due_at=NOON + 5_000)
    assert relay.queue.sent == [(RUN, 9_000)]


@pytest.mark.parametrize(
    ("drawn", "spread"), [(0.0, 0), (0.5, RETURN_SPREAD_MS // 2), (0.999_999, RETURN_SPREAD_MS - 1)]
)
@pytest.mark.parametrize("due_at", [None, NOON - 1], ids=["newcomer", "waited"])
def test_given_a_closed_gate_when_turned_away_then_the_message_comes_back_around_its_place(
    relay: Relay, due_at: int | None, drawn: float, spread: int
) -> None:
    relay.given_queued()
    relay.randomness.fixed = drawn
    relay.gate.waits.append(7_000)
    relay.work(due_at=due_at)
    [(message, delay)] = relay.queue.sent
    assert (message.due_at, delay) == (NOON + 7_000 + spread, 7_000 + spread - PLACE_TOLERANCE_MS)
    assert relay.gate.had_waited == [due_at is not None]


def test_given_a_gate_about_to_open_when_turned_away_then_the_message_does_not_come_back_at_once(relay: Relay) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.0
    relay.gate.waits.append(1)
    relay.work()
    [(_, delay)] = relay.queue.sent
    assert delay == 1, "SQS makes a second of it"


def test_given_a_message_that_was_turned_away_when_it_comes_back_then_it_asks_and_says_that_it_has_waited(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.gate.waits.append(7_000)
    relay.work()
    [(message, delay)] = relay.queue.sent
    relay.clock.advance(delay)
    relay.work(version=message.version, due_at=message.due_at)
    assert relay.gate.had_waited == [False, True]
    assert relay.record.status is Status.COMPLETED


def test_given_a_retry_when_planned_then_it_has_no_place_in_the_line_any_more(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(NOT_SENT)
    relay.work(due_at=NOON - 1)
    [(message, _)] = relay.queue.sent
    assert message.due_at is None


# -- Batches --


WAITED = replace(RUN, due_at=NOON - 1)


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ([RUN, WAITED, WAITED, DEADLINE], (3, 1)),
        ([RUN] * 10, (10, 10)),
        ([WAITED] * 2, (2, 0)),
        ([DEADLINE] * 3, (0, 0)),
    ],
    ids=["both", "newcomers", "waited", "none"],
)
def test_given_a_batch_when_prepared_then_the_gate_expects_those_that_may_want_to_run_and_knows_the_newcomers(
    relay: Relay, batch: list[Message], expected: tuple[int, int]
) -> None:
    relay.executing.for_batch(batch)
    assert relay.gate.batches == [expected]


def batches(
    relay: Relay, ask: Callable[[int, Crowd], Decision], messages: list[Message] | None = None
) -> ExecuteAction:
    """An ``execute`` whose batch asks this."""
    executing = replace(relay.executing, gate=BatchPermits(ask, relay.gate.pause, Crowd(0, 0)))
    return executing.for_batch(messages or [RUN, RUN])


def never(_now: int, _crowd: Crowd) -> Decision:
    raise AssertionError("the gate was asked")


def two_permits(_now: int, _crowd: Crowd) -> Decision:
    return Decision(newcomers=Share(2))


@pytest.mark.parametrize("message", [RUN, DEADLINE])
@pytest.mark.parametrize("given_it", [Relay.given_awaiting, Relay.given_completed], ids=["awaiting", "ended"])
def test_given_a_batch_in_which_nothing_wants_to_run_when_worked_on_then_the_gate_is_not_asked(
    relay: Relay, given_it: Callable[[Relay], Execution], message: Message
) -> None:
    given_it(relay)
    batches(relay, never, [message]).work(message, relay.clock.now() + INVOCATION_MS)
    assert relay.client.calls == []


def test_given_a_batch_when_two_want_to_run_then_they_share_one_answer_of_the_gate(relay: Relay) -> None:
    asked: list[Crowd] = []

    def ask(_now: int, crowd: Crowd) -> Decision:
        asked.append(crowd)
        return Decision(newcomers=Share(0, (3_000, 6_000)))

    relay.given_queued()
    relay.randomness.fixed = 0.0
    together = batches(relay, ask)
    for _ in range(2):
        together.work(RUN, relay.clock.now() + INVOCATION_MS)
    assert asked == [Crowd(0, 2)]
    assert [delay for _, delay in relay.queue.sent] == [2_000, 5_000]


def test_given_a_gate_that_is_down_when_a_batch_is_worked_on_then_it_is_asked_once_and_all_come_back(
    relay: Relay,
) -> None:
    asked: list[Crowd] = []

    def fail(_now: int, crowd: Crowd) -> Decision:
        asked.append(crowd)
        raise StoreUnavailableError("down")

    before = relay.given_queued()
    relay.randomness.fixed = 0.5
    together = batches(relay, fail)
    for _ in range(2):
        together.work(RUN, relay.clock.now() + INVOCATION_MS)
    assert len(asked) == 1
    assert relay.queue.sent == [(RUN, COME_BACK_MS)] * 2
    assert (relay.record, relay.client.calls) == (before, []), "no attempt was used up"


# -- A 429 stops the batch that it met --


def test_given_a_429_when_another_of_the_batch_has_no_permit_yet_then_it_gets_none_and_uses_nothing_up(
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


def test_given_a_429_when_another_of_the_batch_has_its_permit_and_its_claim_then_it_is_not_sent(relay: Relay) -> None:
    relay.given_queued(repeatable=False)
    relay.randomness.fixed = 0.0
    relay.gate.held_for.append(29_500)
    relay.work()
    assert (relay.gate.taken, relay.client.calls) == (1, [])
    assert relay.events == ["attempt_started", "retry_planned"]
    assert (relay.record.status, relay.record.chances_used, relay.record.may_have_run) == (Status.QUEUED, 0, False)
    assert relay.queue.sent == [(RUN, 30_000)], "not before the 429 allows it, in whole seconds as it says them"


def test_given_a_429_when_it_is_recorded_then_the_batch_is_held_before_and_everybody_is_paused_after(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.client.answer(http_error(429, "30"))
    seen: list[tuple[list[int], list[int]]] = []
    relay.queue.meanwhile = lambda: seen.append((list(relay.gate.holds), list(relay.gate.paused_until)))
    relay.work()
    assert seen == [([NOON + 30_000], [])], "what is planned is on record before another service is asked"
    assert relay.gate.paused_until == [NOON + 30_000]


# -- Tokens --


def test_given_a_login_host_that_is_down_when_worked_on_then_it_costs_time_and_no_chance(relay: Relay) -> None:
    relay.given_queued(chances_used=2)
    relay.tokens.trouble.before("token", TokenUnavailableError("down"))
    relay.work()
    assert (relay.record.status, relay.record.chances_used, relay.record.attempts) == (Status.QUEUED, 2, 0)
    assert len(relay.queue.sent) == 1
    assert relay.telemetry.codes["TokenFailures", "token_unavailable"] == 1
    assert relay.gate.taken == 0


@pytest.mark.parametrize("kind", [CredentialsRefusedError, PermissionMissingError, ScopeMissingError])
def test_given_credentials_that_do_not_do_when_worked_on_then_chances_are_used_and_then_it_fails_by_name(
    relay: Relay, kind: type[ActionRelayError]
) -> None:
    relay.given_queued(webhook_url=WEBHOOK_URL)
    relay.randomness.fixed = 0.0
    relay.tokens.trouble.before("token", kind("data:action:view is missing"), times=3)
    for chances in (1, 2):
        relay.work()
        assert (relay.record.status, relay.record.chances_used) == (Status.QUEUED, chances)
    relay.work()
    assert relay.record.outcome is not None
    assert relay.record.outcome.error == ExecutionError(kind.code, "data:action:view is missing")
    assert relay.record.status is Status.FAILED
    assert relay.client.calls == []
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


# -- Leases and races --


@pytest.mark.parametrize(("repeatable", "expected"), [(True, CHANCE), (False, UNKNOWN)])
def test_given_a_dead_worker_when_its_lease_has_ended_then_its_request_may_have_arrived(
    relay: Relay, expected: str, *, repeatable: bool
) -> None:
    relay.given_running(lease_ms=1_000, repeatable=repeatable)
    relay.clock.advance(1_000)
    relay.work()
    assert came_to(relay) == expected
    assert relay.client.calls == []
    assert relay.telemetry.counts["AttemptsTakenOver"] == 1
    assert relay.audit.entries(EXECUTION_ID)[-1].code == "worker_lost"


def test_given_a_worker_that_claimed_first_when_another_claims_then_the_second_sends_nothing(relay: Relay) -> None:
    relay.given_queued()
    relay.store.someone_writes_first(lambda current: ledger.claim(current, "theirs", NOON, NOON + 95_000))
    relay.randomness.fixed = 0.0
    relay.work()
    assert relay.client.calls == []
    assert relay.record.attempt is not None
    assert relay.record.attempt.attempt_id == "theirs"
    assert relay.queue.sent == [(RUN, COME_BACK_MS // 2)]
    assert relay.telemetry.codes["MessagesPostponed", "stale_write"] == 1


COMPLETED = Outcome(Status.COMPLETED)


def webhook_first(relay: Relay) -> Callable[[], None]:
    def arrive() -> None:
        relay.receive(status="completed", result={"from": "webhook"})

    return arrive


@pytest.mark.parametrize("reply", [ACCEPTED, NO_ANSWER, http_error(429), http_error(400), http_error(504)])
@pytest.mark.parametrize("repeatable", [True, False])
def test_given_a_webhook_before_the_answer_when_the_answer_comes_then_the_webhooks_outcome_stands(
    relay: Relay, reply: Reply, *, repeatable: bool
) -> None:
    relay.given_queued(repeatable=repeatable, webhook_url=WEBHOOK_URL)
    relay.client.meanwhile = webhook_first(relay)
    relay.client.answer(reply)
    relay.work()
    assert relay.record.status is Status.COMPLETED
    assert relay.queue.sent == []
    assert "decided_elsewhere" in [name for name, _ in relay.telemetry.events]
    assert set(relay.deliveries.sent) == {(EXECUTION_ID, 0)}


def test_given_a_webhook_before_a_result_when_the_result_comes_then_the_first_outcome_stands(relay: Relay) -> None:
    relay.given_queued()
    relay.client.meanwhile = webhook_first(relay)
    relay.client.answer(Reply(ReplyKind.SUCCEEDED, 31, result={"from": "answer"}))
    relay.work()
    assert relay.reading.execution(EXECUTION_ID)["result"] == {"from": "webhook"}


@pytest.mark.parametrize("reply", [ACCEPTED, NO_ANSWER, Reply(ReplyKind.SUCCEEDED, 31, result={})])
def test_given_a_lost_lease_when_the_old_worker_comes_back_then_it_changes_nothing(relay: Relay, reply: Reply) -> None:
    relay.given_queued(repeatable=True)

    def another_takes_over_and_claims() -> None:
        relay.clock.advance(INVOCATION_MS + LEASE_MARGIN_MS)
        now = relay.clock.now()
        cause = ExecutionError("worker_lost", "gone")
        queued = ledger.postpone(relay.record, now, now, cause, uses_chance=True)
        relay.store.save(queued)
        relay.store.save(ledger.claim(queued, "theirs", now, now + 95_000))

    relay.client.meanwhile = another_takes_over_and_claims
    relay.client.answer(reply)
    relay.work()
    assert relay.record.status is Status.RUNNING
    assert relay.record.attempt is not None
    assert relay.record.attempt.attempt_id == "theirs"


REFUSED = ExecutionError("credentials_refused", "no")


def failed_and_run_again(now: Execution) -> Execution:
    failed = ledger.settle(now, Outcome(Status.FAILED, error=REFUSED), NOON)
    return ledger.rerun(failed, NOON, "operator")


@pytest.mark.parametrize("obstacle", ["token", "expired", "unreadable"])
def test_given_a_run_that_an_operator_asked_for_when_what_was_decided_for_the_last_one_comes_late_then_it_is_kept(
    obstacle: str,
) -> None:
    relay = Relay(max_attempts=1)
    relay.given_queued()
    match obstacle:
        case "token":
            relay.tokens.trouble.before("token", CredentialsRefusedError("no"))
        case "expired":
            relay.clock.advance(GIVE_UP_AFTER_MS + 1)
        case _:
            unreadable(relay)
    relay.store.someone_writes_first(failed_and_run_again)
    relay.work()
    assert (relay.record.status, relay.record.reruns) == (Status.QUEUED, 1)
    # The message is done with, so it leaves another behind: whoever was first may have died before it sent one.
    assert relay.queue.sent == [(RUN, 0)]


def test_given_an_unrelated_write_in_between_when_settled_then_the_outcome_is_written_on_top(relay: Relay) -> None:
    relay.given_queued()
    relay.client.meanwhile = lambda: relay.store.someone_writes_first(lambda now: ledger.note(now, "seen", NOON))
    relay.work()
    assert relay.record.status is Status.COMPLETED


# -- Writes whose answer was lost --

OWN_WRITE = StaleWriteError("the SDK repeated the write and met its own")


def test_given_a_claim_whose_answer_was_lost_when_recognised_then_the_attempt_goes_on(relay: Relay) -> None:
    relay.given_queued(repeatable=False)
    relay.store.trouble.after("save", OWN_WRITE)
    relay.work()
    assert relay.record.status is Status.COMPLETED
    assert (len(relay.client.calls), relay.events) == (1, ["attempt_started", "completed"])


def test_given_an_outcome_whose_answer_was_lost_when_recognised_then_what_follows_is_done(relay: Relay) -> None:
    relay.given_queued(webhook_url=WEBHOOK_URL)
    relay.payloads.inline_max = 0
    relay.client.meanwhile = lambda: relay.store.trouble.after("save", OWN_WRITE)
    relay.client.answer(Reply(ReplyKind.SUCCEEDED, 1, result={"a": 1}))
    relay.work()
    assert relay.reading.execution(EXECUTION_ID)["result"] == {"a": 1}
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert relay.telemetry.counts["ExecutionsSucceeded"] == 1


# -- Crashes between a write and the send after it --


def test_given_a_retry_that_was_recorded_and_not_sent_when_the_message_comes_again_then_it_is_sent(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.5
    relay.client.answer(NOT_SENT)
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.work()
    relay.work()
    assert relay.queue.sent == [(RUN, 500)]
    assert len(relay.client.calls) == 1


def test_given_a_deadline_that_was_recorded_and_not_sent_when_the_message_comes_again_then_it_is_sent(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.client.answer(ACCEPTED)
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.work()
    relay.clock.advance(1_000)
    relay.work()
    assert relay.queue.sent == [(DEADLINE, WAIT_MS - 1_000)]


def test_given_an_audit_that_was_owed_when_the_message_comes_again_then_it_is_paid(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(ACCEPTED)
    relay.audit.trouble.before("append", StoreUnavailableError("down"))
    relay.work()
    [(message, _)] = relay.queue.sent
    assert (message, message.version, relay.events) == (RUN, None, [])
    relay.work()
    assert relay.events == ["attempt_started", "awaiting_webhook"]
    assert relay.queue.sent[1:] == [(DEADLINE, WAIT_MS)]


# -- Deadlines --


def test_given_a_deadline_that_has_come_when_worked_on_then_the_outcome_is_unknown(relay: Relay) -> None:
    relay.given_awaiting(webhook_url=WEBHOOK_URL)
    relay.clock.advance(WAIT_MS)
    relay.work(MessageKind.DEADLINE)
    assert relay.record.status is Status.UNKNOWN
    assert relay.record.outcome is not None
    assert relay.record.outcome.error is not None
    assert relay.record.outcome.error.code == "webhook_timeout"
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


def test_given_a_deadline_message_that_comes_early_when_worked_on_then_it_is_sent_on(relay: Relay) -> None:
    relay.given_awaiting()
    relay.clock.advance(WAIT_MS - 1)
    relay.work(MessageKind.DEADLINE)
    assert relay.record.status is Status.AWAITING_WEBHOOK
    assert relay.queue.sent == [(DEADLINE, 1)]


def test_given_a_run_message_after_the_deadline_when_worked_on_then_the_deadline_is_sent_and_decides(
    relay: Relay,
) -> None:
    relay.given_awaiting()
    relay.clock.advance(WAIT_MS + 5)
    relay.work()
    [(message, delay)] = relay.queue.sent
    assert message == DEADLINE
    assert delay <= 0


def test_given_a_record_without_a_deadline_when_a_deadline_message_comes_then_it_counts_as_come(relay: Relay) -> None:
    relay.store.put(replace(relay.given_awaiting(), deadline_at=None))
    relay.work(MessageKind.DEADLINE)
    assert relay.record.status is Status.UNKNOWN


def test_given_a_webhook_at_the_very_deadline_when_both_write_then_the_first_stands(relay: Relay) -> None:
    relay.given_awaiting()
    relay.clock.advance(WAIT_MS)
    relay.store.someone_writes_first(lambda current: ledger.settle(current, COMPLETED, NOON, by_webhook=True))
    relay.work(MessageKind.DEADLINE)
    assert relay.record.status is Status.COMPLETED


def test_given_a_deadline_message_when_the_execution_is_queued_or_running_then_it_is_like_any_other(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.work(MessageKind.DEADLINE)
    assert relay.record.status is Status.COMPLETED


def test_given_a_record_that_vanished_when_settled_then_the_worker_ends_in_peace(relay: Relay) -> None:
    relay.given_queued()

    relay.client.meanwhile = relay.store.records.clear
    relay.client.answer(NO_ANSWER)
    relay.work()
    assert relay.store.records == {}


def test_given_secrets_and_inputs_when_worked_on_then_no_log_line_or_metric_has_them(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(http_error(504))
    relay.work()
    told: Any = (relay.telemetry.events, relay.telemetry.counts, relay.telemetry.durations)
    assert relay.tokens.held.value not in repr(told)
    assert "cust_998877" not in repr(told)
