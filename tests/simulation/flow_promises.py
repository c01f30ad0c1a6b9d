"""What must hold for workflows: at every request, whenever an execution is accepted, and when everything is at rest.

The expected outcome is derived from the submitted definition and from the outcomes of the executions, without the
package's state machine or its plan.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from actionrelay.ledger.execution import Execution, Status, WebhookStatus
from actionrelay.ledger.message import DeliveryMessage, MessageKind
from actionrelay.strict_json import Json
from actionrelay.workflows.run import Run, StepRecord, execution_id
from tests.simulation.flow_ports import FlowLedger
from tests.simulation.memory import Payloads
from tests.simulation.promises import Rules

PROMPT_MS = 600_000
"""How long one fault may delay a step: a message's visibility, and a pause. Less than a watch's 15 minutes."""
_UNDER_WAY = frozenset({Status.QUEUED, Status.RUNNING, Status.AWAITING_WEBHOOK})


@dataclass(slots=True)
class FlowRules:
    """Judges workflows."""

    rules: Rules
    flows: FlowLedger
    executions: Mapping[str, Execution]
    payloads: Payloads
    submitted: dict[str, dict[str, Json]] = field(default_factory=dict)
    """The documents as callers sent them, by id."""
    prompt: bool = False
    """Whether at most one fault happens, so that nothing may wait for a watch."""
    decided: bool = False
    """Whether an operator decides about something, which may begin more items than usual."""

    # -- As it happens --

    def requested(self, name: str) -> None:
        """Check a step's request when it is sent: everything that the step depends on has completed."""
        place = self.executions[name].workflow
        if place is None:
            return
        run, steps = self._records(place.workflow_id)
        for each in self._needs(run.workflow_id, place.step):
            state = self._came_to(run, steps[each])
            if state != "completed" and not self._is_skipped_by_itself(run, steps[each]):
                self.rules.say(name, f"{place.step} ran while {each} was {state}")

    def begun(self, execution: Execution) -> None:
        """Check a newly accepted execution: its run is on record, and not too many are active."""
        place = execution.workflow
        if place is None:
            return
        run, steps = self._records(place.workflow_id)
        known = {execution_id(run.workflow_id, place.step, place.index, n + 1) for n in range(steps[place.step].run)}
        if execution.execution_id not in known:
            self.rules.say(execution.execution_id, "an execution of a run that was not asked for")
        under_way = [
            each
            for each in self.executions.values()
            if each.workflow and each.workflow.step == place.step and each.status in _UNDER_WAY
        ]
        at_once = int(self._step(run.workflow_id, place.step).get("maxConcurrency", 50))
        if place.index is not None and len(under_way) > at_once and not self.decided:
            self.rules.say(execution.execution_id, f"{len(under_way)} items at once")

    def written(self, run: Run, before: StepRecord | None, after: StepRecord) -> None:
        """Check a step's record when it is written: if a failure stops the workflow, no item begins after it."""
        if before is None or run.round or not self._stops(run):
            return
        was, is_ = ([item.state.value for item in each.items or ()] for each in (before, after))
        begins = any(pair == ("waiting", "started") for pair in zip(was, is_, strict=False))
        if begins and {"failed", "cancelled"} & set(was):
            self.rules.say(run.workflow_id, f"items of {after.name} began after one had failed: {was}, {is_}")

    # -- At rest --

    def at_rest(self, name: str, accepted: Sequence[bytes], letters: Sequence[DeliveryMessage]) -> None:
        """Check an accepted workflow when nothing more will happen; a blocked one has reached its deadline by then."""
        if self.flows.known(name) is None:
            self.rules.say(name, "accepted, but not on record")
            return
        run, steps = self._records(name)
        faults = [*self._status(run, steps), *self._results(run, steps), *self._delivered(run, accepted, letters)]
        if self.prompt and run.stop is None:
            faults += self._waits(run, steps)
        for fault in faults:
            self.rules.say(name, fault)

    def _status(self, run: Run, steps: Mapping[str, StepRecord]) -> Iterator[str]:
        shown = {name: _shown(step) for name, step in steps.items()}
        if run.stop is not None and str(run.stop) != "failure":
            wanted = {"deadline": "failed", "cancel": "cancelled"}[str(run.stop)]
            if str(run.status) != wanted:
                yield f"{run.status} after {run.stop}"
            if {"waiting", "started"} & set(shown.values()):
                yield f"stopped, but steps are left: {shown}"
            if str(run.stop) == "deadline" and self.prompt and "unknown" not in self._expected(run, steps).values():
                yield f"nothing was unknown, but it reached its deadline: {shown}"
            return
        expected = self._expected(run, steps)
        if self._stops(run) and not self.decided and "failed" in shown.values() and not run.stop:
            yield "a step failed, but nothing stopped"
        if shown != expected:
            yield f"the steps are {shown}, expected {expected}"
        failed = {"failed", "cancelled", "skipped for failure"} & set(expected.values())
        if str(run.status) != ("failed" if failed else "completed"):
            yield f"{run.status}, but its steps are {expected}"

    def _expected(self, run: Run, steps: Mapping[str, StepRecord]) -> dict[str, str]:
        """Return the expected outcome of each step, given what executions did, in one walk of the graph."""
        found: dict[str, str] = {}
        # Which of those had begun before a failure or a decision depends on the order of events.
        stops = self.decided or self._stops(run)

        def of(name: str) -> str:
            if name not in found and stops and _shown(steps[name]) == "cancelled":
                found[name] = "cancelled"
            if name not in found:
                needs = [of(each) for each in self._needs(run.workflow_id, name)]
                if {"failed", "cancelled", "skipped for failure"} & set(needs):
                    found[name] = "skipped for failure"
                elif {"unknown", "waiting"} & set(needs):
                    found[name] = "waiting"
                elif self._step(run.workflow_id, name).get("when") == {"$literal": False}:
                    found[name] = "skipped"
                else:
                    found[name] = self._came_to(run, steps[name])
            return found[name]

        for name in steps:
            of(name)
        return found

    def _came_to(self, run: Run, step: StepRecord) -> str:
        """Return the outcome of the executions of a step's current run."""
        if not self._is_for_each(run.workflow_id, step.name):
            execution = self.executions.get(execution_id(run.workflow_id, step.name, None, step.run))
            return execution.status.value if execution else "none"
        if step.items is None:
            return "none"
        states = []
        may_be_left_out = self.decided or self._stops(run)
        for index, item in enumerate(step.items):
            execution = self.executions.get(execution_id(run.workflow_id, step.name, index, item.run))
            none = "cancelled" if may_be_left_out and item.state.value == "cancelled" else "none"
            states.append(execution.status.value if execution else none)
        for state in ("none", "queued", "running", "awaiting_webhook", "failed", "cancelled", "unknown"):
            if state in states:
                return state
        return "completed"

    def _results(self, run: Run, steps: Mapping[str, StepRecord]) -> Iterator[str]:
        """Check that each execution got the results of the steps that it refers to, of the runs that it followed."""
        for execution in self.executions.values():
            place = execution.workflow
            if place is None or place.workflow_id != run.workflow_id or steps[place.step].state.value != "completed":
                continue
            step = steps[place.step]
            number = step.run if place.index is None else (step.items or ())[place.index].run
            if execution.execution_id != execution_id(run.workflow_id, place.step, place.index, number):
                continue  # of an earlier run
            stored = self.payloads.stored(execution.request)
            given = json.loads(stored or b"null")
            for each, value in given.items():
                if each in steps and value != self._result(run, steps[each]):
                    yield f"{place.step} was given another result of {each}: {value}"

    def _result(self, run: Run, step: StepRecord) -> Any:
        """Return a step's result, by its executions."""

        def of(index: int | None, number: int) -> Any:
            execution = self.executions[execution_id(run.workflow_id, step.name, index, number)]
            ref = execution.outcome.result if execution.outcome else None
            return json.loads(self.payloads.stored(ref) or b"null")["of"] if ref else None

        if step.state.value != "completed":
            return None
        if step.items is not None:
            return [of(index, item.run) for index, item in enumerate(step.items)]
        return of(None, step.run)

    def _delivered(self, run: Run, accepted: Sequence[bytes], letters: Sequence[DeliveryMessage]) -> Iterator[str]:
        if run.webhook_url is None:
            return
        buried = {letter.subject_id for letter in letters if letter.kind is MessageKind.WORKFLOW}
        if run.delivery.status is WebhookStatus.FAILED and run.workflow_id in buried:
            return
        reported = {
            (each["data"]["workflowId"], each["type"])
            for each in map(json.loads, accepted)
            if each["type"].startswith("workflow.")
        }
        if run.delivery.status is not WebhookStatus.DELIVERED:
            yield f"its webhook is {run.delivery.status}"
        elif (run.workflow_id, f"workflow.{run.status}") not in reported:
            yield "delivered is on record, but the receiver never got it"

    def _waits(self, run: Run, steps: Mapping[str, StepRecord]) -> Iterator[str]:
        """Check that nothing waits longer than one fault explains."""
        for name, step in steps.items():
            ends = [steps[each].completed_at or 0 for each in self._needs(run.workflow_id, name)]
            if step.started_at is not None and ends and step.started_at - max(ends) > PROMPT_MS and not self.decided:
                yield f"{name} began {step.started_at - max(ends)} ms after what it depends on"
        last = max(
            (each.completed_at or 0 for each in self.executions.values() if each.workflow), default=run.created_at
        )
        if run.settled_at is not None and run.settled_at - last > PROMPT_MS:
            yield f"it was settled {run.settled_at - last} ms after its last execution"

    # -- What was submitted --

    def _records(self, name: str) -> tuple[Run, dict[str, StepRecord]]:
        records = self.flows.known(name)
        assert records is not None
        document: Any = self.submitted[name]
        return records.run, {each: records.steps.get(each) or StepRecord(each) for each in document["steps"]}

    def _step(self, name: str, step: str) -> Any:
        document: Any = self.submitted[name]
        return document["steps"][step]

    def _stops(self, run: Run) -> bool:
        return self.submitted[run.workflow_id].get("onFailure") == "stop"

    def _needs(self, name: str, step: str) -> list[str]:
        defined = self._step(name, step)
        referred = [*defined["inputs"].values(), defined.get("when"), defined.get("forEach")]
        named = [each["$from"] for each in referred if isinstance(each, dict) and "$from" in each]
        return [*defined.get("dependsOn", ()), *(each for each in named if not each.startswith("$"))]

    def _is_for_each(self, name: str, step: str) -> bool:
        return "forEach" in self._step(name, step)

    def _is_skipped_by_itself(self, run: Run, step: StepRecord) -> bool:
        return step.state.value == "skipped" and step.error is None


def _shown(step: StepRecord) -> str:
    return "skipped for failure" if step.state.value == "skipped" and step.error else step.state.value
