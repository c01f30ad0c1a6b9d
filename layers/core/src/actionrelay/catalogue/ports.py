"""What the catalogue needs from the world. Calls may raise ``DependencyError`` unless they say otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from actionrelay.catalogue.action import Action, Entry
from actionrelay.catalogue.state import CatalogueState, Reason
from actionrelay.strict_json import Json
from actionrelay.token.ports import AccessToken


class Answered(StrEnum):
    """The result of one request to Genesys Cloud."""

    DOCUMENT = "document"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a name, no token
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    THROTTLED = "throttled"
    FAILED = "failed"
    """No response, an error, or a response that can't be read."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One response of Genesys Cloud about its actions."""

    answered: Answered
    document: Json = field(default=None, repr=False)
    retry_after: str | None = None
    """The header as received."""


class ActionsApi(Protocol):
    """Genesys Cloud's list of actions. Never raises."""

    def page(self, number: int, token: AccessToken, wait_ms: int) -> Seen:
        """One page of the list; the first is 1."""
        ...

    def definition(self, action_id: str, token: AccessToken, wait_ms: int) -> Seen:
        """One action with its contract and its configuration."""
        ...

    def schema(self, action_id: str, file: str, token: AccessToken, wait_ms: int) -> Seen:
        """A schema that an action's contract names by its file."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """One action in the catalogue, if it is there, and the catalogue's state."""

    action: Action | None
    state: CatalogueState


class CatalogueReader(Protocol):
    """The catalogue, for readers."""

    def look(self, action_id: str) -> Look:
        """Read one action and the state in one request."""
        ...

    def state(self) -> CatalogueState:
        """The state as last written; an empty one before the first write."""
        ...

    def pages(self, slot: int, first: int, number: int) -> Sequence[Sequence[Entry]]:
        """``number`` pages of a list, in order, from page ``first`` (the first is 0)."""
        ...


class CatalogueStore(CatalogueReader, Protocol):
    """The catalogue, for its one writer."""

    def swap(self, before: CatalogueState, after: CatalogueState) -> CatalogueState | None:
        """Write ``after`` and return it as written; None if the state has changed since ``before``."""
        ...

    def put_page(self, slot: int, number: int, entries: Sequence[Entry]) -> None:
        """Write one page of a list (the first is 0), replacing what was there."""
        ...

    def put_action(self, action: Action, now: int) -> None:
        """Write an action with its contract."""
        ...

    def put_gone(self, action_id: str, now: int) -> None:
        """Write that an action no longer exists."""
        ...


@dataclass(frozen=True, slots=True)
class SyncMessage:
    """A message of the catalogue's queue: a reason to read it, or the next part of a reading."""

    reason: Reason | None = None
    run: int | None = None
    """The number of the reading in progress."""
    waited: bool = False
    """It has waited for its turn at the rate gate."""

    @property
    def log_ids(self) -> dict[str, str]:
        """The ids on every log line about it."""
        return {} if self.run is None else {"reading": str(self.run)}


class SyncQueue(Protocol):
    """The catalogue's queue."""

    def push(self, message: SyncMessage, delay_ms: int = 0) -> None:
        """Queue a message with a delay of at most 15 minutes.

        Raises:
            QueueUnavailableError: it may or may not have been queued.
        """
        ...
