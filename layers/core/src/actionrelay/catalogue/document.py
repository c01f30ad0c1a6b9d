"""The catalogue as callers see it."""

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
    """A nested input is named by its path: `address.city`, `items[].id`."""
    type: str
    """JSON Schema's, several joined by ` | `; empty if the schema names none."""
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
    """`GET`, `POST`, …; null if its definition names none or has not been read."""
    secure: bool
    timeoutSeconds: int | None
    checkedAt: Timestamp | None
    """When its definition was read; null before that."""


class ActionContractDocument(ActionSummaryDocument):
    """One action with its contract."""

    inputs: list[InputDocument]
    """Its inputs as a table, at most 500."""
    inputSchema: dict[str, Any] | None
    """Genesys Cloud's JSON Schema of its inputs."""
    outputSchema: dict[str, Any] | None
    contractProblem: SchemaProblem | None
    """Why requests are not checked by the contract; null if they are."""
    defaults: dict[str, str]
    """The values of `idempotent`, `cacheResults` and `timeout` if a request leaves them out, as `value: reason`."""


class CatalogueDocument(TypedDict):
    """The state of the catalogue."""

    count: int
    complete: bool
    """False before the first reading has ended, and if the list lacks actions."""
    checkedAt: Timestamp | None
    """When the reading of this list began; null before the first has ended."""
    underWay: bool
    """A reading is in progress."""
    problem: Problem | None
    """Why the last reading failed, or left something out."""


class ActionsDocument(TypedDict):
    """The organisation's actions, by name."""

    actions: list[ActionSummaryDocument]
    catalogue: CatalogueDocument


def summary_document(entry: Entry) -> ActionSummaryDocument:
    """Return an action as the list shows it."""
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
    # A schema that refers to another document or to itself is shown, but has no table.
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
    """Return the state of the catalogue."""
    return {
        "count": state.listed.count,
        "complete": state.listed.complete,
        "checkedAt": iso_or_none(state.listed.begun_at),
        "underWay": state.run is not None,
        "problem": state.problem,
    }
