"""Connections that fail, at each stage: what that proves about the request, and what follows from it."""

import json
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import urllib3

from actionrelay.execute.client_http import GenesysClient
from actionrelay.genesys import connections_http as connections
from actionrelay.genesys.http import new_pool
from actionrelay.genesys.verdict import Reply, ReplyKind, Verdict, judge
from tests.fakes.answers import chunked, cut, raw
from tests.fakes.asking import COMPLETED, DATA_ACTIONS, INTEGRATIONS, Contract, a_call, ask
from tests.fakes.certificates import self_signed
from tests.fakes.genesys import a_token
from tests.fakes.loopback import (
    KeepingServer,
    LoopbackServer,
    Script,
    answering,
    breaking_off,
    closed_port,
    resetting,
    resetting_unread,
    saying,
    silent,
    sipping,
)

NOT_SENT = (ReplyKind.NOT_SENT, Verdict.POSTPONE, "not_reached")
NO_ANSWER = (ReplyKind.NO_ANSWER, Verdict.AMBIGUOUS, "no_answer")
SUCCEEDED = (ReplyKind.SUCCEEDED, None, None)
WHOLE = raw(200, COMPLETED)

each_contract = pytest.mark.parametrize("contract", [DATA_ACTIONS, INTEGRATIONS], ids=["data-actions", "integrations"])


def meaning(reply: Reply) -> tuple[ReplyKind, Verdict | None, str | None]:
    """The kind of a reply, what it allows, and its code."""
    if reply.error is None:
        return reply.kind, None, None
    return reply.kind, judge(reply), reply.error.code


