"""Secrets that contain marks, and everything that a failure emits, to search it for the marks."""

import base64
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from actionrelay.boundary import http as boundary

TOKEN = "MarkedToken7f3a"
CLIENT_SECRET = "MarkedClientSecret91bc"
SIGNATURE = "MarkedSignature55d0"
SIGNING_KEY = "MarkedSigningKeyOf24Bytes08e4"
INPUT = "MarkedInputValue2c6e"
RESULT = "MarkedResultValue64fa"

PLAIN = (TOKEN, CLIENT_SECRET, SIGNATURE, SIGNING_KEY, INPUT, RESULT)
BASIC = base64.b64encode(f"client-id:{CLIENT_SECRET}".encode()).decode()
MARKS = (*PLAIN, BASIC, *(base64.b64encode(mark.encode()).decode().rstrip("=")[:-1] for mark in PLAIN))
"""The marks in plain text, in Basic authorisation, and in base64, as in some headers and events."""

EVERYTHING = " ".join(PLAIN)
"""A foreign text that echoes all secrets."""


@dataclass(slots=True)
class Captured:
    """What was emitted, each with the name of its place."""

    texts: list[tuple[str, str]] = field(default_factory=list)

    def text(self, where: str, text: str) -> None:
        """Keep what was written or answered."""
        self.texts.append((where, text))

    def thing(self, thing: Any) -> None:
        """Keep the object's representations, which a debugger, a log or a test report would show."""
        self.text(f"repr of {type(thing).__name__}", repr(thing))
        self.text(f"str of {type(thing).__name__}", str(thing))

    def error(self, error: BaseException) -> None:
        """Keep an exception, its cause and its context."""
        self.text(f"trace of {type(error).__name__}", "".join(traceback.format_exception(error)))
        waiting, known = [error], set()
        while waiting:
            each = waiting.pop()
            if id(each) in known:
                continue
            known.add(id(each))
            self.thing(each)
            self.text(f"arguments of {type(each).__name__}", repr((each.args, vars(each))))
            waiting += [linked for linked in (each.__cause__, each.__context__) if linked is not None]

    def leaks(self) -> list[str]:
        """Return the marks that were emitted, each with the place."""
        return [f"{mark} in {where}: {text[:300]}" for where, text in self.texts for mark in MARKS if mark in text]


ECHO: dict[str, Any] = {
    "message": EVERYTHING,
    "code": f"said {EVERYTHING}",
    "errorCode": f"said {EVERYTHING}",
    "userMessage": EVERYTHING,
    "contextId": f"said {EVERYTHING}",
    "correlationId": f"said {EVERYTHING}",
    "limit": {"namespace": EVERYTHING, "key": EVERYTHING, "value": EVERYTHING},
    "details": [EVERYTHING],
    "error": EVERYTHING,
    "error_description": EVERYTHING,
}
ECHOING_HEADERS = {
    "ININ-Correlation-Id": EVERYTHING,
    "inin-ratelimit-count": EVERYTHING,
    "X-Echo": EVERYTHING,
    "Set-Cookie": EVERYTHING,
    "Date": EVERYTHING,
    "Location": f"https://{TOKEN}.example/",
}


AT_THE_CONSOLE = {"httpMethod": "GET", "resource": "/console"}
"""The context of an event for an open route."""


@contextmanager
def failing(captured: Captured, *, always: bool = True) -> Iterator[None]:
    """Run code that fails, keep the failure, and answer and log it as the boundary does."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - no exception may leak
        captured.error(error)
        event = {**AT_THE_CONSOLE, "requestContext": {"requestId": "request-1"}}
        captured.text("answer", json.dumps(boundary.serve(event, {"getConsole": raising(error)})))
    else:
        assert not always, "this should have failed"


def raising(error: Exception) -> Callable[[Any], dict[str, Any]]:
    def handle(_: Any) -> dict[str, Any]:
        raise error

    return handle
