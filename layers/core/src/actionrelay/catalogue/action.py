"""An action of the organisation, as the catalogue keeps it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MAX_TEXT = 200
"""Characters of a name, a category, an integration or a version; what is longer is cut."""
LONGEST_TIMEOUT_S = 60
"""The published platform API lets an action run for 1 to 60 s, and for 60 s where its definition does not say."""


class SchemaProblem(StrEnum):
    """Why an action's contract can't be used."""

    MISSING = "schema_missing"
    """Genesys Cloud gives no schema of its inputs."""
    TOO_LARGE = "schema_too_large"
    """More bytes, levels or rules than are kept (``schema_limits``)."""
    RECURSIVE = "schema_recursive"
    """It refers to itself."""
    REMOTE = "schema_remote"
    """It refers to another document, which is never fetched."""
    INVALID = "schema_invalid"
    """It is no JSON Schema."""
    UNREADABLE = "action_unreadable"
    """Genesys Cloud did not give the action's definition."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An action in the list. What its definition says is there once that was read (``read_at``)."""

    action_id: str
    name: str
    category: str | None = None
    integration: str | None = None
    """The id of its integration."""
    version: str | None = None
    """Changes with every published change; None where Genesys Cloud gives none, so every reading reads it again."""
    secure: bool = False
    request_type: str | None = None
    """``GET``, ``POST``, … as its definition has it, in capitals."""
    timeout_seconds: int | None = None
    read_at: int | None = None
    """When its definition was read, in ms since the epoch."""


@dataclass(frozen=True, slots=True)
class Action:
    """An action with its contract."""

    entry: Entry
    input_schema: dict[str, Any] | None = field(default=None, repr=False)
    """As Genesys Cloud has it; None where it has none that is kept."""
    output_schema: dict[str, Any] | None = field(default=None, repr=False)
    problem: SchemaProblem | None = None
    """Why the input's schema is not there, or not used."""
