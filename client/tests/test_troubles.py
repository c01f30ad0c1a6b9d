"""What `actionrelay run` says and does when something is wrong: each line of the table in docs/client.md.

What needs a process of its own, a deployment that goes away and a disk that is full, is in `test_killed.py`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from actionrelay_client import Repeats
from actionrelay_client.bulk import following, sending
from actionrelay_client.command.app import app
from actionrelay_client.command.exits import Exit
from fake_relay import API_KEY, FakeRelay

ROWS = 150
LOG_IN = "the AWS credentials have expired: log in again, then run the same command"


@dataclass(frozen=True)
class Trouble:
    """What goes wrong, when the run sends or reads, and what comes of it."""

    what: Mapping[str, Any]
    sending: Sequence[str]
    """What is said where batches meet it."""
    reading: Sequence[str]
    """What is said where reads of outcomes meet it."""
    status: Exit = Exit.DONE
    options: Sequence[str] = ()


TROUBLES = {
    "a full backlog": Trouble(
        {"status": 429, "code": "backlog_full", "retry_after": "0", "times": 3},
        sending=["sending waits 0 s: the deployment's backlog is full"],
        reading=["reading waits: backlog_full"],
    ),
    "throttled": Trouble(
        {"status": 429, "code": "throttled", "times": 3},
        sending=["sending waits 0 s: throttled"],
        reading=["reading waits: throttled"],
    ),
    "unavailable": Trouble(
        {"status": 503, "code": "store_unavailable", "times": 3},
        sending=["sending waits 0 s: store_unavailable"],
        reading=["reading waits: store_unavailable"],
    ),
    "no answer": Trouble(
        {"lose": "after", "times": 3},
        sending=["sending waits 0 s: no answer from"],
        reading=["reading waits: no answer from"],
    ),
    "no answer at all": Trouble(
        {"lose": "before", "times": 100_000},
        sending=["stopped: 0 rows are accepted", "no_answer: no answer from"],
        reading=["rows are accepted and go on at the deployment; nothing is lost", "no_answer: no answer from"],
        status=Exit.NO_ANSWER,
        options=["--patience", "0"],
    ),
    "expired credentials": Trouble(
        {"status": 403, "code": "expired_token", "times": 100},
        sending=["stopped: 0 rows are accepted", LOG_IN],
        reading=["rows are accepted and go on at the deployment; nothing is lost", LOG_IN],
        status=Exit.REFUSED,
    ),
}


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch, relay: FakeRelay) -> None:
    """Nobody waits longer than it takes to see that somebody waits."""
    monkeypatch.setattr(sending, "_PACE", Repeats(base_seconds=0.01, cap_seconds=0.02))
    monkeypatch.setattr(following, "_SHORTEST", 0.01)
    monkeypatch.setattr(following, "_LONGEST", 0.05)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setenv("ACTIONRELAY_URL", relay.url)
    monkeypatch.setenv("ACTIONRELAY_API_KEY", API_KEY)


@pytest.mark.parametrize("reading", [False, True], ids=["sending", "reading"])
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_each_trouble_is_said_and_costs_no_row(
    relay: FakeRelay, tmp_path: Path, trouble: Trouble, reading: bool
) -> None:
    file, out = tmp_path / "rows.csv", tmp_path / "out.jsonl"
    file.write_text("id\n" + "".join(f"{number}\n" for number in range(ROWS)))
    command = ["run", str(file), "--action", "act", "--key", "id", "--out", str(out)]
    relay.trouble("GET" if reading else "POST", "/executions/" if reading else "/batches", **trouble.what)

    troubled = CliRunner().invoke(app, [*command, *trouble.options])

    assert troubled.exit_code == trouble.status, troubled.output
    assert [each for each in (trouble.reading if reading else trouble.sending) if each not in troubled.stderr] == []
    assert API_KEY not in troubled.output
    if trouble.status is not Exit.DONE:
        assert "when this is mended, the same command goes on" in troubled.stderr
        relay.troubles.clear()
        assert CliRunner().invoke(app, command).exit_code == Exit.DONE
    assert {json.loads(line)["status"] for line in out.read_text().splitlines()} == {"completed"}
    assert (len(relay.runs), set(relay.runs.values())) == (ROWS, {1})
