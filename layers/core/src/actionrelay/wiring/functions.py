"""Where ports meet adapters: one function per Lambda, called at its first event and remembered.

The only place that reads the environment, and the only one that names concretes.
"""

import os
import random
import threading
import time
import uuid
from collections.abc import Callable
from functools import cache, partial, wraps
from typing import TYPE_CHECKING

import botocore.session

from actionrelay.aws.clients import AwsClients
from actionrelay.aws.secret import NamedSecret
from actionrelay.errors import SecretUnavailableError
from actionrelay.ledger.follow_up import Completion
from actionrelay.ledger.history_dynamodb import AuditTable
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.queues_sqs import SqsDeliveryQueue, SqsExecutionQueue
from actionrelay.ledger.recorder import Recorder
from actionrelay.ledger.table_dynamodb import ExecutionsTable
from actionrelay.wiring.settings import (
    CountSettings,
    DeliverSettings,
    ExecuteSettings,
    ExportSettings,
    QuerySettings,
    ReceiveWebhookSettings,
    ValidateSettings,
    WebhookScheme,
)
from actionrelay.wiring.telemetry import telemetry

if TYPE_CHECKING:
    from actionrelay.audit.day import ReadAuditDays
    from actionrelay.audit.export import ExportAuditDay
    from actionrelay.audit.history import ReadHistory
    from actionrelay.deliver.delivery import DeliverWebhook
    from actionrelay.execute.worker import ExecuteAction
    from actionrelay.find.execution import ReadExecution
    from actionrelay.find.listing import ListExecutions
    from actionrelay.operate.decisions import OperateExecution
    from actionrelay.operate.queues import ReadQueues
    from actionrelay.preflight.preflight import RunPreflight
    from actionrelay.receive.receipt import ReceiveResult
    from actionrelay.site.console_page import ConsolePage
    from actionrelay.site.description import ApiDescription
    from actionrelay.statistics.counters_dynamodb import TableCounters
    from actionrelay.statistics.counting import CountChanges
    from actionrelay.statistics.report import ReadMetrics
    from actionrelay.statistics.success_rate import RememberedSuccessRate
    from actionrelay.submit.rejection import RecordRejection
    from actionrelay.submit.submission import SubmitExecution
    from actionrelay.webhooks.signatures import SigningSecret

# Adapters that one function alone needs are imported where it is wired: the others' cold starts don't pay for them.


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000


class SystemRandomness:
    """The operating system's randomness."""

    def uniform(self) -> float:
        """A number in [0, 1)."""
        return random.SystemRandom().random()

    def new_id(self) -> str:
        """A random UUID."""
        return str(uuid.uuid4())


def once[Wired](build: Callable[[], Wired]) -> Callable[[], Wired]:
    """Build at the first call and remember; threads that come at the same time wait for the one that builds."""
    turn = threading.Lock()
    built = cache(build)

    @wraps(build)
    def remembered() -> Wired:
        with turn:
            return built()

    remembered.cache_clear = built.cache_clear  # type: ignore[attr-defined]  # tests start from nothing
    return remembered


@once
def aws() -> AwsClients:
    """Return this process's AWS clients."""
    return AwsClients(botocore.session.get_session())


@once
def submit_execution() -> "SubmitExecution":
    """Wire ``validate``."""
    from actionrelay.submit.rules import RequestRules
    from actionrelay.submit.submission import SubmitExecution
    from actionrelay.webhooks.resolver_dns import SystemResolver
    from actionrelay.webhooks.targets import OutboundPolicy

    settings = ValidateSettings.read(os.environ)
    table = ExecutionsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days)
    return SubmitExecution(
        rules=RequestRules(
            settings.genesys_api,
            settings.max_payload_bytes,
            settings.max_input_depth,
            OutboundPolicy(settings.allow_private_webhooks, settings.webhook_ports),
            SystemResolver(),
        ),
        recorder=_recorder(table, settings.audit_table, settings.audit_retention_days),
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        cache=table,
        queue=SqsExecutionQueue(aws().sqs, settings.execution_queue_url),
        deliveries=SqsDeliveryQueue(aws().sqs, settings.delivery_queue_url),
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
    )


