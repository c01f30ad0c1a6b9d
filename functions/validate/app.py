"""validate: takes executions in, and what operators decide about them."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.boundary.request import HttpRequest
from actionrelay.boundary.submissions import decided, on_record, submitted
from actionrelay.wiring.telemetry import observed
from actionrelay.wiring.validate import operate_execution, read_request, record_rejection, submit_execution


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.serve(event, HANDLERS, lambda refusal: on_record(refusal, record_rejection), CHECKS)


def _submit(request: HttpRequest) -> dict[str, Any]:
    use_case = submit_execution()
    key = request.header("Idempotency-Key")
    result = use_case.submit(request.body, key, request.caller, dry_run=request.flag("dryRun"))
    return submitted(result, use_case.payloads, use_case.clock, request.path)


def _check(request: HttpRequest) -> dict[str, Any]:
    submit_execution().rules.read(request.body, request.header("Idempotency-Key"), request.caller)
    return {}


HANDLERS: dict[str, http.Handler] = {
    "submitExecution": _submit,
    "getExecutionRequest": http.reading(lambda it: read_request().request(it.execution_id, it.caller)),
    "retryExecution": lambda it: decided(
        202, operate_execution().retry(it.execution_id, it.caller, it.body), operate_execution()
    ),
    "resolveExecution": lambda it: decided(
        200, operate_execution().resolve(it.execution_id, it.body, it.caller), operate_execution()
    ),
    "cancelExecution": lambda it: decided(
        200, operate_execution().cancel(it.execution_id, it.caller), operate_execution()
    ),
    "acknowledgeExecution": lambda it: decided(
        200, operate_execution().acknowledge(it.execution_id, it.body, it.caller), operate_execution()
    ),
    "redeliverWebhook": lambda it: decided(
        202, operate_execution().redeliver(it.execution_id, it.caller), operate_execution()
    ),
}
CHECKS: dict[str, http.Handler] = {"submitExecution": _check, "getExecutionRequest": lambda _: {}}
