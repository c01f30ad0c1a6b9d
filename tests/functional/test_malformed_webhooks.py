"""Malformed webhooks, through the handler as Lambda calls it: 401 or 422 (413 if too large), never 500.

A row of the first table changes one thing of a valid request, so that its signature is invalid. A row of the second is
a signed body that is not a result.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from actionrelay.ledger.execution import Status
from actionrelay.webhooks.keys import parse_secret
from actionrelay.webhooks.signatures import StandardWebhooks
from tests.corpus import SIGNED_AT, WEBHOOK_SECRET
from tests.fakes.relay import EXECUTION_ID
from tests.functional.conftest import Functions

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
WEBHOOK_ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
VALID = json.dumps({"executionId": EXECUTION_ID, "status": "completed", "result": {"total": 3}}).encode()
LARGEST = 5 * 1_024 * 1_024
"""The limit for an answer of Genesys Cloud."""


def signature(body: bytes = VALID, secret: str = WEBHOOK_SECRET, timestamp: int = SIGNED_AT) -> str:
    return StandardWebhooks.sign(parse_secret(secret), WEBHOOK_ID, timestamp, body)


GOOD = signature()
MAC = GOOD.removeprefix("v1,")
STRANGER = signature(secret="whsec_" + base64.b64encode(b"nobody gave this one to us").decode())

type Values = Sequence[str] | None
"""All values of a header; None if it is absent."""

UNAUTHENTIC: dict[str, tuple[str, Values]] = {
    # missing, empty, repeated
    "no id": (ID, None),
    "no timestamp": (TIMESTAMP, None),
    "no signature": (SIGNATURE, None),
    "empty id": (ID, [""]),
    "empty timestamp": (TIMESTAMP, [""]),
    "empty signature": (SIGNATURE, [""]),
    "id twice": (ID, [WEBHOOK_ID, WEBHOOK_ID]),
    "timestamp twice": (TIMESTAMP, [str(SIGNED_AT), str(SIGNED_AT)]),
    "signature twice": (SIGNATURE, [GOOD, GOOD]),
    "another signature first": (SIGNATURE, [STRANGER, GOOD]),
    # ids
    "another id": (ID, ["msg_other"]),
    "an id in capitals": (ID, [WEBHOOK_ID.upper()]),
    "an id with a full stop": (ID, [f"{WEBHOOK_ID}.{SIGNED_AT}"]),
    "an id with a space": (ID, [f"{WEBHOOK_ID} "]),
    "an id with a line break": (ID, [f"{WEBHOOK_ID}\n"]),
    "an id with a null": (ID, [f"{WEBHOOK_ID}\x00"]),
    "an id outside ASCII": (ID, ["msg_é"]),
    "a lone surrogate as id": (ID, ["\ud800"]),
    "a huge id": (ID, ["x" * 100_000]),
    # timestamps
    "an old timestamp": (TIMESTAMP, [str(SIGNED_AT - 301)]),
    "a timestamp ahead": (TIMESTAMP, [str(SIGNED_AT + 301)]),
    "the epoch": (TIMESTAMP, ["0"]),
    "the far future": (TIMESTAMP, ["99999999999"]),
    "a negative timestamp": (TIMESTAMP, [f"-{SIGNED_AT}"]),
    "a signed timestamp": (TIMESTAMP, [f"+{SIGNED_AT}"]),
    "a timestamp in ms": (TIMESTAMP, [str(SIGNED_AT * 1_000)]),
    "a fraction": (TIMESTAMP, [f"{SIGNED_AT}.0"]),
    "an exponent": (TIMESTAMP, ["1.764e9"]),
    "hexadecimal": (TIMESTAMP, [hex(SIGNED_AT)]),
    "underscores": (TIMESTAMP, [f"{SIGNED_AT:_}"]),
    "a leading zero": (TIMESTAMP, [f"0{SIGNED_AT}"]),
    "a leading space": (TIMESTAMP, [f" {SIGNED_AT}"]),
    "digits of another script": (TIMESTAMP, [str(SIGNED_AT).translate({48 + n: 0x660 + n for n in range(10)})]),
    "infinity": (TIMESTAMP, ["inf"]),
    "not a number": (TIMESTAMP, ["NaN"]),
    "a date": (TIMESTAMP, ["2025-11-24T16:00:00Z"]),
    "a huge timestamp": (TIMESTAMP, ["9" * 100_000]),
    # signatures
    "another secret": (SIGNATURE, [STRANGER]),
    "another body's signature": (SIGNATURE, [signature(VALID + b" ")]),
    "another time's signature": (SIGNATURE, [signature(timestamp=SIGNED_AT - 1)]),
    "no version": (SIGNATURE, [MAC]),
    "an empty version": (SIGNATURE, [f",{MAC}"]),
    "an unknown version": (SIGNATURE, [f"v2,{MAC}"]),
    "a version in capitals": (SIGNATURE, [f"V1,{MAC}"]),
    "an asymmetric version": (SIGNATURE, [f"v1a,{MAC}"]),
    "a version alone": (SIGNATURE, ["v1,"]),
    "an equals sign": (SIGNATURE, [f"v1={MAC}"]),
    "no padding": (SIGNATURE, [GOOD.rstrip("=")]),
    "too much padding": (SIGNATURE, [GOOD + "="]),
    "base64 of something short": (SIGNATURE, ["v1,AAAA"]),
    "base64 of something long": (SIGNATURE, ["v1," + "A" * 1_000]),
    "no base64": (SIGNATURE, ["v1," + "%" * 43 + "="]),
    "base64 for URLs": (SIGNATURE, ["v1," + "-_" * 21 + "A="]),
    "hexadecimal digest": (SIGNATURE, ["v1," + base64.b64decode(MAC).hex()]),
    "a trailing line break": (SIGNATURE, [GOOD + "\n"]),
    "a comma between two": (SIGNATURE, [f"{GOOD},{GOOD}"]),
    "a tab between two": (SIGNATURE, [f"{STRANGER}\t{GOOD}"]),
    "unicode": (SIGNATURE, ["v1,é"]),
    "a surrogate as signature": (SIGNATURE, ["v1,\ud800"]),
    "a thousand signatures": (SIGNATURE, [" ".join([STRANGER] * 1_000)]),
    "a huge signature": (SIGNATURE, ["v1," + "A" * 1_000_000]),
}

INVALID: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "null": b"null",
    "a number": b"7",
    "a string": b'"completed"',
    "a list": b"[]",
    "a status twice": b'{"executionId":"x","status":"failed","status":"completed"}',
    "a deep list": b"[" * 500 + b"]" * 500,
    "deep, and no status": b'{"executionId":"x","result":' + b"[" * 500 + b"]" * 500 + b"}",
    "single quotes": b"{'executionId':'x','status':'completed'}",
    "a comment": b'{"executionId":"x","status":"completed"} // done',
    "an empty object": b"{}",
    "half an object": VALID[:-1],
    "two objects": VALID + VALID,
    "not UTF-8": b"\xff\xfe" + VALID,
    "a key twice": b'{"executionId":"x","executionId":"y","status":"completed"}',
    "a lone surrogate": b'{"executionId":"\\ud800","status":"completed"}',
    "a null character": b'{"executionId":"x\x00","status":"completed"}',
    "deep nesting": b"[" * 100_000,
    "no execution id": b'{"status":"completed"}',
    "an empty execution id": b'{"executionId":"","status":"completed"}',
    "a numeric execution id": b'{"executionId":5,"status":"completed"}',
    "an execution id in a list": b'{"executionId":["x"],"status":"completed"}',
    "a long execution id": b'{"executionId":"' + b"x" * 129 + b'","status":"completed"}',
    "no status": b'{"executionId":"x"}',
    "an unknown status": b'{"executionId":"x","status":"queued"}',
    "a status in capitals": b'{"executionId":"x","status":"COMPLETED"}',
    "a status that is null": b'{"executionId":"x","status":null}',
}


def event(body: bytes, headers: dict[str, list[str]]) -> dict[str, Any]:
    """Return the event of a POST; the body is base64, as API Gateway passes binary bodies on."""
    return {
        "resource": "/webhooks/genesys",
        "path": "/webhooks/genesys",
        "httpMethod": "POST",
        "headers": {name: values[-1] for name, values in headers.items() if values},
        "multiValueHeaders": headers,
        "requestContext": {"requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def headers(body: bytes) -> dict[str, list[str]]:
    signed = StandardWebhooks.headers([parse_secret(WEBHOOK_SECRET)], WEBHOOK_ID, SIGNED_AT, body)
    return {name: [value] for name, value in signed.items()}


def answer(functions: Functions, body: bytes, given: dict[str, list[str]]) -> tuple[int, str | None]:
    response = functions.call("receive_webhook", event(body, given))
    document = json.loads(response["body"])
    if response["statusCode"] >= 400:
        assert response["headers"]["Content-Type"] == "application/problem+json"
    return response["statusCode"], document.get("code")


@pytest.fixture(autouse=True)
def _awaited(functions: Functions) -> None:
    functions.relay.given_awaiting()


@pytest.fixture(scope="module")
def refusals() -> set[str]:
    """Collects the bodies of all refusals."""
    return set()


@pytest.mark.parametrize("case", UNAUTHENTIC)
def test_a_malformed_header_is_401_and_changes_nothing(functions: Functions, case: str, refusals: set[str]) -> None:
    name, values = UNAUTHENTIC[case]
    given = {key: value for key, value in headers(VALID).items() if key != name}
    if values is not None:
        given[name] = list(values)
    before = functions.relay.record

    answered = functions.call("receive_webhook", event(VALID, given))
    refusals.add(answered["body"])
    assert (answered["statusCode"], json.loads(answered["body"])["code"]) == (401, "unauthentic_webhook")
    assert len(refusals) == 1, "which check failed helps a forger"
    assert functions.relay.record == before
    assert functions.relay.webhook_ids.kept == {}


@pytest.mark.parametrize("moved", [-301, -86_400, -SIGNED_AT, 301, 86_400])
def test_a_valid_signature_of_another_time_is_401(functions: Functions, moved: int) -> None:
    signed = StandardWebhooks.headers([parse_secret(WEBHOOK_SECRET)], WEBHOOK_ID, SIGNED_AT + moved, VALID)

    assert answer(functions, VALID, {name: [value] for name, value in signed.items()}) == (401, "unauthentic_webhook")
    assert functions.relay.record.status is Status.AWAITING_WEBHOOK


@pytest.mark.parametrize("case", INVALID)
def test_a_signed_body_that_is_no_result_is_422(functions: Functions, case: str) -> None:
    before = functions.relay.record

    assert answer(functions, INVALID[case], headers(INVALID[case])) == (422, "invalid_request")
    assert functions.relay.record == before
    assert functions.relay.webhook_ids.kept == {}


def test_there_are_at_least_60_malformed_requests() -> None:
    assert len({(name, *(values or ())) for name, values in UNAUTHENTIC.values()}) + len(set(INVALID.values())) >= 60


def test_a_valid_request_is_accepted(functions: Functions) -> None:
    assert answer(functions, VALID, headers(VALID)) == (200, None)
    assert functions.relay.record.status is Status.COMPLETED


@pytest.mark.parametrize("in_case", [str.upper, str.title, str.lower], ids=["upper", "title", "lower"])
@pytest.mark.parametrize("single", [True, False], ids=["single values", "multiple values"])
def test_header_names_are_found_in_any_case(functions: Functions, in_case: Any, *, single: bool) -> None:
    request = event(VALID, {in_case(name): values for name, values in headers(VALID).items()})
    request["multiValueHeaders" if single else "headers"] = None

    assert functions.call("receive_webhook", request)["statusCode"] == 200


@pytest.mark.parametrize("length", [512_001, LARGEST, LARGEST + 1])
@pytest.mark.parametrize("signed", [True, False])
def test_a_size_is_judged_after_the_signature(functions: Functions, length: int, *, signed: bool) -> None:
    body = json.dumps({"executionId": EXECUTION_ID, "status": "completed", "result": ""}).encode()
    body = body[:-2] + b"x" * (length - len(body)) + body[-2:]
    expected: tuple[int, str | None] = (200, None) if length <= LARGEST else (413, "payload_too_large")

    assert len(body) == length
    assert answer(functions, body, headers(body) if signed else {}) == (
        expected if signed else (401, "unauthentic_webhook")
    )


BESIDE: dict[str, dict[str, Any]] = {
    "a charset": {"multiValueHeaders": {"Content-Type": ["application/json; charset=ISO-8859-1"]}},
    "a coding": {"multiValueHeaders": {"Content-Encoding": ["gzip"]}},
    "a type twice": {"multiValueHeaders": {"Content-Type": ["application/json", "text/plain"]}},
}
"""Reasons to refuse a caller's request."""


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("case", BESIDE)
def test_the_signature_alone_decides(functions: Functions, case: str, *, signed: bool) -> None:
    asked = event(VALID, headers(VALID) if signed else {})
    for name, values in BESIDE[case].items():
        asked[name] = {**(asked.get(name) or {}), **values}

    answered = functions.call("receive_webhook", asked)
    assert answered["statusCode"] == (200 if signed else 401)
    assert functions.relay.record.status is (Status.COMPLETED if signed else Status.AWAITING_WEBHOOK)


def test_a_body_that_is_not_the_base64_it_says_is_401(functions: Functions) -> None:
    answered = functions.call("receive_webhook", event(VALID, headers(VALID)) | {"body": "{no base64"})
    assert (answered["statusCode"], json.loads(answered["body"])["code"]) == (401, "unauthentic_webhook")


def test_text_in_the_charset_that_is_named_is_read(functions: Functions) -> None:
    body = VALID.replace(b'{"total": 3}', '"Zürich"'.encode("latin-1"))
    given = headers(body) | {"Content-Type": ["application/json; charset=ISO-8859-1"]}

    assert answer(functions, body, given) == (200, None)
    assert functions.relay.shown_result() == "Zürich"
