"""The killer: ends only working workers of its own world."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from local.chaos.killer import Killer

FUNCTIONS = ("Validate", "Execute", "Workflows", "ReceiveWebhook", "Deliver", "Query")
NAMES = {f"{name}Function": name.lower() for name in FUNCTIONS}
WORKING = "import socket, sys; s = socket.socket(); print('up', flush=True); sys.stdin.read()"
STARTING = "import sys; print('up', flush=True); sys.stdin.read()"


@contextmanager
def worker(folder: Path, function: str, program: str = WORKING) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a worker that the emulator has started; it has come up."""
    command = [sys.executable, "-c", program, f"{folder}/ministack-lambda-{function}-abc/worker.py"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def killer(folder: Path, *, per_second: float = 1_000.0) -> Killer:
    return Killer(NAMES, folder, per_second=per_second, seed=1)


def test_the_killer_kills_and_counts_workers_of_every_function(tmp_path: Path) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(tmp_path, function)) for function in NAMES.values()]
        with killer(tmp_path) as at_work:
            codes = [each.wait(timeout=20) for each in workers]

    assert codes == [-signal.SIGKILL] * len(NAMES)
    assert set(at_work.kills().by_function) == set(FUNCTIONS)


def test_the_killer_spares_starting_and_foreign_workers(
    tmp_path: Path,
) -> None:
    with (
        worker(tmp_path / "mine", "execute") as mine,
        worker(tmp_path / "mine", "execute", STARTING) as starting,
        worker(tmp_path / "other", "execute") as other,
    ):
        with killer(tmp_path / "mine"):
            mine.wait(timeout=20)
        assert (starting.poll(), other.poll()) == (None, None)


def test_without_kills_a_second_nobody_is_killed(tmp_path: Path) -> None:
    with worker(tmp_path, "execute") as spared, killer(tmp_path, per_second=0.0) as idle:
        assert spared.poll() is None

    assert idle.kills().total == 0
