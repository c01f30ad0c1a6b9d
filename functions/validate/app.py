"""validate: takes executions in, and what operators decide about them."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.boundary.batches import batched
from actionrelay.boundary.request import HttpRequest
from actionrelay.boundary.submissions import deciding, on_record, submitted
from actionrelay.wiring.telemetry import observed
from actionrelay.wiring.validate import operate_execution, read_request, record_rejection, submit_execution, take_batch


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.serve(event, HANDLERS, lambda refusal: on_record(refusal, record_rejection), CHECKS)


def _submit(it: HttpRequest) -> dict[str, Any]:
    use_case = submit_execution()
    result = use_case.submit(it.body, it.header("Idempotency-Key"), it.caller, dry_run=it.flag("dryRun"))
    return submitted(result, use_case.payloads, use_case.clock, it.path)


def _check(it: HttpRequest) -> dict[str, Any]:
    return {"valid": submit_execution().rules.read(it.body, it.header("Idempotency-Key"), it.caller)}


def _decisions() -> Any:
    return operate_execution()


HANDLERS: dict[str, http.Handler] = {
    "submitExecution": _submit,
    "submitBatch": lambda it: batched(take_batch().submit(it.body, it.caller), it.trace_id),
    "getExecutionRequest": http.reading(lambda it: read_request().request(it.execution_id, it.caller)),
    "retryExecution": deciding(_decisions, 202, lambda use, it: use.retry(it.execution_id, it.caller, it.body)),
    "resolveExecution": deciding(_decisions, 200, lambda use, it: use.resolve(it.execution_id, it.body, it.caller)),
    "cancelExecution": deciding(_decisions, 200, lambda use, it: use.cancel(it.execution_id, it.caller)),
    "acknowledgeExecution": deciding(
        _decisions, 200, lambda use, it: use.acknowledge(it.execution_id, it.body, it.caller)
    ),
    "redeliverWebhook": deciding(_decisions, 202, lambda use, it: use.redeliver(it.execution_id, it.caller)),
}
CHECKS: dict[str, http.Handler] = {"submitExecution": _check, "getExecutionRequest": lambda _: {}}
