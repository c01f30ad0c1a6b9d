"""Receivers' answers: everything that HTTP/1 allows is read correctly, and one post is sent once."""

import re
import socket
from collections.abc import Buffer, Sequence
from dataclasses import replace
from typing import override

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionrelay.deliver.delivery import DeliverWebhook
from actionrelay.errors import DeliveryFailedError
from actionrelay.ledger.execution import Execution, WebhookStatus
from actionrelay.webhooks.exchange_http import MAX_ANSWER_BYTES, Deadline, Exchange, Head
from actionrelay.webhooks.sender_http import PinnedSender
from actionrelay.webhooks.targets import OutboundPolicy, Target
from tests.fakes.relay import EXECUTION_ID, Relay
from tests.fakes.webhooks import FixedResolver

TARGET = Target("http", "hooks.example.com", 80, "/hook")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class ScriptedConnection(socket.socket):
    """A connection whose other end says these parts, one at each read, and then ends, or breaks with ``error``."""

    def __init__(self, parts: Sequence[bytes], error: OSError | None = None) -> None:
        super().__init__()
        self._parts = [part for part in parts if part]
        self._error = error
        self.written = bytearray()

    @override
    def send(self, data: Buffer, flags: int = 0, /) -> int:
        self.written += data
        return len(memoryview(data))

    @override
    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        if not self._parts and self._error is not None:
            raise self._error
        part = self._parts.pop(0) if self._parts else b""
        view = memoryview(buffer)
        taken = part[: len(view)]
        if len(taken) < len(part):
            self._parts.insert(0, part[len(taken) :])
        view[: len(taken)] = taken
        return len(taken)


def read(answer: bytes, *, size: int = 0, error: OSError | None = None) -> Head:
    step = max(size or len(answer), len(answer) // 2_000, 1)
    parts = [answer[at : at + step] for at in range(0, len(answer), step)]
    with ScriptedConnection(parts, error) as connection:
        exchange = Exchange(connection, Deadline(5))
        head = exchange.post(TARGET, {}, b"{}")
        exchange.hear_out()
    assert connection.written.count(b"POST /hook HTTP/1.1\r\n") == 1
    assert connection.written.endswith(b"\r\n\r\n{}")
    return head


LEGAL = {
    "early hints first": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + OK,
    "several interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 X\r\nA: b\r\n\r\n"
    + OK,
    "an unknown interim": b"HTTP/1.1 199 Soon\r\n\r\n" + OK,
    "no reason": b"HTTP/1.1 200\r\n\r\n",
    "an empty reason": b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
    "a reason outside ASCII": b"HTTP/1.1 200 sch\xc3\xb6n \xff\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nto the end",
    "a later minor version": b"HTTP/1.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "no length": b"HTTP/1.1 200 OK\r\n\r\nto the end",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\n\r\n",
    "trailers": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\nC: d\r\n\r\n",
    "200 fields": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    "3000 fields": b"HTTP/1.1 200 OK\r\n" + b"X-Some: thing\r\n" * 3_000 + b"\r\n",
    "a long field": b"HTTP/1.1 200 OK\r\nSet-Cookie: " + b"x" * 60_000 + b"\r\n\r\n",
    "a folded field": b"HTTP/1.1 200 OK\r\nX-Long: one\r\n two\r\n\tthree\r\nContent-Length: 0\r\n\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nA: b\nContent-Length: 0\n\n",
    "empty lines first": b"\r\n\n\r\n" + OK,
    "an empty field": b"HTTP/1.1 200 OK\r\nX-Empty:\r\nX-Blank: \t \r\nContent-Length: 0\r\n\r\n",
    "a field outside ASCII": b"HTTP/1.1 200 OK\r\nX-Name: J\xfcrgen \xc3\xbc\r\nContent-Length: 0\r\n\r\n",
    "a length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    "kept open": b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n",
    "an upgrade offered": b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
    "another answer behind it": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 Late\r\n\r\n",
}

TOLERATED = {
    "the end after the status line": b"HTTP/1.1 200 OK\r\n",
    "the end within a field": b"HTTP/1.1 200 OK\r\nContent-Le",
    "the end after hints and a status": b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n",
    "a name that is none": b"HTTP/1.1 200 OK\r\nTwo Words: x\r\n\r\n",
    "a line that is no field": b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
    "a control character": b"HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
    "a coding that nobody asked for": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a body that is cut off": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut",
    "chunks that are none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n",
    "more fields than are read": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000,
}


@pytest.mark.parametrize("size", [0, 1, 7])
@pytest.mark.parametrize("answer", [*LEGAL.values(), *TOLERATED.values()], ids=[*LEGAL, *TOLERATED])
def test_a_status_line_is_an_answer(answer: bytes, size: int) -> None:
    assert read(answer, size=size).status == 200


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "connection_lost"),
        (b"\r\n\r\n", "connection_lost"),
        (b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n", "connection_lost"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, "not_http"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "not_http"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + OK, "not_http"),
        (b"HTTP/1.1 200 OK", "not_http"),
        (b"HTTP/1.1 2", "not_http"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "not_http"),
        (b"HTTP/1.1 099 Low\r\n\r\n", "not_http"),
        (b"HTTP/1.1 two hundred\r\n\r\n", "not_http"),
        (b"ICY 200 OK\r\n\r\n", "not_http"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not_http"),
        (b"<html>200 OK</html>\n", "not_http"),
        (b"\xff\xfe\x00" * 10 + b"\r\n", "not_http"),
        (b"\x15\x03\x01\x00\x02\x02\x16", "not_http"),
        (b"x" * (2 * MAX_ANSWER_BYTES), "not_http"),
    ],
)
def test_what_has_no_status_line_is_no_answer(answer: bytes, reason: str) -> None:
    with pytest.raises(DeliveryFailedError) as caught:
        read(answer)
    assert caught.value.context["reason"] == reason


