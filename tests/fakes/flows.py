"""Plays workflows: the whole relay in memory, a scripted Genesys Cloud, and events in an order that a test chooses."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from actionrelay.json_text import to_text
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, ExecutionError, Outcome, Status, WorkflowPlace
from actionrelay.ledger.message import WorkflowMessage
from actionrelay.strict_json import canonical
from actionrelay.workflows.run import OVER, Workflow
from tests.fakes.relay import ACTION_ID, INVOCATION_MS, Relay, encoded

WORKFLOW_ID = "5a5a5a5a-0000-4000-8000-000000000001"

type Script = Callable[[WorkflowPlace, int, Any], str | bytes]
"""Returns the outcome of an execution, from its place, the number of earlier executions of that place, and its inputs.
Bytes are a result; texts are `failed` and `unknown`."""


def a_step(**changes: Any) -> dict[str, Any]:
    return {"actionId": ACTION_ID, "inputs": {}, "cacheResults": False, **changes}


def from_step(name: str, path: str | None = None) -> dict[str, Any]:
    return {"$from": name} if path is None else {"$from": name, "path": path}


def echo(place: WorkflowPlace, before: int, inputs: Any) -> bytes:
    return canonical({"step": place.step, "index": place.index, "inputs": inputs})


@dataclass(slots=True)
class Flow:
    """Plays one workflow. ``choose`` picks one of the events that could happen next."""

    steps: Mapping[str, Any]
    script: Script = echo
    fields: Mapping[str, Any] = field(default_factory=dict)
    choose: Callable[[int], int] = lambda _: 0
    relay: Relay = field(default_factory=Relay)
    posts: Counter[str] = field(default_factory=Counter)
    """How often each execution was posted."""
    runs: Counter[WorkflowPlace] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)
    """The steps whose executions were posted, in order."""
    broken: list[str] = field(default_factory=list)

    @property
    def now(self) -> int:
        return self.relay.clock.now()

    @property
    def workflow(self) -> Workflow:
        found = self.relay.workflow_records.load(WORKFLOW_ID)
        assert found is not None
        return found

    @property
    def document(self) -> Any:
        """Return the workflow as a caller reads it."""
        return json.loads(to_text(self.relay.reading_workflows.workflow(WORKFLOW_ID)))

    @property
    def statuses(self) -> dict[str, str]:
        return {name: step["status"] for name, step in self.document["steps"].items()}

    @property
    def status(self) -> str:
        return cast("str", self.document["status"])

    def submit(self) -> "Flow":
        body = encoded({"workflowId": WORKFLOW_ID, "steps": self.steps, **self.fields})
        self.relay.submitting_workflows.submit(body, "caller")
        return self

    def run(self) -> "Flow":
        """Let everything happen that happens by itself, except for the deadline."""
        for _ in range(20_000):
            events = [*self._messages(), *self._executions()]
            if not events:
                return self
            events[self.choose(len(events))]()
            self.relay.clock.advance(10)
        raise AssertionError("it does not come to rest")

    def play(self) -> "Flow":
        return self.submit().run()

    def wait(self, milliseconds: int) -> "Flow":
        """Let time pass, and the messages that were delayed until then arrive."""
        self.relay.clock.advance(milliseconds)
        due = [entry for entry in self.relay.workflow_queue.sent if entry[1]]
        for entry in due:
            self.relay.workflow_queue.sent.remove(entry)
            self.advance(entry[0])
        return self.run()

    def advance(self, message: WorkflowMessage | None = None) -> None:
        self.relay.advancing.advance(message or WorkflowMessage(WORKFLOW_ID), self.now + INVOCATION_MS)

    def retry(self, root: str | None = None) -> "Flow":
        self.relay.operating_workflows.retry(WORKFLOW_ID, "ops", encoded({"from": root} if root else {}))
        return self.run()

    def cancel(self) -> "Flow":
        self.relay.operating_workflows.cancel(WORKFLOW_ID, "ops")
        return self.run()

    def of(self, step: str, index: int | None = None) -> list[Execution]:
        """Return every execution of a step or of an item."""
        return [
            each
            for each in self.relay.store.records.values()
            if each.workflow and (each.workflow.step, each.workflow.index) == (step, index)
        ]

    def settle_late(self, execution: Execution, outcome: str | bytes) -> None:
        """Let a late webhook report how an unknown execution ended."""
        self._end(execution, outcome)

    # -- What can happen --

    def _messages(self) -> Sequence[Callable[[], None]]:
        """Return the deliveries of messages that are due, in any order. Tests send those of the deadline."""
        sent = self.relay.workflow_queue.sent
        return [lambda entry=entry: self._receive(entry) for entry in sent if not entry[1]]  # type: ignore[misc]

    def _receive(self, entry: tuple[WorkflowMessage, int]) -> None:
        self.relay.workflow_queue.sent.remove(entry)
        self.advance(entry[0])

    def _executions(self) -> Sequence[Callable[[], None]]:
        found: list[Callable[[], None]] = []
        for each in self.relay.store.records.values():
            if each.status is Status.QUEUED:
                found.append(lambda it=each: self._post(it))  # type: ignore[misc]
            elif each.status is Status.RUNNING:
                found.append(lambda it=each: self._answer(it))  # type: ignore[misc]
        return found

    def _post(self, execution: Execution) -> None:
        place = execution.workflow
        assert place is not None
        self.posts[execution.sent_as] += 1
        self.order.append(place.step)
        for name in self.workflow.definition.steps[place.step].depends_on:
            step = self.workflow.steps[name]
            if step.state not in OVER or step.is_failed:
                self.broken.append(f"{place.step} was posted while {name} was {step.state}")
        running = ledger.claim(execution, "attempt", self.now, self.now + 1_000)
        self.relay.recorder.save(running)
        under_way = sum(
            each.status is Status.RUNNING and each.workflow is not None and each.workflow.step == place.step
            for each in self.relay.store.records.values()
        )
        self.most_at_once[place.step] = max(self.most_at_once[place.step], under_way)

    def _answer(self, execution: Execution) -> None:
        place = execution.workflow
        assert place is not None
        stored = self.relay.payloads.get(execution.request)
        before = self.runs[place]
        self.runs[place] += 1
        self._end(execution, self.script(place, before, json.loads(stored or b"null")))

    def _end(self, execution: Execution, outcome: str | bytes) -> None:
        completion = self.relay.completion
        current = self.relay.store.records[execution.execution_id]
        if isinstance(outcome, bytes):
            ref, data = completion.refer_result(current.execution_id, outcome)
            ended = Outcome(Status.COMPLETED, result=ref)
        else:
            ended, data = Outcome(Status(outcome), error=ExecutionError("it_said_no", "no")), b""
        written = self.relay.recorder.save(ledger.settle(current, ended, self.now))
        completion.hand_on(written, data)


def of_steps(flow: Flow, *names: str) -> list[str]:
    """Return these steps in the order in which they were posted."""
    return [name for name in flow.order if name in names]


def without_versions(workflow: Workflow) -> dict[str, Any]:
    """Return the state of the steps without what depends on the order of events."""
    return {name: replace(step, version=0) for name, step in workflow.steps.items()}
