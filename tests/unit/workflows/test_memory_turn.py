"""Ten messages share a worker's memory: large results are read by one of them at a time, and one after the other."""

from dataclasses import replace
from threading import Lock, Thread
from typing import Any, override
from weakref import ref

from actionrelay.ledger.execution import Execution, WorkflowPlace
from actionrelay.ledger.message import WorkflowMessage
from actionrelay.strict_json import canonical
from actionrelay.workflows.expressions import Allowance
from actionrelay.workflows.memory_turn import LIGHT_BYTES, Turn
from actionrelay.workflows.ports import StepExecutions, StepOrder
from actionrelay.workflows.references import resolved
from tests.fakes.flows import WORKFLOW_ID, Flow, a_step, echo, from_step
from tests.fakes.relay import INVOCATION_MS

STEPS: dict[str, Any] = {
    "a": a_step(),
    "plain": a_step(dependsOn=["a"]),
    "input": a_step(inputs={"x": from_step("a", "length(text)")}),
    "guarded": a_step(when=from_step("a", "text != `null`")),
    "each": a_step(forEach=from_step("a", "[`1`,`2`]"), inputs={"x": from_step("a", "length(text)")}),
    "broken": a_step(inputs={"x": from_step("a", "abs(text)")}),
}
AFTER_A = sorted(STEPS.keys() - {"a", "broken"})


class _Watching(StepExecutions):
    """Notes which steps begin while their worker has a turn."""

    def __init__(self, inner: StepExecutions, worker: Lock, begun: dict[str, bool]) -> None:
        self._inner, self._worker, self._begun = inner, worker, begun

    @override
    def start(self, order: StepOrder) -> Execution:
        self._begun[order.place.step] = self._worker.locked()
        return self._inner.start(order)

    @override
    def finish(self, execution: Execution) -> None:
        self._inner.finish(execution)

    @override
    def ask_again(self, execution_id: str, actor: str | None) -> None:
        self._inner.ask_again(execution_id, actor)


class _WatchedFlow(Flow):
    begun: dict[str, bool]
    worker: Lock

    @override
    def advance(self, message: WorkflowMessage | None = None) -> None:
        advancing = self.relay.advancing
        steps = _Watching(advancing.steps, self.worker, self.begun)
        watched = replace(advancing, steps=steps, worker=self.worker)
        watched.advance(message or WorkflowMessage(WORKFLOW_ID), self.now + INVOCATION_MS)
        assert not self.worker.locked(), "whatever came of it, the turn is given back"


def begun_in_turn(size: int) -> dict[str, bool]:
    def script(place: WorkflowPlace, before: int, inputs: Any) -> bytes:
        return canonical({"text": "x" * size}) if place.step == "a" else echo(place, before, inputs)

    flow = _WatchedFlow(STEPS, script)
    flow.begun, flow.worker = {}, Lock()
    flow.play()
    assert flow.statuses == dict.fromkeys(STEPS, "completed") | {"broken": "failed"}
    return flow.begun


def test_steps_on_large_results_begin_in_a_turn() -> None:
    assert begun_in_turn(LIGHT_BYTES) == {
        "a": False,
        "plain": False,
        "input": True,
        "guarded": True,
        "each": True,
    }


def test_steps_on_small_results_wait_for_nothing() -> None:
    assert begun_in_turn(LIGHT_BYTES // 2) == dict.fromkeys(["a", *AFTER_A], False)


def test_a_turn_is_had_by_one_at_a_time() -> None:
    worker, at_once, most = Lock(), 0, 0

    def work() -> None:
        nonlocal at_once, most
        with Turn(worker) as turn:
            turn.take()
            turn.take()  # the same turn, still
            at_once += 1
            most = max(most, at_once)
            at_once -= 1

    threads = [Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert not worker.locked()


class _Result(list[Any]):
    """A list that can be looked for."""


def test_only_one_result_is_there_at_a_time() -> None:
    made: list[ref[_Result]] = []
    asked: list[str] = []

    def look_up(name: str) -> Any:
        assert not any(each() for each in made), "a value is released before the next is read"
        asked.append(name)
        result = _Result([name, 1])
        made.append(ref(result))
        return result

    template: Any = [{"$from": name, "path": "[0]"} for name in ("a", "b", "a", "c", "b")]
    assert resolved(template, look_up, Allowance()) == ["a", "b", "a", "c", "b"]
    assert asked == ["a", "b", "c"]
