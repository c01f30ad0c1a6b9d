"""Results go from the host's answer to the caller and its webhook byte for byte; and what errors contain."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.boundary import http
from actionrelay.json_text import members
from actionrelay.ledger.execution import CacheStatus, Status
from tests.fakes.answers import raw
from tests.fakes.asking import DATA_ACTIONS, INTEGRATIONS, asked
from tests.fakes.loopback import saying
from tests.fakes.memory import AS_DEPLOYED, READING_MB
from tests.fakes.relay import EXECUTION_ID, WEBHOOK_URL, Relay, signed

RESULTS: dict[str, str] = {
    "an account": '{"accountId":"A-10023","owner":{"first":"Mara","last":"Lindqvist"},"active":true}',
    "a balance": '{"balance":10.10,"currency":"EUR","limit":2500.00}',
    "an amount of many digits": '{"total":12345678901234567.891,"vat":0.190000000000000000001}',
    "a large id": '{"id":9007199254740993,"next":-9007199254740993}',
    "an id of twenty digits": '{"conversationId":18446744073709551616}',
    "a tiny rate": '{"id":9007199254740993,"rate":1e-400}',
    "exponents": '{"a":1E5,"b":1e+05,"c":1.50e-3,"d":-0.0,"e":0e0}',
    "trailing zeros": '{"price":1.0,"weight":2.50,"count":3}',
    "an empty object": "{}",
    "an empty list": "[]",
    "an empty text": '""',
    "a text": '"ok"',
    "a number": "42",
    "a fraction": "0.10",
    "true": "true",
    "false": "false",
    "zero": "0",
    "a list of objects": '[{"id":1},{"id":2,"tags":[]},{}]',
    "a list of lists": "[[1,2],[3,[4,[5]]],[]]",
    "keys out of order": '{"zeta":1,"alpha":2,"Mid":3,"1":4,"":5}',
    "equal keys": '{"status":"open","status":"closed"}',
    "keys of an envelope": '{"status":"failed","result":null,"error":{"code":"x"},"executionId":"e"}',
    "a null member": '{"phone":null,"email":null}',
    "only nulls": "[null,null]",
    "pretty, two spaces": '{\n  "order": {\n    "id": 7,\n    "lines": [\n      1,\n      2\n    ]\n  }\n}',
    "pretty, tabs": '{\r\n\t"a" : 1 ,\r\n\t"b" : [ ]\r\n}',
    "umlauts": '{"name":"Jörg Müßig","city":"Zürich"}',
    "escaped umlauts": '{"name":"J\\u00f6rg M\\u00FC\\u00dfig"}',
    "emoji": '{"mood":"😀👍🏽","flag":"🇨🇭"}',
    "escaped emoji": '{"mood":"\\ud83d\\ude00 \\uD83D\\uDC4D"}',
    "other scripts": '{"ja":"注文が見つかりません","ar":"مرحبا","he":"שלום","th":"สวัสดี"}',
    "combining marks": '{"nfd":"e\\u0301","nfc":"é","zwj":"a\u200db"}',
    "escaped slashes": '{"url":"https:\\/\\/example.com\\/a?b=c&d=%20"}',
    "quotes and backslashes": '{"path":"C:\\\\Temp\\\\x","said":"\\"no\\""}',
    "every escape": '"\\b\\f\\n\\r\\t\\"\\\\\\/\\u0000\\u001f\\u007f"',
    "line separators": '"a\u2028b\u2029c"',
    "noncharacters": '"\\ufffe\\uffff\ufdd0"',
    "a replacement character": '"\ufffd"',
    "html": '{"note":"<script>alert(1)</script> &amp; <b>"}',
    "a placeholder": '{"t":"{{result}} %s {0} ${x}"}',
    "json in a text": '{"payload":"{\\"a\\":[1,2,{\\"b\\":null}]}"}',
    "csv in a text": '{"csv":"id;name\\r\\n1;Ann\\r\\n"}',
    "base64": '{"pdf":"JVBERi0xLjQKJcOkw7zDtsOf"}',
    "dates": '{"from":"2026-11-27T13:45:00.000Z","day":"2026-11-27","ms":1795785900000}',
    "a telephone number": '{"ani":"+41445551234","dnis":"tel:+1-317-555-0100"}',
    "uuids": '{"id":"6f1ed002-ab50-4a11-9b3c-0242ac120002"}',
    "a dotted key": '{"customer.name":"x","a/b":"y","~tilde":"z","$ref":"#/a"}',
    "a prototype": '{"__proto__":{"admin":true},"constructor":1,"toString":2}',
    "words that are no numbers": '["NaN","Infinity","-Infinity","1e999","0x1F"]',
    "a flattened result": '{"orders.id":["1","2"],"orders.total":["10.10","7.00"]}',
    "a search": '{"hits":{"total":2,"items":[{"score":0.5,"id":"a"},{"score":0.25,"id":"b"}]},"took":3}',
    "a page": '{"entities":[{"id":"1"}],"pageSize":25,"pageNumber":1,"total":1,"nextUri":null}',
    "geo": '{"type":"Point","coordinates":[8.541694,47.376887,-1.0E-7]}',
    "opening hours": '{"mon":[{"from":"08:00","to":"12:00"}],"sun":[]}',
    "a graph": '{"nodes":["a","b"],"edges":{"a":["b"],"b":[]}}',
    "booleans as texts": '{"vip":"true","blocked":"0"}',
    "a soap fault as text": '{"fault":"<soap:Envelope><soap:Body/></soap:Envelope>"}',
    "ten levels": '{"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{"i":{"j":1}}}}}}}}}}',
    "ninety-eight levels": "[" * 98 + "]" * 98,
    "a wide object": "{" + ",".join(f'"k{number}":{number}.0' for number in range(500)) + "}",
    "a long list": "[" + ",".join(f"1{number}.10" for number in range(2_000)) + "]",
    "a long text": '"' + "Lorem ipsum " * 5_000 + '"',
    "dense": "[" + "{}," * 20_000 + "{}]",
    "a number of a thousand digits after the point": "[0." + "7" * 1_000 + "]",
    "the largest double": "[1.7976931348623157e308,5e-324]",
}


def member(text: str | bytes, *path: str) -> str:
    found = text.decode() if isinstance(text, bytes) else text
    for name in path:
        found = members(found)[name]
    return found


def test_the_corpus_has_at_least_sixty_results() -> None:
    assert len(set(RESULTS.values())) >= 60


@pytest.mark.parametrize("large", [False, True], ids=["in the record", "in the bucket"])
@pytest.mark.parametrize("name", RESULTS)
def test_a_synchronous_result_passes_byte_for_byte(relay: Relay, name: str, *, large: bool) -> None:
    result = RESULTS[name]
    relay.payloads.inline_max = 0 if large else 10**9
    envelope = f'{{"executionId":"x","status":"completed","result":{result},"cacheStatus":"enabled"}}'
    for contract, body in ((INTEGRATIONS, result), (DATA_ACTIONS, envelope)):
        reply = asked(saying(raw(200, body.encode())), contract)
        relay.given_queued(webhook_url=WEBHOOK_URL)
        relay.client.answer(reply)
        relay.work()
        relay.delivering.deliver(EXECUTION_ID)

        shown = http.answer(200, relay.reading.execution(EXECUTION_ID))["body"]
        assert member(shown, "result") == result
        assert json.loads(shown)["status"] == "completed"
        assert member(relay.sender.sent[-1][2], "data", "result") == result


@pytest.mark.parametrize("name", RESULTS)
def test_a_reported_result_passes_byte_for_byte(relay: Relay, name: str) -> None:
    relay.given_awaiting(webhook_url=WEBHOOK_URL)
    report(relay, RESULTS[name])
    relay.delivering.deliver(EXECUTION_ID)

    shown = http.answer(200, relay.reading.execution(EXECUTION_ID))["body"]
    assert member(shown, "result") == RESULTS[name]
    assert member(relay.sender.sent[-1][2], "data", "result") == RESULTS[name]


def report(relay: Relay, result: str) -> None:
    body = f'{{"executionId":"{EXECUTION_ID}","status":"completed","result": {result} }}'.encode()
    relay.receiving.receive(signed(body, relay.clock.now()), body)


def test_a_report_in_another_form_is_a_repeat(relay: Relay) -> None:
    relay.given_awaiting()
    report(relay, '{"a":10.10,"b":1e2}')
    report(relay, '{ "b":100.0, "a":10.1 }')
    assert relay.record.status is Status.COMPLETED
    assert member(http.answer(200, relay.reading.execution(EXECUTION_ID))["body"], "result") == '{"a":10.10,"b":1e2}'


DENSE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from actionrelay.execute.client_http import GenesysClient
from actionrelay.execute.contracts import Integrations
from actionrelay.genesys.http import HttpAnswer
from tests.fakes.memory import peak_kb

kind = sys.argv[1]
unit = {"objects": b"{},", "lists": b"[],", "nested": b"[[]],", "texts": b'"ab",', "numbers": b"1,"}[kind]
bodies = [b"[" + unit * (5_100_000 // len(unit)) + b"0" + b" " * number + b"]" for number in range(10)]
client = GenesysClient(None, "", Integrations())
before = peak_kb()
with ThreadPoolExecutor(10) as threads:
    replies = list(threads.map(lambda body: client._reply(HttpAnswer(200, {}, body, complete=True), 1), bodies))
assert [reply.result for reply in replies] == bodies
print((peak_kb() - before) // 1_024)
"""


