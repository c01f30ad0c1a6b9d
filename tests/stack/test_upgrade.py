"""A deployment of an earlier release is upgraded in place while it works: nothing is lost, run twice or refused.

CloudFormation updates an API in place. The emulator replaces it, so callers move to the new address here, and results
come in the answer and not by webhook. ``tests/template/test_upgrade.py`` has what AWS would replace.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.api import Answer
from local.world.down import down
from local.world.state import ROOT, Stack, WorldFolder
from tests.stack.again import deployed_again
from tests.stack.deployment import ENDED, Deployment

BEFORE = "e7040cf2e7a4a2ea7b6414cfb6485ae025f89500"
"""A commit before functions had versions and aliases, so all that an upgrade can replace is replaced."""
RELEASED = ("template.yaml", "functions", "layers", "samconfig.toml", "requirements", ".python-version")
"""The files from which a release is deployed; the local world is the current one."""
UNDER_WAY = int(os.environ.get("UNDER_WAY", "25"))
PARAMETERS = {"RequestsPerMinute": str(UNDER_WAY), "ExecuteTimeoutSeconds": "10", "ExecuteVisibilitySeconds": "60"}
"""So slow that it takes longer than the upgrade. The emulator kills workers whose function is updated, where AWS lets
them finish; their messages are seen again within a minute."""
PATIENCE_SECONDS = 300.0


@pytest.fixture
def before(tmp_path: Path) -> Iterator[tuple[Stack, Path]]:
    """A world of the earlier release, and its state folder."""
    tree, state = tmp_path / "before", tmp_path / "world"
    archive = subprocess.run(["git", "archive", BEFORE, *RELEASED], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as release:
        release.extractall(tree, filter="data")
    shutil.copytree(ROOT / "local", tree / "local")
    (tree / ".tools").symlink_to(ROOT / ".tools")
    overrides = [f"--parameter={name}={value}" for name, value in PARAMETERS.items()]
    command = [sys.executable, "-m", "local", "up", "--state", str(state), *overrides]
    subprocess.run(command, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, check=True)
    try:
        stack = WorldFolder(state).stack()
        assert stack is not None
        yield stack, state
    finally:
        down(state)


def test_an_upgrade_harms_no_execution_under_way(before: tuple[Stack, Path]) -> None:
    stack, state = before
    with Deployment.of(stack) as deployment:
        deployment.genesys.patch_scenario({"mode": "completed"})
        hook, url = deployment.hook()
        ids = [deployment.submit(webhookUrl=url).document["executionId"] for _ in range(UNDER_WAY)]
        with _a_caller(stack) as (answers, submitted):
            upgraded = deployed_again(stack, state, PARAMETERS | {"DeliverConcurrency": "10"})
    with Deployment.of(upgraded) as deployment:
        still_under_way = sum(_status(deployment, each) not in ENDED for each in ids)
        assert still_under_way > 0, "it was upgraded while they ran"

        for each in ids + submitted:
            assert deployment.ended(each, patience=PATIENCE_SECONDS)["status"] == "completed"
        assert [each for each in answers if each.status >= 500] == []
        assert len(submitted) > 0, "callers were served meanwhile"
        assert _runs(deployment) == dict.fromkeys(ids + submitted, 1)
        # A delivery whose worker was killed is seen again after five minutes. An operator need not wait for that.
        for each in set(ids) - set(_delivered(deployment, hook)):
            deployment.api.call("POST", f"/executions/{each}/webhook/redeliver")
        delivered = deployment.eventually(
            lambda: got if set(got := _delivered(deployment, hook)) >= set(ids) else None, patience=PATIENCE_SECONDS
        )
        assert set(delivered) == set(ids)


@contextmanager
def _a_caller(stack: Stack) -> Iterator[tuple[list[Answer], list[str]]]:
    """Submit and read every four seconds until the block ends; gives the answers and the accepted ids."""
    answers: list[Answer] = []
    submitted: list[str] = []
    over = threading.Event()

    def call() -> None:
        with Deployment.of(stack) as deployment:
            while not over.wait(4):
                answers.extend((accepted := deployment.submit(), deployment.api.executions()))
                if accepted.status == 202:
                    submitted.append(accepted.document["executionId"])

    caller = threading.Thread(target=call)
    caller.start()
    try:
        yield answers, submitted
    finally:
        over.set()
        caller.join()


def _status(deployment: Deployment, execution_id: str) -> str:
    answer = deployment.api.execution(execution_id)
    assert answer.status == 200, answer.body
    return str(answer.document["status"])


def _runs(deployment: Deployment) -> dict[str, int]:
    runs: dict[str, int] = deployment.genesys.counts()["runs"]["byExecutionId"]
    return runs


def _delivered(deployment: Deployment, hook: str) -> list[str]:
    return [each["json"]["data"]["executionId"] for each in deployment.deliveries(hook)]
