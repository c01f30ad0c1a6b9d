"""The peer in Node: the same bytes through JSON.parse and zod, in one process that stays warm."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PEER = Path(__file__).parent / "zod"
_INSTALL_SECONDS = 120


@contextmanager
def zod() -> Iterator[Callable[[Path, int], float] | None]:
    """Give a function that returns the µs of one reading of a file, measured over some.

    None where Node is not there.
    """
    if shutil.which("node") is None or not _installed():
        yield None
        return
    with subprocess.Popen(
        ["node", "validate.js"], cwd=PEER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as peer:
        if peer.stdin is None or peer.stdout is None:
            raise RuntimeError("Node was started without pipes")
        question, answer = peer.stdin, peer.stdout

        def measure(file: Path, repeats: int) -> float:
            question.write(f"{file} {repeats}\n")
            question.flush()
            return float(answer.readline())

        yield measure
        question.close()


def _installed() -> bool:
    if (PEER / "node_modules/zod").is_dir():
        return True
    if shutil.which("npm") is None:
        return False
    command = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=PEER, check=True, capture_output=True, timeout=_INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return False
    return True
