"""The rules of a workflow's definition, checked together so that one response names all faults."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from actionrelay.faults import Faults
from actionrelay.graph import cycle_faults
from actionrelay.schemas import read, uuid_fault
from actionrelay.strict_json import Json, canonical, pointer
from actionrelay.workflows.definition import (
    MAX_DEADLINE_SECONDS,
    MAX_EXECUTIONS,
    MAX_ITEMS,
    MAX_STEPS,
    STEP_NAME_FORM,
    Definition,
    OnFailure,
    dependencies,
    known_items,
    may_be_list,
    read_definition,
)
from actionrelay.workflows.ports import ContractScope, SubmissionRules
from actionrelay.workflows.references import (
    ITS_OWN,
    Place,
    find_references,
    has_references,
    is_reference,
    without_references,
)
from actionrelay.workflows.request import StepRequest, WorkflowRequest

MAX_CHECKED_BYTES = 16_384
"""Inputs of a workflow that are checked against contracts at submission. A check may take a second for each KB, and
``validate`` has half a minute."""
_NAME = re.compile(STEP_NAME_FORM, re.ASCII)
_OF_REQUEST = ("actionId", "inputs", "timeout", "cacheResults", "idempotent")
_OF_STEP = ("dependsOn", "when", "forEach", "maxConcurrency")


@dataclass(frozen=True, slots=True)
class Submission:
    """A valid workflow."""

    definition: Definition
    workflow_id: str | None
    """As submitted, in lower case."""
    trace_id: str | None
    webhook_url: str | None
    lane: str


@dataclass(frozen=True, slots=True)
class WorkflowRules:
    """The rules of one deployment."""

    requests: SubmissionRules

    def read(self, raw: bytes) -> Submission:
        """Read a body as sent.

        Raises:
            PayloadTooLargeError: more bytes than allowed; nothing was parsed.
            MalformedJsonError: not JSON with one meaning.
            InvalidRequestError: with every fault at once.
        """
        document = self.requests.body(raw)
        request = read(WorkflowRequest, document)
        faults = request if isinstance(request, Faults) else Faults()
        steps: dict[str, Json] = {}
        if isinstance(document, dict):
            self._single_values(document, faults)
            steps = self._steps(document.get("steps"), faults)
        if isinstance(request, Faults) or faults:
            faults.refuse()
        return _submission(request, steps)

    def _single_values(self, document: dict[str, Json], faults: Faults) -> None:
        for name in ("workflowId", "traceId"):
            value = document.get(name)
            if isinstance(value, str) and (fault := uuid_fault(value, pointer(name))):
                faults.take(fault)
        url = document.get("webhookUrl")
        if isinstance(url, str) and url:
            faults.take(*self.requests.webhook_faults(url))

    def _steps(self, steps: Json, faults: Faults) -> dict[str, Json]:
        """Check each step, then all of them together; return them with defaults filled in."""
        normalized: dict[str, Json] = {}
        if not isinstance(steps, dict):
            return normalized
        names = {name: place for place, name in enumerate(steps)}
        if len(steps) > MAX_STEPS:
            faults.add(("steps",), "too_many", f"{len(steps)} steps, {MAX_STEPS} are allowed")
            steps = dict(list(steps.items())[:MAX_STEPS])
        left = MAX_CHECKED_BYTES
        for name, step in steps.items():
            found = Faults()
            if not _NAME.fullmatch(name):
                found.add((), "schema", "a name is 1 to 64 letters, digits, _ and -")
            if isinstance(step, dict):
                left -= len(canonical(step.get("inputs")))
                normalized[name] = self._step(
                    step, names, found, _contract_scope(step) if left >= 0 else ContractScope.NOTHING
                )
            else:
                found.add((), "schema", "must be an object")
            _take_below(faults, name, found)
        sound = {name: step for name, step in steps.items() if isinstance(step, dict) and _is_sound(step)}
        faults.take(*cycle_faults({name: dependencies(step, names) for name, step in sound.items()}, "steps"))
        executions = sum(_executions(step) for step in steps.values())
        if executions > MAX_EXECUTIONS:
            detail = f"up to {executions} executions, {MAX_EXECUTIONS} are allowed"
            faults.add(("steps",), "too_many", detail)
        return normalized

    def _step(
        self, step: dict[str, Json], names: Mapping[str, int], faults: Faults, check: ContractScope
    ) -> dict[str, Json]:
        """Check one step, its references and its request; pointers begin at the step."""
        shape = read(StepRequest, step)
        if isinstance(shape, Faults):
            _merge(faults, shape)
        _dependencies(step, names, faults)
        _for_each(step.get("forEach"), faults)
        request = {name: step[name] for name in _OF_REQUEST if step.get(name) is not None}
        if "inputs" in request:
            whole = is_reference(step["inputs"])  # its value has to be an object, which is checked when it is known
            request["inputs"] = {} if whole else without_references(step["inputs"])
        judged = self.requests.judge(request, check)
        if isinstance(judged, Faults):
            _merge(faults, judged)
            return {}
        own = {name: step[name] for name in _OF_STEP if step.get(name) is not None}
        return {**judged, "inputs": step["inputs"], **own}


def _contract_scope(step: dict[str, Json]) -> ContractScope:
    return ContractScope.NAMES if has_references(step.get("inputs")) else ContractScope.INPUTS


def _dependencies(step: dict[str, Json], names: Mapping[str, int], faults: Faults) -> None:
    named = step.get("dependsOn")
    for index, name in enumerate(named if isinstance(named, list) else ()):
        if isinstance(name, str) and name not in names:
            faults.add(("dependsOn", index), "unknown_step", "there is no such step")
    for field, own in (("inputs", step.get("forEach") is not None), ("when", False), ("forEach", False)):
        for reference in find_references(step.get(field), (field,), faults):
            if reference.name in ITS_OWN:
                if not own:
                    where: Place = (*reference.place, "$from")
                    faults.add(where, "unknown_step", f"{reference.name} exists only in the inputs of a forEach step")
            elif reference.name not in names:
                faults.add((*reference.place, "$from"), "unknown_step", "there is no such step")


def _for_each(value: Json, faults: Faults) -> None:
    if value is None:
        return
    items = known_items(value)
    if items is not None and len(items) > MAX_ITEMS:
        faults.add(("forEach",), "too_many", f"{len(items)} items, {MAX_ITEMS} are allowed")
    elif not may_be_list(value):
        faults.add(("forEach",), "schema", "must be a list or a reference")


def _executions(step: Json) -> int:
    if not isinstance(step, dict) or step.get("forEach") is None:
        return 1
    items = known_items(step["forEach"])
    return MAX_ITEMS if items is None else len(items)


def _is_sound(step: dict[str, Json]) -> bool:
    """Whether its dependencies can be read; a ``dependsOn`` of another type has been reported."""
    named = step.get("dependsOn")
    return named is None or isinstance(named, list)


def _merge(faults: Faults, others: Faults) -> None:
    """Add other faults of the same step, except those at a place that has one."""
    known = {fault.pointer for fault in faults.kept}
    fresh = [fault for fault in others.kept if fault.pointer not in known]
    faults.take(*fresh)
    faults.count += others.count - len(others.kept)


def _take_below(faults: Faults, name: str, found: Faults) -> None:
    """Add the faults of one step, with pointers that begin at the root."""
    step = pointer("steps", name)
    faults.take(*(replace(fault, pointer=step + fault.pointer) for fault in found.kept))
    faults.count += found.count - len(found.kept)


def _submission(request: WorkflowRequest, steps: dict[str, Json]) -> Submission:
    lane = request.lane or "interactive"
    document: dict[str, Any] = {
        "onFailure": str(request.on_failure or OnFailure.CONTINUE),
        "deadlineSeconds": request.deadline_seconds or MAX_DEADLINE_SECONDS,
        "webhookUrl": request.webhook_url,
        "lane": lane,
        "steps": steps,
    }
    return Submission(
        read_definition(document),
        request.workflow_id.lower() if request.workflow_id else None,
        request.trace_id.lower() if request.trace_id else None,
        request.webhook_url,
        lane,
    )
