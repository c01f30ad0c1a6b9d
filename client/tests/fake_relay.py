"""A deployment on this machine that keeps the contract of docs/api.md, for the client's tests.

It runs nothing and knows no Genesys Cloud: an execution ends `delay` seconds after it was accepted, as its inputs say
(`{"outcome": "failed"}`), and `runs` counts how often each one was run. It records by id, as the relay does: the same
id with the same content is one execution, with other content a 409.

`FakeRelay()` in a `with` block serves from a thread. `python fake_relay.py` is a process of its own; it prints its URL,
and `GET /_control` says what it has seen.
"""

import argparse
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fake_state import ENDED, ProblemError, RelayState, Trouble

STAGE = "/v1"
ACCESS_KEY, SECRET_KEY, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1"
API_KEY = "k" * 40
_NO_MORE: dict[str, Any] = {"executions": [], "next": None}
_KNOWN = {
    ("POST", "/executions"): {"dryRun"},
    ("GET", "/executions"): {
        *("status", "actionId", "from", "to", "traceId", "webhookStatus", "limit", "next"),
    },
    ("GET", "/executions/{id}"): {"wait"},
    ("GET", "/executions/{id}/audit"): {"verify"},
    ("GET", "/metrics"): {"from", "to", "actionId", "next"},
    ("GET", "/health"): {"deep"},
    ("GET", "/actions"): {"name", "category", "next"},
    ("GET", "/workflows"): {"status", "from", "to", "limit", "next"},
    ("POST", "/workflows"): {"dryRun"},
}


