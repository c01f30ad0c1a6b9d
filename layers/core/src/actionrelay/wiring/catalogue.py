"""How ``catalogue`` is built."""

import os

from actionrelay.aws.secret import NamedSecret
from actionrelay.catalogue.actions import RequestSync
from actionrelay.catalogue.actions_http import GenesysActions
from actionrelay.catalogue.queue_sqs import SqsSyncQueue
from actionrelay.catalogue.store_dynamodb import TableCatalogue
from actionrelay.catalogue.sync import SyncActions
from actionrelay.gate.gate_dynamodb import TableRateGate
from actionrelay.gate.rate import Rate
from actionrelay.gate.turns import Sharing
from actionrelay.genesys.hosts import find_hosts
from actionrelay.genesys.http import new_pool
from actionrelay.ledger.queues_sqs import SqsDeadLetters
from actionrelay.token.lease_dynamodb import TableTokenLeases
from actionrelay.token.login_http import ClientCredentialsIssuer
from actionrelay.token.shared import SharedToken
from actionrelay.token.store_ssm import TokenParameter
from actionrelay.wiring.process import SystemClock, SystemRandomness, aws, once, prepare
from actionrelay.wiring.settings import CatalogueSettings
from actionrelay.wiring.telemetry import telemetry


@once
def sync_actions() -> SyncActions:
    """Reads the organisation's actions."""
    settings = CatalogueSettings.read(os.environ)
    hosts = find_hosts(
        settings.genesys_api, settings.genesys_region, settings.genesys_api_url, settings.genesys_login_url
    )
    pool = new_pool()
    secret = NamedSecret(aws().secrets, settings.genesys_secret_name)
    return SyncActions(
        store=TableCatalogue(aws().dynamodb, settings.executions_table),
        api=GenesysActions(pool, hosts.api),
        gate=TableRateGate(
            aws().dynamodb,
            settings.executions_table,
            Sharing(Rate(settings.requests_per_minute), settings.bulk_share_percent, settings.max_in_flight),
        ),
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
        queue=SqsSyncQueue(aws().sqs, settings.catalogue_queue_url),
        telemetry=telemetry(),
        clock=SystemClock(),
    )


@once
def request_sync() -> RequestSync:
    """Has the actions read when an operator asks."""
    settings = CatalogueSettings.read(os.environ)
    return RequestSync(
        settings.genesys_api,
        TableCatalogue(aws().dynamodb, settings.executions_table),
        SqsSyncQueue(aws().sqs, settings.catalogue_queue_url),
    )


@once
def catalogue_dead_letters() -> SqsDeadLetters:
    """Takes the messages of the catalogue's queue that nobody can work on."""
    return SqsDeadLetters(aws().sqs, CatalogueSettings.read(os.environ).catalogue_dlq_url)


prepare(sync_actions)
