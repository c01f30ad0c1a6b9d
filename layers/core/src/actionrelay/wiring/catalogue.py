"""How ``catalogue`` is built."""

import os

from actionrelay.catalogue.actions import RequestSync
from actionrelay.catalogue.actions_http import GenesysActions
from actionrelay.catalogue.queue_sqs import SqsSyncQueue
from actionrelay.catalogue.store_dynamodb import TableCatalogue
from actionrelay.catalogue.sync import SyncActions
from actionrelay.ledger.queues_sqs import SqsDeadLetters
from actionrelay.wiring.genesys import genesys_cloud
from actionrelay.wiring.process import SystemClock, aws, once, prepare
from actionrelay.wiring.settings import CatalogueSettings
from actionrelay.wiring.telemetry import telemetry


@once
def catalogue_settings() -> CatalogueSettings:
    """Read what ``catalogue`` needs of its environment."""
    return CatalogueSettings.read(os.environ)


@once
def sync_actions() -> SyncActions:
    """Reads the organisation's actions."""
    settings = catalogue_settings()
    genesys = genesys_cloud(settings)
    return SyncActions(
        store=TableCatalogue(aws().dynamodb, settings.executions_table),
        api=GenesysActions(genesys.pool, genesys.api_url),
        gate=genesys.gate,
        tokens=genesys.tokens,
        queue=SqsSyncQueue(aws().sqs, settings.catalogue_queue_url),
        telemetry=telemetry(),
        clock=SystemClock(),
    )


@once
def request_sync() -> RequestSync:
    """Has the actions read when an operator asks."""
    settings = catalogue_settings()
    return RequestSync(
        settings.genesys_api,
        TableCatalogue(aws().dynamodb, settings.executions_table),
        SqsSyncQueue(aws().sqs, settings.catalogue_queue_url),
    )


@once
def catalogue_dead_letters() -> SqsDeadLetters:
    """Takes the messages of the catalogue's queue that can't be processed."""
    return SqsDeadLetters(aws().sqs, catalogue_settings().catalogue_dlq_url)


prepare(sync_actions)
