"""The control routes: what the simulator is to do, and what happened. The table below is also `GET
/_control`.

They belong to the test bench, not to Genesys Cloud, and are open to everybody on this port; the server
listens on 127.0.0.1. Input is validated before anything changes: 422 with pydantic's list of errors, and
nothing has changed.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.genesys.answers import json_answer
from local.genesys.faults import ScriptedFault
from local.genesys.rules import Model
from local.genesys.scenario import Scenario
from local.genesys.simulator import Simulator

INDEX = {
    "GET /_control": "this table",
    "GET /_control/health": "200 once the server answers",
    "GET /_control/scenario": "the scenario in force",
    "PUT /_control/scenario": "a whole scenario; what is left out takes its default",
    "PATCH /_control/scenario": "a JSON merge patch (RFC 7396) of the scenario in force",
    "GET /_control/schema": "JSON Schema of a scenario and of a script entry, every fault with its values",
    "POST /_control/script": "a list of faults, taken by the next matching requests one each; {} is none",
    "DELETE /_control/script": "drop what was not taken",
    "GET /_control/counts": "requests by kind, callbacks, and runs by executionId, traceId and actionId",
    "GET /_control/requests": "every request (?traceId= ?executionId= ?path=), tokens as hashes",
    "GET /_control/callbacks": "every callback (?executionId=) with the receiver's answer to each attempt",
    "POST /_control/tokens/revoke": "revoke {tokenHash} or {clientId}, or all tokens with {}",
    "POST /_control/reset": "back to the start; issued tokens stay good unless {tokens: true}",
}

_SCRIPT = TypeAdapter(list[ScriptedFault])


class Revocation(Model):
    """Which tokens to revoke; nothing given is all of them."""

    token_hash: str | None = None
    client_id: str | None = None


class Reset(Model):
    """What a reset takes away besides scenario, script, counts and records."""

    tokens: bool = False


class Control:
    """The control routes over one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        """Return the routes of `INDEX`."""
        handlers: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "GET /_control": self._index,
            "GET /_control/health": self._health,
            "GET /_control/scenario": self._scenario,
            "PUT /_control/scenario": self._put_scenario,
            "PATCH /_control/scenario": self._patch_scenario,
            "GET /_control/schema": self._schema,
            "POST /_control/script": self._extend_script,
            "DELETE /_control/script": self._drop_script,
            "GET /_control/counts": self._counts,
            "GET /_control/requests": self._requests,
            "GET /_control/callbacks": self._callbacks,
            "POST /_control/tokens/revoke": self._revoke,
            "POST /_control/reset": self._reset,
        }
        return [
            Route(path, handler, methods=[method])
            for name, handler in handlers.items()
            for method, path in [name.split(" ")]
        ]

    async def _index(self, _: Request) -> Response:
        return json_answer(INDEX)

    async def _health(self, _: Request) -> Response:
        return json_answer({"status": "ok"})

    async def _scenario(self, _: Request) -> Response:
        return json_answer(self._simulator.scenario.model_dump(mode="json", by_alias=True))

    async def _put_scenario(self, request: Request) -> Response:
        self._simulator.scenario = Scenario.model_validate_json(await request.body())
        return await self._scenario(request)

    async def _patch_scenario(self, request: Request) -> Response:
        self._simulator.scenario = self._simulator.scenario.patched(await request.json())
        return await self._scenario(request)

    async def _schema(self, _: Request) -> Response:
        return json_answer({"scenario": Scenario.model_json_schema(), "script": _SCRIPT.json_schema()})

    async def _extend_script(self, request: Request) -> Response:
        waiting = self._simulator.script.add(_SCRIPT.validate_json(await request.body()))
        return json_answer({"waiting": waiting})

    async def _drop_script(self, _: Request) -> Response:
        self._simulator.script.clear()
        return json_answer({"waiting": 0})

    async def _counts(self, _: Request) -> Response:
        return json_answer(self._simulator.ledger.counts() | {"scriptWaiting": len(self._simulator.script)})

    async def _requests(self, request: Request) -> Response:
        shown = [record.shown() for record in self._simulator.ledger.requests]
        return json_answer({"requests": _matching(shown, request)})

    async def _callbacks(self, request: Request) -> Response:
        shown = [record.shown() for record in self._simulator.ledger.callbacks]
        return json_answer({"callbacks": _matching(shown, request)})

    async def _revoke(self, request: Request) -> Response:
        wanted = Revocation.model_validate_json(await request.body() or b"{}")
        revoked = self._simulator.tokens.revoke(name=wanted.token_hash, client_id=wanted.client_id)
        return json_answer({"revoked": revoked})

    async def _reset(self, request: Request) -> Response:
        wanted = Reset.model_validate_json(await request.body() or b"{}")
        await self._simulator.reset(tokens=wanted.tokens)
        return json_answer({"status": "reset"})


def _matching(shown: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Return the records that have, for every query parameter, that value under that name."""
    wanted = request.query_params
    return [each for each in shown if all(each.get(name) == value for name, value in wanted.items())]
