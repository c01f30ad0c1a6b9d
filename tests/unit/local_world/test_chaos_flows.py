"""The rules about workflows: silent about a correct history, and each names its broken promise."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from actionrelay.ledger.audit_entry import AuditEntry, entry_hash
from actionrelay.workflows import run
from actionrelay.workflows.definition import dependencies
from actionrelay.workflows.expressions import Allowance
from actionrelay.workflows.references import resolved
from local.chaos import flow_reference, tallies
from local.chaos.cases import Broken
from local.chaos.checker import check
from local.chaos.flow_plan import flow_script, plan_flows
from local.chaos.flow_reference import Place
from local.chaos.flows import flow_cases
from local.chaos.history import CallerEntry, FlowOrder, GenesysRequest, History, Order
from local.chaos.report import Result, document
from local.chaos.settling import under_way
from local.chaos.timeline import flow_timeline
from local.genesys.actions import inputs_hash, run_action
from local.genesys.faults import ScriptedFault

OF_WORKFLOWS = {Broken.STUCK, Broken.TOO_EARLY, Broken.OFF_PLAN, Broken.UNASKED, Broken.RAN_AGAIN}
CONTRACTS = pytest.mark.parametrize("contract", ["data-actions", "integrations"])
FLOWS = {flow.shape: flow for contract in ("data-actions", "integrations") for flow in plan_flows(contract, 60, 1, 1)}
RETRIED = CallerEntry(5.0, "", rival=False, status=202, said="running")
STEPS = {"completed": 200, "failed": 400, "unknown": 500}


def calm(shape: str) -> FlowOrder:
    """A workflow of a shape that meets nothing."""
    flow = FLOWS[shape]
    return replace(flow, kinds=dict.fromkeys(flow.steps, "calm"), faults=dict.fromkeys(flow.steps, ()), retried=False)


def trail(order: Order, at: int, status: str) -> tuple[AuditEntry, ...]:
    """What is on record of one execution that was accepted at `at` and took 200 ms."""
    entries: list[AuditEntry] = []
    for seq, (event, state) in enumerate((("accepted", "queued"), ("attempt_started", "running"), (status, status)), 1):
        previous = entries[-1].hash if entries else ""
        when = at + 100 * (seq - 1)
        entry = AuditEntry(
            order.execution_id, seq, when, "", event, state, order.trace_id, int(seq > 1), previous_hash=previous
        )
        entries.append(replace(entry, hash=entry_hash(entry)))
    return tuple(entries)


def played(shape: str, outcomes: Mapping[Place, str] | None = None, retries: int = 0) -> History:
    """A history as it should be: each execution comes to its outcome (`completed`), one second after the other."""
    flow, said = calm(shape), outcomes or {}
    orders = dict(flow_reference.executions(flow, 1 + retries))
    audit: dict[str, Any] = {}
    finals: dict[str, Any] = {}
    requests: list[GenesysRequest] = []
    states: dict[str, str] = {}
    last: dict[str, int] = dict.fromkeys(flow.steps, 1)
    for number in range(1, 2 + retries):
        for name in flow.steps:
            if states.get(name) in {"completed", "skipped"}:
                continue
            needs = [states[each] for each in flow_reference.needs(flow, name)]
            if {"failed", "left out"} & set(needs):
                states[name] = "left out"
            elif {"unknown", "waiting"} & set(needs):
                states[name] = "waiting"
            elif flow_reference.is_skipped(flow, name):
                states[name] = "skipped"
            else:
                last[name] = number
                found = ["completed"]
                for index in indices(flow, name):
                    order = orders[name, index, number]
                    status = said.get((name, index, number), "completed")
                    found.append(status)
                    at = 1_000 * (len(requests) + 1)
                    audit[order.execution_id] = trail(order, at, status)
                    requests.append(asked(order, len(requests) + 1, status))
                    finals[order.execution_id] = final(order, status)
                states[name] = next(each for each in ("failed", "unknown", "completed") if each in found)
    seen = History(
        contract="data-actions",
        orders=(),
        log=(CallerEntry(1.0, flow.workflow_id, rival=False, status=202, said="running"),),
        runs={},
        requests=requests,
        callbacks=(),
        audit=audit,
        finals=finals,
        flows=(flow,),
        flow_finals={flow.workflow_id: shown(flow, states, last)},
        retries={flow.workflow_id: [RETRIED] * retries} if retries else {},
    )
    return counted(seen)


def counted(seen: History) -> History:
    """The same, with counters that are right."""
    truth = tallies.truth(seen)
    parts = {part: [{"totalExecutions": truth["totalExecutions"]}] for part in ("days", "hours", "actions")}
    return replace(seen, counted={**truth, **parts})


def indices(flow: FlowOrder, name: str) -> list[int | None]:
    items = flow_reference.items(flow, name)
    return [None] if items is None else list(range(len(items)))


def asked(order: Order, number: int, status: str) -> GenesysRequest:
    return GenesysRequest(
        sequence=number,
        at=number + 0.15,
        trace_id=order.trace_id,
        status=STEPS[status],
        fault=None if status == "completed" else f"status:{STEPS[status]}",
        ran=status == "completed",
        execution_id=order.execution_id,
        action_id=order.action_id,
        inputs_hash=inputs_hash(order.inputs),
    )


def final(order: Order, status: str) -> dict[str, Any]:
    done = status == "completed"
    return {
        "status": status,
        "result": run_action(order.action_id, dict(order.inputs)) if done else None,
        "cacheStatus": "disabled",
        "webhookStatus": "none",
        "error": None if done else {"code": "some.code"},
        "attempts": 1,
        "latencyMs": 200 if status != "unknown" else None,
    }


def shown(flow: FlowOrder, states: Mapping[str, str], last: Mapping[str, int]) -> dict[str, Any]:
    steps = {}
    for name, state in states.items():
        begun = state in {"completed", "failed", "unknown"} and "forEach" not in flow.steps[name]
        steps[name] = {
            "status": "skipped" if state == "left out" else state,
            "error": {"code": "dependency_failed"} if state == "left out" else None,
            "executionId": run.execution_id(flow.workflow_id, name, None, last[name]) if begun else None,
            "result": flow_reference.result(flow, name) if state == "completed" else None,
        }
    found = set(states.values())
    status = (
        "blocked" if found & {"waiting", "unknown"} else "failed" if found & {"failed", "left out"} else "completed"
    )
    return {"status": status, "steps": steps, "webhookStatus": "none"}


def name_of(seen: History, step: str, index: int | None = None, number: int = 1) -> str:
    return flow_reference.execution_id(seen.flows[0].workflow_id, step, index, number)


def with_step(seen: History, step: str, **fields: Any) -> History:
    """The same, with a step that the last answer shows otherwise."""
    [(name, document)] = seen.flow_finals.items()
    steps = {**document["steps"], step: {**document["steps"][step], **fields}}
    return replace(seen, flow_finals={name: {**document, "steps": steps}})


def with_flow(seen: History, **fields: Any) -> History:
    [(name, document)] = seen.flow_finals.items()
    return replace(seen, flow_finals={name: {**document, **fields}})


def without(seen: History, step: str, index: int | None = None) -> History:
    """The same, without an execution that must have been."""
    gone = name_of(seen, step, index)
    return counted(
        replace(
            seen,
            audit={name: entries for name, entries in seen.audit.items() if name != gone},
            finals={name: document for name, document in seen.finals.items() if name != gone},
            requests=[request for request in seen.requests if request.execution_id != gone],
        )
    )


def accepted_at(seen: History, step: str, at: int) -> History:
    """The same, with an execution that was accepted at another time."""
    name = name_of(seen, step)
    order = next(each for _, each in flow_reference.executions(seen.flows[0], 1) if each.execution_id == name)
    return replace(seen, audit={**seen.audit, name: trail(order, at, "completed")})


def requested_at(seen: History, step: str, at: float) -> History:
    name = name_of(seen, step)
    moved = [replace(each, at=at) if each.execution_id == name else each for each in seen.requests]
    return replace(seen, requests=moved)


def with_stranger(seen: History, name: str = "55555555-0000-4000-8000-000000000001") -> History:
    order = replace(next(flow_reference.executions(seen.flows[0], 1))[1], execution_id=name)
    return counted(
        replace(
            seen,
            audit={**seen.audit, name: trail(order, 9_000, "completed")},
            finals={**seen.finals, name: final(order, "completed")},
        )
    )


def run_again(seen: History, step: str) -> History:
    """The same, with one more run of what had completed, after a retry."""
    order = dict(flow_reference.executions(seen.flows[0], 2))[step, None, 2]
    more = replace(
        seen,
        audit={**seen.audit, order.execution_id: trail(order, 90_000, "completed")},
        finals={**seen.finals, order.execution_id: final(order, "completed")},
        requests=[*seen.requests, asked(order, 90, "completed")],
        retries={seen.flows[0].workflow_id: [RETRIED]},
    )
    return counted(with_step(more, step, executionId=order.execution_id))


FAILED_AT_B: Mapping[Place, str] = {("b", None, 1): "failed"}
FINE = {
    **{shape: played(shape) for shape in FLOWS},
    "in the other contract": replace(played("list"), contract="integrations"),
    "a step fails": played("diamond", FAILED_AT_B),
    "a step fails and is run again": played("diamond", FAILED_AT_B, retries=1),
    "an item fails": played("fan", {("each", 1, 1): "failed"}),
    "an unknown step blocks what follows": played("chain", {("b", None, 1): "unknown"}),
    "an unknown leaf blocks": played("chain", {("c", None, 1): "unknown"}),
    "a lost answer is asked for again": replace(
        played("chain"), log=(replace(played("chain").log[0], status=None), *played("chain").log)
    ),
    "never accepted": counted(
        replace(played("chain"), log=(), requests=[], audit={}, finals={}, flow_finals={}, runs={})
    ),
}
COMPLETED = {"status": "completed", "error": None}
VIOLATIONS: dict[str, tuple[Broken, History]] = {
    "not on record": (Broken.LOST, replace(FINE["never accepted"], log=played("chain").log)),
    "still running": (Broken.STUCK, with_flow(played("chain"), status="running")),
    "an execution that never ends": (
        Broken.STUCK,
        counted(
            replace(
                played("chain"),
                finals={
                    **played("chain").finals,
                    name_of(played("chain"), "c"): {**final(Order("", "", "", {}, ""), "unknown"), "status": "queued"},
                },
            )
        ),
    ),
    "a step that could run never began": (
        Broken.OFF_PLAN,
        with_step(without(played("diamond"), "c"), "c", status="waiting", executionId=None, result=None),
    ),
    "one item of a list never began": (Broken.OFF_PLAN, without(played("fan"), "each", 2)),
    "what follows a failure ran": (
        Broken.OFF_PLAN,
        with_step(
            with_flow(
                counted(replace(played("diamond"), finals=played("diamond", FAILED_AT_B).finals)), status="failed"
            ),
            "b",
            status="failed",
            result=None,
        ),
    ),
    "an unknown step is taken for failed": (
        Broken.OFF_PLAN,
        with_step(
            with_flow(played("chain", {("b", None, 1): "unknown"}), status="failed"),
            "c",
            status="skipped",
            error={"code": "dependency_failed"},
        ),
    ),
    "it says completed, and a step failed": (
        Broken.OFF_PLAN,
        with_flow(played("diamond", FAILED_AT_B), status="completed"),
    ),
    "a step that its when leaves out has run": (Broken.OFF_PLAN, with_step(played("skips"), "b", **COMPLETED)),
    "a step names another execution": (Broken.OFF_PLAN, with_step(played("chain"), "b", executionId="another")),
    "accepted before what it needs has completed": (Broken.TOO_EARLY, accepted_at(played("chain"), "b", 1_100)),
    "asked for before what it needs has run": (Broken.TOO_EARLY, requested_at(played("chain"), "b", 0.5)),
    "began, and what it needs never completed": (
        Broken.TOO_EARLY,
        counted(
            replace(
                played("chain"),
                audit={
                    **played("chain").audit,
                    name_of(played("chain"), "a"): trail(
                        dict(flow_reference.executions(calm("chain"), 1))["a", None, 1], 1_000, "unknown"
                    ),
                },
            )
        ),
    ),
    "an execution of no step": (Broken.UNASKED, with_stranger(played("chain"))),
    "an execution of a run that nobody asked for": (
        Broken.UNASKED,
        with_stranger(played("chain"), name_of(played("chain"), "a", None, 2)),
    ),
    "what had completed ran again": (Broken.RAN_AGAIN, run_again(played("chain"), "c")),
    "one run of a step ran its action twice": (
        Broken.RAN_TWICE,
        replace(
            played("chain"),
            requests=[
                *played("chain").requests,
                replace(played("chain").requests[-1], sequence=9, at=9.0),
            ],
        ),
    ),
    "the results of a list are in another order": (
        Broken.WRONG_RESULT,
        with_step(played("list"), "each", result=flow_reference.result(calm("list"), "each")[::-1]),
    ),
    "a step was given another result than there was": (
        Broken.WRONG_RESULT,
        replace(
            played("chain"),
            finals={
                **played("chain").finals,
                name_of(played("chain"), "b"): {
                    **played("chain").finals[name_of(played("chain"), "b")],
                    "result": {"echo": {"a": None}, "actionId": calm("chain").steps["b"]["actionId"]},
                },
            },
        ),
    ),
    "a failed step has a result": (Broken.WRONG_RESULT, with_step(played("diamond", FAILED_AT_B), "b", result={})),
    "a retry is refused": (
        Broken.REFUSED,
        replace(
            played("diamond", FAILED_AT_B, retries=1),
            retries={calm("diamond").workflow_id: [replace(RETRIED, status=404)]},
        ),
    ),
    "refused": (
        Broken.REFUSED,
        replace(played("chain"), log=(*played("chain").log, replace(played("chain").log[0], status=422))),
    ),
    "delivered to nobody": (
        Broken.NOT_DELIVERED,
        replace(
            with_flow(played("chain"), webhookStatus="delivered"), delivered={calm("chain").workflow_id: ("failed",)}
        ),
    ),
}


@pytest.mark.parametrize("seen", FINE.values(), ids=FINE.keys())
def test_a_correct_workflow_breaks_nothing(seen: History) -> None:
    assert check(seen) == ()


@pytest.mark.parametrize(("broken", "seen"), VIOLATIONS.values(), ids=VIOLATIONS.keys())
def test_each_wrong_workflow_is_named(broken: Broken, seen: History) -> None:
    assert broken in {violation.broken for violation in check(seen)}


def test_every_kind_of_workflows_violation_is_shown() -> None:
    assert {broken for broken, _ in VIOLATIONS.values()} >= OF_WORKFLOWS


@pytest.mark.parametrize("shape", FLOWS)
def test_the_reference_reads_a_definition_as_the_relay_does(shape: str) -> None:
    flow = calm(shape)
    order = {name: place for place, name in enumerate(flow.steps)}

    for (name, index, number), planned in flow_reference.executions(flow, 2):
        known = {} if index is None else {"$item": (flow_reference.items(flow, name) or [])[index], "$index": index}
        source = lambda each, known=known: known[each] if each in known else flow_reference.result(flow, each)  # noqa: E731
        assert planned.inputs == resolved(flow.steps[name]["inputs"], source, Allowance())
        assert planned.execution_id == run.execution_id(flow.workflow_id, name, index, number)
        assert sorted(flow_reference.needs(flow, name)) == sorted(dependencies(flow.steps[name], order))


@CONTRACTS
def test_a_seed_gives_the_same_workflows(contract: str) -> None:
    assert plan_flows(contract, 60, 7, 1) == plan_flows(contract, 60, 7, 1)
    assert plan_flows(contract, 60, 7, 1) != plan_flows(contract, 60, 8, 1)


def test_a_small_run_has_a_retry_a_list_and_a_failure() -> None:
    flows = [flow for contract in ("data-actions", "integrations") for flow in plan_flows(contract, 20, 1, 1)]

    assert {flow.shape for flow in flows} == {"refused", "fan", "diamond", "list"}
    assert [flow.kinds["b"] for flow in flows if flow.retried] == ["400"]


@CONTRACTS
def test_a_workflows_faults_are_in_the_simulators_words(contract: str) -> None:
    flows = plan_flows(contract, 120, 1, 1)

    faults = TypeAdapter(list[ScriptedFault]).validate_python(flow_script(contract, flows))

    assert len(faults) == sum(len(each) for flow in flows for each in flow.faults.values())
    if contract == "data-actions":
        planned = {order.execution_id for flow in flows for _, order in flow_reference.executions(flow, 1)}
        assert {fault.execution_id for fault in faults} <= planned
    else:
        assert {fault.action_id for fault in faults} <= {
            step["actionId"] for flow in flows for step in flow.steps.values()
        }


def test_a_blocked_workflow_is_not_under_way() -> None:
    assert under_way({"a": "running", "b": "blocked", "c": "failed"}) == {"a"}


def test_a_workflows_timeline_says_what_each_step_must_be() -> None:
    seen = played("diamond", FAILED_AT_B)

    lines = flow_timeline(flow_cases(seen)[0])
    [report] = json.loads(json.dumps(document([Result(seen, check(seen))])))

    assert "  step b, after a: failed, and must be failed" in lines
    assert "  step d, after b, c: skipped, and must be skipped for failure" in lines
    assert any("run 1:" in line for line in lines)
    assert list(report["workflows"]) == [seen.flows[0].workflow_id]
    assert report["figures"]["executions of workflows"] == 3
