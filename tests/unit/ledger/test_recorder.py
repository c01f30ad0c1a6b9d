"""The record first, then its pending audit entries; and what follows an end."""

from dataclasses import replace

import pytest

from actionrelay.errors import AlreadyRecordedError, QueueUnavailableError, StaleWriteError, StoreUnavailableError
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import CacheStatus, Execution, ExecutionError, Outcome, Status
from actionrelay.ledger.follow_up import unknown
from tests.fakes.chance import NOON
from tests.fakes.relay import EXECUTION_ID, WEBHOOK_URL, Relay, a_draft

DOWN = StoreUnavailableError("down")


def noted(execution: Execution) -> Execution:
    return ledger.note(execution, "seen", NOON)


def noted_by_another(execution: Execution) -> Execution:
    return ledger.note(execution, "seen by another", NOON)


def test_a_new_records_entry_is_paid(relay: Relay) -> None:
    created = relay.recorder.create(ledger.accept(a_draft()))
    assert created.audit.owed == ()
    assert relay.events == ["accepted"]


def test_given_a_taken_id_when_created_then_nothing_is_written(relay: Relay) -> None:
    relay.given_queued()
    with pytest.raises(AlreadyRecordedError):
        relay.recorder.create(ledger.accept(a_draft()))
    assert relay.events == []


def test_an_audit_outage_leaves_the_record_owing(relay: Relay) -> None:
    queued = relay.given_queued()
    relay.audit.trouble.before("append", DOWN)
    with pytest.raises(StoreUnavailableError):
        relay.recorder.save(noted(queued))
    assert [entry.event for entry in relay.record.audit.owed] == ["seen"]
    relay.recorder.save(noted(relay.record))
    assert relay.events == ["seen", "seen"]
    assert [entry.seq for entry in relay.audit.entries(EXECUTION_ID)] == [2, 3]


def test_entries_paid_twice_keep_the_first(relay: Relay) -> None:
    record = ledger.accept(a_draft())
    relay.recorder.pay(record)
    relay.recorder.pay(record)
    assert len(relay.audit.entries(EXECUTION_ID)) == 1


def test_a_record_that_owes_nothing_is_unchanged(relay: Relay) -> None:
    queued = relay.given_queued()
    assert relay.recorder.pay(queued) is queued


def test_a_step_after_another_writer_is_decided_again(relay: Relay) -> None:
    queued = relay.given_queued()
    relay.store.someone_writes_first(noted_by_another)
    changed = relay.recorder.change(queued, noted)
    assert changed is not None
    assert changed.version == queued.version + 2
    assert [entry.event for entry in relay.record.audit.owed] == ["seen by another", "seen"]


def test_a_step_with_nothing_left_to_do_writes_nothing(
    relay: Relay,
) -> None:
    queued = relay.given_queued()
    relay.store.someone_writes_first(noted_by_another)
    seen: list[int] = []

    def step(current: Execution) -> Execution | None:
        seen.append(current.version)
        return noted(current) if current.version == queued.version else None

    assert relay.recorder.change(queued, step) is None
    assert seen == [queued.version, queued.version + 1]


@pytest.mark.parametrize("lost", [AlreadyRecordedError("met its own"), StoreUnavailableError("no answer")])
def test_a_creation_whose_answer_was_lost_counts_as_made(relay: Relay, lost: Exception) -> None:
    relay.store.trouble.after("create", lost)
    created = relay.recorder.create(ledger.accept(a_draft()))
    assert created.audit.owed == ()
    assert relay.events == ["accepted"]


@pytest.mark.parametrize("lost", [StaleWriteError("met its own"), StoreUnavailableError("no answer")])
def test_a_write_whose_answer_was_lost_counts_as_made(relay: Relay, lost: Exception) -> None:
    queued = relay.given_queued()
    relay.store.trouble.after("save", lost)
    saved = relay.recorder.save(noted(queued))
    assert saved.version == queued.version + 1
    assert relay.events == ["seen"]
    assert len(relay.store.writes) == 1


