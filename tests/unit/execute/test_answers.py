"""The effect of each answer of Genesys Cloud, at once and over several attempts."""

from collections.abc import Callable

import pytest

from actionrelay.errors import (
    CredentialsRefusedError,
    PermissionMissingError,
    ScopeMissingError,
    StoreUnavailableError,
    TokenUnavailableError,
)
from actionrelay.genesys.verdict import GIVE_UP_AFTER_MS, Reply, ReplyKind
from actionrelay.ledger.execution import ExecutionError, Outcome, Status
from tests.fakes.chance import NOON
from tests.fakes.relay import (
    EXECUTION_ID,
    WEBHOOK_URL,
    Relay,
)
from tests.fakes.replies import (
    CHANCE,
    FAILED,
    NO_ANSWER,
    NOT_SENT,
    POSTPONED,
    RUN,
    UNKNOWN,
    came_to,
    http_error,
    unreadable,
)

# -- Promise 2: what each answer leads to --

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


@pytest.mark.parametrize("repeatable", [True, False], ids=["repeatable", "not"])
@pytest.mark.parametrize(("reply", "if_repeatable", "if_not"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_table_decides_while_chances_are_left(
    relay: Relay, reply: Reply, if_repeatable: str, if_not: str, *, repeatable: bool
) -> None:
    relay.given_queued(repeatable=repeatable)
    relay.client.answer(reply)
    relay.work()
    assert came_to(relay) == (if_repeatable if repeatable else if_not)
    assert relay.record.attempts == 1


@pytest.mark.parametrize("repeatable", [True, False], ids=["repeatable", "not"])
@pytest.mark.parametrize(("reply", "if_repeatable", "if_not"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_after_the_last_chance_only_waiting_goes_on(
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


def test_callers_see_why_an_outcome_is_unknown(relay: Relay) -> None:
    relay.given_queued(webhook_url=WEBHOOK_URL)
    relay.client.answer(http_error(504))
    relay.work()
    assert relay.record.outcome == Outcome(Status.UNKNOWN, error=ExecutionError("http_504", "no", 504, "corr-1"))
    assert relay.telemetry.counts["ExecutionsUnknown"] == 1
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


def test_a_429_pauses_everybody_with_retry_after_as_a_floor(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(http_error(429, "7200"))
    relay.work()
    assert relay.gate.paused_until == [NOON + 7_200_000]
    assert relay.record.next_at is not None
    assert NOON + 7_200_000 <= relay.record.next_at < NOON + 7_201_000
    assert relay.telemetry.counts["Throttled"] == 1


def test_a_429_without_a_time_pauses_for_a_second(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(http_error(429))
    relay.work()
    assert relay.gate.paused_until == [NOON + 1_000]


@pytest.mark.repetitive
def test_a_thousand_429s_use_up_no_chance(relay: Relay) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.0
    for _ in range(1_000):
        relay.client.answer(http_error(429))
        relay.work()
    assert (relay.record.status, relay.record.attempts, relay.record.chances_used) == (Status.QUEUED, 1_000, 0)


def test_a_refused_token_forgets_exactly_its_version(relay: Relay) -> None:
    relay.given_queued()
    relay.client.answer(http_error(401))
    relay.work()
    assert relay.tokens.refused == ["v1"]


def test_a_429_plans_a_retry_even_if_the_gate_cannot_pause(
    relay: Relay,
) -> None:
    relay.given_queued(repeatable=False)
    relay.client.answer(http_error(429, "7"))
    relay.gate.trouble.before("pause", StoreUnavailableError("down"))
    relay.work()
    assert came_to(relay) == POSTPONED
    assert relay.gate.paused_until == []
    assert ("gate_not_paused", {"code": "store_unavailable"}) in relay.telemetry.events


def test_waits_grow_with_attempts(relay: Relay) -> None:
    relay.max_attempts = 10
    relay.given_queued(repeatable=True)
    relay.randomness.fixed = 0.999_999
    waits = []
    for _ in range(5):
        relay.client.answer(NO_ANSWER)
        relay.work()
        waits.append(relay.queue.sent[-1][1])
        relay.clock.advance(waits[-1])
    assert waits == [1_999, 3_999, 7_999, 15_999, 31_999]


@pytest.mark.parametrize("obstacle", ["token", "connection", "throttling"])
def test_a_free_outage_still_grows_the_waits(relay: Relay, obstacle: str) -> None:
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


def test_a_closed_gate_does_not_grow_the_backoff(relay: Relay) -> None:
    relay.given_queued()
    relay.randomness.fixed = 0.999_999
    relay.gate.waits.extend([450] * 5)
    for _ in range(5):
        relay.work()
    relay.client.answer(NOT_SENT)
    relay.work()
    assert relay.queue.sent[-1] == (RUN, 999)


# -- Promise 2, over several attempts: what may have run is not forgotten --


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
def test_a_later_failure_leaves_what_may_have_run_unknown(
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


def test_an_ambiguous_attempt_is_remembered_through_throttling(
    relay: Relay,
) -> None:
    relay.given_queued(repeatable=True)
    relay.randomness.fixed = 0.0
    relay.client.answer(NO_ANSWER, http_error(429), NOT_SENT, http_error(400))
    assert work_until_ended(relay).status is Status.UNKNOWN


def test_a_dead_workers_refused_repeat_is_unknown(relay: Relay) -> None:
    relay.given_running(lease_ms=1_000, repeatable=True)
    relay.randomness.fixed = 0.0
    relay.clock.advance(1_000)
    relay.client.answer(http_error(400))
    outcome = work_until_ended(relay)
    assert outcome == Outcome(Status.UNKNOWN, error=ExecutionError("http_400", "no", 400, "corr-1"))
    assert len(relay.client.calls) == 1


def test_an_ambiguous_attempts_successful_repeat_completes(relay: Relay) -> None:
    relay.given_queued(repeatable=True)
    relay.randomness.fixed = 0.0
    relay.client.answer(NO_ANSWER)
    assert work_until_ended(relay).status is Status.COMPLETED


def test_a_late_webhook_resolves_an_unknown_of_two_attempts(
    relay: Relay,
) -> None:
    relay.given_queued(repeatable=True)
    relay.randomness.fixed = 0.0
    relay.client.answer(NO_ANSWER, http_error(400))
    work_until_ended(relay)
    relay.receive(status="completed", result={"total": 3})
    assert relay.shown_result() == {"total": 3}
