"""The sender and the resolver, with real servers on the loopback interface."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Self, override

import pytest

from actionrelay.errors import DeliveryFailedError, DeliveryRefusedError
from actionrelay.webhooks.exchange_http import MAX_ANSWER_BYTES
from actionrelay.webhooks.resolver_dns import SystemResolver
from actionrelay.webhooks.sender_http import MAX_ADDRESSES_TRIED, Connect, PinnedSender, connect_tcp
from actionrelay.webhooks.targets import OutboundPolicy

NAME = "hooks.example.com"
URL = f"https://{NAME}/hook?tenant=7"
PUBLIC = "93.184.216.34"
OTHER_PUBLIC = "1.1.1.1"
HEADERS = {"Content-Type": "application/json", "webhook-id": "msg_1"}
BODY = b'{"type":"execution.completed"}'
LOCAL_WORLD = OutboundPolicy(allow_private=True)
STRICT = OutboundPolicy()

# How long a misbehaving receiver goes on: well past any deadline here, and no test hangs without one.
PATIENCE_SECONDS = 30

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

type Script = Callable[[socket.socket, threading.Event], None]
"""What a receiver does with a connection once it has read the request; the event ends the test."""


def answering(answer: bytes) -> Script:
    return lambda connection, _over: connection.sendall(answer)


def silent(_connection: socket.socket, over: threading.Event) -> None:
    over.wait(PATIENCE_SECONDS)


def sipping(connection: socket.socket, over: threading.Event) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and not over.wait(0.01):
        connection.recv(128 * 1024)


def dripping(head: bytes, drop: bytes, interval: float = 0.02) -> Script:
    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and not over.wait(interval):
            connection.sendall(drop)

    return script


class Receiver:
    """A server that records what it gets and then does as its script says."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None, *, reads: bool = True) -> None:
        self._script = script
        self._tls = tls
        self._reads = reads
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.requests: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with closing(connection), suppress(OSError):
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with closing(connection):
            if self._reads:
                self.requests.append(read_request(connection))
            self._script(connection, self._over)


def read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += receive(connection)
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(int(line.partition(b":")[2]) for line in head.splitlines() if b"content-length" in line.lower())
    while len(body) < length:
        body += receive(connection)
    return head + b"\r\n\r\n" + body


