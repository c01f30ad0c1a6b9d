"""Admission of requests to the platform: each is recorded, and checked for its token and the token's rate."""

from starlette.requests import Request

from local.genesys.errors import throttled_message
from local.genesys.exchange import Exchange, PlatformError
from local.genesys.ledger import SHOWN_HEADERS
from local.genesys.simulator import Simulator
from local.genesys.tokens import Token, bearer, token_hash


async def open_exchange(simulator: Simulator, request: Request) -> tuple[Exchange, bytes]:
    """Record a request; return its exchange and its body."""
    body = await request.body()
    record = simulator.ledger.open_request(
        at=simulator.clock(),
        method=request.method,
        path=request.url.path,
        correlation_id=simulator.correlation_id(),
        body_bytes=len(body),
    )
    record.headers = {name: request.headers[name] for name in SHOWN_HEADERS if name in request.headers}
    return Exchange(record), body


def admit(simulator: Simulator, request: Request, exchange: Exchange) -> Token:
    """Return a request's valid token; raise `PlatformError` 401 or 429 if there is none, or its rate is used up."""
    presented = bearer(request.headers.get("authorization"))
    if presented is None:
        simulator.ledger.tally("unauthorized")
        message = "No authentication bearer token specified in authorization header."
        raise PlatformError(401, "authentication.required", message)
    name = exchange.record.token_hash = token_hash(presented)
    token = simulator.token(name)
    if token is None:
        simulator.ledger.tally("unauthorized")
        raise PlatformError(401)
    exchange.record.client_id = token.client_id
    reading = simulator.admit(name)
    if reading is not None:
        exchange.headers |= reading.headers()
        if reading.refused:
            simulator.ledger.tally("rateLimited")
            said = simulator.scenario.rate.retry_after
            wait = reading.reset_seconds if said is None else said
            raise PlatformError(429, None, throttled_message(wait), {"Retry-After": str(wait)})
    return token
