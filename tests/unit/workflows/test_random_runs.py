"""Random graphs with failures, unknowns, late webhooks and retries, compared with a plain reference.

The reference has no messages, records or orders: it walks the graph once and returns the outcome of each step.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from actionrelay.ledger.execution import WorkflowPlace
from actionrelay.strict_json import canonical
from actionrelay.workflows.run import StepRecord, StepState
from tests.fakes.flows import WORKFLOW_ID, Flow, a_step, from_step

SKIPPED_FOR_FAILURE = "skipped for failure"


@dataclass(frozen=True, slots=True)
class Plot:
    """A workflow, and what each of its executions comes to: run after run, by step and item."""

    graph: Mapping[str, Sequence[str]]
    items: Mapping[str, int]
    """How many each `forEach` has."""
    outcomes: Mapping[str, Sequence[str]]
    skipped: frozenset[str]
    picks: Sequence[int]

    def steps(self) -> dict[str, Any]:
        found = {}
        for name, needs in self.graph.items():
            inputs = {each: from_step(each, "v") for each in needs}
            step = a_step(inputs=inputs, dependsOn=list(needs))
            if name in self.items:
                step |= {"forEach": list(range(self.items[name])), "maxConcurrency": 2}
            if name in self.skipped:
                step["when"] = {"$literal": False}
            found[name] = step
        return found

    def said(self, name: str, index: int | None, run: int) -> str:
        """What a run of a step comes to; of a `forEach` its first item alone ever fails."""
        return self.outcomes[name][min(run, 1)] if not index else "completed"


@st.composite
def plots(draw: st.DrawFn) -> Plot:
    names = [f"s{number}" for number in range(draw(st.integers(1, 8)))]
    graph = {
        name: draw(st.lists(st.sampled_from(names[:place]), unique=True, max_size=3)) if place else []
        for place, name in enumerate(names)
    }
    likely = st.sampled_from(["completed"] * 4 + ["failed", "unknown"])
    return Plot(
        {name: graph[name] for name in draw(st.permutations(names))},
        {name: draw(st.integers(0, 3)) for name in names if draw(st.integers(0, 3)) == 0},
        {name: [draw(likely), draw(likely)] for name in names},
        frozenset(name for name in names if draw(st.integers(0, 7)) == 0),
        draw(st.lists(st.integers(0, 50), max_size=60)),
    )


def reference(plot: Plot, run: Mapping[str, int]) -> dict[str, str]:
    """What each step must come to, when nothing more happens by itself."""
    found: dict[str, str] = {}

    def of(name: str) -> str:
        if name not in found:
            needs = [of(each) for each in plot.graph[name]]
            if {"failed", SKIPPED_FOR_FAILURE} & set(needs):
                found[name] = SKIPPED_FOR_FAILURE
            elif {"unknown", "waiting"} & set(needs):
                found[name] = "waiting"
            elif name in plot.skipped:
                found[name] = "skipped"
            elif plot.items.get(name) == 0:
                found[name] = "completed"
            else:
                found[name] = plot.said(name, None, run[name])
        return found[name]

    for name in plot.graph:
        of(name)
    return found


def judged(found: Mapping[str, str]) -> str:
    states = set(found.values())
    if "waiting" in states:
        return "blocked"
    if states & {"failed", SKIPPED_FOR_FAILURE}:
        return "failed"
    return "blocked" if "unknown" in states else "completed"


def shown(flow: Flow) -> dict[str, str]:
    return {
        name: SKIPPED_FOR_FAILURE if step["status"] == "skipped" and step["error"] else step["status"]
        for name, step in flow.document["steps"].items()
    }


def results_of(plot: Plot, found: Mapping[str, str]) -> dict[str, Any]:
    """What each completed step returned: its name, and what it was given."""
    values: dict[str, Any] = {}
    for name, state in found.items():
        if state != "completed":
            continue
        one = {"v": name}
        values[name] = [one] * plot.items[name] if name in plot.items else one
    return values


def check(flow: Flow, plot: Plot, expected: Mapping[str, str], asked_again: Collection[str] = ()) -> None:
    """Hold a workflow against the reference; what was unknown at a retry is asked about under the id that it had."""
    assert shown(flow) == expected
    assert flow.status == judged(expected)
    assert not flow.broken
    assert all(count <= 1 + (name in asked_again) for name, count in flow.posts.items())
    assert all(flow.most_at_once[name] <= 2 for name in plot.items)
    results = {name: step["result"] for name, step in flow.document["steps"].items() if step["status"] == "completed"}
    assert results == results_of(plot, expected)


def _play(plot: Plot, fields: Mapping[str, Any] = MappingProxyType({})) -> tuple[Flow, dict[str, int]]:
    picks = iter(plot.picks)
    begun = [0]
    run = dict.fromkeys(plot.graph, 0)

    def script(place: WorkflowPlace, before: int, inputs: Any) -> str | bytes:
        for each in plot.graph[place.step]:
            given_ = inputs[each]
            wanted = None if each in plot.skipped or each in plot.items else each
            if given_ != wanted:
                flow.broken.append(f"{place.step} got {given_} from {each}")
        said = plot.said(place.step, place.index, run[place.step])
        return canonical({"v": place.step}) if said == "completed" else said

    def choose(count: int) -> int:
        """Pick what happens next; where a failure stops the workflow, what records the first one begins nothing."""
        begun.append(len(flow.relay.store.records))
        if fields and begun[-1] != begun[-2] and any(map(_has_failed, flow.workflow.steps.values())):
            flow.broken.append("something began after the first failure")
        return next(picks, 0) % count

    flow = Flow(plot.steps(), script, fields, choose)
    return flow.play(), run


def _has_failed(step: StepRecord) -> bool:
    return StepState.FAILED in {step.state, *(item.state for item in step.items or ())}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plots())
def test_random_runs_come_to_what_they_must(plot: Plot) -> None:
    flow, run = _play(plot)
    expected = reference(plot, run)
    note(f"{plot.graph} {plot.outcomes}")
    check(flow, plot, expected)

    # Late webhooks say that what was unknown completed.
    for execution in list(flow.relay.store.records.values()):
        if execution.status == "unknown" and execution.workflow:
            name = execution.workflow.step
            flow.settle_late(execution, canonical({"v": name}))
    plot = Plot(
        plot.graph,
        plot.items,
        {
            name: ["completed" if expected[name] == "unknown" else said[0], said[1]]
            for name, said in plot.outcomes.items()
        },
        plot.skipped,
        plot.picks,
    )
    flow.script = _script_of(flow, plot, run)
    flow.run()
    expected = reference(plot, run)
    while judged(expected) == "blocked":  # what had waited came to something unknown in its turn
        for execution in list(flow.relay.store.records.values()):
            if execution.status == "unknown" and execution.workflow:
                name = execution.workflow.step
                flow.settle_late(execution, canonical({"v": name}))
                plot = _completing(plot, name)
        flow.script = _script_of(flow, plot, run)
        flow.run()
        expected = reference(plot, run)
    check(flow, plot, expected)

    # What failed runs again, and what follows from it; all of it completes.
    if judged(expected) == "failed":
        failed = [name for name, state in expected.items() if state == "failed"]
        posted = dict(flow.runs)
        unknown = {each.sent_as for each in flow.relay.store.records.values() if each.status == "unknown"}
        for name in plot.graph:
            plot = _completing(plot, name)
        flow.script = _script_of(flow, plot, run)
        flow.retry()
        check(flow, plot, reference(plot, run), unknown)
        kept = [name for name, state in expected.items() if state == "completed" and name not in plot.items]
        assert all(
            flow.runs[WorkflowPlace(WORKFLOW_ID, name)] == posted[WorkflowPlace(WORKFLOW_ID, name)] for name in kept
        )
        assert all(flow.workflow.steps[name].run == 2 for name in failed)


def _completing(plot: Plot, name: str) -> Plot:
    outcomes = {**plot.outcomes, name: ["completed", "completed"]}
    return Plot(plot.graph, plot.items, outcomes, plot.skipped, plot.picks)


def _script_of(flow: Flow, plot: Plot, run: Mapping[str, int]) -> Any:
    def script(place: WorkflowPlace, before: int, inputs: Any) -> str | bytes:
        said = plot.said(place.step, place.index, run[place.step])
        return canonical({"v": place.step}) if said == "completed" else said

    return script


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plots(), st.data())
def test_a_retry_from_any_step_runs_it_and_its_followers(plot: Plot, data: st.DataObject) -> None:
    for name in plot.graph:
        plot = _completing(plot, name)
    flow, run = _play(plot)
    root = data.draw(st.sampled_from(sorted(plot.graph)))
    before = flow.workflow.steps
    flow.retry(root)
    check(flow, plot, reference(plot, run))

    def follows(name: str) -> bool:
        return name == root or any(map(follows, plot.graph[name]))

    for name, step in flow.workflow.steps.items():
        assert step.run == before[name].run + follows(name)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plots())
def test_nothing_begins_after_the_first_failure(plot: Plot) -> None:
    """Which of those that need not fail had begun before is a matter of order; the rest of it is not."""
    flow, run = _play(plot, {"onFailure": "stop"})
    expected = reference(plot, run)
    if not {"failed"} & set(shown(flow).values()):
        check(flow, plot, expected)
        return
    assert not flow.broken
    assert flow.status in {"failed", "blocked"}
    assert all(state in {expected[name], "cancelled"} for name, state in shown(flow).items())
    for name, step in flow.workflow.steps.items():
        assert (step.state is StepState.CANCELLED) <= (not flow.of(name) or bool(step.items))


@pytest.mark.parametrize("seed", range(3))
def test_the_reference_itself_knows_a_chain(seed: int) -> None:
    chain = Plot({"a": [], "b": ["a"]}, {}, {"a": ["failed"] * 2, "b": ["completed"] * 2}, frozenset(), [seed])
    assert reference(chain, {"a": 0, "b": 0}) == {"a": "failed", "b": SKIPPED_FOR_FAILURE}
