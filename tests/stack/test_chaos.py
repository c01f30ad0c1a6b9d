"""The chaos run, small: three minutes, so only where `-m chaos` asks for it. `make chaos` does more of everything."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from local.chaos.campaign import Campaign
from local.chaos.report import figures, show
from local.chaos.runs import run_all
from local.chaos.tables import Tables
from local.chaos.worlds import CONTRACTS
from local.world.progress import Progress
from tests.stack.deployment import Deployment

_EXECUTIONS = 40
"""In each world: enough for every kind of fault."""
_SEED = 3


@pytest.mark.chaos
def test_given_faults_and_kills_when_all_is_over_then_no_promise_was_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    campaigns = [
        Campaign(contract, _EXECUTIONS, _SEED, kills_per_second=0.4, requests_per_second=6.0) for contract in CONTRACTS
    ]

    results = run_all(campaigns, tmp_path, Progress(Console(quiet=True)))

    show(results, Console())
    table = capsys.readouterr().out
    for told in map(figures, results):
        assert told["violations"] == 0, table
        assert told["accepted"] == _EXECUTIONS, table
        assert told["workers killed"], table


def test_given_a_message_that_no_worker_survived_when_it_is_redriven_then_it_is_back_and_an_ended_execution_stays(
    data_actions: Deployment,
) -> None:
    tables = Tables(data_actions.stack)
    done = data_actions.run()
    dead = data_actions.stack.outputs["ExecutionDlqUrl"]
    message = json.dumps({"executionId": done["executionId"], "kind": "run"})
    data_actions.aws("sqs").send_message(QueueUrl=dead, MessageBody=message)

    assert (tables.redrive(), tables.redrive()) == (1, 0)
    assert tables.statuses()[done["executionId"]] == "completed"
    assert [entry.event for entry in tables.audit()[done["executionId"]]][:2] == ["accepted", "attempt_started"]