# -- Before any of the body went out --


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client is sent, and what is there."""

    server: Callable[[], AbstractContextManager[LoopbackServer | None]]
    url: Callable[[LoopbackServer | None], str]
    wait_ms: int = 5_000


def over_tls(script: Script, wait_ms: int = 5_000) -> Place:
    """A server that takes TLS for something else, or does not get that far."""
    return Place(
        lambda: LoopbackServer(script, reads=False),
        lambda server: server.url.replace("http://", "https://") if server else "",
        wait_ms,
    )


NOWHERE = {
    "a name that can't be one": Place(nullcontext, lambda _: "http://" + "a" * 64 + ".invalid"),
    "a refused connection": Place(nullcontext, lambda _: f"http://127.0.0.1:{closed_port()}"),
    "no TLS": over_tls(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
    "a reset within the handshake": over_tls(resetting_unread),
    "the end within the handshake": over_tls(saying(b"")),
    "a handshake that hangs": over_tls(silent, wait_ms=150),
    "no time": Place(nullcontext, lambda _: f"http://127.0.0.1:{closed_port()}", wait_ms=0),
}


@each_contract
@pytest.mark.parametrize("name", NOWHERE)
def test_given_no_connection_when_asked_then_nothing_was_sent(name: str, contract: Contract) -> None:
    place = NOWHERE[name]
    with place.server() as server:
        assert meaning(ask(place.url(server), contract, place.wait_ms)) == NOT_SENT


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "unknown"), TimeoutError("connect"), OSError(113, "no route")])
def test_a_failing_name_or_network_sent_nothing(failure: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert meaning(ask("https://api.mypurecloud.com")) == NOT_SENT


@pytest.mark.parametrize("value", ["tok\r\nX-Evil: 1", "tök€"], ids=["line-break", "letters"])
def test_a_token_unfit_for_a_header_sent_nothing(value: str) -> None:
    with LoopbackServer(answering(200, COMPLETED)) as server:
        pool = new_pool()
        token = replace(a_token(), value=value)
        reply = GenesysClient(pool, server.url, DATA_ACTIONS).execute(a_call(), token, 5_000)
        pool.clear()
    assert meaning(reply) == NOT_SENT
    assert reply.error is not None
    assert "tok" not in reply.error.message
    assert not any(b"Evil" in request for request in server.requests)


# -- TLS --


def trusting(certificate: Path) -> urllib3.PoolManager:
    pool = new_pool()
    pool.connection_pool_kw["ca_certs"] = str(certificate)
    return pool


def test_only_a_trusted_certificate_for_the_name_is_accepted(tmp_path: Path) -> None:
    served, certificate = self_signed(tmp_path, "127.0.0.1")
    with LoopbackServer(answering(200, COMPLETED), tls=served) as server:
        port = server.url.rpartition(":")[2]
        outcomes = {}
        for name, url, pool in (
            ("stranger", f"https://127.0.0.1:{port}", new_pool()),
            ("other name", f"https://localhost:{port}", trusting(certificate)),
            ("trusted", f"https://127.0.0.1:{port}", trusting(certificate)),
        ):
            outcomes[name] = meaning(GenesysClient(pool, url, DATA_ACTIONS).execute(a_call(), a_token(), 5_000))
            pool.clear()
    assert outcomes == {"stranger": NOT_SENT, "other name": NOT_SENT, "trusted": SUCCEEDED}
    assert len(server.requests) == 1


def test_the_pool_verifies_and_never_retries() -> None:
    pool = new_pool()
    https = pool.connection_from_url("https://api.mypurecloud.com").ConnectionCls("api.mypurecloud.com")
    assert isinstance(https, urllib3.connection.HTTPSConnection)
    assert https.cert_reqs in {None, ssl.CERT_REQUIRED}, "None is urllib3's default: required"
    assert pool.connection_pool_kw["retries"].total is False


# -- From when the body was on its way --

BROKEN: dict[str, Script] = {
    "reset, nothing of it read": resetting_unread,
    "reset, read": resetting,
    "closed, read": saying(b""),
    "closed in the status line": saying(b"HTTP/1.1 2"),
    "closed after the status line": saying(b"HTTP/1.1 200 OK\r\n"),
    "closed in the headers": saying(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "reset in the headers": breaking_off(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "closed before the body": saying(cut(WHOLE, 0)),
    "reset before the body": breaking_off(cut(WHOLE, 0)),
    "closed in the body": saying(cut(WHOLE, 5)),
    "reset in the body": breaking_off(cut(WHOLE, 5)),
    "closed in a chunk": saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"),
    "reset between chunks": breaking_off(chunked(b"{", end=b"")),
    "closed after an interim answer": saying(b"HTTP/1.1 102 Processing\r\n\r\n"),
}


@each_contract
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_request_may_have_run_and_is_sent_once(name: str, contract: Contract) -> None:
    reads = "nothing of it read" not in name
    with LoopbackServer(BROKEN[name], reads=reads) as server:
        reply = ask(server.url, contract)
    assert meaning(reply) == NO_ANSWER
    assert len(server.requests) == (1 if reads else 0)


def test_a_request_taken_too_slowly_may_have_run() -> None:
    pool, call = new_pool(), replace(a_call(), inputs=json.dumps({"much": "x" * 20_000_000}))
    with LoopbackServer(sipping, reads=False) as server:
        reply = GenesysClient(pool, server.url, DATA_ACTIONS).execute(call, a_token(), 500)
        pool.clear()
    assert meaning(reply) == NO_ANSWER
    assert 400 <= reply.latency_ms < 1_500


# -- Connections that are kept --


def twice(server: KeepingServer, between: Callable[[], None] = lambda: None) -> list[Reply]:
    """Two calls over one pool, and what happens between them."""
    pool = new_pool()
    client = GenesysClient(pool, server.url, DATA_ACTIONS)
    first = client.execute(a_call(), a_token(), 5_000)
    between()
    second = client.execute(a_call(), a_token(), 5_000)
    pool.clear()
    return [first, second]


def test_a_fresh_connection_is_used_again() -> None:
    with KeepingServer(WHOLE, WHOLE) as server:
        assert [meaning(reply) for reply in twice(server)] == [SUCCEEDED] * 2
    assert server.connections == 1


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_closed_connection_is_replaced_before_the_request(*, reset: bool) -> None:
    with KeepingServer(WHOLE, WHOLE) as server:
        replies = twice(server, lambda: server.hang_up(reset=reset))
    assert [meaning(reply) for reply in replies] == [SUCCEEDED] * 2
    assert (server.connections, len(server.requests)) == (2, 2)


@pytest.mark.parametrize("passed", [connections.MAX_IDLE_SECONDS + 1, -1.0], ids=["rested", "clock set back"])
def test_an_old_connection_is_replaced_before_the_request(passed: float, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(connections, "time", SimpleNamespace(time=lambda: now[0], monotonic=time.monotonic))
    with KeepingServer(WHOLE, WHOLE) as server:
        replies = twice(server, lambda: now.append(now.pop() + passed))
    assert [meaning(reply) for reply in replies] == [SUCCEEDED] * 2
    assert server.connections == 2


def test_a_kept_connection_that_breaks_may_have_run() -> None:
    with KeepingServer(WHOLE, b"") as server:
        assert [meaning(reply) for reply in twice(server)] == [SUCCEEDED, NO_ANSWER]
    assert len(server.requests) == 2, "nothing is sent a second time"


OWN = b'{"status":"completed","result":"own"}'
LEFTOVERS = {
    "an interim answer": b"HTTP/1.1 103 Early Hints\r\n\r\n" + WHOLE,
    "a body after 204": raw(204, headers={"Content-Length": ""}) + WHOLE,
    "another answer": WHOLE + WHOLE,
    "more than its length": raw(200, COMPLETED + COMPLETED, {"Content-Length": str(len(COMPLETED))}),
    "an error": raw(400, COMPLETED),
    "an error that is too large": raw(400, b" " * 6_000_000),
}


@pytest.mark.parametrize("name", LEFTOVERS)
def test_surplus_bytes_do_not_answer_the_next_request(name: str) -> None:
    with KeepingServer(LEFTOVERS[name], raw(200, OWN)) as server:
        _, second = twice(server)
    assert (second.kind, second.result) == (ReplyKind.SUCCEEDED, b'"own"')
