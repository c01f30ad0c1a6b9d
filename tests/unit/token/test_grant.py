"""What the login host's answers mean: tokens, refusals, outages."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.errors import CredentialsRefusedError, PermissionMissingError, TokenError, TokenUnavailableError
from actionrelay.token.grant import ASSUMED_SECONDS, LONGEST_SECONDS, Grant, read_grant
from tests.fakes.chance import NOON

SCOPES = ("data:action:execute", "data:action:view")


def grant(body: bytes, status: int = 200) -> Grant:
    return read_grant(status, body, {}, NOON)


def with_token(**members: Any) -> bytes:
    return json.dumps({"access_token": "abc", "token_type": "bearer"} | members).encode()


USED: dict[str, tuple[bytes, float, tuple[str, ...] | None]] = {
    "as specified": (with_token(expires_in=86_399), 86_399, None),
    "no lifetime": (with_token(), ASSUMED_SECONDS, None),
    "a lifetime of null": (with_token(expires_in=None), ASSUMED_SECONDS, None),
    "a lifetime in a list": (with_token(expires_in=[300]), ASSUMED_SECONDS, None),
    "true": (with_token(expires_in=True), ASSUMED_SECONDS, None),
    "a word": (with_token(expires_in="soon"), ASSUMED_SECONDS, None),
    "an empty text": (with_token(expires_in=""), ASSUMED_SECONDS, None),
    "none left": (with_token(expires_in=0), ASSUMED_SECONDS, None),
    "less than none": (with_token(expires_in=-5), ASSUMED_SECONDS, None),
    "NaN": (b'{"access_token":"abc","expires_in":NaN}', ASSUMED_SECONDS, None),
    "text": (with_token(expires_in="3600"), 3_600, None),
    "text with space": (with_token(expires_in=" 3600 "), 3_600, None),
    "text with a fraction": (with_token(expires_in="3599.5"), 3_599.5, None),
    "a fraction": (with_token(expires_in=3_599.9), 3_599.9, None),
    "a minute": (with_token(expires_in=60), 60, None),
    "30 days": (with_token(expires_in=2_592_000), 2_592_000, None),
    "for ever": (b'{"access_token":"abc","expires_in":1e999}', LONGEST_SECONDS, None),
    "a scope": (with_token(scope=" ".join(SCOPES), expires_in=300), 300, SCOPES),
    "a scope as a list": (with_token(scope=list(SCOPES), expires_in=300), 300, SCOPES),
    "a scope as a list of one": (with_token(scope=[" ".join(SCOPES)], expires_in=300), 300, SCOPES),
    "a scope of null": (with_token(scope=None, expires_in=300), 300, None),
    "an empty scope": (with_token(scope="", expires_in=300), 300, ()),
    "a scope of spaces": (with_token(scope="  ", expires_in=300), 300, ()),
    "an empty list of scopes": (with_token(scope=[], expires_in=300), 300, ()),
    "a list of an empty scope": (with_token(scope=[""], expires_in=300), 300, ()),
    "a scope of another type": (with_token(scope={"a": 1}, expires_in=300), 300, None),
    "a scope that is a number": (with_token(scope=7, expires_in=300), 300, None),
    "a byte order mark": (b"\xef\xbb\xbf" + with_token(expires_in=300), 300, None),
    "UTF-16": (with_token(expires_in=300).decode().encode("utf-16"), 300, None),
    "latin-1": (b'{"access_token":"abc","expires_in":300,"owner":"Andr\xe9"}', 300, None),
    "half of a pair": (b'{"access_token":"abc","expires_in":300,"owner":"\\ud83d"}', 300, None),
    "a line break in a text": (b'{"access_token":"abc","expires_in":300,"owner":"a\nb"}', 300, None),
    "a key twice": (b'{"access_token":"old","access_token":"abc","expires_in":300}', 300, None),
    "a token with space around": (b'{"access_token":" abc\\n","expires_in":300}', 300, None),
    "an error beside it": (with_token(expires_in=300, error=None), 300, None),
}


@pytest.mark.parametrize("case", USED)
def test_an_answer_with_a_token_in_it_is_used(case: str) -> None:
    body, seconds, scopes = USED[case]
    assert grant(body) == Grant("abc", seconds, scopes)
    assert grant(body, 201) == Grant("abc", seconds, scopes)


PAGE = b"<html><body>Forbidden</body></html>"
OUTAGES: dict[str, tuple[int, bytes]] = {
    **{f"a page, {status}": (status, PAGE) for status in (200, 302, 400, 401, 403, 404, 429, 500, 502, 503)},
    **{f"nothing, {status}": (status, b"") for status in (200, 204, 400, 401, 403, 429, 503)},
    **{f"temporarily, {status}": (status, b'{"error":"temporarily_unavailable"}') for status in (400, 401, 403, 503)},
    "a server's error": (400, b'{"error":"server_error"}'),
    "a gateway's document": (403, b'{"message":"Forbidden"}'),
    "a framework's document": (401, b'{"timestamp":1,"status":401,"error":"Unauthorized","path":"/oauth/token"}'),
    "a list": (400, b'[{"error":"invalid_client"}]'),
    "an error in an object": (400, b'{"error":{"code":"invalid_client"}}'),
    "an OAuth error, 429": (429, b'{"error":"invalid_client"}'),
    "an OAuth error, 500": (500, b'{"error":"invalid_client"}'),
    "an OAuth error, 200": (200, b'{"error":"invalid_client"}'),
    "a token of null": (200, b'{"access_token":null,"expires_in":300}'),
    "an empty token": (200, b'{"access_token":"","expires_in":300}'),
    "a token that is no header": (200, b'{"access_token":"a\\r\\nX: 1","expires_in":300}'),
    "a token beside an error's status": (500, with_token(expires_in=300)),
    "deep": (200, b"[" * 100_000),
    "longer than an answer": (200, with_token(expires_in=300, more="x" * 70_000)),
}


@pytest.mark.parametrize("case", OUTAGES)
def test_what_is_neither_a_token_nor_a_refusal_passes(case: str) -> None:
    status, body = OUTAGES[case]
    with pytest.raises(TokenUnavailableError) as outage:
        grant(body, status)
    assert outage.value.retryable
    assert outage.value.retry_after_ms == 0


CLIENTS = ("invalid_client", "invalid_grant", "unauthorized_client", "invalid_scope", "unsupported_grant_type")


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        *((status, code, CredentialsRefusedError) for status in (400, 401) for code in CLIENTS),
        *((403, code, PermissionMissingError) for code in (*CLIENTS, "access_denied", "insufficient_scope")),
        (403, "missing.permissions", PermissionMissingError),
    ],
)
def test_a_structured_oauth_error_is_a_refusal(status: int, code: str, error: type[TokenError]) -> None:
    with pytest.raises(error):
        grant(json.dumps({"error": code, "error_description": "no", "description": "no"}).encode(), status)
    with pytest.raises(error):
        grant(b"\xef\xbb\xbf" + json.dumps({"error": code, "owner": "\ud83d"}).encode(), status)


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize(("header", "rest_ms"), [("300", 300_000), ("12.5", 13_000), ("-1", 0), ("", 0)])
def test_an_outage_says_for_how_long(status: int, header: str, rest_ms: int) -> None:
    with pytest.raises(TokenUnavailableError) as outage:
        read_grant(status, b"", {"Retry-After": header}, NOON)
    assert outage.value.retry_after_ms == rest_ms


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    around=st.dictionaries(
        st.sampled_from(["expires_in", "scope", "token_type", "refresh_token", "error"]) | st.text(max_size=8), anything
    ).filter(lambda members: "access_token" not in members),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    ascii_only=st.booleans(),
)
def test_any_answer_with_a_token_is_used(around: dict[str, Any], encoding: str, *, ascii_only: bool) -> None:
    text = json.dumps({**around, "access_token": "abc"}, ensure_ascii=ascii_only)
    found = grant(text.encode(encoding, "surrogatepass"))
    assert found.value == "abc"
    assert 0 < found.seconds <= LONGEST_SECONDS
    assert "abc" not in repr(found)
