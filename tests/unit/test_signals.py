"""The counters behind the alarms: each counts what its name says, once, and nothing else."""

import pytest

from actionrelay.errors import (
    CredentialsRefusedError,
    DeliveryFailedError,
    ExecutionConflictError,
    InvalidRequestError,
    PermissionMissingError,
    QueueUnavailableError,
    ScopeMissingError,
    TokenError,
    TokenUnavailableError,
)
from actionrelay.ledger.execution import ExecutionError, Outcome, Status
from actionrelay.ledger.message import MessageKind
from actionrelay.ledger.steps import settle
from actionrelay.signals import Count, by_code
from actionrelay.webhooks.targets import DeliveryAnswer
from tests.fakes.relay import EXECUTION_ID, GRACE_MS, TIMEOUT_MS, WEBHOOK_URL, Relay, a_request, encoded
from tests.fakes.token_workers import TokenWorkers

FAILED = Outcome(Status.FAILED, error=ExecutionError("http_400", "no"))
UNKNOWN = Outcome(Status.UNKNOWN, error=ExecutionError("no_answer", "none"))


def test_a_name_is_itself_in_pascal_case() -> None:
    assert [count for count in Count if count != count.name.title().replace("_", "")] == []
    assert by_code(Count.REQUESTS_REFUSED) == "RequestsRefusedByCode"


# -- The error rate --


@pytest.mark.parametrize(("outcome", "sample"), [(Outcome(Status.COMPLETED), 0), (FAILED, 1), (UNKNOWN, 1)])
def test_an_end_is_a_sample_of_the_error_rate(relay: Relay, outcome: Outcome, sample: int) -> None:
    relay.completion.after_ending(relay.given_ended(outcome))
    assert relay.telemetry.samples[Count.EXECUTIONS_UNSUCCESSFUL] == [sample]


def test_an_end_handed_on_twice_is_one_sample(relay: Relay) -> None:
    relay.given_ended(FAILED)
    relay.work()
    assert relay.telemetry.samples[Count.EXECUTIONS_UNSUCCESSFUL] == []


def test_an_operators_decision_is_no_sample(relay: Relay) -> None:
    relay.given_ended(UNKNOWN)
    relay.operating.resolve(EXECUTION_ID, b'{"status":"failed","error":"never booked"}', "operator")
    assert relay.telemetry.counts[Count.EXECUTIONS_FAILED] == 1
    assert relay.telemetry.samples[Count.EXECUTIONS_UNSUCCESSFUL] == []


# -- Submissions --


def test_a_submission_that_breaks_a_rule_counts_as_rejected(relay: Relay) -> None:
    with pytest.raises(InvalidRequestError):
        relay.submitting.submit(encoded(a_request(inputs=...)))
    assert relay.telemetry.counts[Count.SUBMISSIONS_REJECTED] == 1


def test_a_conflicting_id_counts_as_rejected(relay: Relay) -> None:
    relay.submitting.submit(encoded(a_request(executionId=EXECUTION_ID)))
    with pytest.raises(ExecutionConflictError):
        relay.submitting.submit(encoded(a_request(executionId=EXECUTION_ID, timeout=1)))
    assert relay.telemetry.counts[Count.SUBMISSIONS_REJECTED] == 1


def test_a_dry_run_or_an_outage_rejects_nothing(relay: Relay) -> None:
    with pytest.raises(InvalidRequestError):
        relay.submitting.submit(encoded(a_request(inputs=...)), dry_run=True)
    relay.queue.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.submitting.submit(encoded(a_request()))
    assert relay.telemetry.counts[Count.SUBMISSIONS_REJECTED] == 0


# -- Deadlines --


def test_a_missed_webhook_deadline_is_counted(relay: Relay) -> None:
    relay.given_awaiting()
    relay.clock.advance(TIMEOUT_MS + GRACE_MS)
    relay.work(MessageKind.DEADLINE)
    relay.work(MessageKind.DEADLINE)
    assert relay.telemetry.counts[Count.WEBHOOK_DEADLINES_PASSED] == 1


def test_a_webhook_at_its_deadline_passes_no_deadline(
    relay: Relay,
) -> None:
    waiting = relay.given_awaiting()
    relay.clock.advance(TIMEOUT_MS + GRACE_MS)
    outdated = relay.executing.settlement
    relay.store.put(settle(waiting, Outcome(Status.COMPLETED), relay.clock.now(), by_webhook=True))
    outdated.expire_webhook(waiting)
    assert relay.record.status is Status.COMPLETED
    assert relay.telemetry.counts[Count.WEBHOOK_DEADLINES_PASSED] == 0


# -- Deliveries --


def test_a_given_up_delivery_is_counted_once(relay: Relay) -> None:
    relay.given_completed(webhook_url=WEBHOOK_URL)
    relay.sender.answer(DeliveryAnswer(410, None, 5.0))
    for _ in range(2):
        relay.delivering.deliver(EXECUTION_ID)
    assert relay.telemetry.counts[Count.DELIVERIES_GIVEN_UP] == 1


def test_a_try_that_another_follows_gives_nothing_up(relay: Relay) -> None:
    relay.given_completed(webhook_url=WEBHOOK_URL)
    relay.sender.answer(DeliveryFailedError("no answer"))
    relay.delivering.deliver(EXECUTION_ID)
    assert relay.telemetry.counts[Count.WEBHOOK_DELIVERIES] == 1
    assert relay.telemetry.counts[Count.DELIVERIES_GIVEN_UP] == 0


# -- Tokens --


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (TokenUnavailableError("down"), 0),
        (CredentialsRefusedError("no"), 1),
        (PermissionMissingError("no"), 1),
        (ScopeMissingError("no"), 1),
    ],
    ids=lambda value: getattr(value, "code", None),
)
def test_failed_token_requests_are_counted_by_code(error: TokenError, refused: int) -> None:
    tokens = TokenWorkers()
    tokens.issuer.trouble.before("request", error)
    for _ in range(3):
        with pytest.raises(type(error)):
            tokens.source.token()
    assert tokens.issuer.requests == 1
    assert tokens.telemetry.codes[Count.TOKEN_REFRESH_FAILURES, error.code] == 1
    assert tokens.telemetry.counts[Count.TOKEN_REFRESH_FAILURES] == 1
    assert tokens.telemetry.counts[Count.TOKENS_REFUSED] == refused
    tokens.rest()
    tokens.source.token()
    assert tokens.telemetry.counts[Count.TOKEN_REFRESHES] == 1
    assert tokens.telemetry.counts[Count.TOKEN_REFRESH_FAILURES] == 1
