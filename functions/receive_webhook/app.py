"""receive_webhook: ``POST /v1/webhooks/genesys`` receives the result of an execution."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.boundary.request import HttpRequest
from actionrelay.wiring.receive_webhook import receive_result
from actionrelay.wiring.telemetry import observed


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.serve(event, HANDLERS)


def _receive(request: HttpRequest) -> dict[str, Any]:
    execution = receive_result().receive(request.headers, request.body)
    return http.answer(
        200,
        {"executionId": execution.execution_id, "status": execution.status.value},
        {"X-Trace-Id": execution.trace_id},
    )


HANDLERS: dict[str, http.Handler] = {"receiveGenesysWebhook": _receive}
