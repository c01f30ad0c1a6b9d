"""The table of routes: what the API serves, with which function, to whom, and what each route accepts.

Everything else follows from it. A handler answers the operations of its function (`http.serve`), template.yaml has the
same paths (`tests/template/test_api.py`), and the OpenAPI document is made from it (`tools/openapi`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

SINGLE_HEADERS = ("Content-Type", "Idempotency-Key")
"""Headers that no request may repeat, on any route."""
LIST_HEADERS = frozenset({"Prefer"})
"""Headers whose lines form one list (RFC 7240, 2)."""
FLAGS = frozenset({"dryRun", "verify", "deep"})
"""Query parameters that are ``true`` or ``false``."""
WAITS = frozenset({"wait"})
"""Query parameters that are whole seconds, 1 to 20."""
WAIT_FORM = r"[1-9]|1[0-9]|20"

type Method = Literal["GET", "POST"]
type Function = Literal["validate", "query", "receive_webhook", "preflight", "decide", "catalogue"]


class Access(StrEnum):
    """Who may call a route."""

    OPEN = "open"
    """Anyone. An open route must not depend on who calls it."""
    CALLER = "caller"
    """Callers that API Gateway knows: by a signature that IAM allows, or by an API key."""
    OPERATOR = "operator"
    """Callers whose IAM policy allows this route, or that have an operator's API key."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method under one path."""

    operation: str
    """The OpenAPI ``operationId``."""
    method: Method
    path: str
    """Below the stage, as in API Gateway's ``resource``: ``/executions/{executionId}``."""
    function: Function
    access: Access = Access.CALLER
    query: tuple[str, ...] = ()
    """Its query parameters; any other is refused."""
    headers: tuple[str, ...] = ()
    """The headers that it reads, besides ``SINGLE_HEADERS``. One that is repeated and is not a list is refused."""
    proof: tuple[str, ...] = ()
    """The headers that prove who sent the request. The handler judges them, and nothing is refused before: what is not
    authentic is 401, whatever else is wrong with it."""

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The names in braces."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


_LIST = ("status", "actionId", "from", "to", "traceId", "webhookStatus", "errorCode", "id", "limit", "next")
_WORKFLOWS = ("status", "from", "to", "limit", "next")
_SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature", "X-Hub-Signature-256")

ROUTES: tuple[Route, ...] = (
    Route(
        "submitExecution",
        "POST",
        "/executions",
        "validate",
        query=("dryRun",),
        headers=("Idempotency-Key", "Prefer"),
    ),
    Route("submitBatch", "POST", "/batches", "validate"),
    Route("listExecutions", "GET", "/executions", "query", query=_LIST),
    Route("getExecution", "GET", "/executions/{executionId}", "query", query=("wait",)),
    Route("getExecutionAudit", "GET", "/executions/{executionId}/audit", "query", query=("verify",)),
    # Reading a request is recorded, and `query` may not write records.
    Route("getExecutionRequest", "GET", "/executions/{executionId}/request", "validate", Access.OPERATOR),
    Route("retryExecution", "POST", "/executions/{executionId}/retry", "validate", Access.OPERATOR),
    Route("resolveExecution", "POST", "/executions/{executionId}/resolve", "validate", Access.OPERATOR),
    Route("cancelExecution", "POST", "/executions/{executionId}/cancel", "validate", Access.OPERATOR),
    Route("acknowledgeExecution", "POST", "/executions/{executionId}/acknowledge", "validate", Access.OPERATOR),
    Route("redeliverWebhook", "POST", "/executions/{executionId}/webhook/redeliver", "validate", Access.OPERATOR),
    Route("decideAboutMany", "POST", "/executions/decisions", "decide", Access.OPERATOR),
    Route("getDecision", "GET", "/executions/decisions/{decisionId}", "decide", Access.OPERATOR),
    Route("submitWorkflow", "POST", "/workflows", "validate", query=("dryRun",)),
    Route("listWorkflows", "GET", "/workflows", "query", query=_WORKFLOWS),
    Route("getWorkflow", "GET", "/workflows/{workflowId}", "query"),
    Route("retryWorkflow", "POST", "/workflows/{workflowId}/retry", "validate", Access.OPERATOR),
    Route("cancelWorkflow", "POST", "/workflows/{workflowId}/cancel", "validate", Access.OPERATOR),
    Route("getAuditDay", "GET", "/audit", "query", query=("date", "limit", "next")),
    Route("listActions", "GET", "/actions", "query", query=("name", "category")),
    Route("getAction", "GET", "/actions/{actionId}", "query"),
    Route("syncActions", "POST", "/actions/sync", "catalogue", Access.OPERATOR),
    Route("getMetrics", "GET", "/metrics", "query", query=("from", "to", "actionId", "next")),
    Route("getAttention", "GET", "/attention", "query"),
    Route("getQueues", "GET", "/queues", "query"),
    Route("getHealth", "GET", "/health", "preflight", query=("deep",)),
    Route("getReceiverKeys", "GET", "/webhooks/key", "preflight", Access.OPERATOR, query=("host",)),
    Route("getOpenApi", "GET", "/openapi.json", "query"),
    Route("getDocs", "GET", "/docs", "query"),
    # A browser can't sign the request for a page. The page holds no data, and asks for credentials.
    Route("getConsole", "GET", "/console", "query", Access.OPEN),
    # Genesys Cloud has no AWS credentials. The function verifies its signature.
    Route(
        "receiveGenesysWebhook",
        "POST",
        "/webhooks/genesys",
        "receive_webhook",
        Access.OPEN,
        proof=_SIGNED,
    ),
)

_BY_PLACE = {(route.method, route.path): route for route in ROUTES}


def route_of(method: str, resource: str) -> Route | None:
    """Return the route of an event; None if it is not in the table."""
    return _BY_PLACE.get((method, resource))  # type: ignore[arg-type]  # a foreign method is in no key
