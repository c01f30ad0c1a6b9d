"""Servers that echo everything, and a relay whose token and inputs contain marks."""

import gzip
import json
from typing import Any, cast

from actionrelay.audit.document import audit_document
from actionrelay.execute.client_http import GenesysClient
from actionrelay.ledger.execution import PayloadRef
from actionrelay.strict_json import canonical, digest
from actionrelay.token.ports import AccessToken
from actionrelay.wiring import telemetry as observability
from tests.fakes.answers import cut, raw
from tests.fakes.loopback import Script, resetting, saying
from tests.fakes.marks import CLIENT_SECRET, ECHO, ECHOING_HEADERS, EVERYTHING, INPUT, RESULT, TOKEN, Captured
from tests.fakes.relay import EXECUTION_ID, Relay

CREDENTIALS = json.dumps({"clientId": "client-id", "clientSecret": CLIENT_SECRET})
INPUTS = {"customer": INPUT}

ECHOES: dict[str, Script] = {
    **{
        f"{status}": saying(raw(status, json.dumps(ECHO).encode(), ECHOING_HEADERS))
        for status in (302, 400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504)
    },
    "429 cut off": saying(cut(raw(429, json.dumps(ECHO).encode(), ECHOING_HEADERS), 40)),
    "not JSON": saying(raw(200, f"<html>{EVERYTHING}".encode(), ECHOING_HEADERS)),
    "not UTF-8": saying(raw(200, f"\xff{EVERYTHING}".encode("latin-1"), ECHOING_HEADERS)),
    "too deep": saying(raw(200, f'"{EVERYTHING}"'.encode() + b"[" * 100_000)),
    "another form": saying(raw(200, json.dumps({"status": EVERYTHING, "result": RESULT}).encode(), ECHOING_HEADERS)),
    "a reported failure": saying(raw(200, json.dumps({"status": "failed", "error": ECHO}).encode(), ECHOING_HEADERS)),
    "cut off": saying(cut(raw(200, f'"{EVERYTHING}"'.encode(), ECHOING_HEADERS), 100)),
    "no gzip": saying(raw(200, EVERYTHING.encode(), {"Content-Encoding": "gzip"})),
    "half a gzip": saying(cut(raw(200, gzip.compress(EVERYTHING.encode()), {"Content-Encoding": "gzip"}))),
    "a chunk of no size": saying(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{EVERYTHING}\r\n".encode()),
    "too large": saying(raw(200, EVERYTHING.encode() * 50_000)),
    "no status line": saying(f"{EVERYTHING}\r\n\r\n".encode()),
    "no number for a status": saying(f"HTTP/1.1 {EVERYTHING}\r\n\r\n".encode()),
    "no header": saying(f"HTTP/1.1 200 OK\r\n{EVERYTHING}\r\n\r\n".encode()),
    "a long header": saying(raw(200, b"{}", {"X-Long": EVERYTHING * 1_000})),
    "reset": resetting,
    "a result": saying(raw(200, json.dumps({"status": "completed", "result": {"a": RESULT}}).encode())),
}


def marked_token(value: str = TOKEN) -> AccessToken:
    return AccessToken(value, 2**62, ("data:action:execute", "data:action:view"), "issuer", "v1")


def marked_relay(client: GenesysClient, token: AccessToken) -> Relay:
    relay = Relay(max_attempts=1)
    relay.telemetry = cast(Any, observability.telemetry())
    relay.client = cast(Any, client)
    relay.tokens.held = token
    data = canonical(cast(Any, INPUTS))
    relay.given_queued(request=PayloadRef(f"{EXECUTION_ID}/request", len(data), digest(data), data))
    return relay


def look_at(relay: Relay, captured: Captured) -> None:
    """Capture the relay's state: its trail as stored and as shown, its record, its messages."""
    captured.thing(relay.record)
    captured.thing(relay.audit)
    captured.thing(relay.queue)
    captured.text("audit", json.dumps([audit_document(entry) for entry in relay.audit.entries(EXECUTION_ID)]))
