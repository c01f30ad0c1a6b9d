"""Every command of the runbook and of the simulator's page, run in a shell against a local world.

Commands that can't run here are listed with the reason.
"""

import json
import os
import re
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from local.world.deploy import STACK_NAME
from local.world.down import down
from local.world.environment import for_tools
from local.world.progress import Progress
from local.world.state import ROOT
from local.world.up import up
from tests.stack.deployment import Deployment
from tests.stack.past_days import DAY_MS, day_of, given_a_past_day
from tests.unit.docs.documents import RUNBOOK, Document

pytestmark = pytest.mark.stack

AWS = ROOT / ".tools" / "awscli" / "bin"
"""The CLI of version 1, since version 2 is on no package index. Their differences are removed from the commands."""
BLOCKS = [snippet.text for snippet in RUNBOOK.snippets() if snippet.language == "sh"]
SAME_ENDPOINT = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }'
"""Otherwise version 1 uses queue.amazonaws.com, whatever AWS_ENDPOINT_URL is."""
V2_ALONE = " --cli-binary-format raw-in-base64-out"

LACKING = {
    "aws logs tail": "the CLI v1 has no `logs tail`; its filters are tried by the log tests",
    "--change-set-type IMPORT": "`test_made_again.py` takes these steps, with a build and a deployment of its own",
    "restore-table-to-point-in-time": "`test_made_again.py` takes these steps; the emulator restores to now alone",
    "aws cloudformation delete-stack": "run last, as it ends the world",
}
"""Blocks that are not run, identified by a part of them, with the reason."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    state = tmp_path_factory.mktemp("runbook")
    stack = up(state, genesys_url=None, parameters={"WebhookGraceSeconds": "1"}, progress=Progress(Console(quiet=True)))
    try:
        with Deployment.of(stack) as deployment:
            deployment.calm_down()
            yield deployment
    finally:
        down(state)


def block(part: str) -> str:
    """Return the one block that contains this."""
    [found] = [text for text in BLOCKS if part in text]
    return found


def typed(world: Deployment, script: str, folder: Path, **variables: str) -> str:
    """Run a block after the runbook's definitions, in a strict shell, and return its output."""
    environment = for_tools(os.environ, AWS) | {
        "ACTIONRELAY_URL": world.stack.api_url,
        "GENESYS_URL": world.stack.genesys_url,
        "AWS_REGION": world.stack.region,
        "AWS_DEFAULT_REGION": world.stack.region,
        "AWS_ACCESS_KEY_ID": world.stack.access_key_id,
        "AWS_SECRET_ACCESS_KEY": world.stack.secret_access_key,
        "AWS_ENDPOINT_URL": world.stack.endpoint_url,
        **variables,
    }
    preamble = BLOCKS[0].replace("STACK=actionrelay", f"STACK={STACK_NAME}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{SAME_ENDPOINT}\n{preamble}\n{script.replace(V2_ALONE, '')}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


type Trial = Callable[[Deployment, Path], None]


def outputs(world: Deployment, folder: Path) -> None:
    assert typed(world, "output ExecutionQueueUrl", folder).strip() == world.stack.outputs["ExecutionQueueUrl"]


def preflight(world: Deployment, folder: Path) -> None:
    assert json.loads(typed(world, block("health?deep=true"), folder))["status"] == "ok"


def redrive(world: Deployment, folder: Path) -> None:
    done = world.run(patience=90)
    letter = json.dumps({"executionId": done["executionId"], "kind": "run"})
    world.aws("sqs").send_message(QueueUrl=world.stack.outputs["ExecutionDlqUrl"], MessageBody=letter)
    # The emulator has no move tasks: the CLI checks these two commands, and sends everything else.
    script = re.sub(r"(aws sqs \S+-message-move-tasks? .*)", r"\1 --generate-cli-skeleton output", block("move-task"))
    printed = typed(world, f'{script}\necho "from $ARN to $TO"', folder)
    assert done["executionId"] in printed
    assert "TaskHandle" in printed
    assert re.search(r"from arn:aws:sqs:\S+ExecutionDlq\S* to arn:aws:sqs:\S+ExecutionQueue", printed)
    world.aws("sqs").purge_queue(QueueUrl=world.stack.outputs["ExecutionDlqUrl"])


def deleting_letters(world: Deployment, folder: Path) -> None:
    sqs, url = world.aws("sqs"), world.stack.outputs["DeliveryDlqUrl"]
    handled, other = str(uuid.uuid4()), str(uuid.uuid4())
    for execution_id in (handled, other):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"executionId": execution_id, "kind": "deliver"}))
    assert typed(world, block("delete-message"), folder, ID=handled).strip() == f"deleted: {handled}"
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    left = int(counts["ApproximateNumberOfMessages"]) + int(counts["ApproximateNumberOfMessagesNotVisible"])
    assert left == 1
    sqs.purge_queue(QueueUrl=url)


def deciding(world: Deployment, folder: Path) -> None:
    done = world.run(patience=90)
    printed = typed(world, f'{block("decide()")}\ndecide "$ID" cancel', folder, ID=done["executionId"])
    assert json.loads(printed)["code"] == "wrong_state"


