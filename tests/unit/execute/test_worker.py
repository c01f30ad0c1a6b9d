"""Processing one message: an attempt that succeeds, and everything that can prevent it."""

import json
from dataclasses import dataclass, replace

import pytest

from actionrelay.errors import (
    ActionRelayError,
    CredentialsRefusedError,
    PermissionMissingError,
    ScopeMissingError,
    StoreUnavailableError,
    TokenUnavailableError,
)
from actionrelay.execute.worker import (
    ANSWER_MARGIN_MS,
    LEASE_MARGIN_MS,
    LONGEST_TURN_MS,
    MIN_WAIT_MS,
    RECORDING_MARGIN_MS,
)
from actionrelay.genesys.verdict import GIVE_UP_AFTER_MS, Reply, ReplyKind
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import CacheStatus, Execution, ExecutionError, Status
from actionrelay.resend import RESEND_MS
from actionrelay.token.ports import AccessToken
from tests.fakes.chance import NOON
from tests.fakes.genesys import a_token
from tests.fakes.relay import (
    ACTION_ID,
    EXECUTION_ID,
    INPUTS,
    INVOCATION_MS,
    TRACE_ID,
    WEBHOOK_URL,
    Relay,
)
from tests.fakes.replies import ACCEPTED, DEADLINE, RUN, WAIT_MS, unreadable

# -- Success --


def test_a_claim_is_written_before_the_request_goes_out(relay: Relay) -> None:
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


def test_no_audit_write_delays_a_claimed_request(
    relay: Relay,
) -> None:
    relay.given_queued()
    seen: list[tuple[list[str], list[str]]] = []
    relay.client.meanwhile = lambda: seen.append(
        (relay.events, [entry.event for entry in relay.record.audit.owed]),
    )
    relay.work()
    assert seen == [([], ["attempt_started"])]
    assert relay.events == ["attempt_started", "completed"]
    assert [entry.seq for entry in relay.audit.entries(EXECUTION_ID)] == [2, 3]


def test_a_dead_claims_entry_is_paid_at_takeover(relay: Relay) -> None:
    queued = relay.given_queued(repeatable=False)
    relay.store.put(ledger.claim(queued, "theirs", NOON, NOON + 1_000))
    relay.clock.advance(1_000)
    relay.work()
    assert relay.events == ["attempt_started", "unknown"]


def test_an_audit_outage_does_not_hold_a_request_back(relay: Relay) -> None:
    relay.given_queued()
    relay.audit.trouble.before("append", StoreUnavailableError("down"))
    relay.work()
    assert len(relay.client.calls) == 1
    assert relay.record.status is Status.COMPLETED
    assert relay.events == []
    relay.work()
    assert relay.events == ["attempt_started", "completed"]


def test_a_result_is_recorded_audited_and_handed_on(relay: Relay) -> None:
    relay.given_queued(webhook_url=WEBHOOK_URL, cache_key="key", cache_status=CacheStatus.ENABLED)
    relay.client.answer(Reply(ReplyKind.SUCCEEDED, 31, result=b'{"total":3}', correlation_id="corr-1"))
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


def test_a_call_carries_what_the_request_said(relay: Relay) -> None:
    relay.given_queued(cache_key="key", timeout_ms=10_000)
    relay.work()
    [(call, token, wait)] = relay.client.calls
    assert (call.execution_id, call.action_id, call.trace_id) == (EXECUTION_ID, ACTION_ID, TRACE_ID)
    assert (json.loads(call.inputs), call.timeout_ms, call.cache_results) == (INPUTS, 10_000, True)
    assert token is relay.tokens.held
    assert wait == 10_000 + ANSWER_MARGIN_MS


def test_a_long_timeout_leaves_time_to_record(
    relay: Relay,
) -> None:
    relay.given_queued(timeout_ms=300_000)
    relay.work()
    assert relay.client.calls[0][2] == INVOCATION_MS - RECORDING_MARGIN_MS


def test_a_result_too_big_to_store_keeps_its_outcome(relay: Relay) -> None:
    relay.given_queued()
    relay.payloads.inline_max = 0
    relay.payloads.trouble.before("put", StoreUnavailableError("too big"))
    relay.client.answer(Reply(ReplyKind.SUCCEEDED, 31, result=b'"' + b"x" * 98 + b'"'))
    relay.work()
    assert relay.record.status is Status.COMPLETED


def test_an_accepted_request_awaits_its_webhook(
    relay: Relay,
) -> None:
    relay.given_queued()
    relay.client.answer(ACCEPTED)
    relay.work()
    assert relay.record.status is Status.AWAITING_WEBHOOK
    assert relay.record.deadline_at == NOON + WAIT_MS
    assert relay.queue.sent == [(DEADLINE, WAIT_MS)]
    assert relay.events == ["attempt_started", "awaiting_webhook"]


# -- Before the attempt --


def test_a_message_with_an_unknown_id_is_done(relay: Relay) -> None:
    relay.work()
    assert relay.telemetry.events == [("execution_gone", {})]
    assert relay.client.calls == []


def test_an_ended_execution_is_followed_up_and_not_run(relay: Relay) -> None:
    relay.given_completed({"a": 1}, webhook_url=WEBHOOK_URL)
    relay.work()
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert relay.client.calls == []


