"""Answers submissions and operators' routes, and records refusals."""

from collections.abc import Callable
from typing import Any

from actionrelay.boundary.http import Check, Handler, Refusal, answer
from actionrelay.boundary.request import HttpRequest
from actionrelay.boundary.waits import applied, preferred_wait
from actionrelay.errors import RequestError
from actionrelay.find.waiting import AwaitEnd
from actionrelay.ledger.document import defaults_document, execution_document, warnings_document
from actionrelay.ledger.execution import ENDED, Execution
from actionrelay.operate.decisions import OperateExecution
from actionrelay.submit.batch import SubmitBatch
from actionrelay.submit.rejection import RecordRejection
from actionrelay.submit.submission import Disposition, SubmitExecution, Submitted


def submitted(submitting: SubmitExecution, request: HttpRequest, ending: AwaitEnd) -> dict[str, Any]:
    """Submit a request. Answers 202 with a ``Location`` if it was queued; 200 for a dry run, a cache hit and a repeat.

    A caller that prefers to wait gets 200 as soon as the execution has ended. Behind a custom domain, the posted path
    and so the ``Location`` have its base path instead of the stage.
    """
    key, dry_run = request.header("Idempotency-Key"), request.flag("dryRun")
    result = submitting.submit(request.body, key, request.caller, dry_run=dry_run)
    if result.execution is None:
        return answer(200, dry_run_document(result))
    execution = result.execution
    path = f"{request.path.rstrip('/')}/{execution.execution_id}"
    headers = {"X-Trace-Id": execution.trace_id, "Location": path}
    status = 202 if result.disposition is Disposition.ACCEPTED else 200
    if wait := preferred_wait(request):
        execution = ending.ended(execution, wait)
    document = execution_document(execution, ending.payloads, ending.clock.now())
    if wait and document["status"] in ENDED:
        status = 200
        headers |= applied(wait)
    return answer(status, document, headers)


def dry_run_document(result: Submitted) -> dict[str, Any]:
    """The request with its defaults filled in, those of the catalogue, and what breaks its action's contract."""
    document = result.request.model_dump(mode="json", by_alias=True)
    if result.defaults:
        document["defaults"] = defaults_document(result.defaults)
    if result.warnings:
        document["warnings"] = warnings_document(result.warnings)
    return document


def decided(status: int, execution: Execution, decisions: OperateExecution) -> dict[str, Any]:
    """Answer with the execution after an operator's decision."""
    document = execution_document(execution, decisions.taking.completion.payloads, decisions.taking.clock.now())
    return answer(status, document, {"X-Trace-Id": execution.trace_id})


def operator_handlers(operating: Callable[[], OperateExecution]) -> dict[str, Handler]:
    """Return the handlers of an operator's decisions about one execution, by operation."""

    def handler(status: int, decide: Callable[[OperateExecution, HttpRequest], Execution]) -> Handler:
        return lambda request: decided(status, decide(operating(), request), operating())

    return {
        "retryExecution": handler(202, lambda use, it: use.retry(it.execution_id, it.caller, it.body)),
        "resolveExecution": handler(200, lambda use, it: use.resolve(it.execution_id, it.body, it.caller)),
        "cancelExecution": handler(200, lambda use, it: use.cancel(it.execution_id, it.caller)),
        "acknowledgeExecution": handler(200, lambda use, it: use.acknowledge(it.execution_id, it.body, it.caller)),
        "redeliverWebhook": handler(202, lambda use, it: use.redeliver(it.execution_id, it.caller)),
    }


def submission_checks(
    submitting: Callable[[], SubmitExecution],
    batching: Callable[[], SubmitBatch],
    operating: Callable[[], OperateExecution],
) -> dict[str, Check]:
    """Return the checks of submissions and operators' routes, by operation (``http.serve``)."""
    return {
        "submitExecution": lambda it: submitting().rules.read(it.body, it.header("Idempotency-Key"), it.caller),
        "submitBatch": lambda it: batching().read(it.body),
        "retryExecution": lambda it: operating().read_retry(it.body),
        "resolveExecution": lambda it: operating().read_resolution(it.body),
        "acknowledgeExecution": lambda it: operating().read_acknowledgement(it.body),
        # Its handler records that the request was read.
        "getExecutionRequest": lambda _: None,
    }


def on_record(refusal: Refusal, rejections: Callable[[], RecordRejection]) -> None:
    """Record a refused submission, if it is the caller's fault and not a dry run."""
    submissions = {"submitExecution", "submitWorkflow"}
    if refusal.operation in submissions and isinstance(refusal.error, RequestError) and not refusal.is_dry_run:
        rejections().record(refusal.trace_id, refusal.body, refusal.error.code, refusal.caller)
