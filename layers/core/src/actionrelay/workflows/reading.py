"""Use cases: show one workflow, and list workflows, newest first. Both only read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from actionrelay.cursors import read_cursor, write_cursor
from actionrelay.pages import DEFAULT_LIMIT, FaultyValueError, Parameters, limit_of, milliseconds_of, several_of
from actionrelay.ports import Clock, Telemetry
from actionrelay.strict_json import Json, as_json
from actionrelay.timestamps import DAY_MS, day_of, midnight
from actionrelay.workflows.document import WorkflowSummaryDocument, workflow_document, workflow_summary
from actionrelay.workflows.ports import Listed, WorkflowIndex
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.run import Run, WorkflowStatus
from actionrelay.workflows.step_results import StepResults

MAX_ENTRIES = 400
"""About how many workflows one response reads."""
MAX_DAYS = 40
"""Days that one response reads."""
AT_ONCE = 100


class WorkflowListDocument(TypedDict):
    """A page of workflows, newest first."""

    workflows: list[WorkflowSummaryDocument]
    next: str | None
    """Where the next page begins; null on the last page. A short or empty page may have one too."""


@dataclass(frozen=True, slots=True)
class ReadWorkflow:
    """Shows one workflow."""

    records: WorkflowRecords
    results: StepResults
    telemetry: Telemetry

    def workflow(self, workflow_id: str) -> dict[str, object]:
        """Return a workflow as last written, with the results of its steps.

        Raises:
            WorkflowNotFoundError: no workflow has this id.
        """
        workflow = self.records.named(workflow_id)
        self.telemetry.concerning(workflow.run.workflow_id, workflow.run.trace_id)
        return workflow_document(workflow, self.results)


@dataclass(frozen=True, slots=True)
class _Question:
    statuses: frozenset[WorkflowStatus]
    since: int
    until: int | None
    limit: int
    after: Listed | None

    def wants(self, run: Run) -> bool:
        return not self.statuses or run.status in self.statuses


@dataclass(frozen=True, slots=True)
class ListWorkflows:
    """Lists workflows."""

    index: WorkflowIndex
    clock: Clock
    retention_ms: int
    max_entries: int = MAX_ENTRIES

    def page(self, query: Mapping[str, str]) -> dict[str, Json]:
        """Return one page for the parameters of a query string.

        One response reads a bounded number of workflows, so a page may hold fewer than ``limit``, even none, and still
        have a next one.

        Raises:
            InvalidRequestError: with every fault of the query.
        """
        question = _read_question(query)
        now = self.clock.now()
        since = max(question.since, now - self.retention_ms + 1)
        before = question.after
        newest = now if question.until is None else min(now, question.until - 1)
        newest = newest if before is None else min(newest, before.created_at)
        found: list[Run] = []
        looked, seen = before, 0
        days = range(midnight(newest), midnight(since) - 1, -DAY_MS)
        for begin in days[:MAX_DAYS]:
            while places := self._places(day_of(begin), since, question.until, looked):
                runs = self.index.read([place.workflow_id for place in places])
                for place in places:
                    looked, run = place, runs.get(place.workflow_id)
                    if run is not None and run.created_at == place.created_at and question.wants(run):
                        found.append(run)
                        if len(found) == question.limit:
                            return _page(found, looked)
                seen += len(places)
                if seen >= self.max_entries:
                    return _page(found, looked)
        return _page(found, None)

    def _places(self, day: str, since: int, until: int | None, after: Listed | None) -> list[Listed]:
        below = after if until is None else min(filter(None, (after, Listed(until, ""))))
        return list(self.index.of_day(day, since, below, AT_ONCE))


def _page(found: list[Run], looked: Listed | None) -> dict[str, Json]:
    document: WorkflowListDocument = {
        "workflows": [workflow_summary(run) for run in found],
        "next": None if looked is None else write_cursor([looked.created_at, looked.workflow_id]),
    }
    return as_json(document)


def _read_question(query: Mapping[str, str]) -> _Question:
    parameters = Parameters(query)
    read = parameters.read
    question = _Question(
        read("status", several_of(WorkflowStatus), frozenset()),
        read("from", milliseconds_of, 0),
        read("to", milliseconds_of, None),
        read("limit", limit_of, DEFAULT_LIMIT),
        read("next", _place, None),
    )
    parameters.require_sound()
    return question


def _place(text: str) -> Listed:
    match read_cursor(text):
        case [int(created_at), str(workflow_id)]:
            return Listed(created_at, workflow_id)
    raise FaultyValueError("cursor", "must be the next of a page before")
