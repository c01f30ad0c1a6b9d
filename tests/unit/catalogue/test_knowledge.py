"""What a request learns about its action, and the cost: one read a minute and process."""

import pytest

from actionrelay.catalogue.judgement import compile_contract
from actionrelay.catalogue.knowledge import MOST_REMEMBERED, REMEMBERED_MS, KnowActions
from actionrelay.catalogue.ports import Answered, Seen, SyncMessage
from actionrelay.catalogue.state import Reason
from actionrelay.errors import QueueUnavailableError, StoreUnavailableError
from actionrelay.genesys.contract import ContractCheck
from local.genesys.catalogue import action_id, actions_of
from tests.fakes.aws import aws_error
from tests.fakes.catalogue import Organisation, Reading

STATUS = action_id("Get order status")
DAY_MS = 86_400_000


def knowing(reading: Reading, check: ContractCheck = ContractCheck.WARN) -> KnowActions:
    return KnowActions(reading.store, reading.queue, check, reading.telemetry, reading.clock)


@pytest.fixture
def reading() -> Reading:
    made = Reading()
    made.read()
    return made


def codes(know: KnowActions, wanted: str = STATUS, **inputs: object) -> list[str]:
    return [fault.code for fault in know.faults(wanted, inputs)]


def test_a_contract_is_checked(reading: Reading) -> None:
    know = knowing(reading)
    assert codes(know, orderId="1") == []
    assert codes(know, orderid="1") == ["unknown_input", "contract"]
    assert codes(knowing(reading, ContractCheck.OFF), orderid="1") == []


def test_one_read_serves_a_minute_of_requests(reading: Reading) -> None:
    know = knowing(reading)
    for _ in range(50):
        know.learned(STATUS)
        codes(know)
    assert reading.dynamodb.looks == 1
    reading.clock.advance(REMEMBERED_MS)
    know.learned(STATUS)
    assert reading.dynamodb.looks == 2


def test_a_contract_is_compiled_again_only_where_it_changed(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    know = knowing(reading)
    made = _counted(monkeypatch)
    for _ in range(3):
        codes(know)
        reading.clock.advance(REMEMBERED_MS)
    assert made == [1]
    reading.organisation.change(STATUS, version=2, inputs={"properties": {"id": {}}})
    reading.read()
    assert codes(know, id=1) == []
    assert made == [1, 1]


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made: list[int] = []

    def counted(schema: object) -> object:
        made.append(1)
        return compile_contract(schema)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr("actionrelay.catalogue.knowledge.compile_contract", counted)
    return made


def test_what_is_remembered_is_bounded(reading: Reading) -> None:
    reading.organisation = Organisation(actions_of(300), page_size=100)
    reading.read(Reason.OPERATOR)
    know = knowing(reading)
    for wanted in reading.organisation.known:
        codes(know, wanted)
    assert len(know._known) == MOST_REMEMBERED


# -- Unknown actions -----------------------------------------------------------------------------------------------


def test_an_unknown_action_is_named_while_the_catalogue_is_whole(reading: Reading) -> None:
    assert codes(knowing(reading), "custom_-_none") == ["unknown_action"]
    reading.clock.advance(DAY_MS - 1)
    assert codes(knowing(reading), "custom_-_none") == ["unknown_action"]
    reading.clock.advance(1)
    assert codes(knowing(reading), "custom_-_none") == []


def test_before_the_first_reading_nothing_is_unknown() -> None:
    reading = Reading()
    know = knowing(reading)
    assert codes(know, "custom_-_none") == []
    assert know.learned("custom_-_none").cache_results.value is False
    assert [message for message, _ in reading.queue.sent] == [SyncMessage(Reason.UNKNOWN)]


def test_without_the_permission_nothing_is_unknown() -> None:
    reading = Reading()
    reading.organisation.says.append(Seen(Answered.FORBIDDEN))
    reading.read()
    assert codes(knowing(reading), "custom_-_none") == []


def test_many_unknown_actions_ask_for_one_reading() -> None:
    reading = Reading()
    know = knowing(reading)
    for number in range(200):
        codes(know, f"custom_-_{number}")
    assert len(reading.queue.sent) == 1
    reading.clock.advance(REMEMBERED_MS)
    codes(know, "custom_-_0")
    assert len(reading.queue.sent) == 2


def test_none_is_asked_for_soon_after_one(reading: Reading) -> None:
    codes(knowing(reading), "custom_-_none")
    assert not reading.queue.sent
    reading.clock.advance(10 * 60_000)
    codes(knowing(reading), "custom_-_none")
    assert len(reading.queue.sent) == 1


def test_a_queue_that_fails_keeps_nobody_from_submitting() -> None:
    reading = Reading()
    reading.queue.trouble.before("push", QueueUnavailableError("no"))
    assert codes(knowing(reading), "custom_-_none") == []
    assert [name for name, _ in reading.telemetry.events] == ["catalogue_not_asked"]


# -- The store -----------------------------------------------------------------------------------------------------


def test_a_table_that_fails_is_no_catalogue_without_it(reading: Reading) -> None:
    reading.dynamodb.trouble.before("batch_get_item", aws_error("InternalServerError"))
    with pytest.raises(StoreUnavailableError):
        knowing(reading).learned(STATUS)


def test_keys_that_were_not_answered_are_asked_for_again(reading: Reading) -> None:
    reading.dynamodb.at_once = 1
    assert codes(knowing(reading), orderId="1") == []
    assert reading.dynamodb.looks == 2


def test_an_action_that_no_reading_confirms_expires(reading: Reading) -> None:
    item = reading.dynamodb.items[f"action#{STATUS}", "action"]
    assert int(item["expires_at"]["N"]) - reading.clock.now() // 1_000 == 8 * 86_400
