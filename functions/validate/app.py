"""validate: ``POST /v1/executions`` takes an execution in."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.boundary.submissions import submitted
from actionrelay.observability import observed
from actionrelay.wiring import submit_execution


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.serve(event, _submit)


def _submit(request: http.HttpRequest) -> dict[str, Any]:
    use_case = submit_execution()
    result = use_case.submit(request.body, request.header("Idempotency-Key"), dry_run=request.flag("dryRun"))
    return submitted(result, use_case.payloads, use_case.clock)
