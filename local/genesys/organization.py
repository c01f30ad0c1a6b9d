"""The routes about a client and its organisation: token, permissions, limits."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.genesys.admission import admit, open_exchange
from local.genesys.exchange import PlatformError
from local.genesys.rules import Client
from local.genesys.simulator import Simulator


class Organization:
    """These routes of a simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        """Return the three routes, all for GET."""
        return [
            Route("/api/v2/tokens/me", self._answer, methods=["GET"]),
            Route("/api/v2/authorization/subjects/me", self._answer, methods=["GET"]),
            Route("/api/v2/organizations/limits/namespaces/{namespace}", self._answer, methods=["GET"]),
        ]

    async def _answer(self, request: Request) -> Response:
        exchange, _ = await open_exchange(self._simulator, request)
        try:
            token = admit(self._simulator, request, exchange)
            client = self._simulator.scenario.tokens.clients.get(token.client_id)
            if "namespace" in request.path_params:
                content = self._limits(request.path_params["namespace"], client)
            elif request.url.path.endswith("tokens/me"):
                content = {"organization": {"name": "Simulated"}, "OAuthClient": {"id": token.client_id}}
            else:
                content = _subject(token.client_id, client)
        except PlatformError as refusal:
            exchange.record.status = refusal.status_code
            return exchange.error(refusal)
        exchange.record.status = 200
        return exchange.answer(content)

    def _limits(self, namespace: str, client: Client | None) -> dict[str, Any]:
        if client is None or not client.reads_limits:
            message = "Unable to perform the requested action. You are missing the following permission(s): "
            raise PlatformError(403, "missing.permissions", message + "limits:organization:view")
        limits = self._simulator.scenario.limits.get(namespace)
        if limits is None:
            raise PlatformError(404)
        entities = [{"namespace": namespace, "key": key, "value": value} for key, value in limits.items()]
        return {"entities": entities}


def _subject(client_id: str, client: Client | None) -> dict[str, Any]:
    """Return the client's grants in the form of `AuthzSubject`."""
    policies: list[dict[str, Any]] = [{"domain": "directory", "entityName": "user", "actions": ["view"]}]
    allowed = [("execute", client and client.permitted), ("view", client and client.views_actions)]
    if actions := [name for name, granted in allowed if granted]:
        policies.append({"domain": "integrations", "entityName": "action", "actions": actions})
    role = {"id": "role-1", "name": "Simulated", "policies": policies}
    return {"id": client_id, "grants": [{"subjectId": client_id, "division": {"id": "*"}, "role": role}]}
