"""The endpoint that executes actions, and what goes out to it."""

from dataclasses import dataclass, field
from typing import Protocol

from actionrelay.genesys.verdict import Reply
from actionrelay.token.ports import AccessToken


@dataclass(frozen=True, slots=True)
class ActionCall:
    """What goes out to Genesys Cloud for one attempt, whichever contract carries it."""

    execution_id: str
    """Of the run: ``Execution.sent_as``."""
    action_id: str
    trace_id: str
    inputs: str = field(repr=False)
    """JSON text of an object: as the caller sent it."""
    timeout_ms: int
    cache_results: bool


class ActionClient(Protocol):
    """Genesys Cloud's execution endpoint, by whichever contract."""

    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:
        """Post once, without any retry, and wait at most ``wait_ms`` for the answer. Never raises."""
        ...
