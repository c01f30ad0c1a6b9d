"""The whole relay in memory: every use case with the same fakes, and the records that tests begin with."""

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from actionrelay.audit.day import ReadAuditDays
from actionrelay.audit.export import ExportAuditDay
from actionrelay.audit.history import ReadHistory
from actionrelay.catalogue.actions import ReadActions, RequestSync
from actionrelay.catalogue.knowledge import KnowActions
from actionrelay.catalogue.sync import SyncActions
from actionrelay.deliver.delivery import DeliverWebhook
from actionrelay.deliver.executions import EndedExecutions
from actionrelay.deliver.ports import Deliverables
from actionrelay.deliver.posting import PostWebhook
from actionrelay.deliver.receivers import Places
from actionrelay.execute.after_attempt import ExecutionPolicy
from actionrelay.execute.batch import ExecuteBatch
from actionrelay.execute.worker import ExecuteAction
from actionrelay.find.attention import ReadAttention
from actionrelay.find.execution import ReadExecution
from actionrelay.find.listing import ListExecutions
from actionrelay.find.outlook import LookAhead
from actionrelay.find.selection import SelectExecutions
from actionrelay.find.waiting import AwaitEnd
from actionrelay.gate.ports import GateView
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.genesys.contract import ContractCheck, GenesysApi
from actionrelay.json_text import to_text
from actionrelay.lanes import Lane
from actionrelay.ledger import steps as ledger
from actionrelay.ledger.execution import Execution, Outcome, PayloadRef, Status
from actionrelay.ledger.follow_up import Completion
from actionrelay.ledger.message import Message, MessageKind
from actionrelay.ledger.recorder import Recorder
from actionrelay.ledger.retention import RetainedExecutions, Retention
from actionrelay.operate.dead_letters import SweepLetters
from actionrelay.operate.decisions import OperateExecution
from actionrelay.operate.many import DecideAboutMany
from actionrelay.operate.many_work import WorkOnDecision
from actionrelay.operate.queues import QueueName, ReadQueues, WatchedQueue
from actionrelay.operate.receiver_keys import ReadReceiverKeys
from actionrelay.operate.request import ReadRequest
from actionrelay.operate.taking import TakeDecision
from actionrelay.preflight.preflight import RunPreflight
from actionrelay.preflight.secrets import SigningSecrets, StoredSecret
from actionrelay.preflight.shared import SharedPreflight
from actionrelay.receive.receipt import ReceiveResult
from actionrelay.site.console_page import ConsolePage, PageFacts, assemble
from actionrelay.statistics.changes_dynamodb import read_change
from actionrelay.statistics.counting import CountChanges
from actionrelay.statistics.report import ReadMetrics
from actionrelay.strict_json import canonical, digest
from actionrelay.submit.backlog import Backlog
from actionrelay.submit.batch import SubmitBatch
from actionrelay.submit.ports import KnownActions, NothingKnown
from actionrelay.submit.rejection import RecordRejection
from actionrelay.submit.rules import RequestRules
from actionrelay.submit.submission import SubmitExecution
from actionrelay.webhooks.keys import SigningSecret
from actionrelay.webhooks.signatures import StandardWebhooks, StandardWebhooksVerifier
from actionrelay.webhooks.targets import OutboundPolicy
from actionrelay.wiring.known_actions import ActionsOfCatalogue
from actionrelay.wiring.settled_workflows import SettledWorkflows
from actionrelay.wiring.step_requests import RoomInBacklog, RulesOfSubmissions, SubmittedSteps
from actionrelay.wiring.workflow_deliveries import RecordedDeliveries
from actionrelay.workflows.advance import AdvanceWorkflow
from actionrelay.workflows.decisions import OperateWorkflow
from actionrelay.workflows.reading import ListWorkflows, ReadWorkflow
from actionrelay.workflows.records import WorkflowRecords
from actionrelay.workflows.rules import WorkflowRules
from actionrelay.workflows.run import Workflow
from actionrelay.workflows.step_results import StepResults
from actionrelay.workflows.submission import SubmitWorkflow
from tests.fakes.board import InMemoryBoard
from tests.fakes.catalogue import Reading
from tests.fakes.chance import NOON, SeededRandomness, SettableClock
from tests.fakes.counters import InMemoryCounters, KnownSuccessRate
from tests.fakes.genesys import (
    FixedTokens,
    InMemoryTokenStore,
    ScriptedClient,
    ScriptedGate,
    ScriptedIssuer,
    ScriptedPlatform,
)
from tests.fakes.many import InMemoryDecisions, InMemoryLetters, RecordedDecisionQueue
from tests.fakes.queues import (
    CountedAcceptances,
    FixedGateGauge,
    FixedGauge,
    RecordedDeliveryQueue,
    RecordedExecutionQueue,
    RecordedWorkflowQueue,
)
from tests.fakes.receivers import InMemoryReceivers
from tests.fakes.recorded_telemetry import RecordedTelemetry
from tests.fakes.refusals import InMemoryRefusals
from tests.fakes.slots import InMemorySlots, SteppedSleep
from tests.fakes.stores import (
    InMemoryAudit,
    InMemoryCache,
    InMemoryDayFiles,
    InMemoryExecutions,
    InMemoryIndex,
    InMemoryPayloads,
    InMemoryWebhookIds,
)
from tests.fakes.webhooks import FixedResolver, ScriptedSender
from tests.fakes.workflows import InMemoryWorkflows

