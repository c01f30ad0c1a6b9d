"""What submissions know of actions, from the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, override

from actionrelay.catalogue.knowledge import KnowActions
from actionrelay.catalogue.queue_sqs import SqsSyncQueue
from actionrelay.catalogue.store_dynamodb import TableCatalogue
from actionrelay.fault import Fault
from actionrelay.genesys.contract import ContractCheck
from actionrelay.submit.ports import ActionDefaults, KnownActions
from actionrelay.wiring.process import SystemClock, aws
from actionrelay.wiring.settings import SubmittingSettings
from actionrelay.wiring.telemetry import telemetry


@dataclass(frozen=True, slots=True)
class ActionsOfCatalogue(KnownActions):
    """``KnownActions`` from the organisation's list of actions."""

    know: KnowActions

    @property
    @override
    def enforced(self) -> bool:
        return self.know.check is ContractCheck.ENFORCE

    @override
    def faults(self, action_id: str, inputs: dict[str, Any]) -> Sequence[Fault]:
        return self.know.faults(action_id, inputs)

    @override
    def defaults(self, action_id: str) -> ActionDefaults | None:
        learned = self.know.learned(action_id)
        return ActionDefaults(learned.idempotent, learned.cache_results, learned.timeout, learned.never_cached)


def known_actions(settings: SubmittingSettings) -> KnownActions:
    """Return what the catalogue knows of actions."""
    know = KnowActions(
        TableCatalogue(aws().dynamodb, settings.executions_table),
        SqsSyncQueue(aws().sqs, settings.catalogue_queue_url),
        settings.contract_check,
        telemetry(),
        SystemClock(),
    )
    return ActionsOfCatalogue(know)
