"""The results of steps: what references resolve to, and how the results of a ``forEach`` become one list."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from actionrelay.ledger.execution import Execution, ExecutionError, PayloadRef, Status
from actionrelay.ledger.ports import ExecutionStore, PayloadStore
from actionrelay.strict_json import Json, digest
from actionrelay.workflows.expressions import ExpressionFaultError
from actionrelay.workflows.references import INDEX, ITEM, ITS_OWN, Source, names_in
from actionrelay.workflows.run import StepRecord, StepState, Workflow, execution_id

MAX_REFERENCED_BYTES = 8 * 1_024 * 1_024
"""All results that one step refers to: two of the largest that an action may return."""
MAX_JOINED_BYTES = 5 * 1_024 * 1_024
"""All results of a ``forEach``: as much as one action may return."""


@dataclass(slots=True)
class Recollection:
    """What one visit has read and need not read again: a completed execution never changes."""

    executions: dict[str, Execution] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    """Results outside the execution's record, at most ``MAX_REFERENCED_BYTES`` together."""
    bytes_left: int = MAX_REFERENCED_BYTES

    def keep(self, execution: Execution) -> None:
        """Remember an execution if it has completed."""
        if execution.status is Status.COMPLETED:
            self.executions[execution.execution_id] = execution

    def keep_text(self, ref: PayloadRef, text: bytes) -> None:
        """Remember a stored result if there is room."""
        if ref.inline is None and len(text) <= self.bytes_left:
            self.bytes_left -= len(text)
            self.texts[ref.key] = text


@dataclass(frozen=True, slots=True)
class StepResults:
    """Reads the results of executions."""

    executions: ExecutionStore
    payloads: PayloadStore
    recollection: Recollection | None = None
    """None to read everything each time, for an object that outlives one visit."""

    def source(self, workflow: Workflow, index: int | None = None, item: Json = None) -> Source:
        """Return a function that looks up a step's references, within a bound for all results together.

        It raises ``ExpressionFaultError`` for a result that can't be read, or for too many bytes.
        """
        known: dict[str, Json] = {} if index is None else {ITEM: item, INDEX: index}
        left = MAX_REFERENCED_BYTES

        def look_up(name: str) -> Json:
            nonlocal left
            if name in known:
                return known[name]
            text = self.text(workflow, workflow.steps[name])
            left -= len(text)
            if left < 0:
                raise ExpressionFaultError(f"refers to results of more than {MAX_REFERENCED_BYTES} bytes")
            return _parsed(name, text)

        return look_up

    def size(self, workflow: Workflow, template: Json) -> int:
        """Return how many bytes the results have together that a template refers to, as far as they can be read."""
        return sum(self._size(workflow, workflow.steps[name]) for name in names_in(template) if name not in ITS_OWN)

    def _size(self, workflow: Workflow, step: StepRecord) -> int:
        if step.state is StepState.SKIPPED:
            return 0
        if step.items is not None:
            return step.result.size if step.result else 0
        execution = self._execution(execution_id(workflow.run.workflow_id, step.name, None, step.run))
        outcome = execution.outcome if execution else None
        return outcome.result.size if outcome and outcome.result else 0

    def text(self, workflow: Workflow, step: StepRecord) -> bytes:
        """Return the result of a step as it came; that of a skipped step is null.

        Raises:
            ExpressionFaultError: it can't be read.
        """
        if step.state is StepState.SKIPPED:
            return b"null"
        if step.items == ():
            return b"[]"
        if step.items is not None:
            return self._stored(step.name, step.result, step.error)
        return self._of_execution(workflow, step.name, None, step.run)

    def join(self, workflow: Workflow, step: StepRecord) -> tuple[PayloadRef | None, ExecutionError | None]:
        """Store the results of all items, which have completed, as one list in their order.

        If that fails, the error is kept beside the outcome, which stays ``completed``: the actions ran.
        """
        try:
            text = self._joined(workflow, step)
        except ExpressionFaultError as fault:
            return None, ExecutionError("result_unreadable", f"the actions ran, but their results {fault}")
        key = f"workflow/{workflow.run.workflow_id}/{step.name}/{step.run}/{digest(text)}"
        # Never inline, since the records of all steps are read together.
        ref = replace(self.payloads.refer(key, text), inline=None)
        self.payloads.put(ref, text)
        return ref, None

    def _joined(self, workflow: Workflow, step: StepRecord) -> bytes:
        parts: list[bytes] = []
        size = 0
        for index, item in enumerate(step.items or ()):
            part = self._of_execution(workflow, step.name, index, item.run)
            size += len(part) + 1
            if size > MAX_JOINED_BYTES:
                raise ExpressionFaultError(f"have more than {MAX_JOINED_BYTES} bytes together")
            parts.append(part)
        return b"[" + b",".join(parts) + b"]"

    def _of_execution(self, workflow: Workflow, name: str, index: int | None, run: int) -> bytes:
        execution = self._execution(execution_id(workflow.run.workflow_id, name, index, run))
        outcome = execution.outcome if execution else None
        if outcome is None or outcome.error is not None:
            raise ExpressionFaultError(f"of {name} can't be read")
        return b"null" if outcome.result is None else self._stored(name, outcome.result, None)

    def _execution(self, name: str) -> Execution | None:
        known = self.recollection
        if known is not None and name in known.executions:
            return known.executions[name]
        execution = self.executions.load(name)
        if known is not None and execution is not None:
            known.keep(execution)
        return execution

    def _stored(self, name: str, ref: PayloadRef | None, error: ExecutionError | None) -> bytes:
        known = self.recollection
        if known is not None and ref is not None and ref.key in known.texts:
            return known.texts[ref.key]
        data = self.payloads.get(ref) if ref is not None and error is None else None
        if data is None or ref is None:
            raise ExpressionFaultError(f"of {name} can't be read")
        if known is not None:
            known.keep_text(ref, data)
        return data


def _parsed(name: str, text: bytes) -> Json:
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        raise ExpressionFaultError(f"of {name} nests too deep, or is no JSON") from None
    return value


def is_true(value: Json) -> bool:
    """Whether a ``when`` lets its step run: null, false, 0, and an empty string, list or object do not."""
    return bool(value)


def items_failed(states: Sequence[StepState]) -> ExecutionError:
    """Return the error that says how many items of a ``forEach`` did not complete."""
    count = sum(state is not StepState.COMPLETED for state in states)
    return ExecutionError("items_failed", f"{count} of {len(states)} items did not complete")
