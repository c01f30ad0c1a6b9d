"""A receiver that accepts no webhooks gets few tries, few at once; all names of its owner count as one."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from threading import Barrier, Lock
from typing import Any, override

import pytest

from actionrelay.deliver.delivery import FULL_MS
from actionrelay.deliver.posting import MAX_TRIES, SCHEDULE_MS, STRANGERS_TRIES
from actionrelay.deliver.receivers import PLACES_EACH, REMEMBERED_MS, Places
from actionrelay.deliver.receivers_dynamodb import TableReceivers
from actionrelay.errors import DeliveryFailedError, StoreUnavailableError
from actionrelay.lanes import caller_name
from actionrelay.ledger.execution import WebhookStatus
from actionrelay.timestamps import DAY_MS
from actionrelay.webhooks.ports import WebhookSender
from actionrelay.webhooks.targets import DeliveryAnswer
from tests.fakes.aws import FakeDynamoDb, aws_error
from tests.fakes.chance import NOON
from tests.fakes.flows import WORKFLOW_ID, Flow, a_step
from tests.fakes.relay import EXECUTION_ID, OWNER, WEBHOOK_URL, Relay

HOUR_MS = 3_600_000
DOWN = DeliveryFailedError("no answer")


@pytest.fixture
def owed(relay: Relay) -> Relay:
    relay.receivers.took_at.clear()
    relay.given_completed({"total": 3}, webhook_url=WEBHOOK_URL)
    return relay


def deliver(relay: Relay) -> WebhookStatus:
    relay.delivering.deliver(EXECUTION_ID)
    return relay.record.delivery.status


def tries_until_given_up(relay: Relay) -> int:
    relay.sender.answer(*[DOWN] * 20)
    while deliver(relay) is WebhookStatus.PENDING:
        relay.clock.advance((relay.record.delivery.next_at or 0) - relay.clock.now())
    assert relay.record.delivery.status is WebhookStatus.FAILED
    return len(relay.sender.sent)


def test_one_that_never_took_any_gets_fewer_tries(owed: Relay) -> None:
    assert tries_until_given_up(owed) == STRANGERS_TRIES < MAX_TRIES
    assert owed.clock.now() - NOON > 7 * HOUR_MS, "an outage of an afternoon costs nobody a webhook"
    assert owed.dead_letters.sent == [(EXECUTION_ID, 0)]


def test_one_that_took_one_lately_gets_all_tries(owed: Relay) -> None:
    owed.receivers.took_at[OWNER] = NOON - REMEMBERED_MS + 30 * DAY_MS
    assert tries_until_given_up(owed) == MAX_TRIES


def test_one_that_took_one_long_ago_is_a_stranger(owed: Relay) -> None:
    owed.receivers.took_at[OWNER] = NOON - REMEMBERED_MS
    assert tries_until_given_up(owed) == STRANGERS_TRIES


def test_one_that_nobody_can_look_up_is_no_stranger(owed: Relay) -> None:
    owed.receivers.trouble.before("has_taken_one", StoreUnavailableError("down"), times=20)
    assert tries_until_given_up(owed) == MAX_TRIES


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_taken_webhook_is_remembered(owed: Relay, status: int) -> None:
    owed.sender.answer(DeliveryAnswer(status, None, 1.0))
    assert deliver(owed) is WebhookStatus.DELIVERED
    assert owed.receivers.took_at == {OWNER: NOON}


@pytest.mark.parametrize("status", [302, 404, 410, 500])
def test_any_other_answer_is_not(owed: Relay, status: int) -> None:
    owed.sender.answer(DeliveryAnswer(status, None, 1.0))
    deliver(owed)
    assert owed.receivers.took_at == {}


def test_a_delivery_counts_that_nobody_could_remember(owed: Relay) -> None:
    owed.receivers.trouble.before("took_one", StoreUnavailableError("down"))
    assert deliver(owed) is WebhookStatus.DELIVERED
    assert len(owed.sender.sent) == 1


# -- How many at once --


def test_a_full_receiver_is_put_off_and_loses_no_try(owed: Relay) -> None:
    held = [owed.places.one_of(OWNER) for _ in range(PLACES_EACH)]
    assert all(place.__enter__() for place in held)
    assert deliver(owed) is WebhookStatus.PENDING
    [(execution_id, delay_ms)] = owed.deliveries.sent
    assert (execution_id, owed.sender.sent, owed.record.delivery.attempts) == (EXECUTION_ID, [], 0)
    assert FULL_MS <= delay_ms <= 2 * FULL_MS
    assert owed.telemetry.counts["MessagesPostponed"] == 0, "a receiver that hangs rings no alarm"
    for place in held:
        place.__exit__(None, None, None)
    assert deliver(owed) is WebhookStatus.DELIVERED


def test_ten_at_once_to_one_owner_are_eight() -> None:
    places, ready = Places(patience_seconds=0), Barrier(10)

    def deliver_one(_: int) -> bool:
        with places.one_of(OWNER) as free:
            ready.wait(60)
            return free

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(deliver_one, range(10))) == PLACES_EACH
    with places.one_of(OWNER) as free:
        assert free


def test_a_caller_of_many_hosts_leaves_places_to_others() -> None:
    places = Places(patience_seconds=0)
    with ExitStack() as held:
        got = [held.enter_context(places.one_of(f"host{number}.example.org", "one")) for number in range(10)]
        assert got == [True] * PLACES_EACH + [False] * 2
        with places.one_of("host0.example.org", "another") as free:
            assert free
        with places.one_of("elsewhere.example.org") as free:
            assert free, "a record of an earlier release names no caller"
    with places.one_of("host9.example.org", "one") as free:
        assert free


def test_a_callers_hanging_hosts_put_its_own_off(relay: Relay) -> None:
    relay.given_completed({"total": 3}, webhook_url=WEBHOOK_URL, caller="0123456789abcdef")
    with ExitStack() as held:
        for number in range(PLACES_EACH):
            assert held.enter_context(relay.places.one_of(f"host{number}.example.org", "0123456789abcdef"))
        assert deliver(relay) is WebhookStatus.PENDING
        assert relay.sender.sent == []
    assert deliver(relay) is WebhookStatus.DELIVERED


def given_ended_workflow(relay: Relay, number: int, caller: str) -> str:
    """A workflow that owes its caller a webhook at a host of its own."""
    [run, *_] = relay.workflows.runs.values()
    name, url = f"5a5a5a5a-0000-4000-8000-1{number:011}", f"https://host{number}.org/done"
    relay.workflows.runs[name] = replace(run, workflow_id=name, webhook_url=url, caller=caller)
    relay.workflows.steps[name] = relay.workflows.steps[run.workflow_id]
    return name


def test_ten_hanging_hosts_of_a_callers_workflows_have_eight() -> None:
    relay = Flow({"a": a_step()}, fields={"webhookUrl": WEBHOOK_URL}).play().relay
    relay.deliveries.sent.clear()
    waiting = [given_ended_workflow(relay, number, "one") for number in range(10)]
    waiting.append(given_ended_workflow(relay, 10, "another"))
    posted: list[str] = []

    class HangingSender(WebhookSender):
        """Its receivers answer when no message waits any more."""

        @override
        def send(self, url: str, headers: Mapping[str, str], body: bytes) -> DeliveryAnswer:
            posted.append(url)
            while waiting:
                relay.delivering_workflows.deliver(waiting.pop(0))
            return DeliveryAnswer(204, None, 1.0)

    relay.sender = HangingSender()  # type: ignore[assignment]
    relay.delivering_workflows.deliver(waiting.pop(0))
    assert posted == [f"https://host{number}.org/done" for number in (*range(PLACES_EACH), 10)]
    assert len(relay.deliveries.sent) == 2, "what finds no place is put off"


def test_a_callers_executions_and_workflows_share_places() -> None:
    relay = Flow({"a": a_step()}, fields={"webhookUrl": WEBHOOK_URL}).play().relay
    with ExitStack() as held:
        for number in range(PLACES_EACH):
            assert held.enter_context(relay.places.one_of(f"host{number}.example.org", caller_name("caller")))
        relay.delivering_workflows.deliver(WORKFLOW_ID)
    assert relay.sender.sent == []


def test_an_answer_frees_a_place_for_one_that_waits() -> None:
    places, under_way, most = Places(most=2, patience_seconds=60), 0, 0
    turn = Lock()

    def deliver_one(_: int) -> bool:
        nonlocal under_way, most
        with places.one_of(OWNER) as free:
            with turn:
                under_way += 1
                most = max(most, under_way)
            with turn:
                under_way -= 1
            return free

    with ThreadPoolExecutor(10) as threads:
        assert all(threads.map(deliver_one, range(100)))
    assert most <= 2


def test_a_failure_gives_its_place_back() -> None:
    places = Places(most=1, patience_seconds=0)
    with pytest.raises(ValueError, match="a bug"), places.one_of(OWNER):
        raise ValueError("a bug")
    with places.one_of(OWNER) as free, places.one_of("another.org") as other:
        assert free
        assert other


# -- The table --


def table(dynamodb: FakeDynamoDb) -> TableReceivers:
    return TableReceivers(dynamodb, "executions")  # type: ignore[arg-type]


def test_a_process_writes_about_an_owner_once_a_day() -> None:
    dynamodb = FakeDynamoDb()
    receivers = table(dynamodb)
    for second in range(1_000):
        receivers.took_one(OWNER, NOON + second * 1_000)
    assert len(dynamodb.puts) == 1
    receivers.took_one(OWNER, NOON + DAY_MS)
    receivers.took_one("another.org", NOON)
    assert [put["Item"]["pk"]["S"] for put in dynamodb.puts] == [
        f"receiver#{name}" for name in (OWNER, OWNER, "another.org")
    ]


def test_what_one_process_wrote_another_reads_until_it_ends() -> None:
    dynamodb = FakeDynamoDb()
    table(dynamodb).took_one(OWNER, NOON)
    other = table(dynamodb)
    assert other.has_taken_one(OWNER, NOON + REMEMBERED_MS - 1)
    assert not other.has_taken_one(OWNER, NOON + REMEMBERED_MS)
    assert not other.has_taken_one("another.org", NOON)


@pytest.mark.parametrize("operation", ["put_item", "query"])
def test_a_failing_table_is_an_error_of_ours(operation: str) -> None:
    dynamodb = FakeDynamoDb()
    dynamodb.trouble.before(operation, aws_error("InternalServerError"))
    ask: Any = table(dynamodb).took_one if operation == "put_item" else table(dynamodb).has_taken_one
    with pytest.raises(StoreUnavailableError):
        ask(OWNER, NOON)


def test_the_last_try_of_a_stranger_is_hours_after_the_first() -> None:
    assert sum(SCHEDULE_MS[: STRANGERS_TRIES - 1]) == 27_305_000