@pytest.mark.repetitive
@pytest.mark.parametrize("kind", ["objects", "lists", "nested", "texts", "numbers"])
def test_ten_dense_answers_fit_into_one_worker(kind: str) -> None:
    command = [sys.executable, "-c", DENSE, kind]
    environment = {**os.environ, **AS_DEPLOYED}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300)
    assert int(done.stdout) < READING_MB


OUTER: dict[str, Any] = {"message": "Internal Server Error", "code": "internal.server.error", "status": 500}
CAUSE = "customer 4711 not found"
CAUSES: dict[str, dict[str, Any]] = {
    "errors[]": OUTER | {"details": [{"errorCode": "ACTION.REMOTE_ENDPOINT"}], "errors": [{"message": CAUSE}]},
    "errors[] of errors[]": OUTER | {"errors": [{"message": "failed", "errors": [{"message": CAUSE}]}]},
    "errors[] of texts": OUTER | {"errors": [CAUSE]},
    "the second of errors[]": OUTER | {"errors": [{"message": "first"}, {"message": CAUSE}]},
    "details[]": OUTER | {"details": [{"message": CAUSE}]},
    "details[] in the other dialect": OUTER | {"details": [{"errorCode": "X", "userMessage": CAUSE}]},
    "details, a text": {"code": "x", "message": "failed", "cause": {"details": CAUSE}},
    "the other dialect": {"errorCode": "X", "userMessage": "failed", "errors": [{"userMessage": CAUSE}]},
    "its own user message": {"errorCode": "X", "userMessage": CAUSE},
    "a cause": OUTER | {"cause": {"message": CAUSE}},
    "an inner error": OUTER | {"error": {"error": {"description": CAUSE}}},
    "an oauth error": OUTER | {"errors": [{"error": "invalid", "error_description": CAUSE}]},
    "JSON in a message": OUTER | {"message": 'REST call failed: {"error":{"message":"' + CAUSE + '"}}'},
    "JSON in a nested message": OUTER
    | {"errors": [{"message": 'failed. errorMessage: [{"m":{"message":"' + CAUSE + '"}}]'}]},
    "JSON with escapes": OUTER | {"message": json.dumps({"message": CAUSE}).replace("customer", "\\u0063ustomer")},
    "behind a long wrapping": OUTER | {"message": "x" * 5_000, "errors": [{"message": CAUSE}]},
    "with parameters": {"code": "x", "messageWithParams": CAUSE, "messageParams": {"a": "b"}},
    "a message of null": OUTER | {"message": None, "userMessage": CAUSE},
    "an empty message": OUTER | {"message": "", "errors": [{"message": CAUSE}]},
    "a code alone": {"code": "x", "message": "failed", "details": [{"errorCode": CAUSE}]},
}


