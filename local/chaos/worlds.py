"""The worlds of a chaos run: one for each contract, quick to give up so that a run takes minutes."""

import contextlib
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

from local.chaos.callers import TIMEOUT_MS
from local.chaos.faults import AWAITED_SECONDS, PATIENCE_SECONDS
from local.world.down import down
from local.world.progress import Progress
from local.world.state import Stack
from local.world.up import up

CONTRACTS = ("data-actions", "integrations")

_RECORDING_SECONDS = 5
_EXECUTE_SECONDS = PATIENCE_SECONDS + _RECORDING_SECONDS
VISIBILITY_SECONDS = 6 * _EXECUTE_SECONDS
"""After so long a message of a killed worker is seen again."""
WORKFLOW_VISIBILITY_SECONDS = 20
"""The same for `workflows`. The template's is six times its timeout of a minute; here it works for a second or two, and
a message that is seen twice does no harm."""
MAX_ATTEMPTS = 4


@contextlib.contextmanager
def own_worlds(state: Path, contracts: Sequence[str], progress: Progress) -> Iterator[dict[str, Stack]]:
    """Bring up a new world for each contract below folder `state`, and end them when the block ends.

    Raises WorldError when one can't be brought up. SIGTERM ends the block as Ctrl-C does.
    """
    with contextlib.ExitStack() as ending:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        ending.callback(signal.signal, signal.SIGTERM, before)
        stacks = {}
        for contract in contracts:
            folder = state / contract
            down(folder)  # what a run that was killed has left
            ending.callback(down, folder)
            progress.step(f"a world of its own for {contract}")
            stacks[contract] = up(folder, genesys_url=None, parameters=parameters(contract), progress=progress)
        yield stacks


def parameters(contract: str) -> dict[str, str]:
    """Return what is otherwise than the template's defaults: short times, and a rate that is not the limit."""
    return {
        "GenesysApi": contract,
        "ExecuteTimeoutSeconds": str(_EXECUTE_SECONDS),
        "ExecuteVisibilitySeconds": str(VISIBILITY_SECONDS),
        "WebhookGraceSeconds": str(AWAITED_SECONDS - TIMEOUT_MS // 1_000),
        "RequestsPerMinute": "60000",
        "MaxAttempts": str(MAX_ATTEMPTS),
    }
