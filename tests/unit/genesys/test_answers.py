"""What each answer means: one table of status, contract, header, and what is wrong with the body."""

import gzip
import zlib
from dataclasses import dataclass
from typing import Any

import pytest

from actionrelay.genesys.http import MAX_ANSWER_BYTES
from actionrelay.genesys.verdict import RateReading, ReplyKind, Verdict, judge
from tests.fakes.answers import RECORDED_429, chunked, cut, legacy, platform, raw
from tests.fakes.asking import COMPLETED, DATA_ACTIONS, INTEGRATIONS, Contract, asked
from tests.fakes.loopback import TRUNCATED, saying

SUCCEEDED, ACCEPTED, REPORTED = ReplyKind.SUCCEEDED, ReplyKind.ACCEPTED, ReplyKind.REPORTED_FAILURE
HTTP_ERROR, NO_ANSWER = ReplyKind.HTTP_ERROR, ReplyKind.NO_ANSWER
POSTPONE, RETRY, AMBIGUOUS, FINAL = Verdict.POSTPONE, Verdict.RETRY, Verdict.AMBIGUOUS, Verdict.FINAL


@dataclass(frozen=True, slots=True)
class Row:
    """An answer, and what the client makes of it; a verdict only where it is no success."""

    answer: bytes
    kind: ReplyKind
    verdict: Verdict | None = None
    code: str | None = None
    contract: Contract = DATA_ACTIONS
    result: bytes | None = None
    correlation_id: str | None = None
    retry_after: str | None = None
    limit: str | None = None
    says: str = ""


def unreadable(answer: bytes, says: str = "not JSON", contract: Contract = INTEGRATIONS) -> Row:
    return Row(answer, NO_ANSWER, AMBIGUOUS, "unreadable_answer", contract, says=says)


def broken(answer: bytes, contract: Contract = INTEGRATIONS, correlation_id: str | None = None) -> Row:
    return Row(
        answer, NO_ANSWER, AMBIGUOUS, "no_answer", contract, correlation_id=correlation_id, says="no whole answer"
    )


BARE = b'{"total":3}'
GZIP = {"Content-Encoding": "gzip"}
ID = {"ININ-Correlation-Id": "head-1"}
BOMB = gzip.compress(b" " * (MAX_ANSWER_BYTES + 1_000), 9)
LIMIT = {"namespace": "dataactions", "key": "requests.volume.max", "value": 2500}
UNCONTRACTED = "neither completed nor queued nor failed"

