"""Genesys Cloud over real connections: what each way of failing proves about the request."""

import base64
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
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
from actionrelay.genesys.client import DataActions, GenesysClient, Integrations
from actionrelay.genesys.hosts import REGIONS, GenesysHosts, find_hosts
from actionrelay.genesys.http import MAX_ANSWER_BYTES, NoAnswerError, NotSentError, new_pool, post
from actionrelay.genesys.oauth import DATA_ACTION_SCOPES, ClientCredentialsIssuer
from actionrelay.models import ActionCall, GenesysApi
from actionrelay.retry import Reply, ReplyKind
from tests.fakes.chance import NOON
from tests.fakes.genesys import a_token
from tests.fakes.loopback import LoopbackServer, Script, answering, closed_port, dripping, resetting, saying, silent
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, INPUTS, TRACE_ID

RECEIPT_URL = "https://relay.example.com/v1/webhooks/genesys"
COMPLETED = b'{"status":"completed","result":{"total":3}}'
DATA_ACTIONS = DataActions(RECEIPT_URL)


def a_call(action_id: str = ACTION_ID) -> ActionCall:
    return ActionCall(EXECUTION_ID, action_id, TRACE_ID, INPUTS, 10_000, cache_results=True)


def ask(url: str, contract: DataActions | Integrations = DATA_ACTIONS, wait_ms: int = 5_000) -> Reply:
    pool = new_pool()
    try:
        return GenesysClient(pool, url, contract).execute(a_call(), a_token(), wait_ms)
    finally:
        pool.clear()


def asked(script: Script, contract: DataActions | Integrations = DATA_ACTIONS, wait_ms: int = 5_000) -> Reply:
    with LoopbackServer(script) as server:
        return ask(server.url, contract, wait_ms)


def body_of(request: bytes) -> Any:
    return json.loads(request.partition(b"\r\n\r\n")[2])


# -- The two contracts --


def test_given_data_actions_when_asked_then_the_contracts_request_goes_out() -> None:
    with LoopbackServer(answering(200, COMPLETED)) as server:
        ask(server.url)
    [request] = server.requests
    assert request.startswith(b"POST /api/v2/data/actions/execute HTTP/1.1\r\n")
    assert f"Authorization: Bearer {a_token().value}".encode() in request
    assert f"X-Trace-Id: {TRACE_ID}".encode() in request
    assert body_of(request) == {
        "actionId": ACTION_ID,
        "inputs": INPUTS,
        "timeout": 10_000,
        "cacheResults": True,
        "webhookUrl": RECEIPT_URL,
        "executionId": EXECUTION_ID,
        "traceId": TRACE_ID,
    }


def test_given_integrations_when_asked_then_bare_inputs_go_to_the_actions_own_path() -> None:
    with LoopbackServer(answering(200, b'{"total":3}')) as server:
        pool = new_pool()
        reply = GenesysClient(pool, server.url, Integrations()).execute(a_call("a/../b c"), a_token(), 5_000)
        pool.clear()
    [request] = server.requests
    assert request.startswith(b"POST /api/v2/integrations/actions/a%2F..%2Fb%20c/execute HTTP/1.1\r\n")
    assert body_of(request) == INPUTS
    assert (reply.kind, reply.result) == (ReplyKind.SUCCEEDED, {"total": 3})


@pytest.mark.parametrize(
    ("body", "kind", "result"),
    [
        (COMPLETED, ReplyKind.SUCCEEDED, {"total": 3}),
        (b'{"status":"completed"}', ReplyKind.SUCCEEDED, None),
        (b'{"status":"queued","result":null}', ReplyKind.ACCEPTED, None),
        (b'{"status":"mystery"}', ReplyKind.NO_ANSWER, None),
        (b"{}", ReplyKind.NO_ANSWER, None),
        (b"[]", ReplyKind.NO_ANSWER, None),
        (b"", ReplyKind.NO_ANSWER, None),
        (b"<html>", ReplyKind.NO_ANSWER, None),
        (b"\xff\xfe\xfd", ReplyKind.NO_ANSWER, None),
        (b'{"status":"completed","result":1,"result":2}', ReplyKind.SUCCEEDED, 2),
    ],
)
def test_given_a_success_of_data_actions_when_read_then_its_body_decides(
    body: bytes, kind: ReplyKind, result: Any
) -> None:
    reply = asked(answering(200, body, ININ_Correlation_Id="corr-1"))
    assert (reply.kind, reply.result, reply.correlation_id) == (kind, result, "corr-1")
    if kind is ReplyKind.NO_ANSWER:
        assert reply.error is not None
        assert reply.error.code == "unreadable_answer"


