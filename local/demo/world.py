"""A local world for as long as a block runs."""

import contextlib
import fcntl
import signal
from collections.abc import Iterator
from pathlib import Path

from local.demo.witnesses import RATE
from local.world.down import down
from local.world.errors import WorldError
from local.world.progress import Progress
from local.world.state import Stack
from local.world.up import up

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def own_world(state: Path, progress: Progress) -> Iterator[Stack]:
    """Start a new world in folder `state`, and stop it when the block ends for any reason.

    Raises:
        WorldError: the world can't be started, or the folder is in use.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / "in-use").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorldError(f"another demo is running in {state}; name another folder with --state") from None
        with _signals_as_interrupts():
            try:
                down(state)  # processes of an earlier demo that was killed
                yield up(state, genesys_url=None, parameters={"RequestsPerMinute": str(RATE)}, progress=progress)
            finally:
                _ignore_signals()
                down(state)


@contextlib.contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """Turn signals that would kill this process into KeyboardInterrupt; ignored ones stay ignored."""
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, signal.default_int_handler) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    """Ignore signals while the world is stopped, which takes seconds."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