@once
def operate_execution() -> "OperateExecution":
    """Wire the operator's half of ``validate``."""
    from actionrelay.operate.decisions import OperateExecution

    submitting = submit_execution()
    settings = ValidateSettings.read(os.environ)
    table = ExecutionsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days)
    completion = Completion(
        submitting.recorder,
        submitting.payloads,
        table,
        submitting.deliveries,
        _success_rate(settings.executions_table),
        telemetry(),
        settings.result_cache_seconds,
    )
    return OperateExecution(
        submitting.recorder,
        completion,
        submitting.queue,
        telemetry(),
        SystemClock(),
        settings.execution_retention_days * 86_400_000,
        submitting.rules.body,
    )


@once
def record_rejection() -> "RecordRejection":
    """Wire what ``validate`` does about a submission that it refused."""
    from actionrelay.submit.rejection import RecordRejection

    settings = ValidateSettings.read(os.environ)
    audit = AuditTable(aws().brief_dynamodb, settings.audit_table, settings.audit_retention_days, telemetry())
    return RecordRejection(audit, telemetry(), SystemClock())


@once
def execute_action() -> "ExecuteAction":
    """Wire ``execute``."""
    from actionrelay.execute.after_attempt import ExecutionPolicy
    from actionrelay.execute.client_http import DataActions, GenesysClient, Integrations
    from actionrelay.execute.worker import ExecuteAction
    from actionrelay.gate.gate_dynamodb import TableRateGate
    from actionrelay.gate.rate import Rate
    from actionrelay.genesys.contract import GenesysApi
    from actionrelay.genesys.hosts import find_hosts
    from actionrelay.genesys.http import new_pool
    from actionrelay.token.lease_dynamodb import TableTokenLeases
    from actionrelay.token.login_http import ClientCredentialsIssuer
    from actionrelay.token.shared import SharedToken
    from actionrelay.token.store_ssm import TokenParameter

    settings = ExecuteSettings.read(os.environ)
    table = ExecutionsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days)
    recorder = _recorder(table, settings.audit_table, settings.audit_retention_days)
    payloads = BucketPayloads(aws().s3, settings.payload_bucket)
    hosts = find_hosts(
        settings.genesys_api, settings.genesys_region, settings.genesys_api_url, settings.genesys_login_url
    )
    pool = new_pool()
    secret = NamedSecret(aws().secrets, settings.genesys_secret_name)
    contract = DataActions(settings.receipt_url) if settings.genesys_api is GenesysApi.DATA_ACTIONS else Integrations()
    return ExecuteAction(
        policy=ExecutionPolicy(settings.max_attempts, settings.webhook_grace_seconds * 1_000),
        recorder=recorder,
        completion=Completion(
            recorder,
            payloads,
            table,
            SqsDeliveryQueue(aws().sqs, settings.delivery_queue_url),
            _success_rate(settings.executions_table),
            telemetry(),
            settings.result_cache_seconds,
        ),
        payloads=payloads,
        queue=SqsExecutionQueue(aws().sqs, settings.execution_queue_url),
        tokens=SharedToken(
            worker=SystemRandomness().new_id(),
            store=TokenParameter(aws().ssm, settings.token_parameter_name),
            leases=TableTokenLeases(aws().dynamodb, settings.executions_table),
            issuer=ClientCredentialsIssuer(
                pool, hosts.login, settings.genesys_api, settings.genesys_secret_name, secret.value, secret.forget
            ),
            telemetry=telemetry(),
            clock=SystemClock(),
        ),
        client=GenesysClient(pool, hosts.api, contract),
        gate=TableRateGate(aws().dynamodb, settings.executions_table, Rate(settings.requests_per_minute)),
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
    )


