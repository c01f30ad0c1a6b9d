"""Workflows of every shape, from submission to end, with the whole relay in memory."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, override

import pytest

from actionrelay.errors import WorkflowConflictError, WorkflowNotFoundError, WrongStateError
from actionrelay.ledger.execution import Execution, Status, WorkflowPlace
from actionrelay.ledger.message import MessageKind, WorkflowMessage
from actionrelay.strict_json import canonical
from actionrelay.workflows.ports import StepExecutions, StepOrder
from actionrelay.workflows.run import execution_id
from actionrelay.workflows.submission import Disposition
from tests.fakes.flows import WORKFLOW_ID, Flow, a_step, echo, from_step, of_steps
from tests.fakes.relay import RETENTION_MS, WEBHOOK_URL, encoded

DIAMOND = {
    "a": a_step(),
    "b": a_step(inputs={"x": from_step("a", "step")}),
    "c": a_step(dependsOn=["a"]),
    "d": a_step(inputs={"b": from_step("b"), "c": from_step("c", "index")}),
}


def scripted(**outcomes: list[str]) -> Any:
    """Come to these outcomes, run after run, and then to an echo; `ok` is an echo, too."""

    def script(place: WorkflowPlace, before: int, inputs: Any) -> str | bytes:
        name = place.step if place.index is None else f"{place.step}{place.index}"
        said = dict(enumerate(outcomes.get(name, []))).get(before, "ok")
        return echo(place, before, inputs) if said == "ok" else said

    return script


def test_a_diamond_runs_in_order_and_passes_results_on() -> None:
    flow = Flow(DIAMOND).play()
    document = flow.document
    assert flow.status == "completed"
    assert flow.order == ["a", "b", "c", "d"]
    assert document["steps"]["d"]["result"]["inputs"] == {
        "b": {"step": "b", "index": None, "inputs": {"x": "a"}},
        "c": None,
    }
    assert document["steps"]["d"]["dependsOn"] == ["b", "c"]
    assert document["criticalPathMs"] <= document["latencyMs"]
    assert set(flow.posts.values()) == {1}


def test_a_chain_of_fifty() -> None:
    steps = {"s0": a_step()} | {f"s{n}": a_step(inputs={"x": from_step(f"s{n - 1}", "step")}) for n in range(1, 50)}
    flow = Flow(steps).play()
    assert flow.order == list(steps)
    assert flow.status == "completed"


def test_a_fan_out_of_fifty_and_back() -> None:
    middle = {f"m{n}": a_step(inputs={"x": from_step("first")}) for n in range(50)}
    last = a_step(inputs={name: from_step(name, "step") for name in middle})
    flow = Flow({"first": a_step(), **middle, "last": last}).play()
    assert flow.order[0] == "first"
    assert flow.order[-1] == "last"
    assert flow.document["steps"]["last"]["result"]["inputs"] == {name: name for name in middle}


def test_two_graphs_that_share_nothing() -> None:
    flow = Flow(
        {"a": a_step(), "b": a_step(dependsOn=["a"]), "x": a_step(), "y": a_step(dependsOn=["x"])},
        scripted(a=["failed"]),
    ).play()
    assert flow.statuses == {"a": "failed", "b": "skipped", "x": "completed", "y": "completed"}
    assert flow.status == "failed"


@pytest.mark.parametrize(("at_once", "most"), [(1, 1), (7, 7), (None, 50)])
def test_a_for_each_of_a_hundred_keeps_its_order_and_width(at_once: int | None, most: int) -> None:
    each = a_step(forEach=from_step("look", "ids"), inputs={"id": from_step("$item"), "n": from_step("$index")})
    if at_once:
        each["maxConcurrency"] = at_once

    def script(place: WorkflowPlace, before: int, inputs: Any) -> bytes:
        return canonical({"ids": list(range(500, 600))}) if place.step == "look" else canonical(inputs)

    flow = Flow({"look": a_step(), "each": each, "sum": a_step(inputs={"all": from_step("each", "[].id")})}, script)
    picks = iter(range(10**6))
    flow.choose = lambda count: (next(picks) * 7) % count
    flow.play()
    document = flow.document
    assert document["steps"]["each"]["result"] == [{"id": 500 + n, "n": n} for n in range(100)]
    assert document["steps"]["sum"]["result"] == {"all": list(range(500, 600))}
    assert [item["status"] for item in document["steps"]["each"]["items"]] == ["completed"] * 100
    assert flow.most_at_once["each"] <= most
    assert of_steps(flow, "sum") == ["sum"]
    assert set(flow.posts.values()) == {1}


def test_an_empty_list_completes_with_an_empty_list() -> None:
    flow = Flow({"each": a_step(forEach=[]), "next": a_step(inputs={"x": from_step("each")})}).play()
    assert flow.document["steps"]["each"]["result"] == []
    assert flow.document["steps"]["next"]["result"]["inputs"] == {"x": []}
    assert flow.order == ["next"]


def test_numbers_of_items_stay_as_they_came() -> None:
    flow = Flow({"each": a_step(forEach=[1, 2])}, lambda *_: b'{"n": 10.10, "m": 9007199254740993}').play()
    shown = flow.relay.reading_workflows.workflow(WORKFLOW_ID)["steps"]["each"]["result"].text  # type: ignore[index]
    assert shown == '[{"n": 10.10, "m": 9007199254740993},{"n": 10.10, "m": 9007199254740993}]'


def test_nested_data_of_300_kb() -> None:
    data = canonical({"rows": [{"n": n, "text": "x" * 290} for n in range(1_000)]})
    flow = Flow(
        {"a": a_step(), "b": a_step(inputs={"all": from_step("a")}), "c": a_step(inputs={"x": from_step("b", "n")})},
        lambda place, _, inputs: (
            data if place.step == "a" else canonical({"n": len(inputs.get("all", {"rows": []})["rows"])})
        ),
    ).play()
    assert len(data) > 300_000
    assert flow.document["steps"]["b"]["result"] == {"n": 1_000}
    assert flow.status == "completed"


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}])
def test_a_falsy_when_skips_and_what_follows_gets_null(value: Any) -> None:
    flow = Flow(
        {
            "a": a_step(),
            "b": a_step(when=from_step("a", "go")),
            "c": a_step(inputs={"b": from_step("b"), "deep": from_step("b", "x.y")}),
        },
        lambda place, _, inputs: canonical({"go": value} if place.step == "a" else inputs),
    ).play()
    assert flow.statuses == {"a": "completed", "b": "skipped", "c": "completed"}
    assert flow.document["steps"]["c"]["result"] == {"b": None, "deep": None}
    assert flow.document["steps"]["b"]["error"] is None
    assert flow.status == "completed"


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (a_step(inputs={"x": from_step("a", "length(n)")}), "expression_failed"),
        (a_step(when=from_step("a", "sum(step)")), "expression_failed"),
        (a_step(forEach=from_step("a", "step")), "expression_failed"),
        (a_step(forEach=from_step("a", "many")), "too_many"),
        (a_step(inputs={"x": from_step("a", "deep")}), "invalid_request"),
        (a_step(inputs={"x": from_step("a", "|".join(["[@,@][]"] * 24))}), "expression_failed"),
    ],
)
def test_what_can_not_be_made_of_a_result_fails_that_step(step: Any, code: str) -> None:
    result: Any = {"n": 1, "step": "a", "many": [0] * 101, "deep": {"a": {"b": {"c": {"d": {"e": 1}}}}}}
    flow = Flow({"a": a_step(), "b": step, "c": a_step(dependsOn=["b"])}, lambda *_: canonical(result)).play()
    document = flow.document["steps"]
    assert (document["b"]["status"], document["b"]["error"]["code"]) == ("failed", code)
    assert (document["c"]["status"], document["c"]["error"]["code"]) == ("skipped", "dependency_failed")
    assert document["b"]["executionId"] is None
    assert flow.status == "failed"


@pytest.mark.parametrize("path", ["to_number(s)", "`1e400`", "sum([`1e308`, `1e308`])", r'`"\ud83d"`', "&s"])
@pytest.mark.parametrize(
    "step",
    [
        lambda path: a_step(inputs={"x": from_step("a", path)}),
        lambda path: a_step(when=from_step("a", path)),
        lambda path: a_step(forEach=from_step("a", f"[{path}]")),
        lambda path: a_step(forEach=[1], inputs={"x": from_step("a", path)}),
    ],
    ids=["inputs", "when", "forEach", "inputs of an item"],
)
def test_what_is_no_json_fails_that_step(path: str, step: Any) -> None:
    flow = Flow({"a": a_step(), "b": step(path)}, lambda *_: canonical({"s": "nan"})).play()
    assert flow.status == "failed"
    assert flow.document["steps"]["b"]["status"] == "failed"
    assert flow.document["steps"]["b"]["error"]["code"] in {"expression_failed", "items_failed"}
    assert not flow.of("b")


def test_a_reference_may_be_all_of_the_inputs() -> None:
    each = a_step(forEach=[{"id": 1}, {"id": 2}], inputs=from_step("$item"))
    steps = {"a": a_step(), "b": a_step(inputs=from_step("a", "inputs")), "each": each}
    flow = Flow(steps | {"a": a_step(inputs={"n": 5})}).play()
    assert flow.document["steps"]["b"]["result"]["inputs"] == {"n": 5}
    assert [each["inputs"] for each in flow.document["steps"]["each"]["result"]] == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize("path", ["step", "missing", "[step]", "length(step)"])
def test_inputs_that_come_to_no_object_fail_that_step(path: str) -> None:
    flow = Flow({"a": a_step(), "b": a_step(inputs=from_step("a", path))}).play()
    step = flow.document["steps"]["b"]
    assert (step["status"], step["error"]["code"], flow.status) == ("failed", "invalid_request", "failed")
    assert not flow.of("b")


def test_inputs_that_grow_too_large_fail_that_step() -> None:
    steps = {"a": a_step(), "b": a_step(inputs={str(n): from_step("a") for n in range(9)})}
    flow = Flow(steps, lambda *_: canonical("x" * 100_000)).play()
    assert flow.document["steps"]["b"]["error"]["code"] == "payload_too_large"


def test_unknown_blocks_what_depends_on_it_alone() -> None:
    flow = Flow({**DIAMOND, "e": a_step(dependsOn=["c"])}, scripted(b=["unknown"])).play()
    assert flow.statuses == {"a": "completed", "b": "unknown", "c": "completed", "d": "waiting", "e": "completed"}
    assert flow.status == "blocked"
    assert flow.document["steps"]["d"]["waitingFor"] == ["b"]
    flow.settle_late(flow.of("b")[0], b'{"late":true}')
    flow.run()
    assert flow.document["steps"]["d"]["result"]["inputs"]["b"] == {"late": True}
    assert flow.status == "completed"
    assert set(flow.posts.values()) == {1}


def test_an_unknown_step_that_nothing_waits_for_blocks() -> None:
    flow = Flow({"a": a_step(), "b": a_step()}, scripted(b=["unknown"])).play()
    assert flow.status == "blocked"
    flow.settle_late(flow.of("b")[0], "failed")
    assert flow.run().status == "failed"


def test_an_operator_resolves_and_it_goes_on() -> None:
    flow = Flow(DIAMOND, scripted(b=["unknown"])).play()
    name = flow.of("b")[0].execution_id
    flow.relay.operating.resolve(name, encoded({"status": "completed", "result": 5}), "ops")
    assert flow.run().document["steps"]["d"]["result"]["inputs"]["b"] == 5


def test_an_operators_retry_of_the_execution_unblocks() -> None:
    flow = Flow(DIAMOND, scripted(b=["unknown"])).play()
    flow.relay.operating.retry(flow.of("b")[0].execution_id, "ops")
    assert flow.run().status == "completed"
    assert flow.runs[WorkflowPlace(WORKFLOW_ID, "b")] == 2


def test_an_operators_retry_of_a_failed_execution_goes_on_too() -> None:
    flow = Flow(DIAMOND, scripted(b=["failed"])).play()
    assert flow.statuses["d"] == "skipped"
    flow.relay.operating.retry(flow.of("b")[0].execution_id, "ops")
    flow.run()
    assert flow.statuses == dict.fromkeys("abcd", "completed")
    assert (flow.status, flow.runs[WorkflowPlace(WORKFLOW_ID, "a")]) == ("completed", 1)


def test_retry_runs_what_failed_and_what_follows() -> None:
    flow = Flow({**DIAMOND, "e": a_step(dependsOn=["d"])}, scripted(b=["failed"])).play()
    assert flow.statuses == {"a": "completed", "b": "failed", "c": "completed", "d": "skipped", "e": "skipped"}
    flow.retry()
    assert flow.statuses == dict.fromkeys("abcde", "completed")
    assert [flow.runs[WorkflowPlace(WORKFLOW_ID, name)] for name in "abcde"] == [1, 2, 1, 1, 1]
    assert flow.document["steps"]["b"]["executionId"] == execution_id(WORKFLOW_ID, "b", None, 2)


def test_retry_asks_about_what_is_unknown_under_the_same_id() -> None:
    flow = Flow(DIAMOND, scripted(b=["unknown"])).play().retry()
    assert flow.status == "completed"
    [execution] = flow.of("b")
    assert (execution.run, execution.reruns) == (1, 1)


def test_retry_from_a_step_runs_it_and_all_below_again() -> None:
    flow = Flow(DIAMOND).play().retry("b")
    assert [flow.runs[WorkflowPlace(WORKFLOW_ID, name)] for name in "abcd"] == [1, 2, 1, 2]
    assert flow.status == "completed"
    assert flow.document["steps"]["a"]["executionId"] == execution_id(WORKFLOW_ID, "a", None, 1)


def test_another_run_is_not_answered_from_the_cache() -> None:
    flow = Flow({"a": a_step(cacheResults=True)}).play().retry("a")
    assert flow.runs[WorkflowPlace(WORKFLOW_ID, "a")] == 2


def test_a_step_that_the_cache_answers_goes_on_at_once() -> None:
    flow = Flow({"a": a_step(cacheResults=True), "b": a_step(cacheResults=True, dependsOn=["a"])}).play()
    assert flow.document["steps"]["b"]["result"]["step"] == "a"
    assert flow.order == ["a"]
    assert flow.status == "completed"


def test_retry_of_a_for_each_runs_what_failed_alone() -> None:
    each = a_step(forEach=[10, 20, 30], inputs={"n": from_step("$item")})
    flow = Flow(
        {"each": each, "next": a_step(inputs={"x": from_step("each", "[].inputs.n")})}, scripted(each1=["failed"])
    )
    flow.play()
    document = flow.document["steps"]["each"]
    assert (document["status"], document["error"]["code"]) == ("failed", "items_failed")
    assert [item["status"] for item in document["items"]] == ["completed", "failed", "completed"]
    flow.retry()
    assert flow.document["steps"]["next"]["result"]["inputs"] == {"x": [10, 20, 30]}
    assert [flow.runs[WorkflowPlace(WORKFLOW_ID, "each", index)] for index in range(3)] == [1, 2, 1]


def test_an_unknown_item_blocks_until_it_is_settled() -> None:
    flow = Flow(
        {"each": a_step(forEach=[1, 2]), "next": a_step(dependsOn=["each"])}, scripted(each0=["unknown"])
    ).play()
    assert (flow.status, flow.statuses["each"]) == ("blocked", "unknown")
    flow.settle_late(flow.of("each", 0)[0], b"7")
    assert flow.run().document["steps"]["each"]["result"][0] == 7
    assert flow.status == "completed"


def test_stop_starts_nothing_after_the_first_failure() -> None:
    steps = {
        "a": a_step(),
        "b": a_step(),
        "c": a_step(dependsOn=["b"]),
        "each": a_step(forEach=[1] * 9, maxConcurrency=1),
    }
    flow = Flow(steps, scripted(a=["failed"]), {"onFailure": "stop"}).play()
    assert flow.statuses["c"] in {"cancelled", "completed"}
    assert flow.statuses["each"] == "cancelled"
    assert flow.status == "failed"
    flow.retry()
    assert flow.status == "completed"
    assert set(flow.posts.values()) == {1}


@pytest.mark.parametrize(("at_once", "begun"), [(1, [0]), (2, [0, 1])])
def test_stop_begins_no_item_after_one_has_failed(at_once: int, begun: list[int]) -> None:
    each = a_step(forEach=[1, 2, 3, 4], maxConcurrency=at_once)
    steps = {"each": each, "last": a_step(dependsOn=["each"])}
    flow = Flow(steps, scripted(each0=["failed"]), {"onFailure": "stop"}).play()
    shown = [item["status"] for item in flow.document["steps"]["each"]["items"]]
    assert shown == [*("failed", "completed")[:at_once], *["cancelled"] * (4 - at_once)]
    assert sorted(place.index for place in flow.runs if place.index is not None) == begun
    assert flow.statuses == {"each": "failed", "last": "cancelled"}
    assert flow.status == "failed"
    flow.retry()
    assert flow.status == "completed"
    assert set(flow.posts.values()) == {1}


def test_stop_waits_for_no_other_item_to_end() -> None:
    flow = Flow(
        {"each": a_step(forEach=[1, 2]), "a": a_step(), "b": a_step(dependsOn=["a"])},
        scripted(each0=["failed"]),
        {"onFailure": "stop"},
    ).submit()
    flow.advance()
    [failing] = flow.of("each", 0)
    flow.settle_late(failing, "failed")
    flow.advance(WorkflowMessage(WORKFLOW_ID, failing.workflow))
    assert [item["status"] for item in flow.document["steps"]["each"]["items"]] == ["failed", "queued"]
    assert flow.statuses["b"] == "cancelled"


def test_a_retry_is_not_stopped_by_what_failed_before() -> None:
    steps = {"each": a_step(forEach=[1, 2]), "a": a_step(), "b": a_step(dependsOn=["a"])}
    flow = Flow(steps, fields={"onFailure": "stop"}).submit()
    flow.advance()
    flow.relay.operating_workflows.cancel(WORKFLOW_ID, "ops")
    [failing] = flow.of("each", 0)
    flow.settle_late(failing, "failed")
    flow.advance(WorkflowMessage(WORKFLOW_ID, failing.workflow))
    flow.relay.clock.advance(1)
    flow.relay.operating_workflows.retry(WORKFLOW_ID, "ops", encoded({"from": "b"}))
    flow.advance()
    assert (flow.workflow.run.stop, flow.statuses["b"]) == (None, "waiting")


def test_cancel_starts_nothing_more() -> None:
    flow = Flow(DIAMOND, fields={"webhookUrl": WEBHOOK_URL}).submit()
    flow.advance()
    assert flow.cancel().status == "cancelled"
    assert flow.statuses == {"a": "completed", "b": "cancelled", "c": "cancelled", "d": "cancelled"}
    assert flow.order == ["a"]
    assert set(flow.relay.deliveries.kinds) == {MessageKind.WORKFLOW}
    with pytest.raises(WorkflowNotFoundError):
        flow.relay.operating_workflows.cancel("nobody", "ops")
    assert flow.retry().status == "completed"


def test_the_deadline_ends_what_waits() -> None:
    flow = Flow(DIAMOND, scripted(b=["unknown"]), {"deadlineSeconds": 60}).play().wait(59_000)
    assert flow.status == "blocked"
    flow.wait(2_000)
    assert (flow.status, flow.document["error"]["code"]) == ("failed", "deadline_exceeded")
    assert flow.statuses["d"] == "cancelled"
    assert not flow.relay.workflow_queue.sent
    flow.settle_late(flow.of("b")[0], b"1")
    assert flow.run().statuses["b"] == "completed"
    assert flow.status == "failed"
    assert flow.retry().status == "completed"


def test_no_fault_of_a_step_holds_up_a_deadline() -> None:
    class Faulty(StepExecutions):
        """Fails in a way that nobody has thought of."""

        @override
        def start(self, order: StepOrder) -> Execution:
            raise ZeroDivisionError

        @override
        def finish(self, execution: Execution) -> None:
            raise ZeroDivisionError

        @override
        def ask_again(self, execution_id: str, actor: str | None) -> None:
            raise ZeroDivisionError

    steps = {"a": a_step(), "b": a_step(dependsOn=["a"])}
    flow = Flow(steps, fields={"deadlineSeconds": 60, "webhookUrl": WEBHOOK_URL}).submit()
    faulty = replace(flow.relay.advancing, steps=Faulty())

    def look() -> None:
        with pytest.raises(ZeroDivisionError):
            faulty.advance(WorkflowMessage(WORKFLOW_ID, watch=0), flow.now + 60_000)

    look()
    assert flow.status == "running"
    flow.relay.clock.advance(60_000)
    look()
    assert (flow.status, flow.document["error"]["code"]) == ("failed", "deadline_exceeded")
    assert flow.statuses["b"] == "cancelled"
    assert flow.relay.deliveries.sent == [(WORKFLOW_ID, 0)]


def test_the_deadlines_message_is_one_at_a_time() -> None:
    flow = Flow(DIAMOND, scripted(b=["unknown"]), {"deadlineSeconds": 3_600}).play()
    for _ in range(5):
        flow.advance()
    assert [(message.watch, delay > 0) for message, delay in flow.relay.workflow_queue.sent] == [(0, True)]


def queued_by(flow: Flow, message: WorkflowMessage) -> int:
    """How many messages about executions a message leads to."""
    flow.relay.queue.sent.clear()
    flow.advance(message)
    return len(flow.relay.queue.sent)


def test_what_a_dead_worker_recorded_is_queued() -> None:
    flow = Flow({"a": a_step(), "b": a_step()}).submit()
    flow.advance()
    flow.relay.queue.sent.clear()  # as if it had died before it sent them
    assert queued_by(flow, WorkflowMessage(WORKFLOW_ID)) == 0
    assert queued_by(flow, WorkflowMessage(WORKFLOW_ID, again=True)) == 2


def test_a_watch_queues_what_is_new_and_no_more() -> None:
    flow = Flow({"a": a_step(), "b": a_step()}).submit()
    flow.advance()
    assert queued_by(flow, WorkflowMessage(WORKFLOW_ID, watch=0)) == 2
    flow.relay.clock.advance(30 * 60_000 + 1)
    assert queued_by(flow, WorkflowMessage(WORKFLOW_ID, watch=0)) == 0


def test_one_webhook_for_each_outcome() -> None:
    flow = Flow(DIAMOND, scripted(b=["unknown"]), {"webhookUrl": WEBHOOK_URL}).play()
    assert flow.relay.deliveries.sent == [(WORKFLOW_ID, 0)]
    assert flow.document["webhookStatus"] == "pending"
    flow.settle_late(flow.of("b")[0], b"1")
    flow.run()
    assert flow.relay.deliveries.sent == [(WORKFLOW_ID, 0)] * 2


def test_the_same_workflow_again_is_the_same() -> None:
    flow = Flow(DIAMOND).submit()
    body = encoded({"workflowId": WORKFLOW_ID, "steps": DIAMOND})
    assert flow.relay.submitting_workflows.submit(body)[0] is Disposition.REPEATED
    assert flow.run().status == "completed"
    assert flow.relay.submitting_workflows.submit(body)[0] is Disposition.REPEATED
    with pytest.raises(WorkflowConflictError):
        flow.relay.submitting_workflows.submit(encoded({"workflowId": WORKFLOW_ID, "steps": {"a": a_step()}}))
    assert set(flow.posts.values()) == {1}


@pytest.mark.parametrize("route", ["read", "retry", "cancel"])
def test_a_workflow_past_its_retention_is_gone_on_every_route(route: str) -> None:
    flow = Flow({"a": a_step(), "b": a_step(dependsOn=["a"])}, scripted(a=["unknown"])).play()
    before = flow.relay.workflows.load(WORKFLOW_ID)
    routes: dict[str, Callable[[str], object]] = {
        "read": flow.relay.reading_workflows.workflow,
        "retry": lambda name: flow.relay.operating_workflows.retry(name, "ops"),
        "cancel": lambda name: flow.relay.operating_workflows.cancel(name, "ops"),
    }
    flow.relay.clock.advance(RETENTION_MS)
    with pytest.raises(WorkflowNotFoundError):
        routes[route](WORKFLOW_ID)
    assert flow.relay.workflows.load(WORKFLOW_ID) == before


def test_an_id_past_its_retention_is_free_for_another_workflow() -> None:
    flow = Flow({"a": a_step()}).play()
    flow.relay.clock.advance(RETENTION_MS)
    flow.steps = {"z": a_step()}
    assert list(flow.play().statuses) == ["z"]


@pytest.mark.parametrize(
    ("decide", "allowed"),
    [
        (lambda flow: flow.retry(), ("cancel",)),
        (lambda flow: flow.run().retry(), ("retry",)),
        (lambda flow: flow.run().cancel(), ("retry",)),
    ],
)
def test_what_the_state_does_not_allow_names_what_it_does(decide: Any, allowed: tuple[str, ...]) -> None:
    flow = Flow(DIAMOND).submit()
    with pytest.raises(WrongStateError) as refused:
        decide(flow)
    assert refused.value.allowed == allowed


def test_a_dry_run_changes_nothing() -> None:
    flow = Flow(DIAMOND)
    planned = flow.relay.submitting_workflows.plan(encoded({"steps": DIAMOND}))
    assert planned["waves"] == [["a"], ["b", "c"], ["d"]]
    assert not flow.relay.workflows.runs


def test_an_execution_says_whose_step_it_is() -> None:
    flow = Flow({"each": a_step(forEach=[1])}).play()
    [execution] = flow.of("each", 0)
    document = json.loads(json.dumps(flow.relay.reading.execution(execution.execution_id), default=str))
    assert document["workflow"] == {"workflowId": WORKFLOW_ID, "step": "each", "index": 0}
    assert execution.status is Status.COMPLETED
    assert execution.trace_id == WORKFLOW_ID


def test_an_id_that_somebody_else_took_fails_that_step() -> None:
    flow = Flow(DIAMOND)
    taken = {"actionId": a_step()["actionId"], "inputs": {}, "executionId": execution_id(WORKFLOW_ID, "b", None, 1)}
    flow.relay.submitting.submit(encoded(taken))
    flow.relay.store.records[taken["executionId"]] = flow.relay.store.records[taken["executionId"]].paid()
    flow.submit()
    flow.advance()
    flow.relay.store.records = {
        name: each for name, each in flow.relay.store.records.items() if each.workflow or name == taken["executionId"]
    }
    for execution in flow.of("a"):
        flow._post(execution)
        flow._answer(flow.relay.store.records[execution.execution_id])
    for message, _ in list(flow.relay.workflow_queue.sent):
        flow.advance(WorkflowMessage(WORKFLOW_ID, message.place))
    assert flow.document["steps"]["b"]["error"]["code"] == "execution_conflict"
