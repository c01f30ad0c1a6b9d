"""Rules about workflows: what the definition, and what became of the executions, say must have happened, happened."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.chaos import flow_reference
from local.chaos.cases import ACCEPTED, Broken, Case, Violation, cases
from local.chaos.flow_reference import Place
from local.chaos.history import ENDED, CallerEntry, FlowOrder, History
from local.chaos.outcomes import says_result_is_lost
from local.genesys.actions import run_action

LEFT_OUT = "skipped for failure"
_REJECTED = "rejected"
_RETRY_ANSWERS = frozenset({202, 409})
"""409: an earlier request, whose answer was lost, has been taken."""


@dataclass(frozen=True, slots=True)
class FlowCase:
    """One workflow, seen by all."""

    order: FlowOrder
    log: Sequence[CallerEntry]
    """Its submissions."""
    retries: Sequence[CallerEntry]
    """The requests to run it again."""
    final: Mapping[str, Any] | None
    executions: Mapping[Place, Case]
    """Those that are on record."""
    delivered: Sequence[str]
    _states: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def accepted(self) -> bool:
        """Whether a caller saw it."""
        return any(entry.status in ACCEPTED for entry in self.log)

    @property
    def steps(self) -> Mapping[str, Any]:
        """Its steps in the last answer."""
        return {} if self.final is None else self.final["steps"]

    def runs(self, name: str, index: int | None) -> list[Case]:
        """Return the executions of a step, or of an item, run by run."""
        found = {run: case for (step, item, run), case in self.executions.items() if (step, item) == (name, index)}
        return [found[run] for run in sorted(found)]

    def last(self, name: str, index: int | None) -> tuple[int, Case] | None:
        """Return the last run of a step, or of an item, with its number."""
        numbers = [run for step, item, run in self.executions if (step, item) == (name, index)]
        return (max(numbers), self.executions[name, index, max(numbers)]) if numbers else None

    def indices(self, name: str) -> Sequence[int | None]:
        """Return what a step runs for: its items by number, or None alone, where it runs once."""
        items = flow_reference.items(self.order, name)
        return [None] if items is None else range(len(items))

    def must_be(self, name: str) -> str:
        """Return what a step must have come to, given what executions have."""
        if name not in self._states:
            self._states[name] = self._judged(name)
        return self._states[name]

    def _judged(self, name: str) -> str:
        needs = [self.must_be(each) for each in flow_reference.needs(self.order, name)]
        if {"failed", "cancelled", LEFT_OUT} & set(needs):
            return LEFT_OUT
        if {"unknown", "waiting"} & set(needs):
            return "waiting"
        if any(self._has_lost_result(each) for each in flow_reference.refers_to(self.order, name)):
            return "failed"
        if flow_reference.is_skipped(self.order, name):
            return "skipped"
        states = [found[1].status if (found := self.last(name, index)) else None for index in self.indices(name)]
        for state in (None, *sorted({*filter(None, states)} - ENDED), "failed", "cancelled", "unknown"):
            if state in states:
                return state or "not begun"
        return "completed"

    def _has_lost_result(self, name: str) -> bool:
        return any(
            found is not None and found[1].status == "completed" and says_result_is_lost(found[1])
            for found in (self.last(name, index) for index in self.indices(name))
        )

    def violation(self, broken: Broken, detail: str) -> Violation:
        """Say what is broken here."""
        return Violation(broken, self.order.workflow_id, detail)


def flow_cases(history: History) -> tuple[FlowCase, ...]:
    """Join the witnesses, one case for each workflow."""
    on_record = {case.order.execution_id: case for case in cases(history) if case.order.step is not None}
    return tuple(
        FlowCase(
            order=flow,
            log=[entry for entry in history.log if entry.execution_id == flow.workflow_id],
            retries=history.retries.get(flow.workflow_id, ()),
            final=history.flow_finals.get(flow.workflow_id),
            executions={
                place: on_record[order.execution_id]
                for place, order in flow_reference.executions(flow, history.runs_of(flow))
                if order.execution_id in on_record
            },
            delivered=history.delivered.get(flow.workflow_id, ()),
        )
        for flow in history.flows
    )


def is_taken(case: FlowCase) -> Iterator[Violation]:
    """A valid workflow is taken, and a request to run it again is."""
    for entries, fine in ((case.log, ACCEPTED), (case.retries, _RETRY_ANSWERS)):
        for entry in entries:
            if entry.status is not None and entry.status < 500 and entry.status not in fine:
                yield case.violation(Broken.REFUSED, f"{entry.status} {entry.said}")


def comes_to_something(case: FlowCase) -> Iterator[Violation]:
    """An accepted workflow is on record, and nothing of it is under way at last."""
    if case.accepted and case.final is None:
        yield case.violation(Broken.LOST, "accepted, and not on record")
    if case.final is not None and case.final["status"] == "running":
        yield case.violation(Broken.STUCK, f"still running: {_shown(case)}")
    for (name, index, run), execution in case.executions.items():
        if execution.status not in ENDED:
            yield case.violation(Broken.STUCK, f"{name}[{index}], run {run}, is {execution.status} at last")


def steps_are_as_called_for(case: FlowCase) -> Iterator[Violation]:
    """Each step, and the workflow, came to what the definition makes of what the executions came to."""
    if case.final is None:
        return
    expected = {name: case.must_be(name) for name in case.order.steps}
    if _shown(case) != expected:
        yield case.violation(Broken.OFF_PLAN, f"the steps are {_shown(case)}, and must be {expected}")
    if case.final["status"] != _status(expected.values()):
        yield case.violation(Broken.OFF_PLAN, f"it is {case.final['status']}, and its steps are {expected}")
    for name, step in case.steps.items():
        found = case.last(name, None)
        if step["executionId"] is not None and (found is None or found[1].order.execution_id != step["executionId"]):
            yield case.violation(Broken.OFF_PLAN, f"{name} names {step['executionId']}, which is no last run of it")


def begins_after_what_it_needs(case: FlowCase) -> Iterator[Violation]:
    """Each execution was accepted after all that it depends on had completed, or had been left out by its ``when``."""
    for (name, index, run), execution in case.executions.items():
        for each in flow_reference.needs(case.order, name):
            if flow_reference.is_skipped(case.order, each):
                continue
            ends = [_completed_at(case.runs(each, item)) for item in case.indices(each)]
            if None in ends:
                yield case.violation(Broken.TOO_EARLY, f"{name}[{index}], run {run}, began, and {each} never completed")
                continue
            end = max((at for at in ends if at is not None), default=0)
            if execution.audit and execution.audit[0].timestamp < end:
                early = end - execution.audit[0].timestamp
                yield case.violation(Broken.TOO_EARLY, f"{name}[{index}], run {run}, {early} ms before {each} was over")
            if execution.requests and execution.requests[0].at < _ran_at(case, each):
                yield case.violation(Broken.TOO_EARLY, f"{name}[{index}], run {run}, was asked for before {each} ran")


def completed_stays(case: FlowCase) -> Iterator[Violation]:
    """A retry runs what did not complete, and what was left out: nothing that had completed has another run."""
    for name in case.order.steps:
        for index in case.indices(name):
            runs = case.runs(name, index)
            if any(each.status == "completed" for each in runs[:-1]):
                yield case.violation(Broken.RAN_AGAIN, f"{name}[{index}] has {len(runs)} runs")


def results_are_right(case: FlowCase) -> Iterator[Violation]:
    """A step that completed has what its action returned, a ``forEach`` in the order of its items; no other has any."""
    for name, step in case.steps.items():
        if step["status"] != "completed":
            if step["result"] is not None:
                yield case.violation(Broken.WRONG_RESULT, f"{name} is {step['status']}, and has a result")
            continue
        ran = [case.last(name, index) for index in case.indices(name)]
        if any(found is None or says_result_is_lost(found[1]) for found in ran):
            continue
        orders = [found[1].order for found in ran if found is not None]
        each = [run_action(order.action_id, dict(order.inputs), order.result_bytes) for order in orders]
        wanted = each if "forEach" in case.order.steps[name] else each[0]
        if json.dumps(step["result"], sort_keys=True) != json.dumps(wanted, sort_keys=True):
            yield case.violation(Broken.WRONG_RESULT, f"{name} has {step['result']!s:.200}")


def outcome_is_delivered(case: FlowCase) -> Iterator[Violation]:
    """A webhook that is on record as delivered was received, and said how it ended."""
    if case.final is None or case.final["webhookStatus"] != "delivered":
        return
    if case.final["status"] not in case.delivered:
        yield case.violation(Broken.NOT_DELIVERED, f"received: {list(case.delivered)}")


def nothing_is_unasked(history: History) -> Iterator[Violation]:
    """Every execution on record was ordered, or is one that a workflow's definition and its retries call for."""
    known = frozenset(flow_reference.planned(history))
    for execution_id, entries in history.audit.items():
        if execution_id not in known and any(entry.event != _REJECTED for entry in entries):
            yield Violation(Broken.UNASKED, execution_id, f"{entries[0].action_id}: {entries[-1].status}")


