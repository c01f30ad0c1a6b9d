"""The client: one method for each operation of the API."""

import os
from collections.abc import Callable
from types import TracebackType

from actionrelay_client.decisions import Decisions
from actionrelay_client.deployment import Deployment
from actionrelay_client.executions import Executions
from actionrelay_client.repeats import Repeats
from actionrelay_client.settings import Settings, find_settings
from actionrelay_client.signing import Signer, signer_of
from actionrelay_client.transport import Transport, Wait
from actionrelay_client.workflows import Workflows


class Client(Executions, Decisions, Workflows, Deployment):
    """Calls one deployment. Safe to use in several threads; closes its connections at the end of a `with` block.

    ``Client()`` takes ``ACTIONRELAY_URL`` and ``ACTIONRELAY_API_KEY`` or the usual AWS environment; ``local=True`` the
    world that ``make up`` has started. See `settings.find_settings`.

    A submission has an id before it is sent. So 429, 503 and lost answers are sent again, with their ``Retry-After``,
    and nothing runs twice; see `repeats.Repeats` for how often and how long.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        region: str | None = None,
        profile: str | None = None,
        local: bool | str | os.PathLike[str] = False,
        settings: Settings | None = None,
        signer: Signer | None = None,
        repeats: Repeats | None = None,
        on_wait: Callable[[Wait], None] | None = None,
        transport: Transport | None = None,
    ) -> None:
        self.settings = settings or find_settings(url, api_key=api_key, region=region, profile=profile, local=local)
        self.transport = transport or Transport(
            self.settings.url, signer or signer_of(self.settings), repeats or Repeats(), on_wait
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()
