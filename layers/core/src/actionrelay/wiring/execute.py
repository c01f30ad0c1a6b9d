"""How ``execute`` is built."""

import os
from functools import partial

from actionrelay.execute.after_attempt import ExecutionPolicy
from actionrelay.execute.batch import ExecuteBatch
from actionrelay.execute.client_http import GenesysClient
from actionrelay.execute.contracts import DataActions, Integrations
from actionrelay.execute.worker import ExecuteAction
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ledger.payloads_s3 import BucketPayloads
from actionrelay.ledger.queues_sqs import SqsDeadLetters
from actionrelay.wiring.genesys import genesys_cloud
from actionrelay.wiring.ledger import completion, execution_queue, recorder, success_rate
from actionrelay.wiring.process import SystemClock, SystemRandomness, aws, once, prepare
from actionrelay.wiring.settings import ExecuteSettings
from actionrelay.wiring.telemetry import telemetry


@once
def execute_settings() -> ExecuteSettings:
    """Read what ``execute`` needs of its environment."""
    return ExecuteSettings.read(os.environ)


@once
def execution_dead_letters() -> SqsDeadLetters:
    """Takes the messages of the execution queue that can't be processed."""
    return SqsDeadLetters(aws().sqs, execute_settings().execution_dlq_url)


@once
def execute_batch() -> ExecuteBatch:
    """Works off the execution queue."""
    settings = execute_settings()
    genesys = genesys_cloud(settings)
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
        tokens=genesys.tokens,
        client=GenesysClient(genesys.pool, genesys.api_url, contract),
        telemetry=telemetry(),
        clock=SystemClock(),
        randomness=SystemRandomness(),
    )
    return ExecuteBatch(genesys.gate, rate, action)


prepare(execute_batch)
