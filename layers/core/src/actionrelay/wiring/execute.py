"""How ``execute`` is built."""

import os
from functools import partial

from actionrelay.aws.secret import NamedSecret
from actionrelay.execute.after_attempt import ExecutionPolicy
from actionrelay.execute.batch import ExecuteBatch
from actionrelay.execute.client_http import GenesysClient
from actionrelay.execute.contracts import DataActions, Integrations
from actionrelay.execute.worker import ExecuteAction
from actionrelay.gate.gate_dynamodb import TableRateGate
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.genesys.contract import GenesysApi
from actionrelay.genesys.hosts import find_hosts
from actionrelay.genesys.http import new_pool
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.queues_sqs import SqsDeadLetters
from actionrelay.token.lease_dynamodb import TableTokenLeases
from actionrelay.token.login_http import ClientCredentialsIssuer
from actionrelay.token.shared import SharedToken
from actionrelay.token.store_ssm import TokenParameter
from actionrelay.wiring.ledger import completion, execution_queue, recorder, success_rate
from actionrelay.wiring.process import SystemClock, SystemRandomness, aws, once, prepare
from actionrelay.wiring.settings import ExecuteSettings
from actionrelay.wiring.telemetry import telemetry


@once
def execution_dead_letters() -> SqsDeadLetters:
    """Takes the messages of the execution queue that nobody can work on."""
    return SqsDeadLetters(aws().sqs, ExecuteSettings.read(os.environ).execution_dlq_url)


@once
def execute_batch() -> ExecuteBatch:
    """Works off the execution queue."""
    settings = ExecuteSettings.read(os.environ)
    hosts = find_hosts(
        settings.genesys_api, settings.genesys_region, settings.genesys_api_url, settings.genesys_login_url
    )
    pool = new_pool()
    secret = NamedSecret(aws().secrets, settings.genesys_secret_name)
    contract = DataActions(settings.receipt_url) if settings.genesys_api is GenesysApi.DATA_ACTIONS else Integrations()
    rate = success_rate(settings)
    action = partial(
        ExecuteAction,
        policy=ExecutionPolicy(settings.max_attempts, settings.webhook_grace_seconds * 1_000),
        recorder=recorder(settings),
        completion=completion(settings),
        success_rate=rate,
        payloads=BucketPayloads(aws().s3, settings.payload_bucket),
        queue=execution_queue(settings),
        tokens=SharedToken(
            worker=SystemRandomness().new_id(),
            store=TokenParameter(aws().ssm, settings.token_parameter_name, settings.token_key_arn),
            leases=TableTokenLeases(aws().dynamodb, settings.executions_table),
            issuer=ClientCredentialsIssuer(
                pool, hosts.login, settings.genesys_api, settings.genesys_secret_name, secret.value, secret.forget
            ),
            telemetry=telemetry(),
            clock=SystemClock(),
        ),
        client=GenesysClient(pool, hosts.api, contract),
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
    )
    sharing = Sharing(Rate(settings.requests_per_minute), settings.bulk_share_percent, settings.max_in_flight)
    gate = TableRateGate(aws().dynamodb, settings.executions_table, sharing)
    return ExecuteBatch(gate, rate, action)


prepare(execute_batch)
