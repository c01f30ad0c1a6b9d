"""Time limits: no call waits longer for an answer than its limit, however the host uses the time."""

import socket
import threading

import pytest

from actionrelay.execute.client_http import GenesysClient
from actionrelay.genesys.http import NoAnswerError, NotSentError, new_pool, post
from actionrelay.genesys.verdict import ReplyKind
from tests.fakes.asking import COMPLETED, DATA_ACTIONS, INTEGRATIONS, Contract, a_call, ask, asked
from tests.fakes.genesys import a_token
from tests.fakes.loopback import LoopbackServer, Script, answering, closed_port, dripping, silent


@pytest.mark.parametrize("wait_seconds", [0.0, -1.0])
def test_given_no_time_at_all_when_posted_then_it_was_not_sent(wait_seconds: float) -> None:
    with pytest.raises(NotSentError):
        post(new_pool(), f"http://127.0.0.1:{closed_port()}", {}, b"{}", wait_seconds)


@pytest.mark.parametrize("wait_ms", [0, -1])
def test_no_time_at_all_is_a_reply_and_no_crash(wait_ms: int) -> None:
    assert ask(f"http://127.0.0.1:{closed_port()}", wait_ms=wait_ms).kind is ReplyKind.NOT_SENT


def test_a_silent_server_may_have_run_it() -> None:
    reply = asked(silent, wait_ms=150)
    assert reply.kind is ReplyKind.NO_ANSWER
    assert 100 <= reply.latency_ms < 2_000


def test_an_endless_answer_is_cut_off() -> None:
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


@pytest.mark.parametrize("contract", [DATA_ACTIONS, INTEGRATIONS], ids=["data-actions", "integrations"])
@pytest.mark.parametrize("script", DRIPS.values(), ids=DRIPS)
def test_a_dripping_answer_ends_with_the_wait(script: Script, contract: Contract) -> None:
    reply = asked(script, contract, wait_ms=200)
    assert reply.kind is ReplyKind.NO_ANSWER
    assert 150 <= reply.latency_ms < 1_000


def test_silence_after_a_late_head_does_not_restart_the_wait() -> None:
    def late(connection: socket.socket, over: threading.Event) -> None:
        over.wait(0.4)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        over.wait(5)

    reply = asked(late, wait_ms=500)
    assert reply.kind is ReplyKind.NO_ANSWER
    assert reply.latency_ms < 800


def test_a_finished_answers_deadline_spares_the_next() -> None:
    whole = answering(200, COMPLETED)
    with LoopbackServer(whole, whole) as server:
        pool = new_pool()
        client = GenesysClient(pool, server.url, DATA_ACTIONS)
        replies = [client.execute(a_call(), a_token(), wait_ms) for wait_ms in (100, 5_000)]
        pool.clear()
    assert [reply.kind for reply in replies] == [ReplyKind.SUCCEEDED] * 2
