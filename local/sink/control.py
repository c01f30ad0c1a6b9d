"""The sink's control routes. The table below is also `GET /_control`."""

from collections import deque
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.genesys.answers import json_answer
from local.sink.behaviour import Behaviour, Behaviours

INDEX = {
    "POST /hooks/{name}": "takes a webhook; any other path does too, and is then the name",
    "GET /_control": "this table",
    "GET /_control/health": "200 once the server answers",
    "GET /_control/deliveries": "every delivery, oldest first (?name=), with the verdict on its signature",
    "PUT /_control/behaviour/{name}": "{statuses, delayMs, hang, redirectTo, retryAfter, body}, all optional",
    "POST /_control/reset": "forget deliveries and behaviours",
}


class Control:
    """The control routes over a sink's behaviours and deliveries."""

    def __init__(self, behaviours: Behaviours, deliveries: deque[dict[str, Any]]) -> None:
        self._behaviours = behaviours
        self._deliveries = deliveries

    def routes(self) -> list[Route]:
        """Return the `/_control` routes of `INDEX`."""
        return [
            Route("/_control", self._index, methods=["GET"]),
            Route("/_control/health", self._health, methods=["GET"]),
            Route("/_control/deliveries", self._shown, methods=["GET"]),
            Route("/_control/behaviour/{name:path}", self._behave, methods=["PUT"]),
            Route("/_control/reset", self._reset, methods=["POST"]),
            # Without this a wrong control route would be recorded as a delivery.
            Route("/_control/{rest:path}", self._unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ]

    async def _index(self, _: Request) -> Response:
        return json_answer(INDEX)

    async def _health(self, _: Request) -> Response:
        return json_answer({"status": "ok"})

    async def _shown(self, request: Request) -> Response:
        name = request.query_params.get("name")
        return json_answer({"deliveries": [each for each in self._deliveries if name in (None, each["name"])]})

    async def _behave(self, request: Request) -> Response:
        behaviour = Behaviour.model_validate_json(await request.body())
        self._behaviours.put(request.path_params["name"], behaviour)
        return json_answer(behaviour.model_dump(mode="json", by_alias=True))

    async def _unknown(self, _: Request) -> Response:
        return json_answer({"errors": [{"msg": "no such control route"}]}, 404)

    async def _reset(self, _: Request) -> Response:
        self._behaviours.clear()
        self._deliveries.clear()
        return json_answer({"status": "reset"})
