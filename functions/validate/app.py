"""validate: accepts executions, batches and workflows, and operators' decisions about one."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from actionrelay.boundary import http
from actionrelay.boundary.batches import batched
from actionrelay.boundary.submissions import on_record, operator_handlers, submission_checks, submitted
from actionrelay.boundary.workflows import workflow_checks, workflow_handlers
from actionrelay.wiring.telemetry import observed
from actionrelay.wiring.validate import (
    await_end,
    operate_execution,
    operate_workflow,
    read_request,
    read_steps,
    record_rejection,
    submit_execution,
    submit_workflow,
    take_batch,
)


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.serve(event, HANDLERS, lambda refusal: on_record(refusal, record_rejection), CHECKS)


HANDLERS: dict[str, http.Handler] = {
    "submitExecution": lambda it: submitted(submit_execution(), it, await_end()),
    "submitBatch": lambda it: batched(take_batch().submit(it.body, it.caller), it.trace_id),
    "getExecutionRequest": http.reading(lambda it: read_request().request(it.execution_id, it.caller)),
    # Looked up at each request: tests/functional/conftest.py replaces these names of the module.
    **operator_handlers(lambda: operate_execution()),
    **workflow_handlers(lambda: submit_workflow(), lambda: operate_workflow(), lambda: read_steps()),
}
CHECKS: dict[str, http.Check] = {
    **submission_checks(lambda: submit_execution(), lambda: take_batch(), lambda: operate_execution()),
    **workflow_checks(lambda: submit_workflow(), lambda: operate_workflow()),
}
