"""`kill -9` at any moment, and the same command again: real processes, and a deployment that outlives them."""

import contextlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_relay import API_KEY, FakeRelay

ROWS, KILLS = (int(os.environ.get(name, default)) for name, default in (("ROWS", "200"), ("KILLS", "5")))
"""More of them with `ROWS=500 KILLS=50`."""
AWAY_SECONDS = float(os.environ.get("AWAY_SECONDS", "0"))
"""How long a deployment stays away once that is said; a minute with `AWAY_SECONDS=60`."""
HERE = Path(__file__).parent


@pytest.fixture
def deployment() -> Iterator[str]:
    command = [sys.executable, str(HERE / "fake_relay.py"), "--delay", "0.3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.kill()


class Commands:
    """The same command, as often as it is wanted."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.file, self.out = folder / "rows.csv", folder / "out.jsonl"
        self.file.write_text("id,amount\n" + "".join(f"{n},{n}.10\n" for n in range(ROWS)))

    def start(self, **how: Any) -> "subprocess.Popen[str]":
        arguments = ["run", str(self.file), "--action", "act", "--key", "id", "--out", str(self.out), "--json"]
        return subprocess.Popen(
            [sys.executable, "-m", "actionrelay_client.command", *arguments],
            env={**os.environ, "ACTIONRELAY_URL": self.url, "ACTIONRELAY_API_KEY": API_KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **how,
        )

    def finish(self, **how: Any) -> tuple[int, Any, str]:
        with self.start(**how) as process:
            out, err = process.communicate(timeout=120)
        return process.returncode, json.loads(out) if out else None, err

    def runs(self) -> dict[str, int]:
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/_control") as answer:  # noqa: S310
            runs: dict[str, int] = json.load(answer)["runs"]
        return runs

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text().splitlines()]


@pytest.fixture
def commands(deployment: str, tmp_path: Path) -> Commands:
    return Commands(deployment, tmp_path)


def test_killed_at_any_moment_every_row_runs_once(commands: Commands) -> None:
    chance = random.Random(19)  # noqa: S311 - moments, not secrets
    for _ in range(KILLS):
        with commands.start() as process:
            # From before it has read the file to after its end.
            time.sleep(chance.uniform(0.3, 2.5))
            process.kill()
    status, summary, _ = commands.finish()
    assert (status, summary["completed"]) == (0, ROWS)
    runs = commands.runs()
    assert (len(runs), set(runs.values())) == (ROWS, {1})
    assert [line["row"] for line in commands.lines()] == list(range(1, ROWS + 1))


def test_a_deployment_that_goes_away_is_waited_for(relay: FakeRelay, tmp_path: Path) -> None:
    relay.endless = True
    commands = Commands(relay.url, tmp_path)
    with commands.start() as process, contextlib.ExitStack() as ended:
        ended.callback(process.kill)
        while not relay.runs:
            time.sleep(0.02)
        relay.__exit__()
        with contextlib.ExitStack() as back:
            back.callback(relay.__enter__)
            assert process.stderr
            said = next(line for line in process.stderr if "no connection to" in line)
            time.sleep(AWAY_SECONDS)
            relay.endless = False
        out, _ = process.communicate(timeout=120)
    assert re.match(r"(sending|reading) waits", said)
    assert (process.returncode, json.loads(out)["completed"]) == (0, ROWS)
    assert (len(relay.runs), set(relay.runs.values())) == (ROWS, {1})


@pytest.mark.parametrize(
    ("sent", "on_interrupt"),
    [
        (signal.SIGINT, signal.SIG_DFL),
        (signal.SIGTERM, signal.SIG_DFL),
        # A shell starts what is to run in the background with SIGINT ignored.
        (signal.SIGTERM, signal.SIG_IGN),
    ],
)
def test_interrupted_it_says_how_to_go_on(
    commands: Commands, sent: signal.Signals, on_interrupt: signal.Handlers
) -> None:
    with commands.start(preexec_fn=lambda: signal.signal(signal.SIGINT, on_interrupt)) as process:
        while not commands.runs():
            time.sleep(0.02)
        process.send_signal(sent)
        out, _ = process.communicate(timeout=30)
    summary = json.loads(out)
    assert (process.returncode, summary["interrupted"]) == (130, True)
    status, summary, _ = commands.finish()
    assert (status, summary["completed"], set(commands.runs().values())) == (0, ROWS, {1})


def test_a_full_disk_stops_it_and_nothing_is_lost(commands: Commands) -> None:
    status, _, err = commands.finish(
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)),  # as a disk that is full
    )
    assert status == 5
    assert "out.jsonl can't be written" in err
    assert "the same command goes on" in err
    status, summary, _ = commands.finish()
    assert (status, summary["completed"], set(commands.runs().values())) == (0, ROWS, {1})
    assert [line["row"] for line in commands.lines()] == list(range(1, ROWS + 1))
