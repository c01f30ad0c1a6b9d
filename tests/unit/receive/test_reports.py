"""Authentic webhooks that name an execution and its outcome, whatever else they contain: 200, and it is recorded."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actionrelay.ledger.execution import ExecutionError, Status
from actionrelay.receive.report import read_report
from tests.fakes.relay import EXECUTION_ID, Relay, signed

NAMED = f'"executionId":"{EXECUTION_ID}"'
DEEP = "[" * 500 + "]" * 500
UNSAID = ExecutionError("action_failed", "Genesys Cloud reported a failure")


def body(*parts: str) -> bytes:
    return ("{" + ",".join([NAMED, *parts]) + "}").encode()


COMPLETED: dict[str, tuple[bytes, str]] = {
    "as reported": (body('"status":"completed"', '"result":{"a":1}'), '{"a":1}'),
    "nulls in an error": (
        body('"status":"completed"', '"result":{"a":1}', '"error":{"code":null,"message":null}'),
        '{"a":1}',
    ),
    "an error beside a result": (body('"status":"completed"', '"result":[]', '"error":{"code":"x"}'), "[]"),
    "an error that is a number": (body('"status":"completed"', '"error":7'), "null"),
    "a deep error": (body('"status":"completed"', '"error":[[]]', '"result":1'), "1"),
    "unknown members": (body('"status":"completed"', '"attempt":3', '"x":{"y":[{}]}'), "null"),
    "a result of null": (body('"status":"completed"', '"result":null'), "null"),
    "numbers and order": (
        body('"status":"completed"', '"result" : { "b":10.10, "a":9007199254740993 }'),
        '{ "b":10.10, "a":9007199254740993 }',
    ),
    "a byte order mark": (b"\xef\xbb\xbf" + body('"status":"completed"', '"result":1.0'), "1.0"),
    "UTF-16": (body('"status":"completed"', '"result":"é"').decode().encode("utf-16"), '"é"'),
    "NaN": (body('"status":"completed"', '"result":NaN'), '"NaN"'),
    "infinity": (body('"status":"completed"', '"result":[-Infinity]'), '["-Infinity"]'),
    "half of a pair": (body('"status":"completed"', '"result":"\\ud83d"'), '"\\ufffd"'),
    "a byte that is no UTF-8": (body('"status":"completed"', '"result":"?"').replace(b"?", b"\xe9"), '"\ufffd"'),
    "too large a number": (body('"status":"completed"', '"result":1e400'), '"1e400"'),
    "a line break in a text": (body('"status":"completed"', '"result":"a\nb"'), '"a\\u000ab"'),
    "a result twice": (body('"status":"completed"', '"result":1', '"result":2'), "2"),
    "the same id twice": (body('"status":"completed"', NAMED, '"result":1'), "1"),
    "space around the id": (
        body('"status":"completed"', '"result":1').replace(EXECUTION_ID.encode(), f" {EXECUTION_ID}\\n".encode()),
        "1",
    ),
    "an id in capitals": (
        body('"status":"completed"', '"result":1').replace(EXECUTION_ID.encode(), EXECUTION_ID.upper().encode()),
        "1",
    ),
}

FAILED: dict[str, tuple[bytes, ExecutionError]] = {
    "no error": (body('"status":"failed"'), UNSAID),
    "an error of null": (body('"status":"failed"', '"error":null'), UNSAID),
    "nulls in an error": (body('"status":"failed"', '"error":{"code":null,"message":null,"status":null}'), UNSAID),
    "an empty text": (body('"status":"failed"', '"error":""'), UNSAID),
    "an empty list": (body('"status":"failed"', '"error":[]'), UNSAID),
    "true": (body('"status":"failed"', '"error":true'), UNSAID),
    "a text": (body('"status":"failed"', '"error":"no"'), ExecutionError("action_failed", "no")),
    "a long text": (
        body('"status":"failed"', f'"error":"{"x" * 2_001}"'),
        ExecutionError("action_failed", "x" * 2_000),
    ),
    "a long message": (
        body('"status":"failed"', f'"error":{{"code":"remote.error","message":"{"x" * 2_001}"}}'),
        ExecutionError("remote.error", "x" * 2_000),
    ),
    "a long code": (
        body('"status":"failed"', f'"error":{{"code":"{"x" * 201}","message":"m"}}'),
        ExecutionError("action_failed", "m"),
    ),
    "a long correlation id": (
        body('"status":"failed"', f'"error":{{"code":"c","message":"m","correlationId":"{"x" * 500}"}}'),
        ExecutionError("c", "m"),
    ),
    "numbers for texts": (
        body('"status":"failed"', '"error":{"code":7,"message":8,"status":"503","correlationId":9}'),
        ExecutionError("7", "8", 503, "9"),
    ),
    "a status with a fraction": (
        body('"status":"failed"', '"error":{"code":"c","message":"m","status":400.0}'),
        ExecutionError("c", "m", 400),
    ),
    "a status that is none": (
        body('"status":"failed"', '"error":{"code":"c","message":"m","status":{"a":1}}'),
        ExecutionError("c", "m"),
    ),
    "a list of errors": (
        body('"status":"failed"', '"error":[{"message":"a"},{"message":"b"}]'),
        ExecutionError("action_failed", "a: b"),
    ),
    "the other dialect": (
        body('"status":"failed"', '"error":{"errorCode":"E.X","userMessage":"m","contextId":"ctx"}'),
        ExecutionError("E.X", "m", None, "ctx"),
    ),
    "a cause within": (
        body('"status":"failed"', '"error":{"message":"outer","errors":[{"message":"inner"}]}'),
        ExecutionError("action_failed", "outer: inner"),
    ),
    "half of a pair": (
        body('"status":"failed"', '"error":{"message":"a \\ud83d"}'),
        ExecutionError("action_failed", "a \ufffd"),
    ),
    "a result beside it": (body('"status":"failed"', '"result":{"a":NaN}'), UNSAID),
    "a deep error": (body('"status":"failed"', f'"error":{DEEP}'), UNSAID),
    "an error of 400 KB": (body('"status":"failed"', f'"error":"{"x" * 400_000}"'), UNSAID),
}


def received(relay: Relay, sent: bytes) -> Any:
    return relay.receiving.receive(signed(sent, relay.clock.now()), sent)


@pytest.mark.parametrize("case", COMPLETED)
def test_a_decorated_success_is_completed(relay: Relay, case: str) -> None:
    sent, result = COMPLETED[case]
    relay.given_awaiting()

    assert received(relay, sent).status is Status.COMPLETED
    assert relay.record.outcome is not None
    assert relay.record.outcome.error is None
    ref = relay.record.outcome.result
    assert (b"null" if ref is None else relay.payloads.get(ref)) == result.encode()


@pytest.mark.parametrize("case", FAILED)
def test_a_decorated_failure_is_failed(relay: Relay, case: str) -> None:
    sent, error = FAILED[case]
    relay.given_awaiting()

    assert received(relay, sent).status is Status.FAILED
    assert relay.record.outcome is not None
    assert relay.record.outcome.error == error


def test_a_result_nobody_can_follow_is_completed_without_it(relay: Relay) -> None:
    relay.given_awaiting()
    sent = body('"result":' + DEEP, '"status":"completed"')

    assert received(relay, sent).status is Status.COMPLETED
    document = relay.reading.execution(EXECUTION_ID)
    assert document["result"] is None
    assert document["error"] == {
        "code": "result_unreadable",
        "message": "the action ran, and its result can't be handed on: nested more than 100 levels deep",
        "status": None,
        "correlationId": None,
    }
    assert received(relay, sent).status is Status.COMPLETED


def test_what_was_mended_is_in_the_log(relay: Relay) -> None:
    relay.given_awaiting()
    received(relay, body('"status":"completed"', '"result":[NaN,"\\ud83d"]'))
    assert ("result_mended", {"flaws": "half_pairs, not_numbers"}) in relay.telemetry.events


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
members = st.dictionaries(
    st.text(max_size=12).filter(lambda name: name not in {"executionId", "status"})
    | st.sampled_from(["error", "result", "webhookStatus", "cacheStatus", "traceId"]),
    anything,
    max_size=5,
)


@given(
    decoration=members,
    status=st.sampled_from(["completed", "failed"]),
    ascii_only=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    indent=st.sampled_from([None, 2]),
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_report_that_names_its_subject_is_taken(
    decoration: dict[str, Any], status: str, encoding: str, indent: int | None, *, ascii_only: bool
) -> None:
    relay = Relay()
    relay.given_awaiting()
    text = json.dumps(
        {**decoration, "executionId": EXECUTION_ID, "status": status}, ensure_ascii=ascii_only, indent=indent
    )
    sent = text.encode(encoding, "surrogatepass")

    assert received(relay, sent).status.value == status
    assert received(relay, sent).status.value == status
    relay.shown_result()


def test_a_report_keeps_no_content_in_its_repr() -> None:
    assert "secret" not in repr(read_report(body('"status":"completed"', '"result":"secret"')))