def test_a_message_before_its_time_waits_for_the_rest(relay: Relay) -> None:
    relay.given_queued(next_at=NOON + 5_000)
    relay.clock.advance(1_000)
    relay.work()
    assert relay.queue.sent == [(RUN, 4_000)]
    assert relay.client.calls == []


def test_given_a_message_at_its_time_when_worked_on_then_it_runs(relay: Relay) -> None:
    relay.given_queued(next_at=NOON)
    relay.work()
    assert relay.record.status is Status.COMPLETED


def test_what_waits_for_its_turn_alone_does_not_expire_in_a_day(relay: Relay) -> None:
    relay.given_queued()
    relay.clock.advance(GIVE_UP_AFTER_MS + 1)
    relay.gate.waits.append(4_500)
    relay.work(due_at=relay.clock.now() - 1)
    assert relay.record.status is Status.QUEUED
    relay.clock.advance(LONGEST_TURN_MS - GIVE_UP_AFTER_MS)
    relay.work(due_at=relay.clock.now() - 1)
    assert (relay.record.status, relay.client.calls) == (Status.FAILED, [])
    assert relay.record.outcome is not None
    error = relay.record.outcome.error
    assert error == ExecutionError("expired", "did not get its turn within a week")


def test_given_a_day_of_waiting_when_worked_on_then_it_ends(relay: Relay) -> None:
    relay.given_queued()
    relay.clock.advance(GIVE_UP_AFTER_MS + 1)
    relay.work()
    assert relay.record.outcome is not None
    assert relay.record.outcome.error is not None
    assert relay.record.status is Status.FAILED
    assert relay.record.outcome.error == ExecutionError("expired", "could not be run within a day")
    assert relay.client.calls == []


def test_a_closed_gate_uses_nothing_up(relay: Relay) -> None:
    before = relay.given_queued()
    relay.randomness.fixed = 0.0
    relay.gate.waits.append(4_500)
    relay.work()
    assert relay.record == before
    assert relay.queue.sent == [(RUN, 3_500)]
    assert relay.telemetry.counts["RateGateWaits"] == 1


def test_a_gate_that_is_down_postpones_the_message(relay: Relay) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.5
    relay.gate.trouble.before("take", StoreUnavailableError("down"))
    relay.work()
    assert relay.queue.sent == [(RUN, RESEND_MS)]
    assert (relay.record.status, relay.client.calls) == (Status.QUEUED, [])
    relay.work()
    assert relay.record.status is Status.COMPLETED


def test_an_unreadable_request_fails_without_a_claim(
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


def test_a_bucket_that_is_down_ends_nothing(
    relay: Relay,
) -> None:
    relay.given_queued()
    unreadable(relay)
    relay.payloads.trouble.before("get", StoreUnavailableError("down"))
    relay.work()
    assert (relay.record.status, relay.record.attempts) == (Status.QUEUED, 0)
    assert [message for message, _ in relay.queue.sent] == [RUN]


@pytest.mark.parametrize("left_ms", [-1, 2_000, RECORDING_MARGIN_MS, RECORDING_MARGIN_MS + MIN_WAIT_MS - 1])
def test_a_worker_without_time_passes_the_message_on(relay: Relay, left_ms: int) -> None:
    before = relay.given_queued()
    relay.executing.work(RUN, relay.clock.now() + left_ms)
    assert (relay.record, relay.client.calls, relay.gate.taken) == (before, [], 0)
    assert relay.queue.sent == [(RUN, 0)]


def test_a_worker_uses_all_of_just_enough_time(relay: Relay) -> None:
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
def test_a_slow_login_begins_no_attempt_without_time(relay: Relay, left_ms: int) -> None:
    before = relay.given_queued(repeatable=False)
    executing = replace(relay.executing, tokens=SlowTokens(relay, INVOCATION_MS - left_ms))
    executing.work(RUN, relay.clock.now() + INVOCATION_MS)
    assert (relay.client.calls, relay.record, relay.gate.taken) == ([], before, 0)
    assert relay.queue.sent == [(RUN, 0)]


# -- Tokens --


def test_an_execution_waits_as_long_as_the_login_host_asks(relay: Relay) -> None:
    relay.given_queued()
    relay.tokens.trouble.before("token", TokenUnavailableError("429", retry_after_ms=299_100))
    relay.work()
    assert relay.record.next_at is not None
    assert 300_000 <= relay.record.next_at - relay.clock.now() <= 302_000
    assert (relay.record.status, relay.record.chances_used) == (Status.QUEUED, 0)


def test_a_login_host_that_is_down_costs_no_chance(relay: Relay) -> None:
    relay.given_queued(chances_used=2)
    relay.tokens.trouble.before("token", TokenUnavailableError("down"))
    relay.work()
    assert (relay.record.status, relay.record.chances_used, relay.record.attempts) == (Status.QUEUED, 2, 0)
    assert len(relay.queue.sent) == 1
    assert relay.telemetry.codes["TokenFailures", "token_unavailable"] == 1
    assert relay.gate.taken == 0


@pytest.mark.parametrize("kind", [CredentialsRefusedError, PermissionMissingError, ScopeMissingError])
def test_refused_credentials_use_chances_and_fail_by_name(relay: Relay, kind: type[ActionRelayError]) -> None:
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
