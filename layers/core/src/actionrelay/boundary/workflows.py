"""Answers submissions of workflows, and operators' decisions about them."""

from collections.abc import Callable
from typing import Any

from actionrelay.boundary.http import Check, Handler, answer
from actionrelay.boundary.request import HttpRequest
from actionrelay.workflows.decisions import OperateWorkflow
from actionrelay.workflows.document import workflow_document
from actionrelay.workflows.run import Workflow
from actionrelay.workflows.step_results import StepResults
from actionrelay.workflows.submission import Disposition, SubmitWorkflow


def workflow_handlers(
    submitting: Callable[[], SubmitWorkflow],
    operating: Callable[[], OperateWorkflow],
    results: Callable[[], StepResults],
) -> dict[str, Handler]:
    """Return the handlers of the routes that change workflows, by operation."""

    def submit(request: HttpRequest) -> dict[str, Any]:
        """Answer 202 with a ``Location`` if it was accepted; 200 for a dry run and a repeat."""
        if request.flag("dryRun"):
            return answer(200, submitting().plan(request.body))
        disposition, workflow = submitting().submit(request.body, request.caller)
        location = {"Location": f"{request.path.rstrip('/')}/{workflow.run.workflow_id}"}
        return shown(202 if disposition is Disposition.ACCEPTED else 200, workflow, location)

    def shown(status: int, workflow: Workflow, headers: dict[str, str] | None = None) -> dict[str, Any]:
        traced = {"X-Trace-Id": workflow.run.trace_id, **(headers or {})}
        return answer(status, workflow_document(workflow, results()), traced)

    return {
        "submitWorkflow": submit,
        "retryWorkflow": lambda it: shown(202, operating().retry(it.workflow_id, it.caller, it.body)),
        "cancelWorkflow": lambda it: shown(200, operating().cancel(it.workflow_id, it.caller)),
    }


def workflow_checks(
    submitting: Callable[[], SubmitWorkflow], operating: Callable[[], OperateWorkflow]
) -> dict[str, Check]:
    """Return the checks of the routes that change workflows, by operation (``http.serve``)."""
    return {
        "submitWorkflow": lambda it: submitting().rules.read(it.body),
        "retryWorkflow": lambda it: operating().read_retry(it.body),
    }