NOT_JSON = {
    "nan": b'{"a":NaN}',
    "float": b'{"a":1e999}',
    "integer": b"1" + b"0" * 400,
    "surrogate": b'"\\ud800"',
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "text": b"<html>",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_given_a_bare_result_that_is_no_json_with_one_meaning_when_read_then_nobody_knows_what_it_was(
    body: bytes,
) -> None:
    reply = asked(answering(200, body, ININ_Correlation_Id="corr-1"), Integrations())
    assert (reply.kind, reply.result, reply.correlation_id) == (ReplyKind.NO_ANSWER, None, "corr-1")
    assert reply.error is not None
    assert (reply.error.code, reply.error.message) == ("unreadable_answer", "the answer can't be read: not JSON")


def test_given_a_failure_in_a_success_when_read_then_it_is_one_that_genesys_reports() -> None:
    body = b'{"status":"failed","error":{"code":"bad","message":"it is","correlationId":"corr-2"}}'
    reply = asked(answering(200, body))
    assert reply.kind is ReplyKind.REPORTED_FAILURE
    assert reply.error is not None
    assert (reply.error.code, reply.error.message, reply.correlation_id) == ("bad", "it is", "corr-2")


@pytest.mark.parametrize("body", [b"", b"null"])
def test_given_an_empty_success_of_integrations_when_read_then_there_is_no_result(body: bytes) -> None:
    reply = asked(answering(200, body), Integrations())
    assert (reply.kind, reply.result) == (ReplyKind.SUCCEEDED, None)


@pytest.mark.parametrize(
    ("body", "code", "message", "correlation_id"),
    [
        (b'{"message":"slow down","code":"rate","status":429,"contextId":"ctx"}', "rate", "slow down", "ctx"),
        (b'{"errorCode":"rate","userMessage":"slow","correlationId":"corr"}', "rate", "slow", "corr"),
        (b"<html>", "http_429", "Genesys Cloud answered 429", None),
        (b"[1]", "http_429", "Genesys Cloud answered 429", None),
        (b'{"code":"\\ud800","message":"x"}', "http_429", "Genesys Cloud answered 429", None),
        (b'{"code":"rate","code":"late","message":"x"}', "late", "x", None),
        (b"[" * 100_000, "http_429", "Genesys Cloud answered 429", None),
        (b'{"code":429,"message":5}', "429", "5", None),
        (b'{"message":"' + b"x" * 5_000 + b'"}', "http_429", "x" * 2_000, None),
    ],
)
def test_given_an_error_in_either_dialect_when_read_then_its_parts_are_found(
    body: bytes, code: str, message: str, correlation_id: str | None
) -> None:
    reply = asked(answering(429, body, Retry_After="17"))
    assert reply.kind is ReplyKind.HTTP_ERROR
    assert (reply.http_status, reply.retry_after, reply.correlation_id) == (429, "17", correlation_id)
    assert reply.error is not None
    assert (reply.error.code, reply.error.message) == (code, message)


def test_given_the_correlation_header_when_read_then_it_goes_before_the_bodys() -> None:
    reply = asked(answering(500, b'{"contextId":"ctx"}', ININ_Correlation_Id="corr"))
    assert reply.correlation_id == "corr"


def test_given_a_redirect_when_answered_then_it_is_an_error_and_not_followed() -> None:
    with LoopbackServer(answering(307, Location="/elsewhere")) as server:
        reply = ask(server.url)
    assert (reply.kind, reply.http_status, len(server.requests)) == (ReplyKind.HTTP_ERROR, 307, 1)


# -- Connections --


def test_given_a_refused_connection_when_asked_then_it_was_not_sent() -> None:
    reply = ask(f"http://127.0.0.1:{closed_port()}")
    assert reply.kind is ReplyKind.NOT_SENT
    assert reply.error is not None
    assert reply.error.code == "not_reached"


def test_given_a_server_that_speaks_no_tls_when_asked_over_https_then_it_was_not_sent() -> None:
    with LoopbackServer(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), reads=False) as server:
        assert ask(server.url.replace("http://", "https://")).kind is ReplyKind.NOT_SENT


def test_given_a_name_that_cannot_be_one_when_asked_then_it_was_not_sent() -> None:
    assert ask("http://" + "a" * 64 + ".invalid").kind is ReplyKind.NOT_SENT


