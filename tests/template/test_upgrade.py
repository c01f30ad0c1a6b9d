"""What CloudFormation replaces when a deployment of an earlier release is upgraded: nothing that holds state or a name.

By each property's own schema ("createOnlyProperties", in the schemas that cfn-lint carries).
"""

import subprocess
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]  # it has no types

from tests.template.cloudformation import ROOT, Template
from tests.template.deployed import Deployed, translated

BEFORE = "e7040cf2e7a4a2ea7b6414cfb6485ae025f89500"
"""A commit before functions had versions and aliases. ``tests/stack/test_upgrade.py`` upgrades from it."""
GONE_IS_FINE = {"AWS::Lambda::Permission", "AWS::Lambda::LayerVersion", "AWS::ApiGateway::Deployment"}
"""Created again for each release, or under another name. They hold nothing."""
MAY_BE_REPLACED = {
    *GONE_IS_FINE,
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
}
MOST_NEW_INDEXES = 1
"""DynamoDB makes one index for each update of a table (API reference, ``UpdateTable``)."""


@pytest.fixture(scope="module")
def before() -> Deployed:
    text = subprocess.run(["git", "show", f"{BEFORE}:template.yaml"], cwd=ROOT, capture_output=True, check=True).stdout
    return Deployed(translated(Template(text.decode()).document))


@pytest.fixture(scope="module")
def after() -> Deployed:
    return Deployed(translated(Template((ROOT / "template.yaml").read_text(encoding="utf-8")).document))


def test_nothing_that_is_kept_is_taken_away(before: Deployed, after: Deployed) -> None:
    gone = {
        name: resource["Type"]
        for name, resource in before.resources().items()
        if name not in after.resources() and resource["Type"] not in GONE_IS_FINE
    }
    assert gone == {}


def test_nothing_is_replaced(before: Deployed, after: Deployed) -> None:
    now = after.resources()
    replaced = {
        name: sorted(changed)
        for name, resource in before.resources().items()
        if name in now and resource["Type"] not in MAY_BE_REPLACED
        if (changed := _create_only(resource["Type"]) & _changed(resource, now[name]))
    }
    assert replaced == {}


def test_a_table_gets_at_most_one_index(before: Deployed, after: Deployed) -> None:
    now = after.resources("AWS::DynamoDB::Table")
    for name, table in before.resources("AWS::DynamoDB::Table").items():
        old, new = _indexes(table), _indexes(now[name])
        assert len(new.keys() - old.keys()) + len(old.keys() - new.keys()) <= MOST_NEW_INDEXES, name
        assert [each for each in old.keys() & new.keys() if old[each] != new[each]] == [], "an index can't be changed"


def test_a_change_of_a_key_would_be_found(before: Deployed) -> None:
    table = before.resources()["ExecutionsTable"]
    other = {**table, "Properties": {**table["Properties"], "KeySchema": [], "TableName": "another"}}
    assert _create_only(table["Type"]) & _changed(table, other) == {"KeySchema", "TableName"}


def _create_only(kind: str) -> set[str]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", kind).schema
    paths = [*schema.get("createOnlyProperties", ()), *schema.get("conditionalCreateOnlyProperties", ())]
    return {path.split("/")[2] for path in paths}


def _changed(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    was, is_now = old.get("Properties", {}), new.get("Properties", {})
    return {name for name in was.keys() | is_now.keys() if was.get(name) != is_now.get(name)}


def _indexes(table: dict[str, Any]) -> dict[str, object]:
    return {each["IndexName"]: each for each in table["Properties"].get("GlobalSecondaryIndexes", ())}
