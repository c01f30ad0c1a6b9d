"""The platform's list of actions: pages, one with its contract and configuration, schemas, drafts."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.genesys.admission import admit, open_exchange
from local.genesys.catalogue import actions_of, listed, schema, shown
from local.genesys.choice import Subject
from local.genesys.exchange import PlatformError
from local.genesys.simulator import Simulator
from local.genesys.tokens import Token

_ACTIONS = "/api/v2/integrations/actions"
LARGEST_PAGE = 100

type Content = Callable[[Request], dict[str, Any]]


class ActionsList:
    """The routes that read actions of a simulator; none runs one."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        """Return the routes, all for GET."""
        contents: dict[str, Content] = {
            _ACTIONS: lambda request: self._page(request, draft=False),
            f"{_ACTIONS}/drafts": lambda request: self._page(request, draft=True),
            f"{_ACTIONS}/{{action_id}}": self._one,
            f"{_ACTIONS}/{{action_id}}/draft": self._one,
            f"{_ACTIONS}/{{action_id}}/schemas/{{file}}": self._schema,
        }
        return [Route(path, self._answering(content), methods=["GET"]) for path, content in contents.items()]

    def _answering(self, content: Content) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            exchange, _ = await open_exchange(self._simulator, request)
            self._simulator.ledger.tally("actionRequests")
            try:
                self._require_view(admit(self._simulator, request, exchange))
                fault = self._simulator.fault_for(Subject(on="actions", action_id=request.path_params.get("action_id")))
                exchange.record.fault = fault.kind
                exchange.record.status = fault.status or 200
                return exchange.faulty(fault, None if fault.prevents_run else content(request))
            except PlatformError as refusal:
                exchange.record.status = refusal.status_code
                return exchange.error(refusal)

        return answer

    def _require_view(self, token: Token) -> None:
        client = self._simulator.scenario.tokens.clients.get(token.client_id)
        if client is None or not client.views_actions:
            message = "Unable to perform the requested action. You are missing the following permission(s): "
            raise PlatformError(403, "missing.permissions", message + "integrations:action:view")

    def _known(self) -> dict[str, dict[str, Any]]:
        rules = self._simulator.scenario.catalogue
        known = {} if rules.empty else actions_of(rules.plain)
        for gone in rules.removed:
            known.pop(gone, None)
        for action_id, inputs in rules.changed.items():
            if action_id in known:
                changed = known[action_id] = deepcopy(known[action_id])
                changed["inputs"] = inputs
                changed["action"]["version"] += 1
        return known

    def _page(self, request: Request, *, draft: bool) -> dict[str, Any]:
        query = request.query_params
        auth = query.get("includeAuthActions", "").lower() == "true"
        known = [each for each in self._known().values() if each["draft"] is draft]
        found = [dict(each["action"]) for each in known] if draft else [listed(each, auth=auth) for each in known]
        wanted = [each for each in found if each is not None and _matches(each, request)]
        wanted.sort(key=lambda each: str(each["name"]))
        size = _number(query.get("pageSize"), 25, LARGEST_PAGE)
        number = _number(query.get("pageNumber"), 1, 1_000_000)
        pages = -(-len(wanted) // size)
        path = request.url.path
        return {
            "entities": wanted[(number - 1) * size : number * size],
            "pageSize": size,
            "pageNumber": number,
            "total": len(wanted),
            "pageCount": pages,
            "selfUri": f"{path}?pageSize={size}&pageNumber={number}",
            **({"nextUri": f"{path}?pageSize={size}&pageNumber={number + 1}"} if number < pages else {}),
        }

    def _one(self, request: Request) -> dict[str, Any]:
        known = self._found(request)
        query = request.query_params
        return shown(
            known,
            contract="contract" in query.get("expand", "").split(","),
            config=query.get("includeConfig", "").lower() == "true",
        )

    def _schema(self, request: Request) -> dict[str, Any]:
        found = schema(self._found(request), request.path_params["file"])
        if found is None:
            raise PlatformError(404)
        return found

    def _found(self, request: Request) -> dict[str, Any]:
        known = self._known().get(request.path_params["action_id"])
        if known is None or known["draft"] is not request.url.path.endswith("/draft"):
            raise PlatformError(404)
        return known


def _matches(action: dict[str, Any], request: Request) -> bool:
    query = request.query_params
    name, category, secure = query.get("name"), query.get("category"), query.get("secure")
    return (
        (name is None or name.lower() in str(action["name"]).lower())
        and (category is None or category == action["category"])
        and (secure is None or (secure.lower() == "true") is action["secure"])
    )


def _number(text: str | None, usual: int, most: int) -> int:
    if text is None:
        return usual
    if not text.isdigit() or int(text[:9]) < 1:
        raise PlatformError(400, "invalid.value", "pageSize and pageNumber must be positive numbers")
    return min(int(text[:9]), most)
