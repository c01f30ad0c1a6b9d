"""Batches: each request is validated, recorded and queued as if sent alone, and a repeat finds what is recorded."""

import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.boundary.batches import MAX_PROBLEMS_BYTES, batched
from actionrelay.errors import InvalidRequestError, StoreUnavailableError
from actionrelay.json_text import elements
from actionrelay.lanes import Lane
from actionrelay.ledger.execution import Status
from actionrelay.ledger.message import Message
from actionrelay.ledger.queues_sqs import SqsExecutionQueue
from actionrelay.submit.batch import MAX_EXECUTIONS, TIME_MS, SubmitBatch
from tests.fakes.aws import FakeSqs, aws_error
from tests.fakes.chance import SettableClock
from tests.fakes.relay import ACTION_ID, Relay, a_request, encoded

BATCH_ID = "5b1f2d5e-0c1b-4a7d-9a52-6f1f6a3f3a10"


def submit(relay: Relay, *executions: Any, **envelope: Any) -> dict[str, Any]:
    body = encoded({"batchId": BATCH_ID, "executions": executions, **envelope})
    answer = batched(SubmitBatch(relay.submitting).submit(body, "caller"), "trace")
    document: dict[str, Any] = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert [result["index"] for result in document["results"]] == list(range(len(executions)))
    return document


def of(index: int) -> str:
    return str(uuid.uuid5(uuid.UUID(BATCH_ID), str(index)))


def test_each_is_recorded_and_queued_with_what_is_usual(relay: Relay) -> None:
    document = submit(relay, *({"inputs": {"row": row}} for row in range(25)), defaults={"actionId": ACTION_ID})
    assert (document["batchId"], document["accepted"], document["rejected"]) == (BATCH_ID, 25, 0)
    assert document["results"][3] == {"index": 3, "status": 202, "executionId": of(3)}
    assert {execution.trace_id for execution in relay.store.records.values()} == {BATCH_ID}
    assert {execution.lane for execution in relay.store.records.values()} == {Lane.BULK}
    assert {message.execution_id for message, _ in relay.queue.sent} == {of(row) for row in range(25)}
    assert all(message.version and message.caller for message, _ in relay.queue.sent)


def test_a_request_overrides_the_defaults_and_null_does_not(relay: Relay) -> None:
    mine = str(uuid.uuid4())
    submit(
        relay,
        a_request(lane="interactive", executionId=mine, timeout=None),
        defaults={"timeout": 7, "lane": None},
    )
    record = relay.store.records[mine]
    assert (record.lane, record.timeout_ms) == (Lane.INTERACTIVE, 7)


def test_one_that_breaks_a_rule_leaves_the_others_alone(relay: Relay) -> None:
    document = submit(relay, a_request(), a_request(timeout=0, mystery=1), 7, a_request(executionId="no"))
    assert (document["accepted"], document["rejected"]) == (1, 3)
    statuses = [(each["status"], each["executionId"], "problem" in each) for each in document["results"]]
    assert statuses == [(202, of(0), False), (422, of(1), True), (422, None, True), (422, None, True)]
    places = [fault["pointer"] for fault in document["results"][1]["problem"]["errors"]]
    assert places == ["/timeout", "/mystery"]
    assert len(relay.store.records) == 1


def test_a_repeat_finds_what_was_recorded(relay: Relay) -> None:
    submit(relay, a_request(), a_request(inputs={"a": 1}))
    again = submit(relay, a_request(), a_request(inputs={"a": 2}))
    assert [each["status"] for each in again["results"]] == [200, 409]
    assert (again["accepted"], again["rejected"]) == (1, 1)
    assert len(relay.store.records) == 2


def test_what_was_not_queued_is_said_and_a_repeat_queues_it(relay: Relay) -> None:
    relay.queue.loses = {of(1)}
    document = submit(relay, a_request(), a_request())
    assert [each["status"] for each in document["results"]] == [202, 503]
    assert document["results"][1]["problem"]["code"] == "queue_unavailable"
    relay.queue.loses = set()
    assert [each["status"] for each in submit(relay, a_request(), a_request())["results"]] == [200, 200]
    assert of(1) in {message.execution_id for message, _ in relay.queue.sent}


