"""Reading the catalogue: what it requests, what it leaves after a failure, and what it costs."""

from dataclasses import replace

import pytest

from actionrelay.catalogue.action import SchemaProblem
from actionrelay.catalogue.ports import Answered, Seen, SyncMessage
from actionrelay.catalogue.state import LOST_MS, Problem, Reason
from actionrelay.catalogue.sync import MAX_ACTIONS, MOST_LEFT_OUT, PART_CALLS
from actionrelay.errors import QueueUnavailableError, StoreUnavailableError, TokenUnavailableError
from actionrelay.lanes import Lane
from actionrelay.signals import Count, Duration
from local.genesys.catalogue import action_id, actions_of
from tests.fakes.catalogue import Organisation, Reading

STATUS = action_id("Get order status")
INVOICE = action_id("Get invoice")
DAY_MS = 86_400_000
FAILED = Seen(Answered.FAILED)


@pytest.fixture
def reading() -> Reading:
    return Reading()


def test_a_reading_has_every_action_that_can_be_executed(reading: Reading) -> None:
    reading.read()
    state = reading.store.state()
    assert set(reading.ids()) == set(reading.organisation.known) - {action_id("Log in"), action_id("Cancel order")}
    assert (state.listed.complete, state.listed.count, state.run, state.problem) == (True, 11, None, None)
    action = reading.store.look(STATUS).action
    assert action is not None
    assert (action.entry.request_type, action.entry.timeout_seconds, action.entry.version) == ("GET", 20, "1")
    assert action.input_schema == reading.organisation.known[STATUS]["inputs"]
    assert action.problem is None


def test_a_schema_that_is_a_file_is_read_by_its_name(reading: Reading) -> None:
    reading.read()
    action = reading.store.look(INVOICE).action
    assert action is not None
    assert action.input_schema == reading.organisation.known[INVOICE]["inputs"]
    assert reading.organisation.asked["schema"] == 2


def test_every_call_takes_a_permit_of_the_bulk_lane(reading: Reading) -> None:
    reading.read()
    assert reading.gate.taken == reading.gate.ended == sum(reading.organisation.asked.values())
    flows = {ask.flow for batch in reading.gate.batches for ask in batch}
    assert {(flow.lane, flow.caller) for flow in flows} == {(Lane.BULK, "catalogue")}


def test_without_a_permit_the_part_ends_and_keeps_its_place(reading: Reading) -> None:
    reading.gate.waits.extend([0, 0, 2_500])
    reading.work(SyncMessage(Reason.HOURLY))
    [(message, delay_ms)] = reading.queue.sent
    assert (message.run, message.waited, delay_ms) == (1, True, 2_500)
    reading.queue.sent.clear()
    reading.work(message)
    assert reading.gate.had_waited == [False, False, False, True] + [False] * (len(reading.gate.had_waited) - 4)
    assert len(reading.ids()) == 11
    assert reading.organisation.asked == {"page": 1, "definition": 11, "schema": 2}, "nothing was read twice"


def test_what_has_not_changed_is_not_read_again_for_a_day(reading: Reading) -> None:
    reading.read()
    reading.clock.advance(3_600_000)
    reading.organisation.asked.clear()
    reading.read()
    assert reading.organisation.asked == {"page": 1}
    assert reading.store.state().listed.begun_at == reading.clock.now()
    reading.clock.advance(DAY_MS)
    reading.read()
    assert reading.organisation.asked["definition"] == 11


def test_a_changed_action_is_read_again(reading: Reading) -> None:
    reading.read()
    reading.organisation.asked.clear()
    reading.organisation.change(STATUS, version=2, inputs={"type": "object", "properties": {"id": {"type": "string"}}})
    reading.read()
    assert reading.organisation.asked["definition"] == 1
    action = reading.store.look(STATUS).action
    assert action is not None
    assert (action.entry.version, list((action.input_schema or {})["properties"])) == ("2", ["id"])


def test_an_action_without_a_version_is_read_by_each_reading(reading: Reading) -> None:
    del reading.organisation.known[STATUS]["action"]["version"]
    reading.read()
    reading.organisation.asked.clear()
    reading.read()
    assert reading.organisation.asked["definition"] == 1


def test_an_operator_has_every_definition_read(reading: Reading) -> None:
    reading.read()
    reading.organisation.asked.clear()
    reading.read(Reason.OPERATOR)
    assert reading.organisation.asked["definition"] == 11


