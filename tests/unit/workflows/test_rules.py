"""The rules for a workflow: every field, its limits, and all faults in one answer."""

from typing import Any

import pytest

from actionrelay.errors import InvalidRequestError
from actionrelay.fault import MAX_FAULTS, Fault
from actionrelay.genesys.contract import GenesysApi
from actionrelay.wiring.step_requests import RulesOfSubmissions
from actionrelay.workflows.definition import OnFailure
from actionrelay.workflows.rules import Submission, WorkflowRules
from tests.fakes.relay import ACTION_ID, EXECUTION_ID, WEBHOOK_URL, Relay, encoded


def a_step(**changes: Any) -> dict[str, Any]:
    return {"actionId": ACTION_ID, "inputs": {}, **changes}


def from_step(name: str, path: str | None = None) -> dict[str, Any]:
    return {"$from": name} if path is None else {"$from": name, "path": path}


def accepted(steps: dict[str, Any], api: GenesysApi = GenesysApi.DATA_ACTIONS, **fields: Any) -> Submission:
    return WorkflowRules(RulesOfSubmissions(Relay(api=api).rules)).read(encoded({"steps": steps, **fields}))


def faults(steps: Any, **fields: Any) -> tuple[Fault, ...]:
    with pytest.raises(InvalidRequestError) as refused:
        accepted(steps, **fields)
    return refused.value.faults


def places(steps: Any, **fields: Any) -> set[tuple[str, str]]:
    return {(fault.pointer, fault.code) for fault in faults(steps, **fields)}


def test_a_reference_anywhere_is_a_dependency() -> None:
    steps = {
        "total": a_step(inputs={"ids": [from_step("fan", "[].id")]}, dependsOn=["look"]),
        "fan": a_step(inputs={"id": from_step("$item", "id"), "n": from_step("$index")}, forEach=from_step("orders")),
        "orders": a_step(when=from_step("look", "active")),
        "look": a_step(inputs={"deep": {"$literal": from_step("total")}}),
    }
    assert accepted(steps).definition.graph == {
        "total": ("fan", "look"),
        "fan": ("orders",),
        "orders": ("look",),
        "look": (),
    }


@pytest.mark.parametrize("own", [from_step("$item"), from_step("$item", "deep.er"), from_step("$index")])
def test_a_reference_may_be_all_of_the_inputs(own: Any) -> None:
    steps = {"a": a_step(), "b": a_step(inputs=from_step("a")), "c": a_step(forEach=[{"id": 1}], inputs=own)}
    definition = accepted(steps).definition
    assert definition.graph == {"a": (), "b": ("a",), "c": ()}
    assert (definition.steps["b"].request["inputs"], definition.steps["c"].request["inputs"]) == (from_step("a"), own)
    assert places({"a": a_step(inputs=from_step("a"))}) == {("/steps/a", "cycle")}
    assert places({"a": a_step(inputs=from_step("b"))}) == {("/steps/a/inputs/$from", "unknown_step")}
    assert places({"a": a_step(inputs=own)}) == {("/steps/a/inputs/$from", "unknown_step")}


@pytest.mark.parametrize("inputs", [{"$literal": [1]}, {"$literal": "text"}, [from_step("$item")], "text"])
def test_inputs_that_are_no_object_are_refused(inputs: Any) -> None:
    assert places({"a": a_step(forEach=[1], inputs=inputs)}) == {("/steps/a/inputs", "schema")}


def test_defaults_are_filled_in() -> None:
    definition = accepted({"a": a_step(when=None, dependsOn=None)}, onFailure=None, traceId=None).definition
    assert definition.on_failure is OnFailure.CONTINUE
    assert definition.document == {
        "onFailure": "continue",
        "deadlineSeconds": 86_400,
        "webhookUrl": None,
        "lane": "interactive",
        "steps": {
            "a": {
                "actionId": ACTION_ID,
                "inputs": {},
                "timeout": 60_000,
                "cacheResults": True,
                "idempotent": False,
            }
        },
    }


