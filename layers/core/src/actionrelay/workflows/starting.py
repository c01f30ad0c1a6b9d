"""Starts the executions of a step: whether it runs, with which inputs, and each under its own id."""

from dataclasses import dataclass

from actionrelay.errors import RequestError
from actionrelay.fault import cut
from actionrelay.ledger.execution import Execution, ExecutionError, WorkflowPlace
from actionrelay.strict_json import Json
from actionrelay.workflows.definition import MAX_ITEMS, Step
from actionrelay.workflows.expressions import Allowance, ExpressionFaultError
from actionrelay.workflows.memory_turn import LIGHT_BYTES, Turn
from actionrelay.workflows.ports import StepExecutions, StepOrder
from actionrelay.workflows.references import resolved
from actionrelay.workflows.run import Workflow, execution_id
from actionrelay.workflows.step_results import StepResults, is_true

MAX_MESSAGE_LENGTH = 300
"""Characters of an error that a step's record keeps; the execution keeps all of it."""


class StepFailedError(Exception):
    """A step failed before it had an execution; the error is for the caller."""

    def __init__(self, error: ExecutionError) -> None:
        super().__init__(error.code)
        self.error = error


@dataclass(frozen=True, slots=True)
class StartSteps:
    """Starts executions; safe to repeat."""

    executions: StepExecutions
    results: StepResults
    turn: Turn
    """Taken before results are read that are large; the caller releases it."""

    def runs(self, workflow: Workflow, step: Step) -> bool:
        """Whether a step's ``when`` lets it run.

        Raises:
            StepFailedError: its expression fails.
        """
        if step.when is None:
            return True
        return is_true(self._resolved(workflow, "when", step.when))

    def items(self, workflow: Workflow, step: Step) -> list[Json]:
        """Return the items of a ``forEach``, in order.

        Raises:
            StepFailedError: it is not a list, or too long.
        """
        items = self._resolved(workflow, "forEach", step.for_each)
        if not isinstance(items, list):
            raise _failed("expression_failed", f"forEach must yield a list, and yields {_kind(items)}")
        if len(items) > MAX_ITEMS:
            raise _failed("too_many", f"forEach yields {len(items)} items, {MAX_ITEMS} are allowed")
        return items

    def inputs(self, workflow: Workflow, step: Step, index: int | None = None, item: Json = None) -> Json:
        """Return the inputs of a step, or of one of its items, with references resolved.

        Raises:
            StepFailedError: one of its expressions fails.
        """
        return self._resolved(workflow, "inputs", step.request["inputs"], index, item)

    def begin(self, workflow: Workflow, step: Step, inputs: Json, run: int, index: int | None = None) -> Execution:
        """Start one execution.

        Raises:
            StepFailedError: the resolved request breaks a rule.
        """
        place = WorkflowPlace(workflow.run.workflow_id, step.name, index)
        # An operator who asks for another run does not want a cached result.
        from_cache = {} if run == 1 else {"cacheResults": False}
        order = StepOrder(
            execution_id(workflow.run.workflow_id, step.name, index, run),
            place,
            workflow.run.trace_id,
            {**step.request, **from_cache, "inputs": inputs},
            workflow.run.lane,
            workflow.run.caller,
        )
        try:
            execution = self.executions.start(order)
        except RequestError as error:
            raise _failed(error.code, error.message) from None
        if execution.workflow != place:
            raise _failed("execution_conflict", "another execution has the id that this step's would have")
        return execution

    def _resolved(
        self, workflow: Workflow, field: str, template: Json, index: int | None = None, item: Json = None
    ) -> Json:
        if self.results.size(workflow, template) > LIGHT_BYTES:
            self.turn.take()
        try:
            return resolved(template, self.results.source(workflow, index, item), Allowance())
        except ExpressionFaultError as fault:
            raise _failed("expression_failed", f"{field}: {fault}") from None


def _failed(code: str, message: str) -> StepFailedError:
    return StepFailedError(ExecutionError(code, cut(message, MAX_MESSAGE_LENGTH)))


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
    return "an object"