ACTION_ID = "8f14e456-3a2b-4c9d-b7e1-9f8a7b6c5d4e"
EXECUTION_ID = "3f0c2b1a-5d4e-4f60-8a7b-9c0d1e2f3a4b"
TRACE_ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
WEBHOOK_URL = "https://hooks.example.com/done"
OWNER = "example.com"
"""Of its host."""
SECRET = SigningSecret(b"k" * 32)
SIGNING = SigningSecrets(
    StoredSecret("webhook-secret", lambda: SigningSecret(b"w" * 32).text),
    StoredSecret("delivery-secret", lambda: SECRET.text),
)
TIMEOUT_MS = 60_000
AUDIT_KEPT_DAYS = 400
GRACE_MS = 300_000
INVOCATION_MS = 90_000
RETENTION_MS = 30 * 86_400_000
CREDENTIALS = '{"clientId":"me","clientSecret":"s3cret"}'
SHARING = Sharing(Rate(270))
INPUTS: dict[str, Any] = {"customerId": "cust_998877"}


@dataclass(slots=True)
class Relay:
    """One deployment whose services are fakes. Change a part before the use case that needs it is made."""

    api: GenesysApi = GenesysApi.DATA_ACTIONS
    max_attempts: int = 3
    cache_seconds: int = 600
    max_payload_bytes: int = 512_000
    masks: frozenset[str] = frozenset()
    decisions: InMemoryDecisions = field(default_factory=InMemoryDecisions)
    decision_queue: RecordedDecisionQueue = field(default_factory=RecordedDecisionQueue)
    letters: InMemoryLetters = field(default_factory=InMemoryLetters)
    clock: SettableClock = field(default_factory=SettableClock)
    randomness: SeededRandomness = field(default_factory=SeededRandomness)
    store: InMemoryExecutions = field(default_factory=lambda: InMemoryExecutions(retention_ms=RETENTION_MS))
    audit: InMemoryAudit = field(default_factory=InMemoryAudit)
    refusals: InMemoryRefusals = field(default_factory=InMemoryRefusals)
    payloads: InMemoryPayloads = field(default_factory=InMemoryPayloads)
    day_files: InMemoryDayFiles = field(default_factory=InMemoryDayFiles)
    cache: InMemoryCache = field(default_factory=InMemoryCache)
    queue: RecordedExecutionQueue = field(default_factory=RecordedExecutionQueue)
    deliveries: RecordedDeliveryQueue = field(default_factory=RecordedDeliveryQueue)
    dead_letters: RecordedDeliveryQueue = field(default_factory=RecordedDeliveryQueue)
    catalogue: Reading = field(default_factory=Reading)
    """The function ``catalogue``, with an organisation of its own."""
    contract_check: ContractCheck = ContractCheck.WARN
    workflow_queue: RecordedWorkflowQueue = field(default_factory=RecordedWorkflowQueue)
    workflows: InMemoryWorkflows = field(default_factory=lambda: InMemoryWorkflows(retention_ms=RETENTION_MS))
    success_rate: KnownSuccessRate = field(default_factory=KnownSuccessRate)
    counters: InMemoryCounters = field(default_factory=InMemoryCounters)
    webhook_ids: InMemoryWebhookIds = field(default_factory=InMemoryWebhookIds)
    tokens: FixedTokens = field(default_factory=FixedTokens)
    client: ScriptedClient = field(default_factory=ScriptedClient)
    shared_token: InMemoryTokenStore = field(default_factory=InMemoryTokenStore)
    platform: ScriptedPlatform = field(default_factory=ScriptedPlatform)
    board: InMemoryBoard = field(default_factory=InMemoryBoard)
    gate: ScriptedGate = field(default_factory=ScriptedGate)
    gate_view: GateView = field(default_factory=GateView)
    """The rest of the gate's view."""
    resolver: FixedResolver = field(default_factory=FixedResolver)
    sender: ScriptedSender = field(default_factory=ScriptedSender)
    receivers: InMemoryReceivers = field(default_factory=lambda: InMemoryReceivers({OWNER: NOON}))
    places: Places = field(default_factory=lambda: Places(patience_seconds=0))
    acceptances: CountedAcceptances = field(default_factory=CountedAcceptances)
    max_backlog: int = 1_000
    gauges: defaultdict[str, FixedGauge] = field(default_factory=lambda: defaultdict(FixedGauge))
    """By the queue's name; those of dead-letter queues begin with ``dead``."""
    slots: InMemorySlots = field(default_factory=InMemorySlots)
    telemetry: RecordedTelemetry = field(default_factory=RecordedTelemetry)

    sleep: SteppedSleep = field(init=False)

    def __post_init__(self) -> None:
        self.sleep = SteppedSleep(self.clock)

    # -- The use cases --

    @property
    def recorder(self) -> Recorder:
        return Recorder(self.store, self.audit)

    @property
    def retained(self) -> RetainedExecutions:
        """The executions that callers and operators see."""
        return RetainedExecutions(self.store, Retention(self.clock, RETENTION_MS))

    @property
    def completion(self) -> Completion:
        return Completion(
            self.recorder,
            self.payloads,
            self.cache,
            self.deliveries,
            self.workflow_queue,
            self.telemetry,
            self.cache_seconds,
        )

    @property
    def rules(self) -> RequestRules:
        return RequestRules(self.api, self.max_payload_bytes, 5, OutboundPolicy(), self.resolver, self.known_actions)

    @property
    def known_actions(self) -> KnownActions:
        if self.api is not GenesysApi.INTEGRATIONS:
            return NothingKnown()
        self.catalogue.clock = self.clock
        know = KnowActions(self.catalogue.store, self.catalogue.queue, self.contract_check, self.telemetry, self.clock)
        return ActionsOfCatalogue(know)

    @property
    def syncing(self) -> SyncActions:
        return self.catalogue.sync

    @property
    def sync_requests(self) -> RequestSync:
        return RequestSync(self.api, self.catalogue.store, self.catalogue.queue)

    @property
    def reading_actions(self) -> ReadActions:
        return ReadActions(self.catalogue.store)

    @property
    def submitting(self) -> SubmitExecution:
        return SubmitExecution(
            self.rules,
            Recorder(self.retained, self.audit),
            self.payloads,
            self.cache,
            self.queue,
            self.deliveries,
            self.telemetry,
            self.clock,
            self.randomness,
            AUDIT_KEPT_DAYS,
            self.backlog,
        )

    @property
    def batching_in(self) -> SubmitBatch:
        return SubmitBatch(self.submitting)

    @property
    def backlog(self) -> Backlog:
        return Backlog(self.lane_gauge, self.acceptances, self.max_backlog, SHARING.rate.per_minute, self.clock)

    @property
    def executing(self) -> ExecuteAction:
        return ExecuteAction(
            self.gate,
            ExecutionPolicy(self.max_attempts, GRACE_MS),
            self.recorder,
            self.completion,
            self.success_rate,
            self.payloads,
            self.queue,
            self.tokens,
            self.client,
            self.telemetry,
            self.clock,
            self.randomness,
        )

    @property
    def batching(self) -> ExecuteBatch:
        return ExecuteBatch(self.gate, self.success_rate, lambda gate: replace(self.executing, gate=gate))

    @property
    def operating(self) -> OperateExecution:
        return OperateExecution(self.taking, self.rules.body)

    @property
    def taking(self) -> TakeDecision:
        return TakeDecision(
            Recorder(self.retained, self.audit),
            self.store,
            self.completion,
            self.success_rate,
            self.queue,
            self.decision_queue,
            self.telemetry,
            self.clock,
        )

    @property
    def selecting(self) -> SelectExecutions:
        return SelectExecutions(self.listing)

    @property
    def deciding(self) -> DecideAboutMany:
        return DecideAboutMany(
            self.decisions,
            self.payloads,
            self.decision_queue,
            self.telemetry,
            self.clock,
            self.randomness,
            self.rules.body,
            self.selecting.check,
            self.selecting.select,
        )

    @property
    def working_on_decisions(self) -> WorkOnDecision:
        return WorkOnDecision(
            self.decisions,
            self.payloads,
            self.decision_queue,
            self.taking,
            self.clock,
            self.selecting.wants,
            self.sweeping.sweep,
        )

    @property
    def sweeping(self) -> SweepLetters:
        return SweepLetters(self.letters, self.store, RecordedDeliveries(self.workflows), self.telemetry)

    @property
    def showing_requests(self) -> ReadRequest:
        return ReadRequest(Recorder(self.retained, self.audit), self.payloads, self.telemetry, self.clock, self.masks)

    @property
    def workflow_records(self) -> WorkflowRecords:
        return WorkflowRecords(self.workflows, self.payloads)

    @property
    def retained_workflow_records(self) -> WorkflowRecords:
        """The records that callers and operators see."""
        return WorkflowRecords(self.workflows, self.payloads, Retention(self.clock, RETENTION_MS))

    @property
    def step_results(self) -> StepResults:
        return StepResults(self.store, self.payloads)

    @property
    def submitting_workflows(self) -> SubmitWorkflow:
        return SubmitWorkflow(
            WorkflowRules(RulesOfSubmissions(self.rules)),
            self.retained_workflow_records,
            self.payloads,
            self.workflow_queue,
            self.telemetry,
            self.clock,
            self.randomness,
            RoomInBacklog(self.backlog),
        )

    @property
    def advancing(self) -> AdvanceWorkflow:
        return AdvanceWorkflow(
            self.workflow_records,
            self.store,
            SubmittedSteps(self.submitting, self.taking),
            self.workflow_queue,
            self.deliveries,
            self.telemetry,
            self.clock,
            self.randomness,
        )

    @property
    def operating_workflows(self) -> OperateWorkflow:
        return OperateWorkflow(
            self.retained_workflow_records,
            self.workflow_queue,
            self.deliveries,
            self.telemetry,
            self.clock,
            self.rules.body,
            self.taking.sweep_letters,
        )

    @property
    def reading_workflows(self) -> ReadWorkflow:
        return ReadWorkflow(self.retained_workflow_records, self.step_results, self.telemetry)

    @property
    def listing_workflows(self) -> ListWorkflows:
        return ListWorkflows(self.workflows, self.clock, RETENTION_MS)

    @property
    def counting(self) -> CountChanges:
        return CountChanges(read_change, self.counters, self.telemetry, self.clock)

    @property
    def measuring(self) -> ReadMetrics:
        return ReadMetrics(self.counters, self.clock, self.api)

    @property
    def console(self) -> ConsolePage:
        return assemble(PageFacts("AWS_IAM", "eu-central-1", self.api))

    @property
    def receiving(self) -> ReceiveResult:
        return ReceiveResult(
            lambda: StandardWebhooksVerifier((SECRET,)),
            self.webhook_ids,
            self.store,
            self.recorder,
            self.completion,
            self.success_rate,
            self.queue,
            self.telemetry,
            self.clock,
        )

    @property
    def posting(self) -> PostWebhook:
        return PostWebhook(self.sender, self.receivers, lambda: (SECRET,), self.clock, self.randomness)

    @property
    def delivering(self) -> DeliverWebhook[Execution]:
        return self._delivering(EndedExecutions(self.recorder, self.payloads, self.clock))

    @property
    def delivering_workflows(self) -> DeliverWebhook[Workflow]:
        return self._delivering(SettledWorkflows(self.workflow_records, self.step_results, self.telemetry))

    def _delivering[Record](self, deliverables: Deliverables[Record]) -> DeliverWebhook[Record]:
        return DeliverWebhook(
            deliverables,
            self.deliveries,
            self.dead_letters,
            self.places,
            self.posting,
            self.telemetry,
            self.clock,
            self.randomness,
        )

    @property
    def preflighting(self) -> SharedPreflight:
        preflight = RunPreflight(
            self.api,
            270,
            "genesys-secret",
            lambda: CREDENTIALS,
            SIGNING,
            self.shared_token,
            ScriptedIssuer(),
            self.platform,
            self.clock,
        )
        return SharedPreflight(preflight, self.board, self.clock)

    @property
    def handing_out_keys(self) -> ReadReceiverKeys:
        return ReadReceiverKeys(lambda: (SECRET,))

    @property
    def rejecting(self) -> RecordRejection:
        return RecordRejection(self.audit, self.refusals, self.telemetry, self.clock, AUDIT_KEPT_DAYS)

    @property
    def reading_days(self) -> ReadAuditDays:
        return ReadAuditDays(self.audit)

    @property
    def exporting(self) -> ExportAuditDay:
        return ExportAuditDay(self.audit, self.refusals, self.day_files, self.telemetry, self.clock)

    @property
    def listing(self) -> ListExecutions:
        return ListExecutions(InMemoryIndex(self.store), self.clock, self.api, RETENTION_MS)

    @property
    def attending(self) -> ReadAttention:
        return ReadAttention(self.listing, self.clock)

    @property
    def watching(self) -> ReadQueues:
        def watched(name: QueueName) -> WatchedQueue:
            return WatchedQueue(self.gauges[name], self.gauges[f"dead {name}"])

        names: tuple[QueueName, ...] = get_args(QueueName.__value__)
        return ReadQueues(
            {name: watched(name) for name in names},
            self.gate_gauge,
            SHARING,
            self.clock,
        )

    @property
    def reading(self) -> ReadExecution:
        ahead = LookAhead(self.gate_gauge, self.lane_gauge, SHARING)
        return ReadExecution(self.retained, self.payloads, ahead, self.clock, self.telemetry, self.ending)

    @property
    def gate_gauge(self) -> FixedGateGauge:
        return FixedGateGauge(self.gate.paused_until, self.gate_view)

    def lane_gauge(self, lane: Lane) -> FixedGauge:
        return self.gauges["bulk" if lane is Lane.BULK else "executions"]

    @property
    def ending(self) -> AwaitEnd:
        return AwaitEnd(self.retained, self.payloads, self.slots, self.sleep, self.telemetry, self.clock)

    @property
    def recalling(self) -> ReadHistory:
        return ReadHistory(self.retained, self.audit, self.clock)

    # -- Shorthands --

    @property
    def record(self) -> Execution:
        """Return the execution that most tests are about, as stored."""
        return self.store.records[EXECUTION_ID]

    @property
    def events(self) -> list[str]:
        return self.audit.events(EXECUTION_ID)

    def work(
        self, kind: MessageKind = MessageKind.RUN, *, version: int | None = None, due_at: int | None = None
    ) -> None:
        """Let a new worker process a message of that execution."""
        message = Message(EXECUTION_ID, kind, version, due_at)
        self.executing.work(message, self.clock.now() + INVOCATION_MS)

    def receive(self, webhook_id: str | None = None, **document: Any) -> Execution:
        """Receive a signed webhook about that execution; without a ``webhook_id``, equal ones are repeats."""
        body = canonical({"executionId": EXECUTION_ID, **document})
        headers = signed(body, self.clock.now(), webhook_id=webhook_id or f"msg_{digest(body)}")
        return self.receiving.receive(headers, body)

    # -- Records to begin with --

    def given_queued(self, **changes: Any) -> Execution:
        return self.store.put(replace(ledger.accept(a_draft()), **changes).paid())

    def given_running(self, *, lease_ms: int = 95_000, **changes: Any) -> Execution:
        queued = self.given_queued(**changes)
        now = self.clock.now()
        return self.store.put(ledger.claim(queued, "attempt-1", now, now + lease_ms).paid())

    def given_awaiting(self, *, deadline_ms: int = TIMEOUT_MS + GRACE_MS, **changes: Any) -> Execution:
        running = self.given_running(**changes)
        now = self.clock.now()
        waiting = ledger.await_webhook(running, now, now + deadline_ms, 12, None)
        return self.store.put(waiting.paid())

    def given_ended(self, outcome: Outcome, **changes: Any) -> Execution:
        waiting = self.given_awaiting(**changes)
        return self.store.put(ledger.settle(waiting, outcome, self.clock.now()).paid())

    def shown_result(self, execution_id: str = EXECUTION_ID) -> Any:
        """Return the result as a caller reads it."""
        return json.loads(to_text(self.reading.execution(execution_id)))["result"]

    def given_completed(self, result: Any = None, **changes: Any) -> Execution:
        ref, data = self.completion.refer_result(EXECUTION_ID, None if result is None else canonical(result))
        if ref is not None:
            self.payloads.put(ref, data)
        return self.given_ended(Outcome(Status.COMPLETED, result=ref), **changes)


def a_draft(**changes: Any) -> Execution:
    """Return an execution that is not recorded."""
    data = canonical(INPUTS)
    draft = Execution(
        execution_id=EXECUTION_ID,
        action_id=ACTION_ID,
        trace_id=TRACE_ID,
        content_hash="content",
        request=PayloadRef(f"{EXECUTION_ID}/request", len(data), digest(data), data),
        timeout_ms=TIMEOUT_MS,
        cache_key=None,
        webhook_url=None,
        repeatable=False,
        created_at=NOON,
        queued_at=NOON,
        updated_at=NOON,
    )
    return replace(draft, **changes)


def a_request(**changes: Any) -> dict[str, Any]:
    """Return the smallest body that is accepted, with changes; ``...`` removes a field."""
    document = {"actionId": ACTION_ID, "inputs": INPUTS, **changes}
    return {name: value for name, value in document.items() if value is not ...}


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def signed(body: bytes, now: int, secret: SigningSecret = SECRET, webhook_id: str = "msg_1") -> dict[str, list[str]]:
    """Return the headers of a webhook as the gateway passes them on."""
    headers = StandardWebhooks.headers((secret,), webhook_id, now // 1_000, body)
    return {name: [value] for name, value in headers.items()}
