"""The store of workflows in memory, with the conditions of the real one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from actionrelay.errors import AlreadyRecordedError, StaleWriteError
from actionrelay.timestamps import day_of
from actionrelay.workflows.ports import Listed, Records
from actionrelay.workflows.run import Run, StepRecord
from tests.fakes.trouble import Trouble


@dataclass(slots=True)
class InMemoryWorkflows:
    """A ``WorkflowStore`` and a ``WorkflowIndex``."""

    runs: dict[str, Run] = field(default_factory=dict)
    steps: dict[str, dict[str, StepRecord]] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)
    retention_ms: int | None = None
    """The time after which an id can be used again; None for never."""

    def create(self, run: Run) -> None:
        self.trouble.strike_before("create")
        there = self.runs.get(run.workflow_id)
        if there and (self.retention_ms is None or there.created_at + self.retention_ms > run.created_at):
            raise AlreadyRecordedError("this id is taken")
        self.runs[run.workflow_id] = run
        self.steps[run.workflow_id] = {}
        self.trouble.strike_after("create")

    def load(self, workflow_id: str) -> Records | None:
        self.trouble.strike_before("load")
        run = self.runs.get(workflow_id)
        return None if run is None else Records(run, dict(self.steps[workflow_id]))

    def save(self, run: Run) -> None:
        self.trouble.strike_before("save")
        if self.runs[run.workflow_id].version != run.version - 1:
            raise StaleWriteError("another writer was first")
        self.runs[run.workflow_id] = run
        self.trouble.strike_after("save")

    def save_step(self, run: Run, step: StepRecord) -> None:
        self.trouble.strike_before("save_step")
        stored = self.steps[run.workflow_id].get(step.name)
        if (stored.version if stored else 0) != step.version - 1:
            raise StaleWriteError("another writer was first")
        self.steps[run.workflow_id][step.name] = step
        self.trouble.strike_after("save_step")

    def release(self, run: Run, step: StepRecord, dependency: str) -> StepRecord:
        self.trouble.strike_before("release")
        stored = self.steps[run.workflow_id].get(step.name, step)
        released = replace(stored, awaits=stored.awaits - {dependency}, version=stored.version + 1)
        self.steps[run.workflow_id][step.name] = released
        self.trouble.strike_after("release")
        return released

    def of_day(self, day: str, since: int, before: Listed | None, limit: int) -> Sequence[Listed]:
        places = (Listed(run.created_at, run.workflow_id) for run in self.runs.values())
        fit = [
            place
            for place in places
            if day_of(place.created_at) == day and place.created_at >= since and (before is None or place < before)
        ]
        return sorted(fit, reverse=True)[:limit]

    def read(self, workflow_ids: Sequence[str]) -> Mapping[str, Run]:
        return {each: self.runs[each] for each in workflow_ids if each in self.runs}
