"""The rules of workflows, each removed by one edit, as those of executions are (``mutants``)."""

import pytest

from actionrelay.ledger import follow_up
from actionrelay.workflows import (
    advance,
    decisions,
    due_steps,
    records,
    step_results,
    submission,
    transitions,
    visit,
    working_copy,
)
from tests.simulation.mutants import Edit

FLOW_MUTANTS: dict[str, tuple[Edit, ...]] = {
    "an ended step stays among what others await": (
        Edit(due_steps, "_is_awaited_in_vain", "dependency.state in OVER and", "False and"),
    ),
    "a step awaits nothing": (
        Edit(records, "never_written", "frozenset(token(each, 1) for each in definition.steps[name].depends_on)", ""),
    ),
    "a step starts while it awaits others": (
        Edit(due_steps, "_due_of", "elif len(over) == len(step.awaits):", "elif True:"),
    ),
    "unknown is taken for over": (
        Edit(
            due_steps,
            "_is_awaited_in_vain",
            "dependency.state in OVER and",
            "(dependency.state in OVER or dependency.state is StepState.UNKNOWN) and",
        ),
    ),
    "unknown is taken for failed": (
        Edit(
            due_steps,
            "_due_of",
            "if workflow.steps[each].is_failed",
            "if workflow.steps[each].is_failed or workflow.steps[each].state is StepState.UNKNOWN",
        ),
    ),
    "what depends on a failure runs": (Edit(due_steps, "_due_of", "if failed is not None:", "if False:"),),
    "a retry forgets what was skipped for a failure": (
        Edit(due_steps, "renewals", "elif step.is_failed:", "elif step.state is StepState.FAILED:"),
    ),
    "a retry from a step forgets its descendants": (
        Edit(due_steps, "renewals", "sorted(descendants(workflow.definition.graph, [root]))", "[root]"),
    ),
    "a retried step awaits nothing": (Edit(transitions, "_awaited", "return frozenset(found)", "return frozenset()"),),
    "a retried step awaits the run before": (
        Edit(transitions, "_awaited", "token(each, dependency.run + again)", "token(each, dependency.run)"),
    ),
    "a retry of an execution leaves its followers out": (
        Edit(due_steps, "revival", "return {name: Renewal.FOLLOW, **failed}", "return {name: Renewal.FOLLOW}"),
    ),
    "a retry does not ask about an unknown step again": (
        Edit(visit.Visit, "_renew", "self._steps.ask_again(name, run.actor)", "pass"),
    ),
    "a list is joined before its last item": (
        Edit(transitions, "joined", "if not all(item.ended", "if not any(item.ended"),
    ),
    "a failed item is forgotten at the join": (
        Edit(
            transitions, "joined", "(StepState.FAILED, StepState.CANCELLED, StepState.UNKNOWN)", "(StepState.UNKNOWN,)"
        ),
    ),
    "results are joined in another order": (
        Edit(
            step_results.StepResults,
            "_joined",
            "enumerate(step.items or ())",
            "reversed(list(enumerate(step.items or ())))",
        ),
    ),
    "more items run at once than allowed": (Edit(transitions, "_more_started", "and free > 0", "and True"),),
    "no more items start after the first ones": (
        Edit(
            due_steps, "_due_of_items", "elif waiting and step.items_under_way", "elif False and step.items_under_way"
        ),
    ),
    "nothing stops at the first failure": (
        Edit(due_steps, "_stop_due", "return Stop.FAILURE if failed else None", "return None"),
    ),
    "an item that fails stops nothing": (Edit(due_steps, "_failed_at", "step.item_failed_at or 0", "0"),),
    "a step that a dead worker left started is not begun": (
        Edit(
            visit.Visit,
            "_look",
            "elif state is StepState.STARTED:\n        self._begin(name, index)",
            "else:\n        pass",
        ),
    ),
    "what a dead worker recorded is not queued": (Edit(visit.Visit, "_look", "self._steps.finish(execution)", "pass"),),
    "a failed service loses the message": (
        Edit(
            advance.AdvanceWorkflow,
            "advance",
            "partial(self.queue.notify, again)",
            "lambda _: None",
        ),
    ),
    "a worker with a stale copy does not read again": (
        Edit(visit.Visit, "_go_on", "if not self._copy.is_stale or", "if True or"),
    ),
    "other workers' writes count as seen": (
        Edit(working_copy.WorkingCopy, "_know", "step.state is StepState.STARTED and step.items_under_way > 0", "True"),
    ),
    "a workflow is not notified of an end": (
        Edit(follow_up.Completion, "hand_on", "self.notify_workflow(ended)", "pass"),
    ),
    "the deadline is not watched": (
        Edit(advance.AdvanceWorkflow, "_watch", "if message.watch == run.round", "if False"),
    ),
    "the outcome is not delivered": (
        Edit(advance.AdvanceWorkflow, "hand_on", "if run.delivery.untried:", "if False:"),
    ),
    "a workflow is recorded and not begun": (Edit(submission.SubmitWorkflow, "_submit", "self._begin(run)", "pass"),),
    "a retry is recorded and not begun": (
        Edit(
            decisions.OperateWorkflow,
            "retry",
            "self.queue.notify(WorkflowMessage(retried.run.workflow_id, watch=retried.run.round))",
            "pass",
        ),
    ),
    "a cancelled workflow goes on": (
        Edit(due_steps, "_due_of", "if workflow.run.stop is not None:", "if False:"),
        Edit(decisions.OperateWorkflow, "_leave_out", "for due in [", "for due in [] and ["),
    ),
}


def mutate(name: str, patch: pytest.MonkeyPatch) -> None:
    """Remove one rule."""
    for edit in FLOW_MUTANTS[name]:
        edit.apply(patch)