def test_a_deleted_action_is_gone_when_the_reading_ends(reading: Reading) -> None:
    reading.read()
    del reading.organisation.known[STATUS]
    reading.read()
    assert STATUS not in reading.ids()
    look = reading.store.look(STATUS)
    assert look.action is None
    assert look.state.proves_absence(reading.clock.now())


def test_an_action_deleted_while_it_is_read_is_left_out(reading: Reading) -> None:
    reading.organisation.says.extend([None, Seen(Answered.MISSING)])
    reading.read()
    assert len(reading.ids()) == reading.store.state().listed.count == 10


def test_without_the_permission_the_catalogue_is_empty(reading: Reading) -> None:
    reading.organisation.says.append(Seen(Answered.FORBIDDEN))
    reading.read()
    state = reading.store.state()
    assert (state.problem, state.listed.pages, state.run) == (Problem.PERMISSION_MISSING, 0, None)
    assert not state.proves_absence(reading.clock.now())
    assert sum(reading.organisation.asked.values()) == 1
    assert reading.telemetry.codes[Count.CATALOGUE_READINGS_FAILED, "permission_missing"] == 1


def test_an_empty_organisation_has_a_whole_catalogue_of_none(reading: Reading) -> None:
    reading.organisation.known = {}
    reading.read()
    state = reading.store.state()
    assert (reading.ids(), state.listed.complete, state.problem) == ([], True, None)
    assert state.proves_absence(reading.clock.now())


@pytest.mark.repetitive
def test_two_thousand_actions_are_read_in_parts() -> None:
    reading = Reading(organisation=Organisation(actions_of(1_989), page_size=100))
    messages = reading.read()
    assert len(reading.ids()) == 2_000
    calls = sum(reading.organisation.asked.values())
    assert calls == 20 + 2_000 + 2
    assert calls / PART_CALLS <= messages <= calls / PART_CALLS + 2
    largest = max(len(str(item)) for item in reading.dynamodb.items.values())
    assert largest < 40_000, "an item has 400 KB at most"


@pytest.mark.repetitive
def test_more_actions_than_are_kept_are_no_whole_catalogue() -> None:
    reading = Reading(organisation=Organisation(actions_of(MAX_ACTIONS + 200), page_size=100))
    reading.read()
    state = reading.store.state()
    assert len(reading.ids()) == MAX_ACTIONS
    assert (state.listed.complete, state.problem) == (False, Problem.INCOMPLETE)
    assert not state.proves_absence(reading.clock.now())


@pytest.mark.parametrize("calls_before", range(1, 14))
def test_a_call_that_fails_is_tried_again_later(reading: Reading, calls_before: int) -> None:
    reading.organisation.says.extend([None] * calls_before + [FAILED])
    reading.read()
    assert len(reading.ids()) == 11
    assert reading.store.state().problem is None


def test_a_reading_that_fails_half_way_leaves_the_old_catalogue(reading: Reading) -> None:
    reading.read()
    before, begun_at = reading.ids(), reading.store.state().listed.begun_at
    reading.clock.advance(3_600_000)
    del reading.organisation.known[STATUS]
    reading.organisation.says.extend([FAILED] * 10)
    reading.read()
    state = reading.store.state()
    assert reading.ids() == before
    assert (state.listed.begun_at, state.problem) == (begun_at, Problem.UNREACHABLE)
    assert reading.store.look(STATUS).action is not None


def test_a_definition_that_is_never_given_is_left_out(reading: Reading) -> None:
    reading.organisation.says.extend([None, FAILED, FAILED, FAILED])
    reading.read()
    assert len(reading.ids()) == 11
    unread = [each for each in map(reading.store.look, reading.ids()) if each.action and each.action.problem]
    assert [look.action.problem for look in unread if look.action] == [SchemaProblem.UNREADABLE]
    reading.read()
    assert not [each for each in map(reading.store.look, reading.ids()) if each.action and each.action.problem]


def test_a_definition_that_was_read_before_outlives_a_failure(reading: Reading) -> None:
    reading.read()
    reading.organisation.change(STATUS, version=2)
    reading.organisation.says.extend([None, FAILED, FAILED, FAILED])
    reading.read()
    action = reading.store.look(STATUS).action
    assert action is not None
    assert (action.problem, action.entry.version) == (None, "1")


def test_a_host_that_gives_no_definitions_ends_the_reading(reading: Reading) -> None:
    reading.organisation = Organisation(actions_of(40), page_size=100)
    reading.organisation.says.extend([None] + [FAILED] * 1_000)
    reading.read()
    assert reading.store.state().problem is Problem.UNREACHABLE
    assert reading.organisation.asked["definition"] <= 3 * (MOST_LEFT_OUT + 1)