@pytest.mark.parametrize("status", [400, 404, 500, 504])
@pytest.mark.parametrize("name", CAUSES)
def test_an_error_carries_its_innermost_cause(name: str, status: int) -> None:
    reply = asked(saying(raw(status, json.dumps(CAUSES[name]).encode())), INTEGRATIONS)
    assert reply.error is not None
    assert CAUSE in reply.error.message
    assert len(reply.error.message) <= 2_000
    assert reply.error.status == status


def test_what_an_error_costs_is_bounded() -> None:
    wide = OUTER | {"errors": [{"message": f"{number}" * 10} for number in range(20_000)]}
    deep: dict[str, Any] = {"message": "end"}
    for _ in range(90):
        deep = {"message": "wrapped", "errors": [deep]}
    for document in (wide, deep):
        reply = asked(saying(raw(500, json.dumps(document).encode())), INTEGRATIONS)
        assert reply.error is not None
        assert len(reply.error.message) <= 2_000


def test_a_cache_hit_hands_on_the_same_bytes(relay: Relay) -> None:
    relay.given_queued(cache_key="key", cache_status=CacheStatus.ENABLED)
    relay.client.answer(asked(saying(raw(200, b'{"b":10.10,"a":1e2}')), INTEGRATIONS))
    relay.work()
    assert "key" in relay.cache.entries
    assert relay.record.outcome is not None
    assert relay.record.outcome.result is not None
    assert relay.payloads.get(relay.record.outcome.result) == b'{"b":10.10,"a":1e2}'


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
"""Whatever JSON can say, and what it can't: half a surrogate pair, NaN, infinities."""
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"]


@given(value=VALUES, encoding=st.sampled_from(ENCODINGS), escaped=st.booleans(), contract=st.sampled_from(["i", "d"]))
def test_any_2xx_json_ends_an_execution_as_completed(
    value: Any, encoding: str, contract: str, *, escaped: bool
) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    if contract == "d":
        text = f'{{"status":"completed","result":{text}}}'
    reply = asked(saying(raw(200, text.encode(encoding, "replace"))), INTEGRATIONS if contract == "i" else DATA_ACTIONS)
    relay = Relay()
    relay.given_queued()
    relay.client.answer(reply)
    relay.work()
    assert relay.record.status is Status.COMPLETED
    assert len(relay.client.calls) == 1, "it ran, so it is never run again"
    json.loads(http.answer(200, relay.reading.execution(EXECUTION_ID))["body"])
