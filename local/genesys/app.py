"""Puts the simulator together as one Starlette application."""

import contextlib
import json
import uuid
from collections.abc import AsyncIterator

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from local.genesys.actions_list import ActionsList
from local.genesys.answers import invalid_answer, json_answer
from local.genesys.control import Control
from local.genesys.errors import error_body
from local.genesys.organization import Organization
from local.genesys.platform import Platform
from local.genesys.simulator import Simulator, SimulatorConfig


def create_app(config: SimulatorConfig | None = None) -> Starlette:
    """Return a new simulator as an application, with state of its own.

    Serve it by `local.genesys.serving`: the faults that break a connection need that protocol.
    """
    simulator = Simulator(config or SimulatorConfig())

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await simulator.courier.close()

    return Starlette(
        routes=[
            *Platform(simulator).routes(),
            *Organization(simulator).routes(),
            *ActionsList(simulator).routes(),
            *Control(simulator).routes(),
        ],
        lifespan=lifespan,
        exception_handlers={
            ValidationError: invalid_answer,
            json.JSONDecodeError: invalid_answer,
            HTTPException: _no_route,
        },
    )


async def _no_route(_: Request, error: Exception) -> Response:
    """Answer requests without a route (404, 405) with the platform's error body."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    correlation_id = str(uuid.uuid4())
    return json_answer(error_body(status, correlation_id), status, {"ININ-Correlation-Id": correlation_id})