def test_a_429_pauses_everybody_for_as_long_as_it_says(reading: Reading) -> None:
    reading.organisation.says.append(Seen(Answered.THROTTLED, retry_after="42"))
    reading.work(SyncMessage(Reason.HOURLY))
    [(message, delay_ms)] = reading.queue.sent
    assert delay_ms == 42_000
    assert reading.gate.paused_until == [reading.clock.now() + 42_000]
    reading.work(message)
    assert len(reading.ids()) == 11


def test_a_refused_token_is_refused_for_all(reading: Reading) -> None:
    reading.organisation.says.append(Seen(Answered.TOKEN_REFUSED))
    version = reading.tokens.token().version
    reading.read()
    assert reading.tokens.refused == [version]
    assert len(reading.ids()) == 11


def test_without_a_token_the_reading_waits_and_gives_up(reading: Reading) -> None:
    reading.tokens.trouble.before("token", TokenUnavailableError("no"), times=20)
    reading.read()
    assert reading.store.state().problem is Problem.UNREACHABLE
    assert not reading.organisation.asked


def test_one_reading_is_under_way_at_a_time(reading: Reading) -> None:
    reading.gate.waits.append(5_000)
    reading.work(SyncMessage(Reason.HOURLY))
    for reason in Reason:
        reading.work(SyncMessage(reason))
    assert len(reading.queue.sent) == 1
    assert reading.store.state().runs == 1
    reading.clock.advance(LOST_MS)
    reading.work(SyncMessage(Reason.UNKNOWN))
    assert reading.store.state().runs == 2, "the message of the first got lost"


def test_an_unknown_action_is_no_reason_soon_after_a_reading(reading: Reading) -> None:
    reading.organisation.says.append(Seen(Answered.FORBIDDEN))
    reading.read()
    reading.read(Reason.UNKNOWN)
    assert reading.store.state().runs == 1
    reading.clock.advance(10 * 60_000)
    reading.read(Reason.UNKNOWN)
    assert reading.store.state().runs == 2


def test_a_part_that_comes_twice_goes_on_once(reading: Reading) -> None:
    reading.organisation = Organisation(actions_of(60), page_size=100)
    reading.work(SyncMessage(Reason.HOURLY))
    [(message, _)] = reading.queue.sent
    reading.queue.sent.clear()
    reading.work(message)
    sent = len(reading.queue.sent)
    reading.work(message)
    while reading.queue.sent:
        reading.work(reading.queue.sent.popleft()[0])
    assert sent == 1
    assert len(reading.ids()) == 71
    reading.work(message)
    assert not reading.queue.sent, "a part of a reading that has ended"


@pytest.mark.parametrize(
    ("operation", "after"), [*(("query", after) for after in range(4)), *(("put_item", after) for after in range(14))]
)
def test_a_service_that_fails_costs_time_alone(reading: Reading, operation: str, after: int) -> None:
    reading.dynamodb.trouble = _Later(operation, after)  # type: ignore[assignment]  # fails once
    reading.read()
    assert len(reading.ids()) == 11


class _Later:
    """The service fails once, after so many calls."""

    def __init__(self, operation: str, after: int) -> None:
        self.operation, self.left = operation, after

    def strike_before(self, operation: str) -> None:
        if operation == self.operation:
            self.left -= 1
            if self.left == -1:
                raise StoreUnavailableError("no")

    def strike_after(self, operation: str) -> None:
        """Nothing."""


def test_a_queue_that_fails_returns_the_message(reading: Reading) -> None:
    reading.gate.waits.append(5_000)
    reading.queue.trouble.before("push", QueueUnavailableError("no"))
    with pytest.raises(QueueUnavailableError):
        reading.work(SyncMessage(Reason.HOURLY))


def test_the_age_is_measured_before_each_hourly_reading(reading: Reading) -> None:
    reading.organisation.says.append(Seen(Answered.FORBIDDEN))
    reading.read()
    reading.clock.advance(3_600_000)
    reading.read()
    reading.clock.advance(7_200_000)
    reading.read()
    ages = [took for name, took in reading.telemetry.durations if name == Duration.CATALOGUE_AGE]
    assert ages == [0, 3_600_000, 7_200_000]


def test_a_lost_answer_of_the_state_is_recognised(reading: Reading) -> None:
    state = reading.store.state()
    written = reading.store.swap(state, replace(state, runs=5))
    assert written is not None
    assert reading.store.swap(state, replace(state, runs=5)) == written, "the SDK repeats a write"
    assert reading.store.swap(state, replace(state, runs=6)) is None
