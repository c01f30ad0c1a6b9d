"""query: the reads of the API, whether it is ready, and what it is."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.observability import observed
from actionrelay.wiring import describe_api, list_executions, read_executions, read_queues, run_preflight


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.serve(event, _read)


def _read(request: http.HttpRequest) -> dict[str, Any]:
    match request.resource:
        case "/health":
            return http.answer(200, run_preflight().run() if request.flag("deep") else {"status": "ok"})
        case "/openapi.json":
            return http.text(200, describe_api().document, {"Content-Type": "application/json"})
        case "/docs":
            page = describe_api().page
            headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": page.policy}
            return http.text(200, page.html, headers)
        case "/executions":
            return http.answer(200, list_executions().page(request.query))
        case "/queues":
            return http.answer(200, read_queues().read())
        case "/executions/{executionId}/audit":
            return http.answer(200, read_executions().history(request.path_parameters["executionId"]))
        case _:
            return http.answer(200, read_executions().execution(request.path_parameters["executionId"]))