def deciding_about_many(world: Deployment, folder: Path) -> None:
    script = block("decide decisions").replace("2026-11-24T09:00:00Z", "2026-01-01T00:00:00Z")
    preview, taken = typed(world, f"{block('decide()')}\n{script}", folder).replace("}{", "}\n{").splitlines()
    assert json.loads(preview).keys() == {"matched"}
    assert json.loads(taken).keys() == {"decisionId", "matched"}


def reminding(world: Deployment, folder: Path) -> None:
    done = world.run(patience=90)
    assert "MessageId" in typed(world, block("aws sqs send-message"), folder, ID=done["executionId"])


def exporting(world: Deployment, folder: Path) -> None:
    yesterday = int(time.time() * 1_000) // DAY_MS * DAY_MS - DAY_MS
    given_a_past_day(world, yesterday, 2)
    script = block("aws lambda invoke").replace("2026-11-23", day_of(yesterday))
    assert '"executions": 2' in typed(world, script, folder)
    assert len((folder / f"audit-{day_of(yesterday)}.jsonl").read_text().splitlines()) >= 2


def executions_of_a_day(world: Deployment, folder: Path) -> None:
    done = world.run(patience=90)
    today = day_of(int(time.time() * 1_000))
    printed = typed(world, block("--index-name by_day").replace("2026-11-23", today), folder)
    assert f"execution#{done['executionId']}\tcompleted\t1" in printed


def end_of_a_trail(world: Deployment, folder: Path) -> None:
    done = world.run(patience=90)
    script = block("audit_seq.N").replace("0d9f7f0e-6f0e-4a57-9d53-0f6f6f9f5f11", done["executionId"])
    entries = world.history(done["executionId"])
    wanted = [str(entries[-1]["seq"]), entries[-1]["hash"]]
    assert world.eventually(lambda: typed(world, script, folder).split() == wanted)


def keeping_a_trail(world: Deployment, folder: Path) -> None:
    done = world.run(patience=90)
    typed(world, block("trail-$ID.json"), folder, ID=done["executionId"])
    assert json.loads((folder / f"trail-{done['executionId']}.json").read_text())["Count"] >= 1


def an_alarm_on_trial(world: Deployment, folder: Path) -> None:
    printed = typed(world, re.sub(r"sleep \d+", "sleep 0", block("set-alarm-state")), folder)
    assert "AlarmHistoryItems" in printed


TRIALS: dict[str, Trial] = {
    "set-alarm-state": an_alarm_on_trial,
    "output()": outputs,
    "health?deep=true": preflight,
    "move-task": redrive,
    "delete-message": deleting_letters,
    "decide()": deciding,
    "decide decisions": deciding_about_many,
    "aws sqs send-message": reminding,
    "aws lambda invoke": exporting,
    "--index-name by_day": executions_of_a_day,
    "audit_seq.N": end_of_a_trail,
    "trail-$ID.json": keeping_a_trail,
}
"""The test of each block, identified by a part that no other block has."""


def test_every_command_is_tried_or_listed() -> None:
    parts = [*TRIALS, *LACKING]
    assert [text for text in BLOCKS if sum(part in text for part in parts) != 1] == []
    assert [part for part in parts if not any(part in text for text in BLOCKS)] == []


@pytest.mark.parametrize("part", TRIALS)
def test_a_command_does_what_it_is_for(world: Deployment, tmp_path: Path, part: str) -> None:
    TRIALS[part](world, tmp_path)


SIMULATOR = Document(ROOT / "docs/simulator.md")
FAILURES = {
    '"status": 429': ("completed", {2}),
    "after_run": ("completed", {1, 2}),  # its webhook may be faster than the second attempt
    "tokens/revoke": ("completed", {1, 2}),  # a 401 is repeated at once, within the attempt
    '"outcome": "failed"': ("failed", {1}),
    '"when": "never"': ("unknown", {1}),
}
"""By a part of the page's command: how the next execution ends, and after how many attempts."""


@pytest.mark.parametrize("part", FAILURES)
def test_the_simulator_fails_as_its_page_says(world: Deployment, tmp_path: Path, part: str) -> None:
    commands = [snippet.text for snippet in SIMULATOR.snippets()]
    [command] = [text for text in commands if part in text]
    world.run(patience=90)
    typed(world, command, tmp_path)
    done = world.run(timeout=1_000, patience=90)
    runs = world.genesys.counts()["runs"]["byExecutionId"].get(done["executionId"], 0)
    typed(world, commands[-1], tmp_path)
    status, attempts = FAILURES[part]
    assert (done["status"], runs) == (status, 1)
    assert done["attempts"] in attempts
    assert len(commands) == len(FAILURES) + 1


def test_a_failed_first_deployment_is_deleted(world: Deployment, tmp_path: Path) -> None:
    typed(world, block("aws cloudformation delete-stack"), tmp_path)
    assert world.aws("dynamodb").list_tables()["TableNames"] == []