def test_a_store_that_fails_fails_one_of_them(relay: Relay) -> None:
    relay.store.trouble.before("create", StoreUnavailableError("down"))
    document = submit(relay, a_request(cacheResults=False), a_request(cacheResults=False))
    assert sorted(each["status"] for each in document["results"]) == [202, 503]


def test_what_there_is_no_time_for_is_refused(relay: Relay) -> None:
    class Late(SettableClock):
        def now(self) -> int:
            self.time += TIME_MS
            return self.time

    relay.clock = Late()
    taken = SubmitBatch(relay.submitting).submit(encoded({"executions": [a_request()] * 3})).taken
    assert {type(each.outcome) for each in taken[1:]} == {StoreUnavailableError}


def test_defaults_do_not_multiply_a_body(relay: Relay) -> None:
    defaults = {"actionId": ACTION_ID, "inputs": {"text": "x" * 100_000}}
    with pytest.raises(InvalidRequestError) as refused:
        submit(relay, *[{}] * 30, defaults=defaults)
    assert [fault.pointer for fault in refused.value.faults] == ["/defaults"]
    assert submit(relay, *[{}] * 3, defaults=defaults)["accepted"] == 3


def test_a_batch_without_an_id_gets_one(relay: Relay) -> None:
    batch = SubmitBatch(relay.submitting).submit(encoded({"executions": [a_request()]}))
    assert str(uuid.UUID(batch.batch_id)) == batch.batch_id
    assert next(iter(relay.store.records.values())).trace_id == batch.batch_id


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"executions": []}, ["/executions"]),
        ({"executions": [{}] * (MAX_EXECUTIONS + 1)}, ["/executions"]),
        ({"executions": None, "batchId": "x"}, ["/executions", "/batchId"]),
        ({"executions": [{}], "defaults": {"executionId": BATCH_ID}}, ["/defaults/executionId"]),
        ([], [""]),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(relay: Relay, body: Any, pointers: list[str]) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        SubmitBatch(relay.submitting).submit(encoded(body))
    assert [fault.pointer for fault in refused.value.faults] == pointers
    assert relay.store.writes == []


def test_the_answer_is_bounded_whatever_is_wrong(relay: Relay) -> None:
    wrong = {f"{number}" + "\u0001" * 200: 1 for number in range(3)}
    document = submit(relay, *[wrong] * MAX_EXECUTIONS)
    assert document["rejected"] == MAX_EXECUTIONS
    assert len(json.dumps(document)) <= MAX_PROBLEMS_BYTES + 100_000


def test_inputs_are_kept_as_they_came(relay: Relay) -> None:
    text = '{"amount": 10.10,  "id": 9007199254740993}'
    body = f'{{"executions": [ {{"actionId": "{ACTION_ID}", "inputs": {text} }} ]}}'
    SubmitBatch(relay.submitting).submit(body.encode())
    [record] = relay.store.records.values()
    assert record.status is Status.QUEUED
    assert relay.payloads.get(record.request) == text.encode()


@given(
    st.lists(
        st.recursive(st.none() | st.integers() | st.text(), lambda of: st.lists(of) | st.dictionaries(st.text(), of))
    )
)
def test_the_elements_of_an_array_are_found(values: list[Any]) -> None:
    for indent in (None, 2):
        assert [json.loads(each) for each in elements(json.dumps(values, indent=indent))] == values


# -- Messages by tens --


def test_messages_are_sent_by_tens_and_by_lane() -> None:
    sent: list[tuple[str, int]] = []

    class Sqs(FakeSqs):
        def send_message_batch(self, **parameters: Any) -> dict[str, Any]:
            sent.append((parameters["QueueUrl"], len(parameters["Entries"])))
            if len(sent) == 2:
                raise aws_error("ServiceUnavailable")
            return {"Failed": [{"Id": "0"}]} if len(sent) == 3 else {}

    messages = [Message(f"{number}", lane=Lane.BULK, caller="0123456789abcdef") for number in range(23)]
    messages += [Message("hurry")]
    queue = SqsExecutionQueue(Sqs(), {lane: lane.value for lane in Lane})  # type: ignore[arg-type]
    lost = queue.send_all(messages)
    assert sent == [("interactive", 1), ("bulk", 10), ("bulk", 10), ("bulk", 3)]
    assert [message.execution_id for message in lost] == [*(f"{number}" for number in range(11))]
