"""query: the reads of the API, and what it is."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.wiring.query import (
    describe_api,
    list_executions,
    read_audit_days,
    read_execution,
    read_history,
    read_metrics,
    read_queues,
    serve_console,
)
from actionrelay.wiring.telemetry import observed

_READS: dict[str, Callable[[http.HttpRequest], Any]] = {
    "/executions": lambda request: list_executions().page(request.query),
    "/executions/{executionId}": lambda request: read_execution().execution(request.path_parameters["executionId"]),
    "/executions/{executionId}/audit": lambda request: read_history().history(
        request.path_parameters["executionId"], verified=request.flag("verify")
    ),
    "/audit": lambda request: read_audit_days().page(request.query),
    "/metrics": lambda request: read_metrics().read(request.query),
    "/queues": lambda _: read_queues().read(),
}


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.serve(event, _read)


def _read(request: http.HttpRequest) -> dict[str, Any]:
    match request.resource:
        case "/openapi.json":
            return http.text(200, describe_api().document, {"Content-Type": "application/json"})
        case "/docs":
            page = describe_api().page
            headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": page.policy}
            return http.text(200, page.html, headers)
        case "/console":
            return http.text(200, serve_console().html, serve_console().headers)
    return http.answer(200, _READS[request.resource](request))
