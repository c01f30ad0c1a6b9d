"""An action in the catalogue."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MAX_TEXT = 200
"""Characters of a name, a category, an integration or a version; longer ones are cut."""
LONGEST_TIMEOUT_S = 60
"""The published platform API lets an action run for 1 to 60 s; 60 s if its definition names no timeout."""


class SchemaProblem(StrEnum):
    """Why an action's contract can't be used."""

    MISSING = "schema_missing"
    """Genesys Cloud has no schema of its inputs."""
    TOO_LARGE = "schema_too_large"
    """More bytes, levels or rules than are kept (``schema_limits``)."""
    RECURSIVE = "schema_recursive"
    """It refers to itself."""
    REMOTE = "schema_remote"
    """It refers to another document, which is never fetched."""
    INVALID = "schema_invalid"
    """It is not a JSON Schema."""
    UNREADABLE = "action_unreadable"
    """Genesys Cloud did not return the action's definition."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An action in the list. The fields of its definition are set once that has been read (``read_at``)."""

    action_id: str
    name: str
    category: str | None = None
    integration: str | None = None
    """The id of its integration."""
    version: str | None = None
    """Changes with every published change. None if Genesys Cloud has none; then every reading reads it again."""
    secure: bool = False
    request_type: str | None = None
    """Its definition's, in capitals: ``GET``, ``POST``, …"""
    timeout_seconds: int | None = None
    read_at: int | None = None
    """When its definition was read, in ms since the epoch."""


@dataclass(frozen=True, slots=True)
class Action:
    """An action with its contract."""

    entry: Entry
    input_schema: dict[str, Any] | None = field(default=None, repr=False)
    """Genesys Cloud's; None if it has none that is kept."""
    output_schema: dict[str, Any] | None = field(default=None, repr=False)
    problem: SchemaProblem | None = None
    """Why the input's schema is missing or not used."""