SUCCESSES = {
    "completed": Row(raw(200, COMPLETED, ID), SUCCEEDED, result=BARE, correlation_id="head-1"),
    "completed, 201": Row(raw(201, COMPLETED), SUCCEEDED, result=BARE),
    "completed without a result": Row(raw(200, b'{"status":"completed"}'), SUCCEEDED),
    "queued": Row(raw(202, b'{"status":"queued","result":null}', ID), ACCEPTED, correlation_id="head-1"),
    "failed": Row(
        raw(200, b'{"status":"failed","error":{"code":"bad","message":"it is","correlationId":"body-1"}}'),
        REPORTED,
        FINAL,
        "bad",
        correlation_id="body-1",
        says="it is",
    ),
    "failed, legacy": Row(
        raw(200, b'{"status":"failed","error":{"errorCode":"bad","userMessage":"it is"}}'), REPORTED, FINAL, "bad"
    ),
    "failed without a word": Row(raw(200, b'{"status":"failed"}'), REPORTED, FINAL, "action_failed"),
    "a key twice": Row(raw(200, b'{"status":"completed","result":1,"result":2}'), SUCCEEDED, result=b"2"),
    "bare": Row(raw(200, BARE, ID), SUCCEEDED, contract=INTEGRATIONS, result=BARE, correlation_id="head-1"),
    "bare, a list": Row(raw(200, b"[1]"), SUCCEEDED, contract=INTEGRATIONS, result=b"[1]"),
    "bare, null": Row(raw(200, b"null"), SUCCEEDED, contract=INTEGRATIONS),
    "bare, empty": Row(raw(200), SUCCEEDED, contract=INTEGRATIONS),
    "bare, 204": Row(raw(204, headers={"Content-Length": ""}), SUCCEEDED, contract=INTEGRATIONS),
    "bare, html by its type": Row(
        raw(200, BARE, {"Content-Type": "text/html"}), SUCCEEDED, contract=INTEGRATIONS, result=BARE
    ),
    "bare, no type": Row(raw(200, BARE, {"Content-Type": ""}), SUCCEEDED, contract=INTEGRATIONS, result=BARE),
    "bare, another charset by its type": Row(
        raw(200, '{"a":"é"}'.encode(), {"Content-Type": "application/json; charset=iso-8859-1"}),
        SUCCEEDED,
        contract=INTEGRATIONS,
        result='{"a":"é"}'.encode(),
    ),
    "bare, a byte order mark": Row(raw(200, b"\xef\xbb\xbf" + BARE), SUCCEEDED, contract=INTEGRATIONS, result=BARE),
    "bare, gzip": Row(raw(200, gzip.compress(BARE), GZIP), SUCCEEDED, contract=INTEGRATIONS, result=BARE),
    "bare, deflate": Row(
        raw(200, zlib.compress(BARE), {"Content-Encoding": "deflate"}),
        SUCCEEDED,
        contract=INTEGRATIONS,
        result=BARE,
    ),
    "bare, gzip in chunks of one": Row(
        chunked(*(bytes([byte]) for byte in gzip.compress(BARE)), headers="Content-Encoding: gzip\r\n"),
        SUCCEEDED,
        contract=INTEGRATIONS,
        result=BARE,
    ),
    "bare, chunked": Row(chunked(BARE[:4], BARE[4:]), SUCCEEDED, contract=INTEGRATIONS, result=BARE),
    "bare, to the end of the connection": Row(
        raw(200, BARE, {"Content-Length": ""}), SUCCEEDED, contract=INTEGRATIONS, result=BARE
    ),
    "bare, 1 MB": Row(
        raw(200, b'"' + b"x" * 1_000_000 + b'"'),
        SUCCEEDED,
        contract=INTEGRATIONS,
        result=b'"' + b"x" * 1_000_000 + b'"',
    ),
    "after 100": Row(b"HTTP/1.1 100 Continue\r\n\r\n" + raw(200, BARE), SUCCEEDED, contract=INTEGRATIONS, result=BARE),
    "after 102 and 103": Row(
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + raw(200, BARE, ID),
        SUCCEEDED,
        contract=INTEGRATIONS,
        result=BARE,
        correlation_id="head-1",
    ),
    "among 900 fields": Row(
        raw(200, BARE, {f"X-Trace-{number}": "x" for number in range(900)}),
        SUCCEEDED,
        contract=INTEGRATIONS,
        result=BARE,
    ),
    "by HTTP/1.0": Row(raw(200, BARE).replace(b"HTTP/1.1", b"HTTP/1.0"), SUCCEEDED, contract=INTEGRATIONS, result=BARE),
    "with bare line feeds": Row(raw(200, BARE).replace(b"\r\n", b"\n"), SUCCEEDED, contract=INTEGRATIONS, result=BARE),
    "with a folded field": Row(
        raw(200, BARE, {"X-Long": "one\r\n two"}), SUCCEEDED, contract=INTEGRATIONS, result=BARE
    ),
}

DEEP = b"[" * 101 + b"]" * 101
LONG = b'"' + b"x" * MAX_ANSWER_BYTES + b'"'


def ran(body: bytes, result: bytes | None, contract: Contract = INTEGRATIONS, kind: str = "application/json") -> Row:
    return Row(raw(200, body, {"Content-Type": kind}), SUCCEEDED, contract=contract, result=result)


def lost(body: bytes, contract: Contract = INTEGRATIONS) -> Row:
    """Ran, with a result that can't be handed on."""
    return Row(raw(200, body), SUCCEEDED, code="result_unreadable", contract=contract, says="can't be handed on")


def inside(result: bytes) -> bytes:
    return b'{"executionId":"e", "status" : "completed","result": ' + result + b' ,"cacheStatus":"enabled"}'