@pytest.mark.parametrize("value", ["tok\r\nX-Evil: 1", "tök\u20ac"], ids=["line-break", "letters"])
def test_given_a_token_that_cannot_be_a_header_when_asked_then_it_was_not_sent(value: str) -> None:
    with LoopbackServer(answering(200, COMPLETED)) as server:
        pool = new_pool()
        token = replace(a_token(), value=value)
        reply = GenesysClient(pool, server.url, DATA_ACTIONS).execute(a_call(), token, 5_000)
        pool.clear()
    assert reply.kind is ReplyKind.NOT_SENT
    assert reply.error is not None
    assert "tok" not in reply.error.message
    assert not any(b"Evil" in request for request in server.requests)


@pytest.mark.parametrize("wait_seconds", [0.0, -1.0])
def test_given_no_time_at_all_when_posted_then_it_was_not_sent(wait_seconds: float) -> None:
    with pytest.raises(NotSentError):
        post(new_pool(), f"http://127.0.0.1:{closed_port()}", {}, b"{}", wait_seconds)


@pytest.mark.parametrize("wait_ms", [0, -1])
def test_given_no_time_at_all_when_asked_then_that_is_a_reply_and_no_crash(wait_ms: int) -> None:
    assert ask(f"http://127.0.0.1:{closed_port()}", wait_ms=wait_ms).kind is ReplyKind.NOT_SENT


TRUNCATED = b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"status"'


@pytest.mark.parametrize(
    "script",
    [
        resetting,
        saying(b""),
        saying(b"HTTP/1.1 200 OK\r\n"),
        saying(b"HTTP/1.1 200 OK\r\nContent-Le"),
        saying(TRUNCATED),
        saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"),
        saying(b"this is no HTTP\r\n\r\n"),
    ],
    ids=["reset", "closed", "status-line", "half-head", "half-body", "half-chunk", "noise"],
)
@pytest.mark.parametrize("contract", [DATA_ACTIONS, Integrations()], ids=["data-actions", "integrations"])
def test_given_a_request_that_went_out_when_no_whole_answer_comes_back_then_it_may_have_run(
    script: Script, contract: DataActions | Integrations
) -> None:
    with LoopbackServer(script) as server:
        reply = ask(server.url, contract)
    assert reply.kind is ReplyKind.NO_ANSWER
    assert len(server.requests) == 1, "nothing is sent a second time"


def test_given_a_silent_server_when_the_wait_is_over_then_it_may_have_run() -> None:
    reply = asked(silent, wait_ms=150)
    assert reply.kind is ReplyKind.NO_ANSWER
    assert 100 <= reply.latency_ms < 2_000


def test_given_an_answer_without_end_when_the_limit_is_reached_then_reading_stops() -> None:
    flood = b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (MAX_ANSWER_BYTES + 100_000)
    reply = asked(saying(flood))
    assert reply.kind is ReplyKind.NO_ANSWER
    assert reply.error is not None
    assert "longer than 5 MB" in reply.error.message


def test_given_an_answer_that_flows_for_ever_when_the_wait_is_over_then_reading_stops() -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    with LoopbackServer(dripping(head, b" " * 70_000, interval=0.02)) as server:
        pool = new_pool()
        with pytest.raises(NoAnswerError):
            post(pool, server.url, {}, b"{}", 0.2)
        pool.clear()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
DRIPS = {
    "status line": dripping(b"HTTP/1.1 ", b"2", interval=0.02),
    "header": dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", interval=0.02),
    "headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n", interval=0.02),
    "interim answers": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", interval=0.02),
    "body": dripping(b"HTTP/1.1 200 OK\r\n\r\n", b" ", interval=0.02),
    "body of a length": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" ", interval=0.02),
    "chunks": dripping(CHUNKED, b"1\r\n \r\n", interval=0.02),
    "a chunk's size": dripping(CHUNKED + b"5;", b"a", interval=0.02),
    "trailer": dripping(CHUNKED + b"0\r\nX-Slow: ", b"a", interval=0.02),
}


@pytest.mark.parametrize("contract", [DATA_ACTIONS, Integrations()], ids=["data-actions", "integrations"])
@pytest.mark.parametrize("script", DRIPS.values(), ids=DRIPS)
def test_given_an_answer_that_drips_when_the_wait_is_over_then_it_may_have_run_and_nobody_waits_longer(
    script: Script, contract: DataActions | Integrations
) -> None:
    reply = asked(script, contract, wait_ms=200)
    assert reply.kind is ReplyKind.NO_ANSWER
    assert 150 <= reply.latency_ms < 1_000


