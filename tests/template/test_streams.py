"""Streams: `count` counts each change once only while Lambda names the shard of a batch, and keeps its order."""

from typing import Any

import pytest

from benchmarks.cost.deployed import GATHERED_SECONDS
from tests.template.cloudformation import Template


@pytest.fixture
def sources(template: Template) -> dict[str, dict[str, Any]]:
    events = template.resource("CountFunction").properties["Events"]
    return {name: event["Properties"] for name, event in events.items() if event["Type"] == "DynamoDB"}


def test_both_tables_are_followed_from_their_first_change_on(sources: dict[str, dict[str, Any]]) -> None:
    followed = {source["Stream"]["Fn::GetAtt"][0] for source in sources.values()}
    assert followed == {"ExecutionsTable", "AuditTable"}
    assert {source["StartingPosition"] for source in sources.values()} == {"TRIM_HORIZON"}


def test_lambda_names_the_shard_and_keeps_its_order(sources: dict[str, dict[str, Any]]) -> None:
    for name, source in sources.items():
        assert source["TumblingWindowInSeconds"] > 0, f"{name}: without a window the event has no shardId"
        assert source.get("ParallelizationFactor", 1) == 1, name


def test_the_bill_knows_how_long_changes_are_gathered(sources: dict[str, dict[str, Any]]) -> None:
    assert {source["MaximumBatchingWindowInSeconds"] for source in sources.values()} == {GATHERED_SECONDS}


def test_uncounted_changes_repeat_while_the_stream_keeps_them(
    sources: dict[str, dict[str, Any]],
) -> None:
    for source in sources.values():
        assert not {"MaximumRetryAttempts", "MaximumRecordAgeInSeconds"} & set(source)