def test_every_fault_is_in_one_answer() -> None:
    steps = {
        "a": a_step(inputs={"x": from_step("b", "orders[")}, timeout=0),
        "b": a_step(dependsOn=["a", "nobody"], webhookUrl=WEBHOOK_URL),
        "c": {"actionId": "no-uuid", "inputs": {"x": from_step("lost"), "y": {"a": {"b": {"c": {"d": {"e": 1}}}}}}},
        "d d": a_step(),
        "e": a_step(forEach=list(range(101))),
        "f": a_step(forEach="text", maxConcurrency=51, when=from_step("$item")),
        "g": a_step(inputs={"x": {"$from": 1, "more": 2}, "y": {"$literal": 1, "z": 2}}),
        "h": "text",
        "i": {},
        "j": a_step(inputs=[from_step("nowhere")]),
    }
    found = places(steps, deadlineSeconds=0, onFailure="explode", workflowId="w", lanes="bulk", webhookUrl="ftp://x")
    assert found == {
        ("/workflowId", "schema"),
        ("/deadlineSeconds", "schema"),
        ("/onFailure", "schema"),
        ("/lanes", "schema"),
        ("/webhookUrl", "webhook_url"),
        ("/steps/a/inputs/x/path", "expression"),
        ("/steps/a/timeout", "schema"),
        ("/steps/a", "cycle"),
        ("/steps/b/dependsOn/1", "unknown_step"),
        ("/steps/b/webhookUrl", "schema"),
        ("/steps/c/actionId", "schema"),
        ("/steps/c/inputs/x/$from", "unknown_step"),
        ("/steps/c/inputs/y/a/b/c/d/e", "depth"),
        ("/steps/d d", "schema"),
        ("/steps/e/forEach", "too_many"),
        ("/steps/f/forEach", "schema"),
        ("/steps/f/maxConcurrency", "schema"),
        ("/steps/f/when/$from", "unknown_step"),
        ("/steps/g/inputs/x/$from", "schema"),
        ("/steps/g/inputs/x/more", "schema"),
        ("/steps/g/inputs/y", "schema"),
        ("/steps/h", "schema"),
        ("/steps/i/actionId", "schema"),
        ("/steps/i/inputs", "schema"),
        ("/steps/j/inputs", "schema"),
        ("/steps/j/inputs/0/$from", "unknown_step"),
    }


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ({"a": a_step(dependsOn=["a"])}, ("a", "a")),
        ({"a": a_step(dependsOn=["b"]), "b": a_step(inputs={"x": from_step("a")})}, ("a", "b", "a")),
        ({"a": a_step(when=from_step("b")), "b": a_step(forEach=from_step("a"))}, ("a", "b", "a")),
    ],
)
def test_a_cycle_is_reported_with_its_path(steps: Any, path: tuple[str, ...]) -> None:
    [fault] = faults(steps)
    assert (fault.pointer, fault.code, fault.path) == ("/steps/a", "cycle", path)


def test_the_place_in_an_expression_is_named() -> None:
    [fault] = faults({"a": a_step(), "b": a_step(when=from_step("a", "x ="))})
    assert (fault.pointer, fault.code) == ("/steps/b/when/path", "expression")
    assert "at character" in fault.detail


def test_the_largest_workflow_is_accepted() -> None:
    steps: dict[str, Any] = {f"s{number}": a_step() for number in range(90)}
    steps |= {f"f{number}": a_step(forEach=from_step("s0")) for number in range(9)}
    steps["g"] = a_step(forEach=list(range(10)))
    assert sum(step.executions for step in accepted(steps).definition.steps.values()) == 1_000


@pytest.mark.parametrize(
    "steps",
    [
        {f"s{number}": a_step() for number in range(101)},
        {f"s{number}": a_step(dependsOn=["s100"] if number < 100 else []) for number in range(101)},
        {f"s{number}": a_step(inputs={"x": from_step("s100")} if number < 100 else {}) for number in range(101)},
        {"s": a_step()} | {f"f{number}": a_step(forEach=from_step("s")) for number in range(10)},
    ],
)
def test_too_many_are_refused(steps: Any) -> None:
    assert places(steps) == {("/steps", "too_many")}


def test_steps_are_required() -> None:
    assert places({}) == {("/steps", "schema")}
    assert places([]) == {("/steps", "schema")}


def test_faults_are_bounded() -> None:
    steps = {f"s{number}": {f"u{each}": 1 for each in range(200)} for number in range(100)}
    assert len(faults(steps)) == MAX_FAULTS


def test_a_reference_counts_as_one_value_of_depth() -> None:
    deep = {"a": {"b": {"c": {"d": from_step("x", "some")}}}}
    assert accepted({"x": a_step(), "y": a_step(inputs=deep)}).definition.graph["y"] == ("x",)


def test_the_other_contracts_rules_hold_for_steps() -> None:
    accepted({"a": a_step(actionId="custom_-_1")}, GenesysApi.INTEGRATIONS)
    with pytest.raises(InvalidRequestError) as refused:
        accepted({"a": a_step(actionId="custom_-_1", timeout=60_001)}, GenesysApi.INTEGRATIONS)
    assert [fault.pointer for fault in refused.value.faults] == ["/steps/a/timeout"]


def test_ids_are_taken_in_lower_case() -> None:
    submission = accepted({"a": a_step()}, workflowId=EXECUTION_ID.upper(), traceId=EXECUTION_ID.upper())
    assert (submission.workflow_id, submission.trace_id) == (EXECUTION_ID, EXECUTION_ID)
