"""OAuth client credentials over real connections."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from actionrelay.errors import (
    CredentialsRefusedError,
    PermissionMissingError,
    ScopeMissingError,
    SecretUnavailableError,
    TokenError,
    TokenUnavailableError,
)
from actionrelay.genesys.contract import GenesysApi
from actionrelay.genesys.http import new_pool
from actionrelay.token.login_http import DATA_ACTION_SCOPES, ClientCredentialsIssuer
from tests.fakes.chance import NOON
from tests.fakes.loopback import TRUNCATED, LoopbackServer, Script, answering, closed_port, resetting, saying


def an_issuer(
    url: str, api: GenesysApi = GenesysApi.DATA_ACTIONS, credentials: Callable[[], str] | None = None
) -> ClientCredentialsIssuer:
    secret = '{"clientId":"me","clientSecret":"s3cret"}'
    return ClientCredentialsIssuer(new_pool(), url, api, "genesys-secret", credentials or (lambda: secret))


def granted(**changes: Any) -> bytes:
    return json.dumps({"access_token": "the-token", "token_type": "bearer", "expires_in": 300} | changes).encode()


def test_the_token_request_follows_rfc_6749() -> None:
    with LoopbackServer(answering(200, granted(scope=" ".join(DATA_ACTION_SCOPES)))) as server:
        token = an_issuer(server.url).request(NOON)
    [request] = server.requests
    assert request.startswith(b"POST /oauth/token HTTP/1.1\r\n")
    assert b"Authorization: Basic " + base64.b64encode(b"me:s3cret") in request
    assert request.endswith(b"grant_type=client_credentials&scope=data%3Aaction%3Aexecute+data%3Aaction%3Aview")
    assert (token.value, token.expires_at, token.scopes) == ("the-token", NOON + 300_000, DATA_ACTION_SCOPES)


def test_the_published_contract_asks_for_no_scope() -> None:
    with LoopbackServer(answering(200, granted())) as server:
        token = an_issuer(server.url, GenesysApi.INTEGRATIONS).request(NOON)
    assert server.requests[0].endswith(b"\r\n\r\ngrant_type=client_credentials")
    assert token.scopes == ()


@pytest.mark.parametrize("expires_in", [300, 86_400, 2_592_000])
def test_given_a_lifetime_when_granted_then_it_is_honoured(expires_in: int) -> None:
    with LoopbackServer(answering(200, granted(expires_in=expires_in))) as server:
        assert an_issuer(server.url).request(NOON).expires_at == NOON + expires_in * 1_000


def test_a_missing_scope_in_the_answer_is_the_requested_one() -> None:
    with LoopbackServer(answering(200, granted())) as server:
        assert an_issuer(server.url).request(NOON).scopes == DATA_ACTION_SCOPES


def test_too_small_a_granted_scope_names_the_missing_one() -> None:
    with (
        LoopbackServer(answering(200, granted(scope="data:action:view other"))) as server,
        pytest.raises(ScopeMissingError, match=r"not granted data:action:execute$"),
    ):
        an_issuer(server.url).request(NOON)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (answering(400, b'{"error":"invalid_client"}'), CredentialsRefusedError),
        (answering(401, b'{"error":"invalid_client"}'), CredentialsRefusedError),
        (answering(403, b'{"error":"access_denied"}'), PermissionMissingError),
        (answering(401), TokenUnavailableError),
        (answering(403, b"<html>"), TokenUnavailableError),
        (answering(429, Retry_After="60"), TokenUnavailableError),
        (answering(500), TokenUnavailableError),
        (answering(302), TokenUnavailableError),
        (answering(200, b"<html>"), TokenUnavailableError),
        (answering(200, b"[]"), TokenUnavailableError),
        (answering(200, b"[" * 100_000), TokenUnavailableError),
        (answering(200, b'{"access_token":"\\ud800","expires_in":300}'), TokenUnavailableError),
        (answering(200, b'{"access_token":"x","expires_in":300,"scope":' + b"[" * 100_000), TokenUnavailableError),
        (resetting, TokenUnavailableError),
        (saying(TRUNCATED), TokenUnavailableError),
    ],
    ids=[
        "400",
        "401",
        "403",
        "401-empty",
        "403-page",
        "429",
        "500",
        "302",
        "no-json",
        "list",
        "deep",
        "surrogate",
        "deep-scope",
        "reset",
        "half",
    ],
)
def test_anything_but_a_token_is_an_error_of_its_kind(script: Script, error: type[TokenError]) -> None:
    with LoopbackServer(script) as server, pytest.raises(error) as refused:
        an_issuer(server.url).request(NOON)
    assert type(refused.value) is error
    assert "s3cret" not in repr((refused.value, refused.value.context))


@pytest.mark.parametrize("secret", ["a+b%20:c", "Zoë/ü", '"quoted"\\', "a=b&c d", "+"])
def test_credentials_go_out_as_they_are(secret: str) -> None:
    stored = json.dumps({"clientId": "me", "clientSecret": secret})
    with LoopbackServer(answering(200, granted())) as server:
        an_issuer(server.url, credentials=lambda: stored).request(NOON)
    assert b"Authorization: Basic " + base64.b64encode(f"me:{secret}".encode()) in server.requests[0]


def test_a_secret_behind_a_byte_order_mark_is_read() -> None:
    with LoopbackServer(answering(200, granted())) as server:
        an_issuer(server.url, credentials=lambda: '\ufeff{"clientId":"me","clientSecret":"s3cret"}').request(NOON)
    assert b"Authorization: Basic " + base64.b64encode(b"me:s3cret") in server.requests[0]


@pytest.mark.parametrize(
    "secret",
    [
        '{"clientId":"me","clientSecret":"a","clientSecret":"b"}',
        '{"clientId":"me","clientSecret":"\\ud83d"}',
        '{"clientId":"me","clientSecret":NaN}',
        '{"clientId":"me","clientSecret":"a\nb"}',
    ],
)
def test_a_secret_of_two_meanings_is_refused_by_name(secret: str) -> None:
    with pytest.raises(CredentialsRefusedError, match="the secret genesys-secret must hold"):
        an_issuer("http://127.0.0.1", credentials=lambda: secret).request(NOON)


def test_a_login_host_that_is_down_has_no_token() -> None:
    with pytest.raises(TokenUnavailableError):
        an_issuer(f"http://127.0.0.1:{closed_port()}").request(NOON)


@pytest.mark.parametrize("secret", ["", "text", "[]", "{}", '{"clientId":"me"}', "null"])
def test_a_secret_of_another_form_is_named_and_not_shown(secret: str) -> None:
    with pytest.raises(CredentialsRefusedError, match="the secret genesys-secret must hold"):
        an_issuer("http://127.0.0.1", credentials=lambda: secret).request(NOON)


def test_an_unreadable_secret_may_be_readable_later() -> None:
    def unavailable() -> str:
        raise SecretUnavailableError("the secret can't be read")

    with pytest.raises(TokenUnavailableError):
        an_issuer("http://127.0.0.1", credentials=unavailable).request(NOON)


def test_another_host_or_contract_is_another_issuer() -> None:
    issuers = {an_issuer(url, api).issuer for url in ("http://127.0.0.1:1", "http://127.0.0.1:2") for api in GenesysApi}
    assert len(issuers) == 4