# What an action can come to, and what is handed on of it: its text, except for what no other reader could take.
RESULTS: dict[str, tuple[bytes, bytes]] = {
    name: (body, body if becomes is None else becomes)
    for name, body, becomes in [
        ("decimals", b'{"a":10.10,"b":1.0,"c":-0.0,"d":1E5,"e":1e-400}', None),
        ("large numbers", b"[9007199254740993,12345678901234567.891,-170141183460469231731687303715884105728]", None),
        ("order, repeated keys", b'{"z":1,"a":2,"z":3}', None),
        ("space within", b'{ "a" :\t[ 1 , 2 ]\r\n}', None),
        ("escapes", b'"\\u00e9\\/\\ud83d\\ude00\\u0000\\u2028"', None),
        ("words that look like no numbers", b'["NaN","-Infinity","1e999","\\\\ud800"]', None),
        ("a text", b'"NaN"', None),
        ("false", b"false", None),
        ("zero", b"0", None),
        ("an empty text", b'""', None),
        ("a hundred levels", b"[" * 98 + b"]" * 98, None),
        ("half of a pair, high", b'{"name":"Ann \\ud83d"}', b'{"name":"Ann \\ufffd"}'),
        ("half of a pair, low", b'["\\uDE00 x"]', b'["\\ufffd x"]'),
        ("half of a pair, key", b'{"\\udfff":1}', b'{"\\ufffd":1}'),
        ("halves the wrong way", b'["\\ude00\\ud83d"]', b'["\\ufffd\\ufffd"]'),
        ("half before a whole", b'["\\ud83d\\ud83d\\ude00"]', b'["\\ufffd\\ud83d\\ude00"]'),
        ("half after a backslash", b'["\\\\\\ud83d"]', b'["\\\\\\ufffd"]'),
        ("NaN", b'{"a":NaN}', b'{"a":"NaN"}'),
        ("infinities", b"[Infinity, -Infinity]", b'["Infinity", "-Infinity"]'),
        ("too large a float", b'{"a":1e999,"b":-1.8E308}', b'{"a":"1e999","b":"-1.8E308"}'),
        ("the largest double", b"[1.7976931348623157e308]", None),
        ("too many digits", b"[1" + b"0" * 400 + b"]", b'["1' + b"0" * 400 + b'"]'),
        ("many digits made small", b"[1" + b"0" * 400 + b"e-200]", None),
        ("many digits of a fraction", b"[0." + b"3" * 5_000 + b"]", None),
        ("a raw line break in a text", b'["a\nb\x01"]', b'["a\\u000ab\\u0001"]'),
        ("a byte that is no UTF-8", b'{"a":"\xe9"}', '{"a":"\ufffd"}'.encode()),
        ("half of a pair in UTF-8", b'["\xed\xa0\xbd"]', '["\ufffd\ufffd\ufffd"]'.encode()),
        ("a text that ends in a byte", b'"\xff"', '"\ufffd"'.encode()),
    ]
}

SUCCESSES |= {f"bare, {name}": ran(body, result) for name, (body, result) in RESULTS.items()}
SUCCESSES |= {
    f"in its envelope, {name}": ran(inside(body), result, DATA_ACTIONS) for name, (body, result) in RESULTS.items()
}
SUCCESSES |= {
    "latin-1 by its type": ran(
        '{"a":"é"}'.encode("latin-1"), '{"a":"é"}'.encode(), kind="application/json; charset=ISO-8859-1"
    ),
    "windows-1252 by its type, in quotes": ran(
        b'["\x80"]', '["€"]'.encode(), kind='application/json;charset="windows-1252";x=y'
    ),
    "UTF-8 whatever its type says": ran('["é"]'.encode(), '["é"]'.encode(), kind="application/json; charset=utf-16"),
    "a charset that is none": ran(b'["\xe9"]', '["\ufffd"]'.encode(), kind="x; charset=unicode_escape"),
    "utf-16": ran('{"a":"é"}'.encode("utf-16"), '{"a":"é"}'.encode()),
    "utf-16, big end first": ran(b"\xfe\xff" + '{"a":1}'.encode("utf-16-be"), b'{"a":1}'),
    "utf-16 without a mark": ran('{"a":1}'.encode("utf-16-le"), b'{"a":1}'),
    "utf-16, half of a pair": ran(
        '["'.encode("utf-16") + b"\x3d\xd8" + '"]'.encode("utf-16-le"), '["\ufffd"]'.encode()
    ),
    "utf-32": ran('{"a":1}'.encode("utf-32"), b'{"a":1}'),
    "space around": ran(b' \r\n\t{"a":1}\n ', b'{"a":1}'),
    "null with space": ran(b" null ", None),
    "a mark and nothing": ran(b"\xef\xbb\xbf ", None),
    "deep": lost(DEEP),
    "deeper than anybody follows": lost(b"[" * 100_000 + b"]" * 100_000),
    "deep, objects": lost(b'{"a":' * 101 + b"1" + b"}" * 101),
    "deep in its envelope": lost(inside(DEEP), DATA_ACTIONS),
    "longer than 5 MB": lost(LONG),
    "longer than 5 MB, in its envelope": lost(inside(LONG), DATA_ACTIONS),
    "no status": ran(b'{"executionId":"e"}', b'{"executionId":"e"}', DATA_ACTIONS),
    "no status, a result": ran(b'{"result":{"a":1}}', b'{"a":1}', DATA_ACTIONS),
    "a status of null": ran(b'{"status":null,"result":[1]}', b"[1]", DATA_ACTIONS),
    "a status in capitals": ran(b'{"status":"COMPLETED","result":[1]}', b"[1]", DATA_ACTIONS),
    "a list": ran(b"[]", b"[]", DATA_ACTIONS),
    "a result twice": ran(b'{"status":"completed","result":NaN,"result":1.0}', b"1.0", DATA_ACTIONS),
    "202 and no status": Row(raw(202, b"{}"), ACCEPTED),
    "queued, and long": Row(raw(202, b'{"status":"queued","result":' + LONG + b"}"), ACCEPTED),
    "failed, and deep": Row(
        raw(200, b'{"status":"failed","error":' + DEEP + b"}"), REPORTED, FINAL, "action_failed", says="200"
    ),
    "failed, with half of a pair": Row(
        raw(200, b'{"status":"failed","error":{"code":"bad","message":"\\ud800"}}'),
        REPORTED,
        FINAL,
        "bad",
        says="\ufffd",
    ),
}