@dataclass
class FakeRelay(RelayState):
    """The deployment, served."""

    port: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._server: ThreadingHTTPServer | None = None
        self.away = False

    def __enter__(self) -> "FakeRelay":
        handler = type("Handler", (_Handler,), {"relay": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        self.port, self.away = self._server.server_address[1], False  # where it returns to
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server
        self.away = True
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.server_address[1]}{STAGE}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers of these tests are killed; that is no news."""


class _Handler(BaseHTTPRequestHandler):
    relay: FakeRelay
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(int((timestamp or time.time()) + self.relay.clock_offset))

    def _serve(self, method: str) -> None:
        if self.relay.away:
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.path.startswith("/_control"):
            self._answer(200, json.dumps({"runs": self.relay.runs, "requests": len(self.relay.seen)}), {})
            return
        self.relay.seen.append((method, self.path, headers, body))
        target = urlsplit(self.path)
        path = target.path.removeprefix(STAGE)
        trouble = self._trouble(method, path)
        if trouble and trouble.lose == "before":
            self.close_connection = True
            return
        if trouble and not trouble.lose:
            extra = {} if trouble.retry_after is None else {"Retry-After": trouble.retry_after}
            if trouble.body is not None:
                self._answer(trouble.status, trouble.body.decode(), extra, "text/html")
            else:
                self._answer(
                    trouble.status, json.dumps(ProblemError(trouble.status, trouble.code).document), extra, _PROBLEM
                )
            return
        try:
            self._authenticate(method, headers, body)
            status, document = self._route(method, path, target.query, headers, body)
        except ProblemError as problem:
            status, text, extra, kind = problem.status, json.dumps(problem.document), problem.headers, _PROBLEM
        else:
            text, extra, kind = self.relay.text_of(document), {}, "application/json"
        if trouble and trouble.lose == "after":
            self.close_connection = True
            return
        self._answer(status, text, extra, kind)

    def _answer(self, status: int, text: str, extra: Mapping[str, str], kind: str = "application/json") -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in extra.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _trouble(self, method: str, path: str) -> Trouble | None:
        with self.relay.lock:
            for each in self.relay.troubles:
                if each.times > 0 and each.method == method and path.startswith(each.path):
                    each.times -= 1
                    return each
        return None

    def _authenticate(self, method: str, headers: Mapping[str, str], body: bytes) -> None:
        if self.relay.auth == "key":
            if "x-api-key" not in headers:
                raise ProblemError(403, "missing_authentication")
            if headers["x-api-key"] != API_KEY:
                raise ProblemError(403, "invalid_api_key")
        elif self.relay.auth == "iam":
            given = headers.get("authorization", "")
            if not given:
                raise ProblemError(403, "missing_authentication")
            if given != signature(method, f"http://{headers['host']}{self.path}", headers, body):
                raise ProblemError(403, "invalid_signature")

    def _route(
        self, method: str, path: str, raw_query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, Any]]:
        relay = self.relay
        parts = [unquote(part) for part in path.split("/")[1:]]
        if f"/{parts[0]}" not in relay.serves:
            raise ProblemError(403, "missing_authentication")
        if len(body) > relay.max_payload_bytes:
            raise ProblemError(413, "payload_too_large")
        query = dict(parse_qsl(raw_query, keep_blank_values=True))
        shape = (method, "/" + "/".join([parts[0], *(["{id}"] if len(parts) > 1 else []), *parts[2:]]))
        known = _KNOWN.get(shape, set()) - (set() if relay.waits else {"wait"})
        if wrong := sorted(set(query) - known):
            errors = [{"pointer": f"/query/{name}", "code": "schema", "detail": "is no parameter"} for name in wrong]
            raise ProblemError(422, "invalid_request", errors=errors)
        document = self._read(body)
        if parts[0] == "executions":
            return self._executions(method, parts[1:], query, headers, document)
        if parts[0] == "workflows":
            return self._workflows(method, parts[1:], query, document)
        if shape == ("GET", "/actions/{id}") and parts[1] not in relay.actions:
            raise ProblemError(404, "action_not_found")
        answers: dict[tuple[str, str], Callable[[], dict[str, Any]]] = {
            ("POST", "/batches"): lambda: relay.batch(document),
            ("GET", "/metrics"): relay.figures,
            ("GET", "/attention"): lambda: dict.fromkeys(("unknown", "undelivered", "failed"), _NO_MORE),
            ("GET", "/queues"): lambda: {"queues": [], "rateGate": {"requestsPerMinute": 270, "pausedUntil": None}},
            ("GET", "/health"): lambda: self._health(deep=query.get("deep") == "true"),
            ("GET", "/actions"): lambda: {"actions": list(relay.actions.values()), "next": None},
            ("GET", "/actions/{id}"): lambda: relay.actions[parts[1]],
        }
        if shape not in answers:
            raise ProblemError(403, "missing_authentication")
        return 200, answers[shape]()

    def _health(self, *, deep: bool) -> dict[str, Any]:
        health = self.relay.health
        if deep and health["status"] == "failed":
            raise ProblemError(503, "preflight_failed", checks=health["checks"])
        return health if deep else {"status": "ok"}

    def _workflows(
        self, method: str, parts: list[str], query: Mapping[str, str], document: Any
    ) -> tuple[int, dict[str, Any]]:
        relay = self.relay
        if method == "POST" and not parts:
            if query.get("dryRun") == "true":
                return 200, {"workflow": document, "waves": [list(document["steps"])], "executions": 1}
            return 202, relay.workflow(document)
        if not parts:
            without_steps = [
                {name: value for name, value in each.items() if name != "steps"} for each in relay.workflows.values()
            ]
            return 200, {"workflows": without_steps, "next": None}
        if parts[0] not in relay.workflows:
            raise ProblemError(404, "workflow_not_found")
        found = relay.workflows[parts[0]]
        if method == "POST":
            found["status"] = "cancelled" if parts[-1] == "cancel" else "running"
        return 200, found

    def _executions(
        self, method: str, parts: list[str], query: Mapping[str, str], headers: Mapping[str, str], document: Any
    ) -> tuple[int, dict[str, Any]]:
        relay = self.relay
        if not parts and method == "POST":
            if query.get("dryRun") == "true":
                relay.judge(document)
                return 200, {"timeout": 60000, "lane": "interactive", **document}
            status, found = relay.submit(document)
            if relay.waits and (prefer := headers.get("prefer", "")).startswith("wait="):
                found = self._ended(found["executionId"], float(prefer[5:]))
                status = 200 if found["status"] in ENDED else 202
            return status, found
        if not parts:
            return 200, relay.listed(query)
        execution_id = parts[0].lower()
        if method == "GET" and len(parts) == 1:
            return 200, self._ended(execution_id, float(query.get("wait", 0)))
        if method == "GET" and parts[1:] == ["audit"]:
            relay.document(execution_id)
            entry = {"seq": 1, "event": "accepted", "status": "queued", "timestamp": "2026-11-23T19:00:00.000Z"}
            trail: dict[str, Any] = {"executionId": execution_id, "entries": [{**entry, "executionId": execution_id}]}
            if query.get("verify") == "true":
                trail["verification"] = {"intact": True, "checkedEntries": 1, "brokenAt": None, "detail": None}
            return 200, trail
        decision = {"webhook/redeliver": "redeliver"}.get("/".join(parts[1:]), parts[-1])
        return relay.decide(execution_id, decision, document or {})

    def _ended(self, execution_id: str, seconds: float) -> dict[str, Any]:
        until = time.time() + (seconds if self.relay.slots else 0)
        while True:
            found = self.relay.document(execution_id)
            if found["status"] in ENDED or time.time() >= until:
                return found
            time.sleep(0.01)

    def _read(self, body: bytes) -> Any:
        try:
            return json.loads(body) if body else None
        except ValueError:
            raise ProblemError(400, "malformed_json") from None


_PROBLEM = "application/problem+json"


def signature(method: str, url: str, headers: Mapping[str, str], body: bytes) -> str:
    """Return the header that botocore makes for a request: of what was signed, at the time that it says.

    The query is decoded and given to botocore as parameters, so that its own canonical form is compared with the one
    that was sent.
    """
    signed = dict(part.strip().split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(","))
    names = signed["SignedHeaders"].split(";")
    bare, _, query = url.partition("?")
    request = AWSRequest(
        method,
        bare,
        headers={name: headers[name] for name in names if name not in {"host", "x-amz-date"}},
        data=body,
        params=dict(parse_qsl(query, keep_blank_values=True)),
    )
    request.context["timestamp"] = headers["x-amz-date"]
    request.headers["X-Amz-Date"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "execute-api", REGION)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={';'.join(names)}, "
        f"Signature={signer.signature(text, request)}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--actions", default="{}", help="the catalogue: JSON by actionId")
    given = parser.parse_args()
    with FakeRelay(delay=given.delay, pace=given.pace, port=given.port, actions=json.loads(given.actions)) as relay:
        print(relay.url, flush=True)  # noqa: T201 - its caller reads it
        threading.Event().wait()
