"""Delivering an outcome to its caller's webhook: each answer, the schedule to its end, the signature."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import standardwebhooks

from actionrelay.deliver.posting import JITTER, MAX_TRIES, NOT_HERE_TRIES, SCHEDULE_MS
from actionrelay.errors import (
    DeliveryFailedError,
    DeliveryRefusedError,
    QueueUnavailableError,
    SecretUnavailableError,
    StoreUnavailableError,
    UnauthenticWebhookError,
)
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.document import STORING_MS
from actionrelay.ledger.execution import Delivery, Execution, ExecutionError, Outcome, Status, WebhookStatus
from actionrelay.ledger.receiver import without_path
from actionrelay.resend import RESEND_MS
from actionrelay.webhooks.keys import SigningSecret, key_of_receiver
from actionrelay.webhooks.signatures import StandardWebhooksVerifier
from actionrelay.webhooks.targets import DeliveryAnswer
from tests.fakes.chance import NOON
from tests.fakes.relay import EXECUTION_ID, SECRET, TRACE_ID, WEBHOOK_URL, Relay

HOST = "hooks.example.com"


def answer(status: int, retry_after: str | None = None) -> DeliveryAnswer:
    return DeliveryAnswer(status, retry_after, 21.4)


@pytest.fixture
def owed(relay: Relay) -> Relay:
    relay.given_completed({"total": 3}, webhook_url=WEBHOOK_URL)
    return relay


def deliver(relay: Relay) -> WebhookStatus:
    relay.delivering.deliver(EXECUTION_ID)
    return relay.record.delivery.status


def test_the_receiver_can_verify_the_sender(owed: Relay) -> None:
    deliver(owed)
    [(url, headers, body)] = owed.sender.sent
    assert url == WEBHOOK_URL
    assert headers["X-Trace-Id"] == TRACE_ID
    given = {name: [value] for name, value in headers.items()}
    proven = StandardWebhooksVerifier((key_of_receiver(SECRET, HOST),)).verify(given, body, NOON // 1_000)
    assert proven.webhook_id == f"{EXECUTION_ID}-{NOON}"
    document = json.loads(body)
    assert document["type"] == "execution.completed"
    assert document["timestamp"].startswith("2026-11-2")
    assert document["data"]["result"] == {"total": 3}


def test_each_entry_of_many_tries_is_appended_once(owed: Relay) -> None:
    owed.sender.answer(answer(500), answer(500), answer(204))
    owed.delivering.deliver(EXECUTION_ID, owed.record.version)
    for _ in range(2):
        owed.clock.advance(owed.deliveries.sent[-1][1])
        owed.delivering.deliver(EXECUTION_ID, owed.deliveries.versions[-1])
    appended = [entry.event for entry in owed.audit.appended]
    assert appended == ["webhook_retry_planned", "webhook_retry_planned", "webhook_delivered"]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_given_any_2xx_when_answered_then_it_is_delivered(owed: Relay, status: int) -> None:
    owed.sender.answer(answer(status))
    assert deliver(owed) is WebhookStatus.DELIVERED
    assert owed.deliveries.sent == []
    entry = owed.audit.entries(EXECUTION_ID)[-1]
    assert (entry.event, entry.latency_ms, entry.webhook_url) == ("webhook_delivered", 21, without_path(WEBHOOK_URL))
    assert entry.code == f"http_{status}"
    assert owed.dead_letters.sent == []
    assert owed.telemetry.codes["WebhookDeliveries", "delivered"] == 1


@pytest.mark.parametrize(
    "obstacle",
    [
        *(answer(status) for status in (300, 301, 307, 400, 401, 404, 429, 500, 503)),
        DeliveryFailedError("no answer"),
    ],
    ids=lambda value: str(getattr(value, "status", "none")),
)
def test_an_unsuccessful_answer_is_tried_again(owed: Relay, obstacle: DeliveryAnswer | Exception) -> None:
    owed.randomness.fixed = 0.0
    owed.sender.answer(obstacle)
    assert deliver(owed) is WebhookStatus.PENDING
    assert owed.deliveries.sent == [(EXECUTION_ID, 5_000)]
    assert owed.record.delivery.next_at == NOON + 5_000
    assert owed.events == ["webhook_retry_planned"]


@pytest.mark.parametrize(
    ("obstacle", "code"),
    [(answer(410), "http_410"), (DeliveryRefusedError("not public"), "webhook_url")],
    ids=["gone", "refused"],
)
def test_a_final_answer_gives_up_with_a_dead_letter(
    owed: Relay, obstacle: DeliveryAnswer | Exception, code: str
) -> None:
    owed.sender.answer(obstacle)
    assert deliver(owed) is WebhookStatus.FAILED
    assert owed.deliveries.sent == []
    assert owed.dead_letters.sent == [(EXECUTION_ID, 0)]
    assert owed.dead_letters.versions == [owed.record.version]
    assert owed.audit.entries(EXECUTION_ID)[-1].code == code


@pytest.mark.parametrize(
    ("statuses", "tries"),
    [
        ([404] * 20, NOT_HERE_TRIES),
        ([405] * 20, NOT_HERE_TRIES),
        ([404, 405, 404, 405], NOT_HERE_TRIES),
        ([500] * 6 + [404] * 20, 7),
        ([404, 404, 500, 404], 4),
        ([404] * 3 + [500] * 20, MAX_TRIES),
        ([410] * 20, 1),
        ([401] * 20, MAX_TRIES),
        ([500] * 20, MAX_TRIES),
    ],
)
def test_a_series_of_tries_is_bounded(owed: Relay, statuses: list[int], tries: int) -> None:
    owed.sender.answer(*map(answer, statuses))
    while deliver(owed) is WebhookStatus.PENDING:
        owed.clock.advance(2 * SCHEDULE_MS[-1])
    assert owed.record.delivery.status is WebhookStatus.FAILED
    assert len(owed.sender.sent) == owed.record.delivery.attempts == tries


@pytest.mark.parametrize(
    ("header", "wait_ms"), [("3600", 3_600_000), ("2", 5_000), ("garbage", 5_000), ("86400", 12 * 3_600_000)]
)
def test_given_a_retry_after_when_answered_then_it_is_a_floor(owed: Relay, header: str, wait_ms: int) -> None:
    owed.randomness.fixed = 0.0
    owed.sender.answer(answer(503, header))
    deliver(owed)
    assert owed.deliveries.sent == [(EXECUTION_ID, wait_ms)]


def test_a_receiver_that_never_answers_fails_after_the_schedule(owed: Relay) -> None:
    owed.randomness.fixed = 0.999
    waits = []
    for _ in SCHEDULE_MS:
        owed.sender.answer(DeliveryFailedError("no answer"))
        assert deliver(owed) is WebhookStatus.PENDING
        waits.append(owed.deliveries.sent[-1][1])
        owed.clock.advance(waits[-1])
    assert owed.dead_letters.sent == []
    owed.sender.answer(DeliveryFailedError("no answer"))
    assert deliver(owed) is WebhookStatus.FAILED
    assert owed.dead_letters.sent == [(EXECUTION_ID, 0)]
    assert all(planned <= wait <= planned * (1 + JITTER) for planned, wait in zip(SCHEDULE_MS, waits, strict=True))
    assert len(owed.sender.sent) == len(SCHEDULE_MS) + 1
    assert len({headers["webhook-id"] for _, headers, _ in owed.sender.sent}) == 1
    assert len({headers["webhook-timestamp"] for _, headers, _ in owed.sender.sent}) == len(SCHEDULE_MS) + 1
    assert owed.record.status is Status.COMPLETED


def test_a_message_before_its_time_is_sent_on(owed: Relay) -> None:
    owed.store.put(replace(owed.record, delivery=replace(owed.record.delivery, next_at=NOON + 9_000)))
    deliver(owed)
    assert (owed.deliveries.sent, owed.sender.sent) == ([(EXECUTION_ID, 9_000)], [])


def pending_but_running(relay: Relay) -> Execution:
    return relay.given_running(webhook_url=WEBHOOK_URL)


@pytest.mark.parametrize(
    "given",
    [
        lambda relay: None,
        pending_but_running,
        lambda relay: relay.given_completed(),
        lambda relay: relay.store.put(
            replace(relay.given_completed(webhook_url=WEBHOOK_URL), delivery=Delivery(status=WebhookStatus.DELIVERED))
        ),
    ],
    ids=["gone", "running", "no-webhook", "delivered"],
)
def test_a_message_with_nothing_to_deliver_is_done(relay: Relay, given: Any) -> None:
    given(relay)
    relay.delivering.deliver(EXECUTION_ID)
    assert relay.sender.sent == []


def test_a_delivery_recorded_by_another_plans_nothing(owed: Relay) -> None:
    owed.sender.answer(answer(500))
    owed.store.someone_writes_first(
        lambda now: ledger.record_delivery(now, WebhookStatus.DELIVERED, NOON, None, latency_ms=1, cause=None)
    )
    assert deliver(owed) is WebhookStatus.DELIVERED
    assert owed.deliveries.sent == []


def test_a_recorded_retry_that_was_not_sent_is_sent_again(
    owed: Relay,
) -> None:
    owed.sender.answer(answer(500))
    owed.randomness.fixed = 0.0
    owed.deliveries.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        deliver(owed)
    deliver(owed)
    assert owed.deliveries.sent == [(EXECUTION_ID, 5_000)]
    assert len(owed.sender.sent) == 1


# -- Services that fail, workers that die --


def test_without_a_signing_secret_no_try_is_counted(owed: Relay) -> None:
    def unavailable() -> tuple[SigningSecret, ...]:
        raise SecretUnavailableError("down")

    replace(owed.delivering, posting=replace(owed.posting, secrets=unavailable)).deliver(EXECUTION_ID)
    assert (owed.sender.sent, owed.record.delivery.attempts) == ([], 0)
    assert_sent_again(owed, "secret_unavailable")


@pytest.mark.parametrize("operation", ["load", "save"])
def test_a_failing_table_postpones_the_delivery(owed: Relay, operation: str) -> None:
    owed.store.trouble.before(operation, StoreUnavailableError("down"))
    owed.delivering.deliver(EXECUTION_ID, owed.record.version)
    assert_sent_again(owed, "store_unavailable")
    assert deliver(owed) is WebhookStatus.DELIVERED


def test_an_unwritten_audit_is_paid_by_the_next_message(
    owed: Relay,
) -> None:
    owed.audit.trouble.before("append", StoreUnavailableError("down"))
    assert deliver(owed) is WebhookStatus.DELIVERED
    assert_sent_again(owed, "store_unavailable")
    assert owed.events == []
    deliver(owed)
    assert owed.events == ["webhook_delivered"]
    assert len(owed.sender.sent) == 1


def assert_sent_again(relay: Relay, code: str) -> None:
    [(execution_id, delay_ms)] = relay.deliveries.sent
    assert execution_id == EXECUTION_ID
    assert RESEND_MS / 2 <= delay_ms <= RESEND_MS * 1.5
    assert relay.deliveries.versions == [None]
    assert relay.telemetry.codes["MessagesPostponed", code] == 1


def test_a_message_is_returned_when_the_queue_fails_too(owed: Relay) -> None:
    owed.store.trouble.before("load", StoreUnavailableError("down"))
    owed.deliveries.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        owed.delivering.deliver(EXECUTION_ID)


@pytest.mark.parametrize("failure", [RuntimeError("the process dies here"), QueueUnavailableError("down")])
def test_a_dead_letter_missed_by_a_dead_worker_is_written(owed: Relay, failure: Exception) -> None:
    owed.sender.answer(answer(410))
    owed.dead_letters.trouble.before("send", failure)
    with pytest.raises(type(failure)):
        owed.delivering.deliver(EXECUTION_ID)
    assert (owed.record.delivery.status, owed.dead_letters.sent) == (WebhookStatus.FAILED, [])
    owed.delivering.deliver(EXECUTION_ID)
    assert owed.dead_letters.sent == [(EXECUTION_ID, 0)]
    assert len(owed.sender.sent) == 1


def test_a_redriven_dead_letter_returns_without_a_post(owed: Relay) -> None:
    owed.sender.answer(answer(410))
    deliver(owed)
    [version] = owed.dead_letters.versions
    owed.delivering.deliver(EXECUTION_ID, version)
    assert owed.dead_letters.sent == [(EXECUTION_ID, 0)] * 2
    assert len(owed.sender.sent) == 1
    assert owed.deliveries.sent == []


def test_every_message_names_its_receiver(owed: Relay) -> None:
    owed.sender.answer(answer(500), answer(410))
    deliver(owed)
    owed.delivering.deliver(EXECUTION_ID)
    owed.clock.advance(10_000)
    deliver(owed)
    assert owed.deliveries.receivers == [WEBHOOK_URL] * 2
    assert owed.dead_letters.receivers == [WEBHOOK_URL]


# -- What a receiver sees --


def test_no_receiver_can_sign_to_another(owed: Relay) -> None:
    deliver(owed)
    [(_, headers, body)] = owed.sender.sent
    given = {name: [value] for name, value in headers.items()}
    for other in (SECRET, key_of_receiver(SECRET, "other.example.com"), key_of_receiver(SECRET, f"{HOST}.")):
        with pytest.raises(UnauthenticWebhookError):
            StandardWebhooksVerifier((other,)).verify(given, body, NOON // 1_000)


@pytest.mark.parametrize("authority", [HOST.upper(), f"{HOST}:443", f"{HOST}.", f"{HOST}.:8443"])
def test_one_host_is_one_key_however_it_is_written(relay: Relay, authority: str) -> None:
    relay.given_completed({"total": 3}, webhook_url=f"https://{authority}/hook")
    deliver(relay)
    [(_, headers, body)] = relay.sender.sent
    assert _believed(SECRET, headers, body)


def test_a_rotated_secret_between_tries_loses_no_receiver(
    owed: Relay,
) -> None:
    new = SigningSecret(b"n" * 32)
    secrets = iter([(SECRET,), (new, SECRET), (new,)])
    delivering = replace(owed.delivering, posting=replace(owed.posting, secrets=lambda: next(secrets)))
    owed.sender.answer(answer(401), answer(401), answer(200))
    for _ in range(3):
        delivering.deliver(EXECUTION_ID)
        owed.clock.advance(SCHEDULE_MS[1] * 2)
    verdicts = [
        (_believed(SECRET, headers, body), _believed(new, headers, body)) for _, headers, body in owed.sender.sent
    ]
    assert verdicts == [(True, False), (True, True), (False, True)]
    assert owed.record.delivery.status is WebhookStatus.DELIVERED


def _believed(secret: SigningSecret, headers: Mapping[str, str], body: bytes) -> bool:
    """What a receiver finds whose key is made of this secret, with the package that the standard's authors publish."""
    signed_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    expected = standardwebhooks.Webhook(key_of_receiver(secret, HOST).key).sign(
        headers["webhook-id"], signed_at, body.decode()
    )
    return expected in headers["webhook-signature"].split(" ")


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNKNOWN])
def test_an_end_without_result_has_its_type_and_time(relay: Relay, status: Status) -> None:
    relay.clock.advance(1_234)
    relay.given_ended(Outcome(status, error=ExecutionError("c", "m")), webhook_url=WEBHOOK_URL)
    relay.clock.advance(5_000)
    deliver(relay)
    [(_, headers, body)] = relay.sender.sent
    assert json.loads(body)["type"] == f"execution.{status}"
    assert headers["webhook-id"] == f"{EXECUTION_ID}-{NOON + 1_234}"


