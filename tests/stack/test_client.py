"""The command and the client's example, against a deployment."""

import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.stack.deployment import ACTION, Deployment
from tests.stack.test_readme import environment
from tests.unit.docs.documents import README, ROOT

ROWS, KILLS = (int(os.environ.get(name, default)) for name, default in (("ROWS", "40"), ("KILLS", "5")))
"""More of them with `ROWS=500 KILLS=50`."""


def typed(deployment: Deployment, *arguments: str, status: int = 0, seconds: int = 120, **more: str) -> Any:
    """Run a command, and return its JSON output."""
    done = subprocess.run(
        [sys.executable, "-m", "actionrelay_client.command", *arguments, "--json"],
        env=environment(deployment, **more),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()] if done.stdout else json.loads(done.stderr)


def test_one_execution_from_submission_to_its_trail(data_actions: Deployment) -> None:
    execution_id = str(uuid.uuid4())
    [done] = typed(data_actions, "submit", ACTION, f"order={execution_id}", "--id", execution_id, "--wait")
    assert (done["executionId"], done["status"]) == (execution_id, "completed")
    assert done == data_actions.api.execution(execution_id).document

    [trail] = typed(data_actions, "audit", execution_id, "--verify")
    assert trail["verification"]["intact"] is True
    assert trail["entries"][-1]["event"] == "completed"
    listed = typed(data_actions, "list", "--from", "2026-01-01T00:00:00+01:00", "--action", ACTION, "--limit", "200")
    assert execution_id in {each["executionId"] for each in listed}
    [metrics] = typed(data_actions, "metrics")
    assert "totalExecutions" in metrics

    refused = typed(data_actions, "retry", execution_id, status=3)
    assert refused["code"] == "wrong_state"


def test_a_workflow_from_its_plan_to_a_retry(data_actions: Deployment, tmp_path: Path) -> None:
    data_actions.genesys.patch_scenario({"mode": "completed"})
    file = tmp_path / "flow.json"
    first = {"actionId": ACTION, "inputs": {"n": str(uuid.uuid4())}}
    file.write_text(json.dumps({"steps": {"a": first, "b": {**first, "dependsOn": ["a"]}}}), encoding="utf-8")

    [planned] = typed(data_actions, "workflow", "submit", str(file), "--dry-run")
    [done] = typed(data_actions, "workflow", "submit", str(file), "--wait")
    listed = typed(data_actions, "workflow", "list", "--status", "completed")
    [retried] = typed(data_actions, "workflow", "retry", done["workflowId"], "--from", "b")
    [again] = typed(data_actions, "workflow", "wait", done["workflowId"])
    refused = typed(data_actions, "workflow", "cancel", done["workflowId"], status=3)

    assert planned["waves"] == [["a"], ["b"]]
    assert (done["status"], list(done["steps"])) == ("completed", ["a", "b"])
    assert done["workflowId"] in {each["workflowId"] for each in listed}
    assert (retried["status"], again["status"]) == ("running", "completed")
    assert again["steps"]["b"]["executionId"] != done["steps"]["b"]["executionId"]
    assert refused["code"] == "wrong_state"


def test_a_doctor_finds_a_deployment_well(data_actions: Deployment) -> None:
    [looked] = typed(data_actions, "doctor")
    found = {each["name"]: each["status"] for each in looked["checks"]}
    assert {
        name: found[name] for name in ("reachable", "clock", "answers", "may read", "may submit", "may decide")
    } == (dict.fromkeys(("reachable", "clock", "answers", "may read", "may submit", "may decide"), "ok"))
    assert [name for name, status in found.items() if status == "failed"] == []


def test_wrong_credentials_are_said_as_such(data_actions: Deployment) -> None:
    refused = typed(data_actions, "metrics", status=3, AWS_SECRET_ACCESS_KEY="another")
    assert refused["status"] == 403


@pytest.mark.parametrize("command", [["examples/python/call.py", ACTION, '{"from": "an example"}']])
def test_the_example_and_the_readme_call(data_actions: Deployment, command: Sequence[str], tmp_path: Path) -> None:
    snippet = tmp_path / "client.py"
    snippet.write_text(README.snippet("client"), encoding="utf-8")
    for arguments in ([str(ROOT / command[0]), *command[1:]], [str(snippet)]):
        done = subprocess.run(
            [sys.executable, *arguments],
            env=environment(data_actions),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "completed" in done.stdout


def test_killed_and_begun_again_each_row_runs_once(data_actions: Deployment, tmp_path: Path) -> None:
    data_actions.genesys.patch_scenario({"mode": "completed"})
    file, out = tmp_path / "rows.csv", tmp_path / "out.jsonl"
    file.write_text("order\n" + "".join(f"{number}\n" for number in range(ROWS)), encoding="utf-8")
    command = ["run", str(file), "--action", ACTION, "--key", "order", "--name", str(uuid.uuid4()), "--out", str(out)]
    seed = random.randrange(10**6)  # noqa: S311 - moments, not secrets
    chance = random.Random(seed)  # noqa: S311 - the same
    killed = 0
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-m", "actionrelay_client.command", *command, "--json"],
            env=environment(data_actions),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            # From before it has read the file to long after it has sent all of it.
            time.sleep(chance.uniform(0.3, 3.0))
            killed += process.poll() is None
            process.kill()

    [summary] = typed(data_actions, *command, seconds=600)

    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    runs = data_actions.genesys.counts()["runs"]["byExecutionId"]
    assert killed > 0
    assert summary["completed"] == ROWS
    assert [line["row"] for line in lines] == list(range(1, ROWS + 1))
    assert Counter(runs.get(line["executionId"]) for line in lines) == {1: ROWS}, f"seed {seed}"
    print(f"{killed} times killed at work, {ROWS} rows, each ran once; seed {seed}")  # noqa: T201 - the figure