def test_a_reset_after_the_status_line_changes_nothing() -> None:
    assert read(b"HTTP/1.1 200 OK\r\nA: ", error=ConnectionResetError()).status == 200
    with pytest.raises(ConnectionResetError):
        read(b"HTTP/1.1 200 O", error=ConnectionResetError())


def test_a_head_that_does_not_end_in_time_is_no_answer() -> None:
    with pytest.raises(TimeoutError):
        read(b"HTTP/1.1 200 OK\r\nA: ", error=TimeoutError())


@pytest.mark.parametrize(
    ("fields", "retry_after"),
    [
        (b"Retry-After: 120\r\n", "120"),
        (b"retry-AFTER:12.5 \r\n", "12.5"),
        (b"Retry-After: 1\r\nRetry-After: 2\r\n", "1, 2"),
        (b"Retry-After:\r\n", ""),
        (b"X-Retry-After: 120\r\n", None),
    ],
)
def test_when_to_try_again_is_read(fields: bytes, retry_after: str | None) -> None:
    assert read(b"HTTP/1.1 503 Busy\r\n" + fields + b"\r\n") == Head(503, retry_after)


# -- Any legal answer --

NAMES = st.from_regex(re.compile(r"X-[A-Za-z0-9!#$%&'*+.^_`|~-]{1,30}", re.ASCII), fullmatch=True)
VALUES = st.from_regex(re.compile(r"([!-~]([ -~]{0,40}[!-~])?)?", re.ASCII), fullmatch=True)
FOLDED = st.builds("\r\n ".join, st.lists(VALUES.filter(bool), min_size=1, max_size=3))
FIELDS = st.lists(st.tuples(NAMES, VALUES | FOLDED), max_size=120)
ENDS = st.sampled_from(["\r\n", "\n"])


def _head(version: str, status: int, fields: Sequence[tuple[str, str]], end: str) -> bytes:
    lines = [f"HTTP/{version} {status} Said", *(f"{name}: {value}" for name, value in fields)]
    return "".join(line.replace("\r\n", end) + end for line in [*lines, ""]).encode()


@st.composite
def bodies(draw: st.DrawFn) -> tuple[list[tuple[str, str]], bytes]:
    """The fields that frame a body, and the body."""
    content = draw(st.binary(max_size=200))
    match draw(st.sampled_from(["length", "chunks", "end"])):
        case "length":
            return [("Content-Length", str(len(content)))], content
        case "chunks":
            size = draw(st.integers(1, 50))
            parts = [content[at : at + size] for at in range(0, len(content), size)]
            chunks = b"".join(
                b"%x%s\r\n%s\r\n" % (len(part), draw(st.sampled_from([b"", b";a=b"])), part) for part in parts
            )
            trailers = draw(st.lists(st.tuples(NAMES, VALUES), max_size=3))
            tail = "".join(f"{name}: {value}\r\n" for name, value in trailers).encode()
            return [("Transfer-Encoding", "chunked")], chunks + b"0\r\n" + tail + b"\r\n"
    return [], content


@st.composite
def answers(draw: st.DrawFn) -> tuple[int, list[bytes]]:
    """A final status, and the bytes of the whole answer as they arrive."""
    status = draw(st.integers(200, 299) | st.integers(200, 599))
    interim = draw(st.lists(st.tuples(st.integers(100, 199).filter(lambda code: code != 101), FIELDS), max_size=4))
    framing, body = draw(bodies())
    if status in {204, 304}:
        framing, body = [], b""
    said = b"".join(_head("1.1", code, fields, draw(ENDS)) for code, fields in interim)
    version = "1.1" if ("Transfer-Encoding", "chunked") in framing else draw(st.sampled_from(["1.0", "1.1"]))
    said += _head(version, status, [*draw(FIELDS), *framing], draw(ENDS)) + body
    said = said[:MAX_ANSWER_BYTES]
    cuts = sorted(draw(st.lists(st.integers(0, len(said)), max_size=6)))
    return status, [said[start:end] for start, end in zip([0, *cuts], [*cuts, len(said)], strict=True)]


@given(answers())
def test_any_legal_answer_delivers_once_with_one_post(answer: tuple[int, list[bytes]]) -> None:
    status, parts = answer
    relay = Relay()
    relay.given_completed({"total": 3}, webhook_url="http://hooks.example.com/hook")
    connections: list[ScriptedConnection] = []

    def connect(*_: object) -> socket.socket:
        connections.append(ScriptedConnection(parts))
        return connections[-1]

    sender = PinnedSender(FixedResolver(), OutboundPolicy(allow_private=True), connect=connect)
    delivering: DeliverWebhook[Execution] = replace(relay.delivering, posting=replace(relay.posting, sender=sender))
    delivering.deliver(EXECUTION_ID)
    if relay.record.delivery.status is WebhookStatus.DELIVERED:
        delivering.deliver(EXECUTION_ID)  # the same message again
    [connection] = connections
    assert connection.written.count(b"POST /hook HTTP/1.1\r\n") == 1
    assert (relay.record.delivery.status is WebhookStatus.DELIVERED) == (200 <= status < 300)
    assert relay.audit.entries(EXECUTION_ID)[-1].code == f"http_{status}"