@once
def receive_result() -> "ReceiveResult":
    """Wire ``receive_webhook``."""
    from actionrelay.receive.receipt import ReceiveResult
    from actionrelay.receive.webhook_ids_dynamodb import TableWebhookIds
    from actionrelay.webhooks.signatures import HubSignatureVerifier, StandardWebhooksVerifier, Verifier

    settings = ReceiveWebhookSettings.read(os.environ)
    table = ExecutionsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days)
    recorder = _recorder(table, settings.audit_table, settings.audit_retention_days)
    secret = NamedSecret(aws().secrets, settings.webhook_secret_name)

    def verifier() -> Verifier:
        secrets = _signing_secrets(secret)
        if settings.webhook_scheme is WebhookScheme.HUB_SIGNATURE:
            return HubSignatureVerifier(secrets)
        return StandardWebhooksVerifier(secrets)

    return ReceiveResult(
        verifier=verifier,
        ids=TableWebhookIds(aws().dynamodb, settings.executions_table),
        recorder=recorder,
        completion=Completion(
            recorder,
            BucketPayloads(aws().s3, settings.payload_bucket),
            table,
            SqsDeliveryQueue(aws().sqs, settings.delivery_queue_url),
            _success_rate(settings.executions_table),
            telemetry(),
            settings.result_cache_seconds,
        ),
        queue=SqsExecutionQueue(aws().sqs, settings.execution_queue_url),
        telemetry=telemetry(),
        clock=SystemClock(),
        max_payload_bytes=settings.max_payload_bytes,
    )


@once
def deliver_webhook() -> "DeliverWebhook":
    """Wire ``deliver``."""
    from actionrelay.deliver.delivery import DeliverWebhook
    from actionrelay.webhooks.resolver_dns import SystemResolver
    from actionrelay.webhooks.sender_http import PinnedSender
    from actionrelay.webhooks.targets import OutboundPolicy

    settings = DeliverSettings.read(os.environ)
    table = ExecutionsTable(aws().dynamodb, settings.executions_table, settings.execution_retention_days)
    secret = NamedSecret(aws().secrets, settings.delivery_secret_name)

    return DeliverWebhook(
        recorder=_recorder(table, settings.audit_table, settings.audit_retention_days),
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        queue=SqsDeliveryQueue(aws().sqs, settings.delivery_queue_url),
        dead_letters=SqsDeliveryQueue(aws().sqs, settings.delivery_dlq_url),
        sender=PinnedSender(SystemResolver(), OutboundPolicy(settings.allow_private_webhooks, settings.webhook_ports)),
        secrets=partial(_signing_secrets, secret),
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
    )


@once
def read_execution() -> "ReadExecution":
    """Wire ``query``."""
    from actionrelay.find.execution import ReadExecution

    settings = QuerySettings.read(os.environ)
    return ReadExecution(
        store=ExecutionsTable(aws().dynamodb, settings.executions_table, retention_days=0),
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        clock=SystemClock(),
        telemetry=telemetry(),
    )


@once
def read_history() -> "ReadHistory":
    """Wire the histories of ``query``."""
    from actionrelay.audit.history import ReadHistory
    from actionrelay.audit.reader_dynamodb import AuditTableReader

    settings = QuerySettings.read(os.environ)
    return ReadHistory(
        store=ExecutionsTable(aws().dynamodb, settings.executions_table, retention_days=0),
        audit=AuditTableReader(aws().dynamodb, settings.audit_table),
        clock=SystemClock(),
    )


@once
def list_executions() -> "ListExecutions":
    """Wire the list of ``query``."""
    from actionrelay.find.indexes_dynamodb import TableIndexes
    from actionrelay.find.listing import ListExecutions

    settings = QuerySettings.read(os.environ)
    return ListExecutions(
        index=TableIndexes(aws().dynamodb, settings.executions_table, settings.audit_table),
        clock=SystemClock(),
        api=settings.genesys_api,
        retention_ms=settings.execution_retention_days * 86_400_000,
    )


@once
def read_queues() -> "ReadQueues":
    """Wire what ``query`` says about the queues."""
    from actionrelay.gate.gate_dynamodb import TableGateGauge
    from actionrelay.operate.gauge_sqs import SqsGauge
    from actionrelay.operate.queues import ReadQueues, WatchedQueue

    settings = QuerySettings.read(os.environ)

    def watched(queue_url: str, dlq_url: str) -> WatchedQueue:
        return WatchedQueue(SqsGauge(aws().sqs, queue_url), SqsGauge(aws().sqs, dlq_url))

    return ReadQueues(
        queues={
            "executions": watched(settings.execution_queue_url, settings.execution_dlq_url),
            "deliveries": watched(settings.delivery_queue_url, settings.delivery_dlq_url),
        },
        gate=TableGateGauge(aws().dynamodb, settings.executions_table),
        requests_per_minute=settings.requests_per_minute,
        clock=SystemClock(),
    )


