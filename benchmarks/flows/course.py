"""A workflow through the real use cases, in virtual time: when each step follows, and how long all of it takes."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from actionrelay.execute.after_attempt import ExecutionPolicy
from actionrelay.execute.batch import ExecuteBatch
from actionrelay.execute.worker import ExecuteAction
from actionrelay.gate.gate_dynamodb import TableRateGate
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ledger.follow_up import Completion
from actionrelay.ledger.recorder import Recorder
from actionrelay.strict_json import canonical
from actionrelay.submit.rules import RequestRules
from actionrelay.submit.submission import SubmitExecution
from actionrelay.webhooks.resolver_dns import SystemResolver
from actionrelay.webhooks.targets import OutboundPolicy
from actionrelay.wiring.step_requests import RoomInBacklog, RulesOfSubmissions, SubmittedSteps
from actionrelay.workflows.advance import AdvanceWorkflow
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.rules import WorkflowRules
from actionrelay.workflows.run import WorkflowStatus, execution_id
from actionrelay.workflows.submission import SubmitWorkflow
from benchmarks.flows.services import Actions, Executions, FlowQueue, Flows
from benchmarks.gate.services import LATENCY_MS, Audit, Chance, GateInTurn, Items, Nothing, Payloads, Queue, Tokens
from benchmarks.gate.virtual import VirtualTime

WORKERS = 2
"""Of each function, ten messages at once: what the template has for a lane, and for workflows."""
_WIDE_OPEN = 100_000
"""Requests a minute: the rate is not what is measured."""
_INVOCATION_MS = 60_000
_LOOK_AGAIN_MS = 20.0
_WORKFLOW_ID = "5a5a5a5a-0000-4000-8000-000000000001"


@dataclass(frozen=True, slots=True)
class Course:
    """How a workflow went."""

    handovers_ms: Sequence[float]
    """From when all that a step depends on had ended at Genesys Cloud until its own request, step by step."""
    total_ms: float
    """From its acceptance to its end."""
    critical_ms: float
    """What its longest chain of actions takes alone."""

    @property
    def over_critical_path(self) -> float:
        """How much longer it takes than its longest chain of actions."""
        return self.total_ms / self.critical_ms


def play(graph: Mapping[str, Sequence[str]], seed: int) -> Course:
    """Run a workflow to its end; each step refers to the results of those that it depends on."""
    return _Run(graph, seed).course()


class _Anyone(Nothing):
    """An acceptance and a gauge that find room for everybody."""

    def refuses_for(self, *_: Any) -> int:
        """There is room."""
        return 0


class _Run:
    def __init__(self, graph: Mapping[str, Sequence[str]], seed: int) -> None:
        self._graph = graph
        self._world = VirtualTime()
        self._chance = Chance(random.Random(seed))
        self._executions = Executions(self._world, self._chance)
        self._flows = Flows(self._world, self._chance)
        self._due, self._changed = Queue(self._world, self._chance), FlowQueue(self._world, self._chance)
        self._actions, self._payloads = Actions(self._world), Payloads()
        self._recorder = Recorder(self._executions, Audit(self._world, self._chance))
        self._begun_at = self._ended_at = self._world.time

    def course(self) -> Course:
        steps = {
            name: {
                "actionId": "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e",
                "inputs": {each: {"$from": each, "path": "id"} for each in needs},
                "cacheResults": False,
            }
            for name, needs in self._graph.items()
        }
        submitting = self._submitting()
        flows = self._submit_flow(submitting.rules)
        body = canonical({"workflowId": _WORKFLOW_ID, "steps": steps})  # type: ignore[dict-item]  # JSON

        def submit() -> None:
            flows.submit(body)

        self._world.start(submit)
        advancing = self._advancing(submitting)
        for _ in range(WORKERS):
            self._world.start(partial(self._advance, advancing))
            self._world.start(partial(self._execute, self._executing()))
        self._world.run()
        return Course(
            [self._handover(name, needs) for name, needs in self._graph.items() if needs],
            self._ended_at - self._begun_at,
            self._depth() * LATENCY_MS,
        )

    def _handover(self, name: str, needs: Sequence[str]) -> float:
        ended = max(self._actions.ended_at[execution_id(_WORKFLOW_ID, each, None, 1)] for each in needs)
        return self._actions.asked_at[execution_id(_WORKFLOW_ID, name, None, 1)] - ended

    def _depth(self) -> int:
        depth: dict[str, int] = {}
        for name, needs in self._graph.items():  # named after what they depend on
            depth[name] = 1 + max((depth[each] for each in needs), default=0)
        return max(depth.values())

    @property
    def _has_ended(self) -> bool:
        run = self._flows.run
        return run is not None and run.status is not WorkflowStatus.RUNNING

    # -- Workers --

    def _advance(self, advancing: AdvanceWorkflow) -> None:
        def handle(message: Any) -> None:
            advancing.advance(message, self._world.now() + _INVOCATION_MS)
            if self._has_ended and self._ended_at == self._begun_at:
                self._ended_at = self._world.time

        self._poll(self._changed.receive, lambda messages: [partial(handle, each) for each in messages])

    def _execute(self, executing: ExecuteBatch) -> None:
        def works(messages: Sequence[Any]) -> list[Callable[[], None]]:
            handle, ends_at = executing.for_batch(messages).work, self._world.now() + _INVOCATION_MS
            return [partial(handle, each, ends_at) for each in messages]

        self._poll(self._due.receive, works)

    def _poll(
        self, receive: Callable[[], Sequence[Any]], works: Callable[[Sequence[Any]], Sequence[Callable[[], None]]]
    ) -> None:
        while not self._has_ended:
            messages = receive()
            if not messages:
                self._world.sleep(_LOOK_AGAIN_MS)
                continue
            self._world.sleep(self._chance.aws_ms())
            self._world.all_of(works(messages))

    # -- Use cases --

    def _submitting(self) -> SubmitExecution:
        rules = RequestRules(GenesysApi.DATA_ACTIONS, 512_000, 5, OutboundPolicy(), SystemResolver())
        nothing: Any = Nothing()
        return SubmitExecution(
            rules,
            self._recorder,
            self._payloads,
            nothing,
            self._due,
            nothing,
            nothing,
            self._world,
            self._chance,
            audit_kept_days=400,
            backlog=None,
        )

    def _submit_flow(self, rules: RequestRules) -> SubmitWorkflow:
        nothing, room = Nothing(), RoomInBacklog(_Anyone())  # type: ignore[arg-type]  # whatever is asked, there is room
        records = WorkflowRecords(self._flows, self._payloads)
        of_steps = WorkflowRules(RulesOfSubmissions(rules))
        return SubmitWorkflow(
            of_steps, records, self._payloads, self._changed, nothing, self._world, self._chance, room
        )

    def _advancing(self, submitting: SubmitExecution) -> AdvanceWorkflow:
        nothing: Any = Nothing()
        return AdvanceWorkflow(
            WorkflowRecords(self._flows, self._payloads),
            self._executions,
            SubmittedSteps(submitting, nothing),
            self._changed,
            nothing,
            nothing,
            self._world,
            self._chance,
        )

    def _executing(self) -> ExecuteBatch:
        """Make one worker: its gate remembers what it saw, as a Lambda environment does."""
        nothing: Any = Nothing()
        gate = TableRateGate(Items(self._world, self._chance), "executions", Sharing(Rate(_WIDE_OPEN)))  # type: ignore[arg-type]
        completion = Completion(self._recorder, self._payloads, nothing, nothing, self._changed, nothing, 0)
        action = partial(
            ExecuteAction,
            policy=ExecutionPolicy(max_attempts=4, webhook_grace_ms=0),
            recorder=self._recorder,
            completion=completion,
            success_rate=nothing,
            payloads=self._payloads,
            queue=self._due,
            tokens=Tokens(),
            client=self._actions,
            telemetry=nothing,
            clock=self._world,
            randomness=self._chance,
        )
        return ExecuteBatch(GateInTurn(gate, self._world.turn()), nothing, action)
