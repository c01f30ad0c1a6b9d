"""validate: takes executions in, and what operators decide about them."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.boundary.submissions import decided, on_record, submitted
from actionrelay.wiring.telemetry import observed
from actionrelay.wiring.validate import operate_execution, record_rejection, submit_execution


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    if event.get("resource") == "/executions":
        return http.serve(event, _submit, lambda refusal: on_record(refusal, record_rejection))
    return http.serve(event, _operate)


def _submit(request: http.HttpRequest) -> dict[str, Any]:
    use_case = submit_execution()
    result = use_case.submit(request.body, request.header("Idempotency-Key"), dry_run=request.flag("dryRun"))
    return submitted(result, use_case.payloads, use_case.clock)


def _operate(request: http.HttpRequest) -> dict[str, Any]:
    use_case = operate_execution()
    execution_id = request.path_parameters["executionId"]
    match request.resource.rpartition("/")[2]:
        case "retry":
            execution, status = use_case.retry(execution_id, request.caller, request.body), 202
        case "resolve":
            execution, status = use_case.resolve(execution_id, request.body, request.caller), 200
        case "redeliver":
            execution, status = use_case.redeliver(execution_id, request.caller), 202
        case _:
            execution, status = use_case.cancel(execution_id, request.caller), 200
    return decided(status, execution, use_case.completion.payloads, use_case.clock)