@once
def read_audit_days() -> "ReadAuditDays":
    """Wire the days of the audit in ``query``."""
    from actionrelay.audit.day import ReadAuditDays
    from actionrelay.audit.reader_dynamodb import AuditTableReader

    settings = QuerySettings.read(os.environ)
    return ReadAuditDays(AuditTableReader(aws().dynamodb, settings.audit_table))


@once
def export_audit_day() -> "ExportAuditDay":
    """Wire ``export``."""
    from actionrelay.audit.export import ExportAuditDay
    from actionrelay.audit.files_s3 import BucketDayFiles
    from actionrelay.audit.reader_dynamodb import AuditTableReader

    settings = ExportSettings.read(os.environ)
    return ExportAuditDay(
        audit=AuditTableReader(aws().dynamodb, settings.audit_table),
        files=BucketDayFiles(aws().s3, settings.payload_bucket),
        telemetry=telemetry(),
        clock=SystemClock(),
    )


@once
def read_metrics() -> "ReadMetrics":
    """Wire the metrics of ``query``."""
    from actionrelay.statistics.report import ReadMetrics

    settings = QuerySettings.read(os.environ)
    return ReadMetrics(_counters(settings.executions_table), SystemClock(), settings.genesys_api)


@once
def count_changes() -> "CountChanges":
    """Wire ``count``."""
    from actionrelay.statistics.changes_dynamodb import read_change
    from actionrelay.statistics.counting import CountChanges

    settings = CountSettings.read(os.environ)
    return CountChanges(read_change, _counters(settings.executions_table), telemetry())


@once
def run_preflight() -> "RunPreflight":
    """Wire the preflight of ``query``."""
    from actionrelay.genesys.hosts import find_hosts
    from actionrelay.genesys.http import new_pool
    from actionrelay.preflight.preflight import RunPreflight
    from actionrelay.preflight.probe_http import GenesysProbe
    from actionrelay.token.login_http import ClientCredentialsIssuer
    from actionrelay.token.store_ssm import TokenParameter

    settings = QuerySettings.read(os.environ)
    api, secret_name = settings.genesys_api, settings.genesys_secret_name
    hosts = find_hosts(api, settings.genesys_region, settings.genesys_api_url, settings.genesys_login_url)
    pool = new_pool()
    secret = NamedSecret(aws().secrets, secret_name)

    def credentials() -> str:
        secret.forget()  # what is looked at is the secret, not what was kept of it
        return secret.value()

    return RunPreflight(
        api=api,
        requests_per_minute=settings.requests_per_minute,
        secret_name=secret_name,
        credentials=credentials,
        store=TokenParameter(aws().ssm, settings.token_parameter_name),
        issuer=ClientCredentialsIssuer(pool, hosts.login, api, secret_name, secret.value, secret.forget),
        platform=GenesysProbe(pool, hosts.api, api),
        clock=SystemClock(),
    )


@once
def describe_api() -> "ApiDescription":
    """Wire the description of the API in ``query``."""
    from actionrelay.site.description import ApiDescription

    return ApiDescription.packaged()


@once
def serve_console() -> "ConsolePage":
    """Wire the console of ``query``."""
    from actionrelay.site.console_page import assemble

    settings = QuerySettings.read(os.environ)
    return assemble(settings.api_auth, os.environ["AWS_REGION"])


def _counters(executions_table: str) -> "TableCounters":
    from actionrelay.statistics.counters_dynamodb import TableCounters

    return TableCounters(aws().dynamodb, executions_table, SystemClock())


def _success_rate(executions_table: str) -> "RememberedSuccessRate":
    from actionrelay.statistics.success_rate import RememberedSuccessRate

    return RememberedSuccessRate(_counters(executions_table), SystemClock())


def _recorder(table: ExecutionsTable, audit_table: str, audit_retention_days: int) -> Recorder:
    return Recorder(table, AuditTable(aws().dynamodb, audit_table, audit_retention_days, telemetry()))


def _signing_secrets(secret: NamedSecret) -> "tuple[SigningSecret, ...]":
    from actionrelay.webhooks.signatures import parse_secrets

    try:
        return parse_secrets(secret.value())
    except ValueError as error:
        raise SecretUnavailableError(f"the secret {secret.name} holds no usable signing secret: {error}") from None
