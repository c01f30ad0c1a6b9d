"""Use cases: show the organisation's actions; have an operator start a reading."""

from collections.abc import Mapping
from dataclasses import dataclass

from actionrelay.catalogue.document import (
    ActionsDocument,
    CatalogueDocument,
    action_document,
    catalogue_document,
    summary_document,
)
from actionrelay.catalogue.ports import CatalogueReader, SyncMessage, SyncQueue
from actionrelay.catalogue.state import Reason
from actionrelay.errors import ActionNotFoundError, NoCatalogueError
from actionrelay.genesys.contract import GenesysApi
from actionrelay.ids import is_action_id
from actionrelay.strict_json import Json, as_json


@dataclass(frozen=True, slots=True)
class ReadActions:
    """Shows the catalogue."""

    catalogue: CatalogueReader

    def listing(self, query: Mapping[str, str]) -> dict[str, Json]:
        """Return the actions whose name contains ``name`` and whose category is ``category``, by name; case is ignored.

        Raises:
            StoreUnavailableError: the catalogue can't be read.
        """
        state = self.catalogue.state()
        name, category = (_wanted(query, field) for field in ("name", "category"))
        entries = {
            entry.action_id: entry
            for page in self.catalogue.pages(state.listed.slot, 0, state.listed.pages)
            for entry in page
            if (name is None or name in entry.name.casefold())
            and (category is None or category == (entry.category or "").casefold())
        }
        ordered = sorted(entries.values(), key=lambda entry: (entry.name.casefold(), entry.action_id))
        document: ActionsDocument = {
            "actions": [summary_document(entry) for entry in ordered],
            "catalogue": catalogue_document(state),
        }
        return as_json(document)

    def action(self, action_id: str) -> dict[str, Json]:
        """Return one action with its contract.

        Raises:
            ActionNotFoundError: it is not in the catalogue.
            StoreUnavailableError: the catalogue can't be read.
        """
        action = self.catalogue.look(action_id).action if is_action_id(action_id) else None
        if action is None:
            raise ActionNotFoundError("the catalogue has no action with this id")
        return as_json(action_document(action))


@dataclass(frozen=True, slots=True)
class RequestSync:
    """Starts a reading of the catalogue."""

    api: GenesysApi
    catalogue: CatalogueReader
    queue: SyncQueue

    def request(self) -> dict[str, Json]:
        """Queue a reading of every definition, and return the catalogue's current state.

        Raises:
            NoCatalogueError: this deployment's contract has no catalogue.
            QueueUnavailableError: it may or may not have been queued.
            StoreUnavailableError: the catalogue can't be read.
        """
        if self.api is not GenesysApi.INTEGRATIONS:
            raise NoCatalogueError("only the contract integrations has a list of actions (GenesysApi)")
        document: CatalogueDocument = catalogue_document(self.catalogue.state())
        self.queue.push(SyncMessage(Reason.OPERATOR))
        return as_json(document)


def _wanted(query: Mapping[str, str], field: str) -> str | None:
    return query.get(field, "").strip().casefold() or None
