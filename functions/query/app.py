"""query: the reads of the API."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.observability import observed
from actionrelay.wiring import read_executions


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.serve(event, _read)


def _read(request: http.HttpRequest) -> dict[str, Any]:
    if request.resource == "/health":
        return http.answer(200, {"status": "ok"})
    execution_id = request.path_parameters["executionId"]
    if request.resource == "/executions/{executionId}/audit":
        return http.answer(200, read_executions().history(execution_id))
    return http.answer(200, read_executions().execution(execution_id))