NO_SUCCESS_AFTER_ALL = {
    "another status": unreadable(raw(200, b'{"status":"mystery"}'), UNCONTRACTED, DATA_ACTIONS),
    "empty": unreadable(raw(200), UNCONTRACTED, DATA_ACTIONS),
    "204": unreadable(raw(204, headers={"Content-Length": ""}), UNCONTRACTED, DATA_ACTIONS),
    "html": unreadable(raw(200, b"<html>", {"Content-Type": "text/html"}), contract=DATA_ACTIONS),
    "html, bare": unreadable(raw(200, b"<html>")),
    "text by the type of JSON": unreadable(raw(200, b"total=3")),
    "half of a document, of its length": unreadable(raw(200, BARE[:5])),
    "half of a surrogate's escape": unreadable(raw(200, b'["\\ud83"]')),
    "a comment": unreadable(raw(200, b"{} // done")),
    "single quotes": unreadable(raw(200, b"{'a':NaN}")),
    "a key without quotes": unreadable(raw(200, b"{a:NaN}")),
    "brackets without an end": unreadable(raw(200, b'"' + b"[" * 200)),
    "two documents": unreadable(raw(200, BARE + BARE)),
    "brotli, which nobody asked for": unreadable(raw(200, b"\x0b\x02\x80{}\x03", {"Content-Encoding": "br"})),
    "more than 5 MB": unreadable(
        raw(200, b" " * (MAX_ANSWER_BYTES + 100_000), {"Content-Length": ""}), "longer than 5 MB"
    ),
    "more than 5 MB by its length": unreadable(
        raw(200, b" " * (MAX_ANSWER_BYTES + 1), {"Content-Length": "10000000000"}), "longer than 5 MB"
    ),
    "a gzip bomb": unreadable(raw(200, BOMB, GZIP), "longer than 5 MB"),
    "a gzip bomb in a gzip": unreadable(
        raw(200, gzip.compress(BOMB), {"Content-Encoding": "gzip, gzip"}), "longer than 5 MB"
    ),
    "no gzip": broken(raw(200, BARE, GZIP)),
    "half a gzip": broken(cut(raw(200, gzip.compress(BARE * 100), GZIP))),
    "cut off": broken(TRUNCATED, DATA_ACTIONS),
    "cut off, with its id": broken(cut(raw(200, BARE * 10, ID)), correlation_id="head-1"),
    "cut off where the document is whole": broken(raw(200, BARE, {"Content-Length": "1000"})),
    "cut off in a chunk": broken(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"),
    "cut off between chunks": broken(chunked(BARE, end=b"")),
    "a chunk of no size": broken(chunked(end=b"zz\r\n")),
    "101": broken(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\n" + BARE),
    "interim answers alone": broken(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "no status line": broken(b"this is no HTTP\r\n\r\n"),
    "another protocol": broken(b"SSH-2.0-server\r\n"),
    "a header of 70 KB": broken(raw(200, BARE, {"X-Large": "x" * 70_000})),
    "1001 headers": broken(raw(200, BARE, {f"X-{number}": "x" for number in range(1_001)})),
    "no headers' end": broken(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"),
    "nothing": broken(b""),
}


def error(answer: bytes, verdict: Verdict, code: str = "a.code", **more: Any) -> Row:
    return Row(answer, HTTP_ERROR, verdict, code, **more)


ERRORS = {
    "400": error(platform(400), FINAL, correlation_id="ctx-1", says="words"),
    "400, legacy": error(legacy(400), FINAL, correlation_id="corr-1", says="words"),
    "400, both ids": error(platform(400, ID), FINAL, correlation_id="head-1"),
    "400, legacy, both ids": error(legacy(400, ID), FINAL, correlation_id="head-1"),
    "401": error(platform(401), RETRY, correlation_id="ctx-1"),
    "401, cut off": error(cut(platform(401, ID)), RETRY, "http_401", correlation_id="head-1"),
    "403": error(platform(403), FINAL, correlation_id="ctx-1"),
    "403, legacy": error(legacy(403), FINAL, correlation_id="corr-1"),
    "404, html": error(raw(404, b"<html>", {"Content-Type": "text/html"}), FINAL, "http_404"),
    "405, empty": error(raw(405), FINAL, "http_405"),
    "408": error(platform(408), AMBIGUOUS, correlation_id="ctx-1"),
    "409": error(platform(409), FINAL, correlation_id="ctx-1"),
    "413, a limit": error(
        platform(413, limit={"key": "request.bytes.max", "value": 512000}),
        FINAL,
        correlation_id="ctx-1",
        limit="request.bytes.max=512000",
    ),
    "415": error(raw(415, b"null"), FINAL, "http_415"),
    "422 with Retry-After": error(platform(422, {"Retry-After": "5"}), FINAL, correlation_id="ctx-1", retry_after="5"),
    "429 as recorded": error(
        raw(429, RECORDED_429, {"Retry-After": "42"}),
        POSTPONE,
        "too.many.requests.retry.after",
        correlation_id="ctx-1",
        retry_after="42",
        says="[42] seconds",
    ),
    "429, hours": error(platform(429, {"Retry-After": "7200"}), POSTPONE, correlation_id="ctx-1", retry_after="7200"),
    "429, a date": error(
        raw(429, b"", {"Retry-After": "Tue, 24 Nov 2026 12:00:00 GMT"}),
        POSTPONE,
        "http_429",
        retry_after="Tue, 24 Nov 2026 12:00:00 GMT",
    ),
    "429 without Retry-After": error(platform(429), POSTPONE, correlation_id="ctx-1"),
    "429, a limit": error(
        platform(429, limit=LIMIT), POSTPONE, correlation_id="ctx-1", limit="dataactions/requests.volume.max=2500"
    ),
    "429, a limit without its namespace": error(
        platform(429, limit={"key": "token.rate.per.minute"}),
        POSTPONE,
        correlation_id="ctx-1",
        limit="token.rate.per.minute",
    ),
    "429, a limit that is none": error(
        platform(429, limit={"key": "see Mr. Smith, 555-0100", "value": "x"}), POSTPONE, correlation_id="ctx-1"
    ),
    "429, legacy": error(legacy(429, {"Retry-After": "17"}), POSTPONE, correlation_id="corr-1", retry_after="17"),
    "429, cut off": error(
        cut(platform(429, {"Retry-After": "17"} | ID)), POSTPONE, "http_429", correlation_id="head-1", retry_after="17"
    ),
    "429, no gzip": error(raw(429, RECORDED_429, GZIP), POSTPONE, "http_429"),
    "429, gzip": error(
        raw(429, gzip.compress(RECORDED_429), GZIP), POSTPONE, "too.many.requests.retry.after", correlation_id="ctx-1"
    ),
    "429, a gzip bomb": error(raw(429, BOMB, GZIP), POSTPONE, "http_429"),
    "429, a byte order mark": error(
        raw(429, b"\xef\xbb\xbf" + RECORDED_429), POSTPONE, "too.many.requests.retry.after", correlation_id="ctx-1"
    ),
    "429, a number for a code": error(raw(429, b'{"code":429,"message":5}'), POSTPONE, "429", says="5"),
    "429, words for a code": error(raw(429, b'{"code":"no, Jane Doe","message":"x"}'), POSTPONE, "http_429"),
    "429, words for an id": error(platform(429, contextId="Jane Doe"), POSTPONE),
    "429, a list": error(raw(429, b"[1]"), POSTPONE, "http_429", says="answered 429"),
    "429, deep": error(raw(429, b"[" * 100_000), POSTPONE, "http_429"),
    "429, half a surrogate pair": error(raw(429, b'{"code":"a.code","message":"\\ud800"}'), POSTPONE, says="\ufffd"),
    "429, a long message": error(platform(429, message="x" * 5_000), POSTPONE, correlation_id="ctx-1"),
    "500": error(platform(500), AMBIGUOUS, correlation_id="ctx-1"),
    "500, html": error(raw(500, b"<html>"), AMBIGUOUS, "http_500"),
    "500 with Retry-After": error(
        platform(500, {"Retry-After": "5"}), AMBIGUOUS, correlation_id="ctx-1", retry_after="5"
    ),
    "501": error(platform(501), FINAL, correlation_id="ctx-1"),
    "502, html": error(raw(502, b"<html>bad gateway"), AMBIGUOUS, "http_502"),
    "503": error(platform(503), AMBIGUOUS, correlation_id="ctx-1"),
    "503 with Retry-After": error(
        platform(503, {"Retry-After": "5"}), POSTPONE, correlation_id="ctx-1", retry_after="5"
    ),
    "503 with Retry-After, cut off": error(
        cut(platform(503, {"Retry-After": "5"})), POSTPONE, "http_503", retry_after="5"
    ),
    "503, legacy, with Retry-After": error(
        legacy(503, {"Retry-After": "5"}), POSTPONE, correlation_id="corr-1", retry_after="5"
    ),
    "504": error(platform(504), AMBIGUOUS, correlation_id="ctx-1"),
    "505": error(raw(505), FINAL, "http_505"),
    "302": error(raw(302, headers={"Location": "/elsewhere"}), FINAL, "http_302"),
    "307": error(raw(307, headers={"Location": "http://127.0.0.1:1/"}), FINAL, "http_307"),
    "304": error(raw(304, headers={"Content-Length": ""}), FINAL, "http_304"),
    "599": error(raw(599), AMBIGUOUS, "http_599"),
}

TABLE = SUCCESSES | NO_SUCCESS_AFTER_ALL | ERRORS


def test_the_table_has_forty_rows_and_no_name_twice() -> None:
    assert len(TABLE) == len(SUCCESSES) + len(NO_SUCCESS_AFTER_ALL) + len(ERRORS) >= 40


@pytest.mark.parametrize("name", TABLE)
def test_an_answer_means_what_the_table_says(name: str) -> None:
    row = TABLE[name]
    reply = asked(saying(row.answer), row.contract)

    assert (reply.kind, reply.result, reply.correlation_id) == (row.kind, row.result, row.correlation_id)
    assert reply.retry_after == row.retry_after
    if row.verdict is None:
        assert (reply.error.code if reply.error else None) == row.code
        assert row.says in (reply.error.message if reply.error else "")
        return
    assert reply.error is not None
    assert (judge(reply), reply.error.code, reply.error.limit) == (row.verdict, row.code, row.limit)
    assert reply.error.correlation_id == row.correlation_id
    assert row.says in reply.error.message
    assert len(reply.error.message) <= 2_000


@pytest.mark.parametrize(
    ("headers", "rate"),
    [
        ({}, None),
        (
            {"inin-ratelimit-count": "301", "inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "42"},
            (301, 300, 42),
        ),
        ({"ININ-RateLimit-Allowed": "300"}, (None, 300, None)),
        ({"inin-ratelimit-count": "many", "inin-ratelimit-reset": "1e3"}, None),
    ],
    ids=["none", "all", "one", "no numbers"],
)
@pytest.mark.parametrize(
    ("status", "body", "length"),
    [(200, COMPLETED, ""), (429, RECORDED_429, ""), (200, b"<html>", ""), (200, b"{", "1000")],
    ids=["success", "error", "unreadable", "cut off"],
)
def test_every_kind_of_reply_keeps_the_rate_headers(
    status: int, body: bytes, length: str, headers: dict[str, str], rate: tuple[int | None, ...] | None
) -> None:
    reply = asked(saying(raw(status, body, headers | ({"Content-Length": length} if length else {}))))
    assert reply.rate == (None if rate is None else RateReading(*rate))
