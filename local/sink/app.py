"""Puts the sink together as one Starlette application: it records every delivery, then answers as set."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Never

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.genesys.answers import SilentAnswer, invalid_answer
from local.sink.behaviour import Behaviours
from local.sink.control import Control
from local.sink.signature import judge, secret_key

KEPT_DELIVERIES = 20_000


@dataclass
class Sink:
    """A sink's state: the deliveries, the behaviour of each name, the keys for signatures."""

    keys: Sequence[bytes]
    clock: Callable[[], float]
    behaviours: Behaviours = field(default_factory=Behaviours)
    deliveries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_DELIVERIES))
    sequence: int = 0

    async def receive(self, request: Request) -> Response:
        """Record a delivery and answer it."""
        body = await request.body()
        name = request.path_params.get("name", request.url.path)
        behaviour, status = self.behaviours.next(name)
        now = self.clock()
        headers = dict(request.headers)
        self.sequence += 1
        self.deliveries.append(
            {
                "sequence": self.sequence,
                "time": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
                "at": now,
                "name": name,
                "method": request.method,
                "path": request.url.path,
                "headers": headers,
                "webhookId": headers.get("webhook-id"),
                "signature": judge(headers, body, self.keys, now).value,
                "body": body.decode("utf-8", "replace"),
                "json": _parsed(body),
                "status": None if behaviour.hang else status,
            }
        )
        if behaviour.hang:
            return SilentAnswer()
        await asyncio.sleep(behaviour.delay_ms / 1000)
        return Response(behaviour.body, status, behaviour.headers(), "text/plain")


def create_app(*, secrets: Sequence[str] = (), clock: Callable[[], float] = time.time) -> Starlette:
    """Return a new sink with state of its own. Raises ValueError for a secret that is not
    `whsec_<base64>`.
    """
    sink = Sink(keys=[secret_key(secret) for secret in secrets], clock=clock)
    return Starlette(
        routes=[
            *Control(sink.behaviours, sink.deliveries).routes(),
            Route("/hooks/{name}", sink.receive, methods=["POST"]),
            Route("/{path:path}", sink.receive, methods=["POST"]),
        ],
        exception_handlers={ValidationError: invalid_answer, json.JSONDecodeError: invalid_answer},
    )


def _parsed(body: bytes) -> Any:
    """Return the body as JSON, or None if it is not JSON (NaN and Infinity are not)."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> Never:
    raise ValueError(constant)
