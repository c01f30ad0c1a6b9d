"""A new stack takes over what a deleted one retained, or restored tables, by the runbook's steps."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.world.deploy import STACK_NAME
from local.world.down import down
from local.world.state import ROOT
from local.world.up import up
from tests.stack.again import QUIET, deployed_again
from tests.stack.deployment import Deployment
from tools import retained


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "world"
    down(tmp_path / "world")


def test_a_stack_made_again_has_its_executions(state: Path) -> None:
    stack = up(state, genesys_url=None, parameters={}, progress=QUIET)
    for how in ("kept", "restored"):
        with Deployment.of(stack) as before:
            ended = before.run(patience=120)
            names = [stack.outputs[name] for name in ("ExecutionsTableName", "AuditTableName", "PayloadBucketName")]
            _delete(before)
            if how == "restored":
                names[:2] = [_restored(before.aws("dynamodb"), name) for name in names[:2]]
            _take_in(before.aws("cloudformation"), names)
            before.aws("s3").delete_bucket_policy(Bucket=names[2])
        stack = deployed_again(stack, state)
        assert [stack.outputs[name] for name in ("ExecutionsTableName", "AuditTableName", "PayloadBucketName")] == names

        with Deployment.of(stack) as after:
            execution_id = ended["executionId"]
            assert after.api.execution(execution_id).document == ended, how
            assert after.api.audit(execution_id).document["entries"][0]["event"] == "accepted", how
            assert after.run(patience=120)["status"] == "completed", how


def _delete(deployment: Deployment) -> None:
    formation = deployment.aws("cloudformation")
    formation.delete_stack(StackName=STACK_NAME)
    formation.get_waiter("stack_delete_complete").wait(StackName=STACK_NAME, WaiterConfig={"Delay": 1})


def _take_in(formation: Any, names: list[str]) -> None:
    """The runbook's commands, in Python."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    formation.create_change_set(
        StackName=STACK_NAME,
        ChangeSetName="take-in",
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps(retained.template(text)),
        ResourcesToImport=retained.resources(names),
    )
    change = {"StackName": STACK_NAME, "ChangeSetName": "take-in"}
    formation.get_waiter("change_set_create_complete").wait(**change, WaiterConfig={"Delay": 1})
    formation.execute_change_set(**change)
    formation.get_waiter("stack_import_complete").wait(StackName=STACK_NAME, WaiterConfig={"Delay": 1})


def _restored(tables: Any, name: str) -> str:
    """Restore a table to now, and add the settings that a restored one lacks, by the runbook's steps."""
    target = f"{name}-restored"
    stream = tables.describe_table(TableName=name)["Table"]["StreamSpecification"]
    tables.restore_table_to_point_in_time(
        SourceTableName=name, TargetTableName=target, RestoreDateTime=datetime.now(UTC)
    )
    tables.get_waiter("table_exists").wait(TableName=target, WaiterConfig={"Delay": 1})
    tables.update_table(TableName=target, StreamSpecification=stream)
    tables.update_table(TableName=target, DeletionProtectionEnabled=True)
    tables.update_time_to_live(
        TableName=target, TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True}
    )
    tables.update_continuous_backups(
        TableName=target, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return target
