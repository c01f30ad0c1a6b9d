"""What `sam local start-…` serves, from containers that stay for the next request."""

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from local.world.ports import answers_http, free_port, wait_until
from tests.sam.project import Project

_START_SECONDS = 60
_STOP_SECONDS = 30


@contextlib.contextmanager
def serving(project: Project, command: str, folder: Path) -> Iterator[str]:
    """Run `sam local COMMAND` for `project` until the block ends; give its address. Its log is in `folder`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("--port", str(port), "--warm-containers", "LAZY", "--no-watch")
    with (folder / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            project.command(command, *arguments),
            cwd=project.folder,
            env=project.environment(folder / "tmp"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            # A path that no function serves, so that nothing is started for the question.
            answers = wait_until(
                lambda: answers_http(url), alive=lambda: process.poll() is None, seconds=_START_SECONDS
            )
            assert answers, (folder / "log").read_text(encoding="utf-8")
            yield url
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    # What Ctrl-C sends: SAM CLI then takes its containers with it.
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