def receive(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionResetError
    return received


class FakeDns:
    """Answers by name, the next answer each time and the last one for ever; counts what it was asked."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Network:
    """Leads public addresses to a receiver on this machine, and counts every attempt to connect."""

    def __init__(self, port: int = 0, refusing: Mapping[str, OSError] | None = None) -> None:
        self._port = port
        self._refusing = refusing or {}
        self.connected: list[tuple[str, int]] = []

    def __call__(self, address: str, port: int, timeout_seconds: float) -> socket.socket:
        self.connected.append((address, port))
        if address in self._refusing:
            raise self._refusing[address]
        connection = connect_tcp("127.0.0.1", self._port, timeout_seconds)
        # So that nothing but the sender's own deadline can end what follows.
        connection.settimeout(None)
        return connection


def local_sender(timeout_seconds: float = 5, connect: Connect = connect_tcp) -> PinnedSender:
    return PinnedSender(SystemResolver(), LOCAL_WORLD, timeout_seconds, connect=connect)


def failure(sender: PinnedSender, url: str, body: bytes = BODY) -> object:
    with pytest.raises(DeliveryFailedError) as caught:
        sender.send(url, HEADERS, body)
    return caught.value.context["reason"]


# -- What goes out and what is answered ----------------------------------------------------------------------


def test_a_receiver_gets_the_body_unchanged() -> None:
    answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
    with Receiver(answering(answer)) as receiver:
        answered = local_sender().send(f"{receiver.url}/a%20b?x=1", HEADERS, BODY)

    head, _, body = receiver.requests[0].partition(b"\r\n\r\n")
    request_line, *lines = head.decode().split("\r\n")
    sent = dict(line.split(": ", 1) for line in lines)
    assert (answered.status, answered.retry_after) == (503, "120")
    assert answered.latency_ms > 0
    assert request_line == "POST /hook/a%20b?x=1 HTTP/1.1"
    assert sent.pop("User-Agent").startswith("actionrelay/")
    assert sent == {
        "Host": f"127.0.0.1:{receiver.port}",
        "Accept-Encoding": "identity",
        "Content-Length": str(len(BODY)),
        "Content-Type": "application/json",
        "webhook-id": "msg_1",
        "Connection": "close",
    }
    assert body == BODY


@pytest.mark.parametrize("status", [200, 202, 204, 299, 300, 400, 404, 410, 429, 500, 599])
def test_any_status_is_returned_unrepeated(status: int) -> None:
    with Receiver(answering(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())) as receiver:
        answered = local_sender().send(receiver.url, HEADERS, BODY)

    assert (answered.status, answered.retry_after) == (status, None)
    assert receiver.connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_given_a_redirect_when_answered_then_it_is_not_followed(status: int) -> None:
    with Receiver(answering(OK)) as elsewhere:
        redirect = f"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n"
        with Receiver(answering(redirect.encode())) as receiver:
            answered = local_sender().send(receiver.url, HEADERS, BODY)

    assert answered.status == status
    assert (receiver.connections, elsewhere.connections) == (1, 0)


def test_a_proxy_in_the_environment_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Receiver(answering(OK)) as proxy, Receiver(answering(OK)) as receiver:
        for variable in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        local_sender().send(receiver.url, HEADERS, BODY)

    assert (receiver.connections, proxy.connections) == (1, 0)


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 100\r\n\r\ncut off",
        b"Transfer-Encoding: chunked\r\n\r\nnot a size\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Encoding: gzip\r\n\r\nnot gzip",
    ],
)
def test_a_status_with_a_broken_body_counts(rest: bytes) -> None:
    with Receiver(answering(b"HTTP/1.1 200 OK\r\n" + rest)) as receiver:
        assert local_sender().send(receiver.url, HEADERS, BODY).status == 200


def test_an_early_answer_counts() -> None:
    def impatient(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_RD)
        over.wait(2)

    class BrokenAfterHead(socket.socket):
        """Sends once, then finds the pipe broken: a race in the kernel, made certain."""

        sent = False

        @override
        def send(self, data: object, flags: int = 0, /) -> int:
            if self.sent:
                raise BrokenPipeError
            self.sent = True
            assert isinstance(data, memoryview)
            return super().send(data, flags)

    def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
        connection = BrokenAfterHead()
        connection.connect((address, port))
        return connection

    with Receiver(impatient, reads=False) as receiver:
        assert local_sender(connect=connect).send(receiver.url, HEADERS, BODY).status == 413


# -- Bounds -------------------------------------------------------------------------------------------------


class CountingSocket(socket.socket):
    received = 0

    @override
    def recv_into(self, buffer: object, nbytes: int = 0, flags: int = 0) -> int:
        assert isinstance(buffer, memoryview)
        count = super().recv_into(buffer, nbytes, flags)
        CountingSocket.received += count
        return count


def counting_connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
    connection = CountingSocket()
    connection.settimeout(timeout_seconds)
    connection.connect((address, port))
    return connection


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Endless: ",
    ],
)
def test_an_endless_answer_is_read_up_to_64_kb(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CountingSocket, "received", 0)
    endless = dripping(head, b"x" * 8192, interval=0)
    with Receiver(endless) as receiver:
        local_sender(connect=counting_connect).send(receiver.url, HEADERS, BODY)

    assert 0 < CountingSocket.received <= MAX_ANSWER_BYTES


def test_endless_interim_answers_are_bounded() -> None:
    with Receiver(dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, interval=0)) as receiver:
        assert failure(local_sender(), receiver.url) in {"connection_lost", "not_http"}


@pytest.mark.parametrize(
    "script",
    [
        silent,
        dripping(b"", b"H"),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n", interval=0.05),
        dripping(b"HTTP/1.1 200 OK\r\nX-Drip: ", b"x"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silent", "status line", "header lines", "one header", "interim answers"],
)
def test_a_hanging_or_dripping_receiver_ends_at_the_deadline(
    script: Script,
) -> None:
    with Receiver(script) as receiver:
        started = time.monotonic()
        reason = failure(local_sender(timeout_seconds=0.4), receiver.url)
        took = time.monotonic() - started

    assert reason == "timeout"
    assert 0.3 < took < 10


def test_a_dripping_bodys_status_counts() -> None:
    with Receiver(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b".")) as receiver:
        started = time.monotonic()
        answered = local_sender(timeout_seconds=0.4).send(receiver.url, HEADERS, BODY)
        took = time.monotonic() - started

    assert answered.status == 200
    assert took < 10


@pytest.mark.parametrize("script", [silent, sipping])
def test_a_hardly_reading_receiver_ends_at_the_deadline(
    script: Script,
) -> None:
    with Receiver(script, reads=False) as receiver:
        started = time.monotonic()
        reason = failure(local_sender(timeout_seconds=0.4), receiver.url, bytes(64 * 1024 * 1024))
        took = time.monotonic() - started

    assert reason == "timeout"
    assert took < 10


def test_slow_dns_past_the_deadline_connects_to_nothing() -> None:
    network = Network()

    assert failure(PinnedSender(FakeDns((PUBLIC,)), STRICT, timeout_seconds=0, connect=network), URL) == "timeout"
    assert network.connected == []


# -- Failures -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "connection_lost"),
        (b"HTTP/1.1 ", "not_http"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not_http"),
        (b"HTTP/1.1 two hundred OK\r\n\r\n", "not_http"),
        (b"HTTP/1.1 99 Low\r\n\r\n", "not_http"),
        (b"\xff\xfe\x00" * 10 + b"\r\n", "not_http"),
    ],
)
def test_an_answer_that_is_no_http_fails_the_delivery(answer: bytes, reason: str) -> None:
    with Receiver(answering(answer)) as receiver:
        assert failure(local_sender(), receiver.url) == reason


def test_nobody_listening_fails_the_delivery() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]

    assert failure(local_sender(), f"http://127.0.0.1:{port}/") == "connect"


def test_an_unresolved_name_fails_the_delivery() -> None:
    network = Network()

    assert failure(PinnedSender(FakeDns(()), STRICT, connect=network), URL) == "unresolved"
    assert network.connected == []


def test_given_a_failure_when_looked_at_then_it_is_worth_a_retry() -> None:
    with pytest.raises(DeliveryFailedError) as caught:
        PinnedSender(FakeDns(()), STRICT).send(URL, HEADERS, BODY)

    assert caught.value.retryable


# -- Where it connects --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers",
    [
        ("10.0.0.1",),
        (PUBLIC, "169.254.169.254"),
        ("127.0.0.1", PUBLIC),
        (PUBLIC, OTHER_PUBLIC, "8.8.8.8", "9.9.9.9", "149.112.112.112", "::1"),
        (PUBLIC, "64:ff9b::a9fe:a9fe"),
        (PUBLIC, "fe80::1%eth0"),
        ("not-an-address.example",),
    ],
)
def test_one_forbidden_address_stops_the_connection(
    answers: tuple[str, ...],
) -> None:
    network = Network()

    with pytest.raises(DeliveryRefusedError):
        PinnedSender(FakeDns(answers), STRICT, connect=network).send(URL, HEADERS, BODY)

    assert network.connected == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433/",
        "https://hooks.example.com:22/",
        "https://user:pw@hooks.example.com/",
    ],
)
def test_a_forbidden_url_asks_neither_dns_nor_network(url: str) -> None:
    network, dns = Network(), FakeDns((PUBLIC,))

    with pytest.raises(DeliveryRefusedError):
        PinnedSender(dns, STRICT, connect=network).send(url, HEADERS, BODY)

    assert network.connected == []
    assert dns.asked == []


def test_a_bounded_number_of_addresses_is_tried() -> None:
    addresses = tuple(f"8.8.8.{last}" for last in range(10))
    network = Network(refusing=dict.fromkeys(addresses, ConnectionRefusedError()))

    assert failure(PinnedSender(FakeDns(addresses), STRICT, connect=network), URL) == "connect"
    assert network.connected == [(address, 443) for address in addresses[:MAX_ADDRESSES_TRIED]]


def test_addresses_that_all_time_out_report_the_time() -> None:
    network = Network(refusing=dict.fromkeys((PUBLIC, OTHER_PUBLIC), TimeoutError()))

    assert failure(PinnedSender(FakeDns((PUBLIC, OTHER_PUBLIC)), STRICT, connect=network), URL) == "timeout"


# -- TLS ----------------------------------------------------------------------------------------------------


class Tls:
    """Both sides of TLS for one name: a certificate that vouches for itself, and a client that trusts it."""

    def __init__(self, name: str, folder: Path) -> None:
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ]
        command += ["-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
        command += ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
        subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
        self.asked_for: list[str | None] = []
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(certificate, key)
        self.server.sni_callback = lambda _connection, name, _context: self.asked_for.append(name)
        self.client = ssl.create_default_context(cafile=str(certificate))


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(NAME, tmp_path)


def test_the_vetted_address_is_connected_to_under_the_name(
    tls: Tls,
) -> None:
    with Receiver(answering(OK), tls.server) as receiver:
        network, dns = Network(receiver.port), FakeDns((PUBLIC, OTHER_PUBLIC))
        answered = PinnedSender(dns, STRICT, tls=tls.client, connect=network).send(URL, HEADERS, BODY)

    assert answered.status == 200
    assert network.connected == [(PUBLIC, 443)]
    assert dns.asked == [(NAME, 443)]
    assert tls.asked_for == [NAME]
    assert f"\r\nHost: {NAME}\r\n".encode() in receiver.requests[0]


def test_each_attempt_uses_the_addresses_it_vetted(
    tls: Tls,
) -> None:
    with Receiver(answering(OK), tls.server) as receiver:
        network, dns = Network(receiver.port), FakeDns((PUBLIC,), ("127.0.0.1",))
        sender = PinnedSender(dns, STRICT, tls=tls.client, connect=network)
        sender.send(URL, HEADERS, BODY)
        with pytest.raises(DeliveryRefusedError):
            sender.send(URL, HEADERS, BODY)

    assert network.connected == [(PUBLIC, 443)]
    assert len(dns.asked) == 2


def test_the_next_address_is_used_once_the_first_refuses(tls: Tls) -> None:
    with Receiver(answering(OK), tls.server) as receiver:
        network = Network(receiver.port, {PUBLIC: ConnectionRefusedError()})
        sender = PinnedSender(FakeDns((PUBLIC, OTHER_PUBLIC)), STRICT, tls=tls.client, connect=network)
        sender.send(URL, HEADERS, BODY)

    assert network.connected == [(PUBLIC, 443), (OTHER_PUBLIC, 443)]
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("url", ["https://other.example.com/", f"https://{PUBLIC}/"])
def test_a_certificate_for_another_name_stops_the_request(url: str, tls: Tls) -> None:
    with Receiver(answering(OK), tls.server) as receiver:
        network = Network(receiver.port)
        sender = PinnedSender(FakeDns((PUBLIC,)), STRICT, tls=tls.client, connect=network)
        assert failure(sender, url) == "tls"

    assert receiver.requests == []


def test_an_untrusted_certificate_stops_the_request(tls: Tls) -> None:
    with Receiver(answering(OK), tls.server) as receiver:
        sender = PinnedSender(FakeDns((PUBLIC,)), STRICT, connect=Network(receiver.port))
        assert failure(sender, URL) == "tls"

    assert receiver.requests == []


def test_a_receiver_without_tls_fails_the_delivery(tls: Tls) -> None:
    with Receiver(answering(b"HTTP/1.1 400 Bad\r\n\r\n"), reads=False) as receiver:
        sender = PinnedSender(FakeDns((PUBLIC,)), STRICT, tls=tls.client, connect=Network(receiver.port))
        assert failure(sender, URL) == "tls"


def test_a_hanging_handshake_ends_at_the_deadline(tls: Tls) -> None:
    with Receiver(silent, reads=False) as receiver:
        network = Network(receiver.port)
        sender = PinnedSender(FakeDns((PUBLIC,)), STRICT, 0.4, tls=tls.client, connect=network)
        assert failure(sender, URL) == "timeout"


def test_a_dripping_tls_receiver_ends_at_the_deadline(
    tls: Tls,
) -> None:
    with Receiver(dripping(b"HTTP/1.1 200 OK\r\nX-Drip: ", b"x"), tls.server) as receiver:
        network = Network(receiver.port)
        sender = PinnedSender(FakeDns((PUBLIC,)), STRICT, 0.4, tls=tls.client, connect=network)
        started = time.monotonic()
        reason = failure(sender, URL)
        took = time.monotonic() - started

    assert reason == "timeout"
    assert took < 10


def test_the_default_trust_checks_certificates_and_names() -> None:
    context = PinnedSender(FakeDns(()), STRICT)._tls

    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
