"""The ports of workflows in memory. Each call goes through ``crossing``, as in ``memory``."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from actionrelay.errors import AlreadyRecordedError, StaleWriteError
from actionrelay.ledger.message import WorkflowMessage
from actionrelay.workflows.ports import Records
from actionrelay.workflows.run import Run, StepRecord
from tests.simulation.queues import SimulatedQueue


class Crossing(Protocol):
    """The way from a worker to a service, and back."""

    def __call__[Value](self, port: str, subject: str, effect: Callable[[], Value]) -> Value:
        """Do what a service does, unless the plan decides otherwise."""
        ...


@dataclass(slots=True)
class FlowLedger:
    """A ``WorkflowStore`` in memory."""

    crossing: Crossing
    written: Callable[[Run, StepRecord | None, StepRecord], None] = lambda *_: None
    """Called with the run, and the step's previous and new record, at each write."""
    runs: dict[str, Run] = field(default_factory=dict)
    steps: dict[str, dict[str, StepRecord]] = field(default_factory=dict)

    def create(self, run: Run) -> None:
        def effect() -> None:
            if run.workflow_id in self.runs:
                raise AlreadyRecordedError("this id is taken")
            self.runs[run.workflow_id] = run
            self.steps[run.workflow_id] = {}

        self.crossing("flow.create", run.workflow_id, effect)

    def load(self, workflow_id: str) -> Records | None:
        return self.crossing("flow.load", workflow_id, lambda: self.known(workflow_id))

    def known(self, workflow_id: str) -> Records | None:
        """Return what is on record, without a port call."""
        run = self.runs.get(workflow_id)
        return None if run is None else Records(run, dict(self.steps[workflow_id]))

    def save(self, run: Run) -> None:
        def effect() -> None:
            if self.runs[run.workflow_id].version != run.version - 1:
                raise StaleWriteError("another writer was first")
            self.runs[run.workflow_id] = run

        self.crossing("flow.save", run.workflow_id, effect)

    def save_step(self, run: Run, step: StepRecord) -> None:
        def effect() -> None:
            stored = self.steps[run.workflow_id].get(step.name)
            if (stored.version if stored else 0) != step.version - 1:
                raise StaleWriteError("another writer was first")
            self.written(run, stored, step)
            self.steps[run.workflow_id][step.name] = step

        self.crossing("flow.save_step", run.workflow_id, effect)

    def release(self, run: Run, step: StepRecord, dependency: str) -> StepRecord:
        def effect() -> StepRecord:
            stored = self.steps[run.workflow_id].get(step.name, step)
            released = replace(stored, awaits=stored.awaits - {dependency}, version=stored.version + 1)
            self.steps[run.workflow_id][step.name] = released
            return released

        return self.crossing("flow.release", run.workflow_id, effect)


@dataclass(slots=True)
class FlowMessages:
    """A ``WorkflowQueue``; ``copies`` is the number of copies of each message."""

    crossing: Crossing
    now: Callable[[], int]
    copies: Callable[[WorkflowMessage], int] = lambda _: 1
    queue: SimulatedQueue[WorkflowMessage] = field(default_factory=SimulatedQueue)

    def notify(self, message: WorkflowMessage, delay_ms: int = 0) -> None:
        def effect() -> None:
            for _ in range(self.copies(message)):
                self.queue.send(replace(message), self.now(), delay_ms)

        self.crossing("notify.send", message.workflow_id, effect)
