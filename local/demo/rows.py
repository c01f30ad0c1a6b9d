"""A step: the command runs a file of 200 rows, is killed and repeated, and each row runs once."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from local.demo.expectations import UnexpectedError, expect
from local.demo.showing import Show
from local.demo.witnesses import Witnesses
from local.genesys.catalogue import action_id
from local.world.state import Stack

ACTION = action_id("Create callback")
"""A POST: running it twice would create two callbacks."""
ROWS = 200
BAD = {42: "c-0042,Support,thrice", 118: "c-0007,Support,2"}
"""The invalid rows: one violates the action's contract, one repeats an earlier row's key."""
_GOOD = ROWS - len(BAD)
_KILLED_AT = 60
"""How many actions have run before the kill."""
_PATIENCE_SECONDS = 180.0
_INVALID, _NEEDS_A_PERSON = 2, 1
"""The command's exit statuses: rows are invalid and nothing was sent; it has skipped them."""


def run(show: Show, witnesses: Witnesses, stack: Stack) -> None:
    """See the file refused, run its valid rows with a kill in the middle, and count the runs."""
    witnesses.hurry()
    before = witnesses.asked()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder)
        options = ["--action", ACTION, "--key", "customerId", "--out", "results.jsonl"]
        command = _Command(["run", "callbacks.csv", *options], folder, stack, show)

        expect("the exit status", wanted=_INVALID, came=command.start().wait(_PATIENCE_SECONDS))
        expect("actions that ran", wanted=0, came=witnesses.asked() - before)
        show.seen("two rows are invalid, so nothing was sent")

        command.add("--skip-invalid")
        with command.start() as process:
            _wait_for(process, lambda: witnesses.asked() - before >= _KILLED_AT)
            process.send_signal(signal.SIGKILL)
        show.say("kill -9")

        expect("the exit status", wanted=_NEEDS_A_PERSON, came=command.start().wait(_PATIENCE_SECONDS))
        lines = [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    outcomes = Counter(line["status"] for line in lines)
    expect("outcomes", wanted={"completed": _GOOD, "invalid": len(BAD)}, came=dict(outcomes))
    answered = {line["result"]["echo"]["customerId"] for line in lines if line["status"] == "completed"}
    expect("customers whose own run answered", wanted=_GOOD, came=len(answered))
    expect("how often the action ran", wanted=_GOOD, came=witnesses.ran_action(ACTION))
    show.seen(f"killed and restarted, each of {_GOOD} rows ran exactly once")


def _write(folder: Path) -> None:
    rows = [BAD.get(number, f"c-{number:04},Support,2") for number in range(1, ROWS + 1)]
    (folder / "callbacks.csv").write_text("customerId,queue,attempts\n" + "\n".join(rows) + "\n", encoding="utf-8")


class _Command:
    """The command `actionrelay`, run in a folder."""

    def __init__(self, arguments: list[str], folder: Path, stack: Stack, show: Show) -> None:
        self._arguments, self._folder, self._show = arguments, folder, show
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "NO_PROXY": "127.0.0.1",
            "ACTIONRELAY_URL": stack.api_url,
            "AWS_REGION": stack.region,
            "AWS_ACCESS_KEY_ID": stack.access_key_id,
            "AWS_SECRET_ACCESS_KEY": stack.secret_access_key,
        }

    def add(self, option: str) -> None:
        """Add an option to later starts."""
        self._arguments.append(option)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it on this terminal."""
        self._show.command(" ".join(["actionrelay", *self._arguments]))
        program = [sys.executable, "-m", "actionrelay_client.command", *self._arguments]
        return subprocess.Popen(program, cwd=self._folder, env=self._environment)


def _wait_for(process: "subprocess.Popen[bytes]", reached: Callable[[], bool]) -> None:
    """Wait until a condition holds, while the process runs."""
    ends = time.monotonic() + _PATIENCE_SECONDS
    while not reached():
        if process.poll() is not None or time.monotonic() > ends:
            process.kill()
            raise UnexpectedError("the command before it is killed", "at work", f"exit status {process.poll()}")
        time.sleep(0.1)
