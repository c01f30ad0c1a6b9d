"""Responses on the wire, well-formed and broken ones.

Each is a Starlette response, so a route returns a fault the way it returns an answer. Those that end
without a complete answer wait until the connection is gone, since uvicorn would otherwise make a 500 of
them.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, override

from pydantic import ValidationError
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from local.genesys.faults import BodyFault
from local.genesys.serving import Connection

JSON_TYPE: Final = "application/json"
NOT_JSON: Final = b"<html><head><title>Bad gateway</title></head><body>upstream said nothing</body></html>"


def json_answer(
    content: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    background: BackgroundTask | None = None,
) -> Response:
    """Return `content` as JSON; `background` starts when it has been sent."""
    body = json.dumps(content, separators=(",", ":")).encode()
    return Response(body, status, dict(headers or {}), JSON_TYPE, background)


async def invalid_answer(_: Request, error: Exception) -> Response:
    """Answer 422 with the place and the reason, but not the value, which may be a secret."""
    if isinstance(error, ValidationError):
        return json_answer({"errors": error.errors(include_url=False, include_context=False, include_input=False)}, 422)
    return json_answer({"errors": [{"msg": f"the body is not JSON: {error}"}]}, 422)


def spoilt_answer(
    content: Any, fault: BodyFault, headers: Mapping[str, str], background: BackgroundTask | None = None
) -> Response:
    """Return a 200 answer whose body is wrong in the way of `fault`."""
    sent = json_answer(content, 200, headers, background)
    match fault:
        case BodyFault.TRUNCATED:
            return TruncatedAnswer(sent.body, 200, dict(headers), JSON_TYPE, background)
        case BodyFault.NOT_JSON:
            return Response(NOT_JSON, 200, dict(headers), JSON_TYPE, background)
        case BodyFault.WRONG_CONTENT_TYPE:
            return Response(sent.body, 200, dict(headers), "text/html", background)
        case BodyFault.EMPTY:
            return Response(b"", 200, dict(headers), JSON_TYPE, background)


class TruncatedAnswer(Response):
    """Announces the whole length, sends half of the body, and closes the connection orderly."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the half, close, and run the background task."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _connection(scope).close()
        await _until_gone(receive)
        if self.background is not None:
            await self.background()


class ResetAnswer(Response):
    """Resets the connection (RST) without a response."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reset, and run the background task."""
        _connection(scope).reset()
        await _until_gone(receive)
        if self.background is not None:
            await self.background()


class SilentAnswer(Response):
    """Never responds: the connection stays open until the client or the server closes it."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start the background task, then wait for the end."""
        if self.background is not None:
            await self.background()
        await _until_gone(receive)


def _connection(scope: Scope) -> Connection:
    connection = scope.get("state", {}).get("connection")
    if not isinstance(connection, Connection):
        msg = "this application is to be served by ConnectionProtocol"
        raise TypeError(msg)
    return connection


async def _until_gone(receive: Receive) -> None:
    message: Message = {"type": "http.request"}
    while message["type"] != "http.disconnect":
        message = await receive()