RULES = (
    is_taken,
    comes_to_something,
    steps_are_as_called_for,
    begins_after_what_it_needs,
    completed_stays,
    results_are_right,
    outcome_is_delivered,
)


def check_flows(history: History) -> Iterator[Violation]:
    """Give every violation that a workflow shows."""
    for case in flow_cases(history):
        for rule in RULES:
            yield from rule(case)
    yield from nothing_is_unasked(history)


def _shown(case: FlowCase) -> dict[str, str]:
    return {
        name: LEFT_OUT if step["status"] == "skipped" and step["error"] else step["status"]
        for name, step in case.steps.items()
    }


def _status(states: Iterable[str]) -> str:
    """Return what a workflow whose steps came to these has come to."""
    found = set(states)
    if "waiting" in found:
        return "blocked"
    if found & {"failed", "cancelled", LEFT_OUT}:
        return "failed"
    return "blocked" if "unknown" in found else "completed"


def _completed_at(runs: Sequence[Case]) -> int | None:
    """Return when a step, or an item, first was on record as completed."""
    return min((entry.timestamp for each in runs for entry in each.audit if entry.status == "completed"), default=None)


def _ran_at(case: FlowCase, name: str) -> float:
    """Return when the last of a step's items first ran; 0 where no request of it did."""
    first = (
        min((request.at for each in case.runs(name, index) for request in each.requests if request.ran), default=0.0)
        for index in case.indices(name)
    )
    return max(first, default=0.0)
