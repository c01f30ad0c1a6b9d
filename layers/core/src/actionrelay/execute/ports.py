"""The endpoint that executes actions, and what is posted to it."""

from dataclasses import dataclass, field
from typing import Protocol

from actionrelay.genesys.verdict import Reply
from actionrelay.token.ports import AccessToken


@dataclass(frozen=True, slots=True)
class ActionCall:
    """What one attempt posts to Genesys Cloud, in either contract."""

    execution_id: str
    """The run's: ``Execution.sent_as``."""
    action_id: str
    trace_id: str
    inputs: str = field(repr=False)
    """JSON text of an object, as the caller sent it."""
    timeout_ms: int
    cache_results: bool


class ActionClient(Protocol):
    """Genesys Cloud's execution endpoint, in either contract."""

    def execute(self, call: ActionCall, token: AccessToken, wait_ms: int) -> Reply:
        """Post once, without retries, and wait at most ``wait_ms`` for the response. Never raises."""
        ...
