"""What workflows need of other capabilities: room in a lane, rules for their steps' requests, and executions."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, override

from actionrelay.errors import PayloadTooLargeError, WrongStateError
from actionrelay.fault import Fault
from actionrelay.faults import Faults
from actionrelay.genesys.contract import GenesysApi
from actionrelay.lanes import Flow, Lane, caller_name
from actionrelay.ledger.execution import Execution, Status
from actionrelay.ledger.operator_decisions import Decision
from actionrelay.operate.taking import Order, TakeDecision, Terms
from actionrelay.strict_json import Json, canonical
from actionrelay.submit.backlog import Backlog
from actionrelay.submit.ports import ActionDefaults, KnownActions, NothingKnown
from actionrelay.submit.rules import RequestRules
from actionrelay.submit.submission import SubmitExecution
from actionrelay.workflows.ports import ContractScope, LaneRoom, StepExecutions, StepOrder, SubmissionRules

_OF_STEP = {"action_id", "inputs", "timeout", "cache_results", "idempotent"}
_OF_NAMES = {"unknown_action", "unknown_input"}


@dataclass(frozen=True, slots=True)
class RulesOfSubmissions(SubmissionRules):
    """``SubmissionRules`` by the rules of submissions."""

    rules: RequestRules

    @override
    def body(self, raw: bytes) -> Json:
        return self.rules.body(raw)

    @override
    def judge(self, request: Mapping[str, Json], check: ContractScope) -> dict[str, Json] | Faults:
        judged = replace(self.rules, actions=self._actions(check)).judge(dict(request))
        if isinstance(judged, Faults):
            return judged
        # What is left out is learned then as well, where the contract has a list of actions.
        learned = self.rules.api is GenesysApi.INTEGRATIONS
        canonical_request = self.rules.canonical(judged)
        return canonical_request.model_dump(mode="json", by_alias=True, include=_OF_STEP, exclude_unset=learned)

    def _actions(self, check: ContractScope) -> KnownActions:
        match check:
            case ContractScope.INPUTS:
                return self.rules.actions
            case ContractScope.NAMES:
                return NamesOfInputs(self.rules.actions)
            case ContractScope.NOTHING:
                return NothingKnown()

    @override
    def webhook_faults(self, url: str) -> Sequence[Fault]:
        return self.rules.webhook_faults(url)


@dataclass(frozen=True, slots=True)
class NamesOfInputs(KnownActions):
    """``KnownActions`` for inputs with unknown values: it checks only the action and the names."""

    actions: KnownActions

    @property
    @override
    def enforced(self) -> bool:
        return self.actions.enforced

    @override
    def faults(self, action_id: str, inputs: dict[str, Any]) -> Sequence[Fault]:
        return [fault for fault in self.actions.faults(action_id, inputs) if fault.code in _OF_NAMES]

    @override
    def defaults(self, action_id: str) -> ActionDefaults | None:
        return self.actions.defaults(action_id)


@dataclass(frozen=True, slots=True)
class RoomInBacklog(LaneRoom):
    """``LaneRoom`` in the backlog of submissions."""

    backlog: Backlog

    @override
    def closed_for(self, lane: str, caller: str | None, executions: int) -> int:
        return self.backlog.refuses_for(Flow(Lane(lane), caller_name(caller)), executions)


@dataclass(frozen=True, slots=True)
class SubmittedSteps(StepExecutions):
    """``StepExecutions`` that are submitted and retried like those of callers and operators."""

    submitting: SubmitExecution
    taking: TakeDecision

    @override
    def start(self, order: StepOrder) -> Execution:
        ids = {"executionId": order.execution_id, "traceId": order.trace_id, "lane": order.lane}
        document: dict[str, Json] = {**order.request, **ids}
        rules, raw = self.submitting.rules, canonical(document)
        size = len(raw)
        if size > rules.max_payload_bytes:
            message = f"the request has {size} bytes, {rules.max_payload_bytes} are allowed"
            raise PayloadTooLargeError(message, size=size, limit=rules.max_payload_bytes)
        judged = rules.judge(document)
        if isinstance(judged, Faults):
            judged.refuse()
        return self.submitting.accept(rules.canonical(judged), raw, order.place, order.caller)

    @override
    def finish(self, execution: Execution) -> None:
        if execution.reruns and execution.attempt is None and execution.next_at is None:
            self.taking.finish(execution, Order(Decision.RETRY))
        else:
            self.submitting.finish(execution)

    @override
    def ask_again(self, execution_id: str, actor: str | None) -> None:
        execution = self.taking.recorder.load(execution_id)
        if execution is None or (execution.status is not Status.UNKNOWN and execution.status is not Status.QUEUED):
            return
        with suppress(WrongStateError):  # it has come to something meanwhile
            self.taking.take_once(execution, Order(Decision.RETRY), Terms(actor))