def test_given_a_head_that_comes_late_when_silence_follows_then_the_wait_does_not_begin_anew() -> None:
    def late(connection: socket.socket, over: threading.Event) -> None:
        over.wait(0.4)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        over.wait(5)

    reply = asked(late, wait_ms=500)
    assert reply.kind is ReplyKind.NO_ANSWER
    assert reply.latency_ms < 800


def test_given_an_answer_in_time_when_whole_then_its_deadline_does_not_touch_the_next_one() -> None:
    whole = answering(200, COMPLETED)
    with LoopbackServer(whole, whole) as server:
        pool = new_pool()
        client = GenesysClient(pool, server.url, DATA_ACTIONS)
        replies = [client.execute(a_call(), a_token(), wait_ms) for wait_ms in (100, 5_000)]
        pool.clear()
    assert [reply.kind for reply in replies] == [ReplyKind.SUCCEEDED] * 2


def test_given_a_large_answer_when_whole_then_it_is_read_to_its_end() -> None:
    result = "x" * 1_000_000
    reply = asked(answering(200, json.dumps(result).encode()), Integrations())
    assert reply.result == result


# -- OAuth --


def an_issuer(
    url: str, api: GenesysApi = GenesysApi.DATA_ACTIONS, credentials: Callable[[], str] | None = None
) -> ClientCredentialsIssuer:
    secret = '{"clientId":"me","clientSecret":"s3cret"}'
    return ClientCredentialsIssuer(new_pool(), url, api, "genesys-secret", credentials or (lambda: secret))


def granted(**changes: Any) -> bytes:
    return json.dumps({"access_token": "the-token", "token_type": "bearer", "expires_in": 300} | changes).encode()


def test_given_client_credentials_when_asked_then_the_request_is_rfc_6749s() -> None:
    with LoopbackServer(answering(200, granted(scope=" ".join(DATA_ACTION_SCOPES)))) as server:
        token = an_issuer(server.url).request(NOON)
    [request] = server.requests
    assert request.startswith(b"POST /oauth/token HTTP/1.1\r\n")
    assert b"Authorization: Basic " + base64.b64encode(b"me:s3cret") in request
    assert request.endswith(b"grant_type=client_credentials&scope=data%3Aaction%3Aexecute+data%3Aaction%3Aview")
    assert (token.value, token.expires_at, token.scopes) == ("the-token", NOON + 300_000, DATA_ACTION_SCOPES)


def test_given_the_published_contract_when_asked_then_no_scope_is_asked_for() -> None:
    with LoopbackServer(answering(200, granted())) as server:
        token = an_issuer(server.url, GenesysApi.INTEGRATIONS).request(NOON)
    assert server.requests[0].endswith(b"\r\n\r\ngrant_type=client_credentials")
    assert token.scopes == ()


@pytest.mark.parametrize("expires_in", [300, 86_400, 2_592_000])
def test_given_a_lifetime_when_granted_then_it_is_honoured(expires_in: int) -> None:
    with LoopbackServer(answering(200, granted(expires_in=expires_in))) as server:
        assert an_issuer(server.url).request(NOON).expires_at == NOON + expires_in * 1_000


def test_given_no_scope_in_the_answer_when_granted_then_it_is_what_was_asked_for() -> None:
    with LoopbackServer(answering(200, granted())) as server:
        assert an_issuer(server.url).request(NOON).scopes == DATA_ACTION_SCOPES


