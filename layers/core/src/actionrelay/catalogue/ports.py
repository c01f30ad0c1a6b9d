"""What the catalogue needs from the world. Each call may raise ``DependencyError``, where nothing else is said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from actionrelay.catalogue.action import Action, Entry
from actionrelay.catalogue.state import CatalogueState, Reason
from actionrelay.strict_json import Json
from actionrelay.token.ports import AccessToken


class Answered(StrEnum):
    """What came of one question to Genesys Cloud."""

    DOCUMENT = "document"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a name, no token
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    THROTTLED = "throttled"
    FAILED = "failed"
    """No answer, an error of the host, or one that can't be read."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer of Genesys Cloud about its actions."""

    answered: Answered
    document: Json = field(default=None, repr=False)
    retry_after: str | None = None
    """The header as it came."""


class ActionsApi(Protocol):
    """Genesys Cloud's own list of actions. Fails by no exception."""

    def page(self, number: int, token: AccessToken, wait_ms: int) -> Seen:
        """One page of the list, from 1."""
        ...

    def definition(self, action_id: str, token: AccessToken, wait_ms: int) -> Seen:
        """One action with its contract and its configuration."""
        ...

    def schema(self, action_id: str, file: str, token: AccessToken, wait_ms: int) -> Seen:
        """A schema that an action's contract names by its file."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """What the catalogue has about one action, and how far it is."""

    action: Action | None
    state: CatalogueState


class CatalogueReader(Protocol):
    """The catalogue, for those who read it."""

    def look(self, action_id: str) -> Look:
        """Read one action and the state by one request."""
        ...

    def state(self) -> CatalogueState:
        """The state as last written; an empty one before the first."""
        ...

    def pages(self, slot: int, first: int, number: int) -> Sequence[Sequence[Entry]]:
        """So many pages of a list, in order, from the one with this number; the first is 0."""
        ...


class CatalogueStore(CatalogueReader, Protocol):
    """The catalogue, for its one writer."""

    def swap(self, before: CatalogueState, after: CatalogueState) -> CatalogueState | None:
        """Write ``after`` if nobody has written since ``before``; return it as written, None where somebody has."""
        ...

    def put_page(self, slot: int, number: int, entries: Sequence[Entry]) -> None:
        """Write one page of a list, from 0, in place of what was there."""
        ...

    def put_action(self, action: Action, now: int) -> None:
        """Write an action with its contract."""
        ...

    def put_gone(self, action_id: str, now: int) -> None:
        """Write that an action is not there any more."""
        ...


@dataclass(frozen=True, slots=True)
class SyncMessage:
    """A message of the catalogue's queue: a reason to read it, or the next part of a reading."""

    reason: Reason | None = None
    run: int | None = None
    """The number of the reading that goes on."""
    waited: bool = False
    """It returns from a place in the line before the rate gate."""

    @property
    def log_ids(self) -> dict[str, str]:
        """What a log line about it carries."""
        return {} if self.run is None else {"reading": str(self.run)}


class SyncQueue(Protocol):
    """The catalogue's queue."""

    def push(self, message: SyncMessage, delay_ms: int = 0) -> None:
        """Queue a message, to be seen after a delay of 15 minutes at most.

        Raises:
            QueueUnavailableError: it may or may not have been queued.
        """
        ...
