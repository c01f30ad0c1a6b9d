"""Two workers at once: what one records before another writes is seen by the later write."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, override

import pytest

from actionrelay.strict_json import canonical
from actionrelay.workflows.run import Run, StepRecord, StepState
from tests.fakes.flows import Flow, a_step, echo
from tests.fakes.relay import Relay
from tests.fakes.workflows import InMemoryWorkflows


@dataclass
class Interrupted(InMemoryWorkflows):
    """Lets something happen just before it is recorded that step ``x`` has completed, once."""

    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    @override
    def save_step(self, run: Run, step: StepRecord) -> None:
        if step.name == "x" and step.state is StepState.COMPLETED and self.meanwhile:
            self.meanwhile.pop()()
        super().save_step(run, step)


def interrupted(steps: dict[str, Any], outcome: str | bytes) -> Flow:
    """Play: step ``u`` is unknown, and becomes clear while the end of ``x`` is being recorded."""
    records = Interrupted()
    flow = Flow(steps, lambda place, n, inputs: "unknown" if place.step == "u" else echo(place, n, inputs))
    flow.relay = Relay(workflows=records)

    def meanwhile() -> None:
        assert flow.statuses["u"] == "unknown"
        flow.settle_late(flow.of("u")[0], outcome)
        flow.run()

    records.meanwhile.append(meanwhile)
    flow.play()
    assert records.meanwhile == []
    return flow


@pytest.mark.parametrize(("outcome", "status"), [(canonical({}), "completed"), ("failed", "failed")])
def test_what_becomes_clear_meanwhile_is_seen(outcome: str | bytes, status: str) -> None:
    assert interrupted({"u": a_step(), "x": a_step()}, outcome).status == status


def test_what_waits_for_both_begins_once() -> None:
    flow = interrupted({"u": a_step(), "x": a_step(), "last": a_step(dependsOn=["u", "x"])}, canonical({}))

    assert flow.status == "completed"
    assert flow.order.count("last") == 1
