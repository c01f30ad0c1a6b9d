"""query: the API's reads, its description, and the console."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.boundary.waits import asked_wait
from actionrelay.wiring.query import (
    describe_api,
    list_executions,
    list_workflows,
    read_actions,
    read_attention,
    read_audit_days,
    read_execution,
    read_history,
    read_metrics,
    read_queues,
    read_workflow,
    serve_console,
)
from actionrelay.wiring.telemetry import observed


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.serve(event, HANDLERS)


HANDLERS: dict[str, http.Handler] = {
    "listExecutions": http.reading(lambda request: list_executions().page(request.query)),
    "getExecution": http.reading(lambda request: read_execution().execution(request.execution_id, asked_wait(request))),
    "getExecutionAudit": http.reading(
        lambda request: read_history().history(request.execution_id, verified=request.flag("verify"))
    ),
    "listWorkflows": http.reading(lambda request: list_workflows().page(request.query)),
    "getWorkflow": http.reading(lambda request: read_workflow().workflow(request.workflow_id)),
    "getAuditDay": http.reading(lambda request: read_audit_days().page(request.query)),
    "listActions": http.reading(lambda request: read_actions().listing(request.query)),
    "getAction": http.reading(lambda request: read_actions().action(request.path_parameters["actionId"])),
    "getMetrics": http.reading(lambda request: read_metrics().read(request.query)),
    "getAttention": http.reading(lambda _: read_attention().read()),
    "getQueues": http.reading(lambda _: read_queues().read()),
    "getOpenApi": lambda _: http.text(200, describe_api().document, {"Content-Type": "application/json"}),
    "getDocs": lambda _: http.text(200, describe_api().page.html, describe_api().page.headers),
    "getConsole": lambda _: http.text(200, serve_console().html, serve_console().headers),
}
