"""AWS, Genesys Cloud and a receiver of webhooks, on loopback and in the benchmark's own process.

What they hold is in no process that is measured. Answers that many threads wait for come together (``HELD_SECONDS``),
so that what each holds meanwhile is there at the same time.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override
from urllib.parse import parse_qs, urlsplit

from benchmarks.heaviest.table import Tables
from benchmarks.serving import in_background

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of nothing
HELD_SECONDS = 1.5
BUCKET = "payloads"
_SECRETS = {
    "genesys": json.dumps({"clientId": "benchmark", "clientSecret": "benchmark"}),
    "webhook": SECRET,
    "delivery": SECRET.replace("M", "N"),
}
_GRANT = {"access_token": "benchmark", "token_type": "bearer", "expires_in": 86_400}
_NO_MESSAGES = {
    "Attributes": {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
    }
}


@dataclass(slots=True)
class Services:
    """What one function meets, and what it has asked for."""

    url: str = ""
    tables: Tables = field(default_factory=Tables)
    objects: dict[str, bytes] = field(default_factory=dict)
    genesys: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    """Answers by the end of their path, without the query; where there are several, each in its turn."""
    asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def aws(self, target: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request of one of AWS's JSON protocols."""
        service, _, operation = target.partition(".")
        self.asked[operation] += 1
        if service.startswith("DynamoDB"):
            return self.tables.answer(operation, request)
        match operation:
            case "GetSecretValue":
                return {"Name": request["SecretId"], "SecretString": _SECRETS[request["SecretId"]]}
            case "GetQueueAttributes":
                return _NO_MESSAGES
        return {}

    def platform(self, path: str) -> bytes | None:
        """Answer as Genesys Cloud; None for what it does not have."""
        answers = next((answers for end, answers in self.genesys.items() if path.endswith(end)), None)
        with self._lock:
            self.asked["genesys"] += answers is not None
            return answers[self.asked["genesys"] % len(answers)] if answers else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    services: Services


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def _services(self) -> Services:
        return self.server.services

    def do_GET(self) -> None:
        """Give an object, or what Genesys Cloud has."""
        path = urlsplit(self.path).path
        if path.startswith("/api/"):
            self._platform(path)
        elif (stored := self._services.objects.get(path)) is not None:
            self._services.asked["GetObject"] += 1
            self._say(200, stored)
        else:
            self._say(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")

    def do_PUT(self) -> None:
        """Take an object, or a part of one."""
        body, url = self._body(), urlsplit(self.path)
        self._services.asked["PutObject"] += 1
        self._services.objects[url.path] = body if "partNumber" not in url.query else b""
        self._say(200, b"", headers={"ETag": '"0"'})

    def do_POST(self) -> None:
        """Be whichever service is asked."""
        body, url = self._body(), urlsplit(self.path)
        if target := self.headers.get("X-Amz-Target"):
            answer = self._services.aws(target, json.loads(body))
            if target.endswith("GetParameter"):
                self._say(400, b'{"__type":"ParameterNotFound"}')
                return
            self._say(200, json.dumps(answer).encode())
        elif url.path == "/oauth/token":
            self._say(200, json.dumps(_GRANT).encode())
        elif url.path.startswith("/api/"):
            time.sleep(HELD_SECONDS)
            self._platform(url.path)
        elif url.path.startswith("/receiver"):
            self._services.asked["webhooks"] += 1
            time.sleep(HELD_SECONDS)
            self._say(200, b"")
        elif "uploads" in parse_qs(url.query, keep_blank_values=True):
            result = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
            self._say(200, result, "application/xml")
        else:
            self._say(200, b"<CompleteMultipartUploadResult/>", "application/xml")

    def _platform(self, path: str) -> None:
        answer = self._services.platform(path)
        self._say(404 if answer is None else 200, answer or b"{}")

    def _body(self) -> bytes:
        if self.headers.get("Expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _say(
        self, status: int, body: bytes, kind: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    @override
    def handle_expect_100(self) -> bool:
        """Leave it to the reader of the body."""
        return True

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(services: Services) -> Iterator[Services]:
    """Serve while the block runs."""
    server = _Server(("127.0.0.1", 0), _Answering)
    server.services = services
    services.url = f"http://127.0.0.1:{server.server_address[1]}"
    with in_background(server):
        yield services