def test_a_failed_write_that_was_not_made_stays_failed(relay: Relay) -> None:
    queued = relay.given_queued()
    relay.store.trouble.before("save", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        relay.recorder.save(noted(queued))
    relay.store.trouble.before("create", StoreUnavailableError("down"))
    with pytest.raises(StoreUnavailableError):
        relay.recorder.create(ledger.accept(a_draft(execution_id="another")))
    assert relay.events == []


def test_a_lost_answer_after_another_write_is_stale(relay: Relay) -> None:
    queued = relay.given_queued()
    relay.store.someone_writes_first(lambda now: noted_by_another(noted(now)))
    with pytest.raises(StaleWriteError):
        relay.recorder.save(noted(queued))


def test_another_record_under_the_id_is_not_ones_own(relay: Relay) -> None:
    relay.store.put(ledger.accept(a_draft()))
    with pytest.raises(AlreadyRecordedError):
        relay.recorder.create(ledger.accept(a_draft(created_at=NOON + 1)))


def test_a_vanished_record_takes_no_step(relay: Relay) -> None:
    assert relay.recorder.change(ledger.accept(a_draft()), noted) is None


def test_a_step_gives_up_after_too_many_other_writers(relay: Relay) -> None:
    queued = relay.given_queued()
    relay.store.someone_writes_first(noted_by_another, times=5)
    with pytest.raises(StaleWriteError, match="too many writers"):
        relay.recorder.change(queued, noted)


# -- Completion --


def test_a_completed_execution_is_cached_delivered_and_counted(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    ref, data = relay.completion.refer_result(EXECUTION_ID, b'{"total":1}')
    ended = relay.given_ended(
        Outcome(Status.COMPLETED, result=ref),
        webhook_url=WEBHOOK_URL,
        cache_key="key",
        cache_status=CacheStatus.ENABLED,
    )
    relay.completion.after_ending(ended, data)
    assert ref is not None
    assert relay.payloads.get(ref) == b'{"total":1}'
    assert relay.cache.entries["key"].expires_at == NOON + relay.cache_seconds * 1_000
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]
    assert relay.telemetry.counts["ExecutionsSucceeded"] == 1
    assert ("EndToEndLatency", 0) in relay.telemetry.durations


@pytest.mark.parametrize(
    ("outcome", "metric"),
    [
        (Outcome(Status.FAILED, error=ExecutionError("bad", "it is", 400)), "ExecutionsFailed"),
        (unknown(ExecutionError("no_answer", "none")), "ExecutionsUnknown"),
    ],
)
def test_an_end_without_result_is_counted_and_not_cached(relay: Relay, outcome: Outcome, metric: str) -> None:
    relay.completion.after_ending(relay.given_ended(outcome, cache_key="key"), b"")
    assert relay.telemetry.counts[metric] == 1
    assert relay.cache.entries == {}
    assert relay.deliveries.sent == []


def test_a_result_that_cannot_be_stored_keeps_the_outcome(relay: Relay) -> None:
    relay.payloads.inline_max = 0
    relay.payloads.trouble.before("put", DOWN)
    ref, data = relay.completion.refer_result(EXECUTION_ID, b'"big"')
    relay.completion.after_ending(relay.given_ended(Outcome(Status.COMPLETED, result=ref)), data)
    assert relay.record.status is Status.COMPLETED
    assert relay.telemetry.counts["ResultsNotStored"] == 1
    assert ("result_not_stored", {"code": "store_unavailable"}) in relay.telemetry.events


def test_a_delivery_is_queued_once_the_queue_is_back(relay: Relay) -> None:
    ended = relay.given_completed(webhook_url=WEBHOOK_URL)
    relay.deliveries.trouble.before("send", QueueUnavailableError("down"))
    with pytest.raises(QueueUnavailableError):
        relay.completion.hand_on(ended)
    relay.completion.hand_on(ended)
    assert relay.deliveries.sent == [(EXECUTION_ID, 0)]


def test_a_delivery_under_way_is_left_alone(relay: Relay) -> None:
    ended = relay.given_completed(webhook_url=WEBHOOK_URL)
    relay.completion.hand_on(replace(ended, delivery=replace(ended.delivery, attempts=1)))
    assert relay.deliveries.sent == []


@pytest.mark.parametrize(
    "changes", [{"cache_key": None}, {"cache_key": "key", "cache_status": CacheStatus.HIT}], ids=["not-asked", "hit"]
)
def test_a_result_not_to_be_cached_leaves_the_cache_empty(relay: Relay, changes: dict[str, str | None]) -> None:
    relay.completion.hand_on(relay.given_completed({"a": 1}, **changes))
    assert relay.cache.entries == {}


def test_without_caching_nothing_is_remembered() -> None:
    relay = Relay(cache_seconds=0)
    relay.completion.hand_on(relay.given_completed({"a": 1}, cache_key="key"))
    assert relay.cache.entries == {}


def test_given_no_result_when_referred_then_there_is_none(relay: Relay) -> None:
    assert relay.completion.refer_result(EXECUTION_ID, None) == (None, b"")
