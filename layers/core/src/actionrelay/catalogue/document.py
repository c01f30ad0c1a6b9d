"""The catalogue, as callers see it."""

from typing import Any, TypedDict

from actionrelay.catalogue.action import Action, Entry, SchemaProblem
from actionrelay.catalogue.contract import inputs_of
from actionrelay.catalogue.defaults import learn
from actionrelay.catalogue.schema_limits import problem_of
from actionrelay.catalogue.state import CatalogueState, Problem
from actionrelay.timestamps import Timestamp, iso_or_none


class InputDocument(TypedDict):
    """One input of an action."""

    name: str
    """An input within another one is named by its path: `address.city`, `items[].id`."""
    type: str
    """JSON Schema's; several are joined by ` | `, and it is empty where the schema does not say."""
    required: bool
    description: str | None


class ActionSummaryDocument(TypedDict):
    """One action of the organisation."""

    actionId: str
    name: str
    category: str | None
    integration: str | None
    """The id of its integration."""
    version: str | None
    requestType: str | None
    """`GET`, `POST`, …; null where its definition does not say, or was not read yet."""
    secure: bool
    timeoutSeconds: int | None
    checkedAt: Timestamp | None
    """When its definition was read; null before that."""


class ActionContractDocument(ActionSummaryDocument):
    """One action with its contract."""

    inputs: list[InputDocument]
    """The contract of its inputs as a table, at most 500 of them."""
    inputSchema: dict[str, Any] | None
    """The same as its JSON Schema, as Genesys Cloud has it."""
    outputSchema: dict[str, Any] | None
    contractProblem: SchemaProblem | None
    """Why no request is checked by the contract; null where they are."""
    defaults: dict[str, str]
    """What takes the place of `idempotent`, `cacheResults` and `timeout` where a request leaves them out, as
    `value: reason`."""


class CatalogueDocument(TypedDict):
    """How far the catalogue is."""

    count: int
    complete: bool
    """False before the first reading has ended, and where the list lacks actions."""
    checkedAt: Timestamp | None
    """When the reading of this list began; null before the first has ended."""
    underWay: bool
    """It is being read now."""
    problem: Problem | None
    """Why the last reading came to nothing, or left something out."""


class ActionsDocument(TypedDict):
    """The organisation's actions, by name."""

    actions: list[ActionSummaryDocument]
    catalogue: CatalogueDocument


def summary_document(entry: Entry) -> ActionSummaryDocument:
    """Return an action of the list."""
    return {
        "actionId": entry.action_id,
        "name": entry.name,
        "category": entry.category,
        "integration": entry.integration,
        "version": entry.version,
        "requestType": entry.request_type,
        "secure": entry.secure,
        "timeoutSeconds": entry.timeout_seconds,
        "checkedAt": iso_or_none(entry.read_at or None),
    }


def action_document(action: Action) -> ActionContractDocument:
    """Return an action with its contract."""
    schema = action.input_schema
    # What refers to another document, or to itself, is shown as it is, and can't be made a table of.
    tabular = schema if schema is not None and problem_of(schema) is None else {}
    return {
        **summary_document(action.entry),
        "inputs": [
            {"name": each.name, "type": each.type, "required": each.required, "description": each.description}
            for each in inputs_of(tabular)
        ],
        "inputSchema": schema,
        "outputSchema": action.output_schema,
        "contractProblem": action.problem,
        "defaults": learn(action.entry).document(),
    }


def catalogue_document(state: CatalogueState) -> CatalogueDocument:
    """Return how far the catalogue is."""
    return {
        "count": state.listed.count,
        "complete": state.listed.complete,
        "checkedAt": iso_or_none(state.listed.begun_at),
        "underWay": state.run is not None,
        "problem": state.problem,
    }
