"""The use cases with the ports of a world, and the settings that matter to them."""

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from actionrelay.deliver.delivery import DeliverWebhook
from actionrelay.deliver.executions import EndedExecutions
from actionrelay.deliver.posting import PostWebhook
from actionrelay.deliver.receivers import Places
from actionrelay.execute.after_attempt import ExecutionPolicy
from actionrelay.execute.batch import ExecuteBatch
from actionrelay.execute.ports import ActionClient
from actionrelay.execute.worker import ExecuteAction
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ledger.follow_up import Completion
from actionrelay.ledger.recorder import Recorder
from actionrelay.operate.decisions import OperateExecution
from actionrelay.operate.taking import TakeDecision
from actionrelay.ports import Clock
from actionrelay.receive.receipt import ReceiveResult
from actionrelay.submit.backlog import Backlog
from actionrelay.submit.rules import RequestRules
from actionrelay.submit.submission import SubmitExecution
from actionrelay.webhooks.keys import SigningSecret
from actionrelay.webhooks.signatures import ID_HEADER, VerifiedWebhook
from actionrelay.webhooks.targets import OutboundPolicy
from actionrelay.wiring.settled_workflows import SettledWorkflows
from actionrelay.wiring.step_requests import RoomInBacklog, RulesOfSubmissions, SubmittedSteps
from actionrelay.workflows.advance import AdvanceWorkflow
from actionrelay.workflows.decisions import OperateWorkflow
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.rules import WorkflowRules
from actionrelay.workflows.step_results import StepResults
from actionrelay.workflows.submission import SubmitWorkflow
from tests.fakes.counters import KnownSuccessRate
from tests.fakes.many import RecordedDecisionQueue
from tests.fakes.queues import CountedAcceptances, FixedGauge
from tests.fakes.receivers import InMemoryReceivers
from tests.simulation.flow_ports import FlowLedger, FlowMessages
from tests.simulation.memory import (
    Audit,
    Cache,
    DeadLetters,
    DeliveryMessages,
    ExecutionMessages,
    Gate,
    Ledger,
    Payloads,
    Receiver,
    Silence,
    Tokens,
    WebhookIds,
)

INVOCATION_MS = 90_000
MAX_ATTEMPTS = 4
CACHE_SECONDS = 600
MAX_PAYLOAD_BYTES = 512_000
TAKES_WEBHOOKS = {"example.com": 10**15}
"""A receiver that gets all ten tries: its last accepted webhook is later than the end of any history."""
_SECRETS = (SigningSecret(b"k" * 32),)


@dataclass(frozen=True, slots=True)
class Deployment:
    """The settings that matter."""

    api: GenesysApi = GenesysApi.DATA_ACTIONS
    idempotent: bool = False
    padding: int = 0
    per_minute: int = 60_000
    grace_ms: int = 300_000

    @property
    def repeatable(self) -> bool:
        """Whether running an action twice does no harm."""
        return self.idempotent or self.api is GenesysApi.DATA_ACTIONS


class SteadyRandomness:
    """A ``Randomness`` from a seed."""

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)  # noqa: S311 - it has to be reproducible

    def uniform(self) -> float:
        return self._source.random()

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._source.getrandbits(128), version=4))


class _Anybody:
    """A ``Verifier`` that accepts every webhook: signatures are tested elsewhere."""

    def verify(self, headers: Mapping[str, Sequence[str]], body: bytes, now: int) -> VerifiedWebhook:
        return VerifiedWebhook(headers[ID_HEADER][0], None)


class _Anywhere:
    """A ``Resolver`` that resolves every name to one public address."""

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        return ("93.184.216.34",)


class Ports(Clock, ActionClient, Protocol):
    """A world as the use cases need it: it is their clock and their Genesys Cloud."""

    ledger: Ledger
    audit: Audit
    cache: Cache
    payloads: Payloads
    queue: ExecutionMessages
    deliveries: DeliveryMessages
    dead_letters: DeadLetters
    webhook_ids: WebhookIds
    receiver: Receiver
    tokens: Tokens
    gate: Gate
    flows: FlowLedger
    flow_messages: FlowMessages


class UseCases:
    """The use cases that work on executions and workflows."""

    def __init__(self, ports: Ports, deployment: Deployment, seed: int) -> None:
        silence, randomness, anybody = Silence(), SteadyRandomness(seed), _Anybody()
        recorder = Recorder(ports.ledger, ports.audit)
        rate = KnownSuccessRate()
        completion = Completion(
            recorder,
            ports.payloads,
            ports.cache,
            ports.deliveries,
            ports.flow_messages,
            silence,
            CACHE_SECONDS,
        )
        self.submitting = SubmitExecution(
            RequestRules(deployment.api, MAX_PAYLOAD_BYTES, 5, OutboundPolicy(), _Anywhere()),
            recorder,
            ports.payloads,
            ports.cache,
            ports.queue,
            ports.deliveries,
            silence,
            ports,
            randomness,
            audit_kept_days=400,
            backlog=Backlog(lambda _: FixedGauge(), CountedAcceptances(), 1_000, 270, ports),
        )
        action = partial(
            ExecuteAction,
            policy=ExecutionPolicy(MAX_ATTEMPTS, deployment.grace_ms),
            recorder=recorder,
            completion=completion,
            success_rate=rate,
            payloads=ports.payloads,
            queue=ports.queue,
            tokens=ports.tokens,
            client=ports,
            telemetry=silence,
            clock=ports,
            randomness=randomness,
        )
        self.executing = ExecuteBatch(ports.gate, rate, action)
        self.receiving = ReceiveResult(
            lambda: anybody,
            ports.webhook_ids,
            ports.ledger,
            recorder,
            completion,
            rate,
            ports.queue,
            silence,
            ports,
        )
        posting = PostWebhook(ports.receiver, InMemoryReceivers(TAKES_WEBHOOKS), lambda: _SECRETS, ports, randomness)
        delivering = partial(
            DeliverWebhook,
            queue=ports.deliveries,
            dead_letters=ports.dead_letters,
            places=Places(patience_seconds=0),
            posting=posting,
            telemetry=silence,
            clock=ports,
            randomness=randomness,
        )
        self.delivering = delivering(EndedExecutions(recorder, ports.payloads, ports))
        taking = TakeDecision(
            recorder, ports.ledger, completion, rate, ports.queue, RecordedDecisionQueue(), silence, ports
        )
        self.operating = OperateExecution(taking)
        records = WorkflowRecords(ports.flows, ports.payloads)
        self.submitting_flows = SubmitWorkflow(
            WorkflowRules(RulesOfSubmissions(self.submitting.rules)),
            records,
            ports.payloads,
            ports.flow_messages,
            silence,
            ports,
            randomness,
            RoomInBacklog(Backlog(lambda _: FixedGauge(), CountedAcceptances(), 1_000, 270, ports)),
        )
        self.advancing = AdvanceWorkflow(
            records,
            ports.ledger,
            SubmittedSteps(replace(self.submitting, backlog=None), taking),
            ports.flow_messages,
            ports.deliveries,
            silence,
            ports,
            randomness,
        )
        self.operating_flows = OperateWorkflow(
            records,
            ports.flow_messages,
            ports.deliveries,
            silence,
            ports,
            self.submitting.rules.body,
            taking.sweep_letters,
        )
        self.delivering_flows = delivering(
            SettledWorkflows(records, StepResults(ports.ledger, ports.payloads), silence)
        )
