"""The table and the queue of workflows in virtual time, and a Genesys Cloud that says when it was asked for what."""

import heapq
from dataclasses import dataclass, field, replace
from typing import override

from actionrelay.errors import AlreadyRecordedError, StaleWriteError
from actionrelay.execute.ports import ActionCall
from actionrelay.genesys.verdict import Reply, ReplyKind
from actionrelay.ledger.execution import Execution
from actionrelay.ledger.message import WorkflowMessage
from actionrelay.token.ports import AccessToken
from actionrelay.workflows.ports import Records as FlowRecords
from actionrelay.workflows.ports import WorkflowStore
from actionrelay.workflows.run import Run, StepRecord
from benchmarks.gate.services import LATENCY_MS, Chance, Records, Time


@dataclass(slots=True)
class Executions(Records):
    """An `ExecutionStore` in which a record takes its time to be created."""

    @override
    def create(self, execution: Execution) -> None:
        self.world.sleep(self.chance.aws_ms())
        if execution.execution_id in self.records:
            raise AlreadyRecordedError("this id is taken")
        self.records[execution.execution_id] = execution


@dataclass(slots=True)
class Flows(WorkflowStore):
    """A `WorkflowStore` with one workflow."""

    world: Time
    chance: Chance
    run: Run | None = None
    steps: dict[str, StepRecord] = field(default_factory=dict)

    @override
    def create(self, run: Run) -> None:
        self.world.sleep(self.chance.aws_ms())
        self.run = run

    @override
    def load(self, workflow_id: str) -> FlowRecords | None:
        self.world.sleep(self.chance.aws_ms())
        return None if self.run is None else FlowRecords(self.run, dict(self.steps))

    @override
    def save(self, run: Run) -> None:
        self.world.sleep(self.chance.aws_ms())
        if self.run is None or self.run.version != run.version - 1:
            raise StaleWriteError("another writer was first")
        self.run = run

    @override
    def save_step(self, run: Run, step: StepRecord) -> None:
        self.world.sleep(self.chance.aws_ms())
        stored = self.steps.get(step.name)
        if (stored.version if stored else 0) != step.version - 1:
            raise StaleWriteError("another writer was first")
        self.steps[step.name] = step

    @override
    def release(self, run: Run, step: StepRecord, dependency: str) -> StepRecord:
        self.world.sleep(self.chance.aws_ms())
        stored = self.steps.get(step.name, step)
        released = replace(stored, awaits=stored.awaits - {dependency}, version=stored.version + 1)
        self.steps[step.name] = released
        return released


@dataclass(slots=True)
class FlowQueue:
    """A `WorkflowQueue`; what is delayed keeps deadlines, and comes after the end."""

    world: Time
    chance: Chance
    sends: int = 0
    _waiting: list[tuple[float, float, WorkflowMessage]] = field(default_factory=list)

    def notify(self, message: WorkflowMessage, delay_ms: int = 0) -> None:
        """Queue a message."""
        self.world.sleep(self.chance.aws_ms())
        self.sends += 1
        heapq.heappush(self._waiting, (self.world.time + delay_ms, self.chance.uniform(), message))

    def receive(self) -> list[WorkflowMessage]:
        """Take what is visible, ten at most."""
        taken: list[WorkflowMessage] = []
        while self._waiting and self._waiting[0][0] <= self.world.time and len(taken) < 10:
            taken.append(heapq.heappop(self._waiting)[2])
        return taken


@dataclass(slots=True)
class Actions:
    """An `ActionClient` that takes its time, and remembers when it was asked for what, and when that had ended."""

    world: Time
    asked_at: dict[str, float] = field(default_factory=dict)
    ended_at: dict[str, float] = field(default_factory=dict)

    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:  # noqa: ARG002 - the port's
        """Run an action."""
        self.asked_at[call.execution_id] = self.world.time
        self.world.sleep(LATENCY_MS)
        self.ended_at[call.execution_id] = self.world.time
        return Reply(ReplyKind.SUCCEEDED, LATENCY_MS, result=b'{"id":7}')