def test_given_too_small_a_scope_when_granted_then_the_missing_one_is_named() -> None:
    with (
        LoopbackServer(answering(200, granted(scope="data:action:view other"))) as server,
        pytest.raises(ScopeMissingError, match=r"not granted data:action:execute$"),
    ):
        an_issuer(server.url).request(NOON)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (answering(400, b'{"error":"invalid_client"}'), CredentialsRefusedError),
        (answering(401), CredentialsRefusedError),
        (answering(403), PermissionMissingError),
        (answering(429, Retry_After="60"), TokenUnavailableError),
        (answering(500), TokenUnavailableError),
        (answering(302), TokenUnavailableError),
        (answering(200, b"<html>"), TokenUnavailableError),
        (answering(200, b"[]"), TokenUnavailableError),
        (answering(200, b'{"access_token":"x"}'), TokenUnavailableError),
        (answering(200, b'{"access_token":"x","expires_in":"soon"}'), TokenUnavailableError),
        (answering(200, b'{"access_token":"x","expires_in":1e999}'), TokenUnavailableError),
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
        "429",
        "500",
        "302",
        "no-json",
        "list",
        "no-lifetime",
        "no-number",
        "endless",
        "deep",
        "surrogate",
        "deep-scope",
        "reset",
        "half",
    ],
)
def test_given_anything_but_a_token_when_answered_then_the_error_says_which_kind(
    script: Script, error: type[TokenError]
) -> None:
    with LoopbackServer(script) as server, pytest.raises(error) as refused:
        an_issuer(server.url).request(NOON)
    assert type(refused.value) is error
    assert "s3cret" not in repr((refused.value, refused.value.context))


def test_given_a_login_host_that_is_down_when_asked_then_no_token_is_available() -> None:
    with pytest.raises(TokenUnavailableError):
        an_issuer(f"http://127.0.0.1:{closed_port()}").request(NOON)


@pytest.mark.parametrize("secret", ["", "text", "[]", "{}", '{"clientId":"me"}', "null"])
def test_given_a_secret_of_another_form_when_asked_then_the_error_names_it_and_shows_nothing(secret: str) -> None:
    with pytest.raises(CredentialsRefusedError, match="the secret genesys-secret must hold"):
        an_issuer("http://127.0.0.1", credentials=lambda: secret).request(NOON)


def test_given_a_secret_that_cannot_be_read_when_asked_then_it_may_be_later() -> None:
    def unavailable() -> str:
        raise SecretUnavailableError("the secret can't be read")

    with pytest.raises(TokenUnavailableError):
        an_issuer("http://127.0.0.1", credentials=unavailable).request(NOON)


def test_given_another_host_or_contract_when_named_then_the_issuer_is_another() -> None:
    issuers = {an_issuer(url, api).issuer for url in ("http://127.0.0.1:1", "http://127.0.0.1:2") for api in GenesysApi}
    assert len(issuers) == 4


# -- Hosts --


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_given_a_published_region_when_found_then_each_contract_has_its_hosts(region: str) -> None:
    assert find_hosts(GenesysApi.INTEGRATIONS, region) == GenesysHosts(
        f"https://api.{region}", f"https://login.{region}"
    )
    assert find_hosts(GenesysApi.DATA_ACTIONS, region) == GenesysHosts(f"https://api.{region}", f"https://api.{region}")


def test_given_the_published_list_when_counted_then_it_is_whole() -> None:
    assert len(REGIONS) == 18


def test_given_overrides_when_found_then_each_replaces_its_half() -> None:
    find = find_hosts
    api, login = "http://127.0.0.1:1", "https://login.example.com:8443/base"
    assert find(GenesysApi.DATA_ACTIONS, "mypurecloud.de", api + "/") == GenesysHosts(api, api)
    assert find(GenesysApi.INTEGRATIONS, "mypurecloud.de", api) == GenesysHosts(api, "https://login.mypurecloud.de")
    assert find(GenesysApi.DATA_ACTIONS, "mypurecloud.de", api, login) == GenesysHosts(api, login)


@pytest.mark.parametrize("region", ["", "example.com", "MYPURECLOUD.COM", "mypurecloud.com.evil.example"])
def test_given_a_region_that_is_not_published_when_found_then_it_is_refused(region: str) -> None:
    with pytest.raises(ValueError, match="not a Genesys Cloud region"):
        find_hosts(GenesysApi.DATA_ACTIONS, region)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        *((url, "must be an http or https URL of a host") for url in ("ftp://host", "host", "https://", "//host")),
        *((url, "without credentials") for url in ("https://user@host", "https://u:p@host", "https://@host")),
        *((url, "must end with its host, port or path") for url in ("https://host/?a=1", "https://host/#a")),
        ("https://host:0", "must end with its host, port or path"),
        ("https://host:65536", "[Pp]ort"),
        ("https://host:one", "[Pp]ort"),
    ],
)
def test_given_an_override_that_is_no_host_when_found_then_it_is_refused_with_the_reason(
    url: str, complaint: str
) -> None:
    for overrides in ({"api_url": url}, {"login_url": url}):
        with pytest.raises(ValueError, match=complaint):
            find_hosts(GenesysApi.DATA_ACTIONS, "mypurecloud.com", **overrides)
