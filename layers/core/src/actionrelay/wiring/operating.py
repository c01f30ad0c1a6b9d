"""The parts of an operator's decisions, about one execution and about many."""

from collections.abc import Callable

from actionrelay.operate.decisions import OperateExecution
from actionrelay.operate.many_sqs import SqsDecisionQueue
from actionrelay.operate.taking import TakeDecision
from actionrelay.strict_json import Json
from actionrelay.wiring.ledger import callers_recorder, completion, execution_queue, executions_table, success_rate
from actionrelay.wiring.process import SystemClock, aws
from actionrelay.wiring.settings import CompletingSettings
from actionrelay.wiring.telemetry import telemetry


def operating(
    settings: CompletingSettings, decision_queue_url: str | None, body: Callable[[bytes], Json]
) -> OperateExecution:
    """Return the decisions about one execution; without a queue of decisions, about a workflow's step."""
    return OperateExecution(taking_decisions(settings, decision_queue_url), body)


def taking_decisions(settings: CompletingSettings, decision_queue_url: str | None) -> TakeDecision:
    """Return what takes a decision about an execution."""
    return TakeDecision(
        recorder=callers_recorder(settings),
        runs=executions_table(settings),
        completion=completion(settings),
        success_rate=success_rate(settings),
        queue=execution_queue(settings),
        decisions=None if decision_queue_url is None else SqsDecisionQueue(aws().sqs, decision_queue_url),
        telemetry=telemetry(),
        clock=SystemClock(),
    )
