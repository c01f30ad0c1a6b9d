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
    """Bring up a new world in folder `state`, and end it when the block ends, whatever ends it.

    Raises WorldError when it can't be brought up, or when the folder is in use.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / "in-use").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorldError(f"another demo is running in {state}; --state takes another folder") from None
        with _signals_as_interrupts():
            try:
                down(state)  # what a demo that was killed has left
                yield up(state, genesys_url=None, parameters={"RequestsPerMinute": str(RATE)}, progress=progress)
            finally:
                _ignore_signals()
                down(state)


@contextlib.contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """Let what would end this process at once end the block instead, as Ctrl-C does; what is ignored stays so."""
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, signal.default_int_handler) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    """Nobody's impatience leaves half a world; ending it takes seconds."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