# -- An outcome that changes, a result that is gone --


def given_unknown(relay: Relay) -> None:
    relay.given_ended(Outcome(Status.UNKNOWN, error=ExecutionError("c", "m")), webhook_url=WEBHOOK_URL)


@pytest.mark.parametrize("answered", [200, 410, 500])
def test_an_outcome_that_replaces_unknown_is_still_owed(relay: Relay, answered: int) -> None:
    given_unknown(relay)
    relay.sender.answer(answer(answered))
    relay.store.someone_writes_first(
        lambda now: ledger.settle(now, Outcome(Status.COMPLETED), NOON + 1, by_webhook=True)
    )
    assert deliver(relay) is WebhookStatus.PENDING
    assert (relay.record.status, relay.record.delivery.attempts) == (Status.COMPLETED, 0)
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert deliver(relay) is WebhookStatus.DELIVERED


def test_unknown_and_its_replacement_are_distinguishable(
    relay: Relay,
) -> None:
    given_unknown(relay)
    deliver(relay)
    relay.clock.advance(1)
    relay.receive(status="completed")
    deliver(relay)
    assert [json.loads(body)["type"] for _, _, body in relay.sender.sent] == [
        "execution.unknown",
        "execution.completed",
    ]
    assert len({headers["webhook-id"] for _, headers, _ in relay.sender.sent}) == 2


def test_an_unreadable_result_is_delivered_as_completed(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    relay.given_completed("big", webhook_url=WEBHOOK_URL)
    relay.payloads.objects.clear()
    relay.clock.advance(STORING_MS)
    deliver(relay)
    [(_, _, body)] = relay.sender.sent
    document = json.loads(body)
    assert document["type"] == "execution.completed"
    assert (document["data"]["status"], document["data"]["result"]) == ("completed", None)
    assert document["data"]["error"]["code"] == "result_not_stored"


def test_a_result_being_stored_delays_its_delivery(
    relay: Relay,
) -> None:
    relay.payloads.inline_max = 0
    relay.given_completed("big", webhook_url=WEBHOOK_URL)
    stored = dict(relay.payloads.objects)
    relay.payloads.objects.clear()
    assert deliver(relay) is WebhookStatus.PENDING
    assert (relay.sender.sent, relay.record.delivery.attempts) == ([], 0)
    assert relay.deliveries.sent == [(EXECUTION_ID, RESEND_MS)]
    relay.payloads.objects.update(stored)
    assert deliver(relay) is WebhookStatus.DELIVERED
    [(_, _, body)] = relay.sender.sent
    assert json.loads(body)["data"]["result"] == "big"
