"""The heaviest event of each function is measured, and a function that did not handle it is no measurement."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actionrelay.foreign_json import RESULT
from actionrelay.json_text import nesting
from actionrelay.strict_json import MAX_NESTING
from benchmarks.heaviest import contents, works
from benchmarks.heaviest.events import HEAVIEST, Heaviest
from benchmarks.heaviest.records import Records
from benchmarks.heaviest.services import Services, serving
from benchmarks.heaviest.table import PAGE_BYTES, Tables
from benchmarks.memory import Build, NotHandledError, Peak
from tests.fakes.memory import AS_DEPLOYED

ROOT = Path(__file__).parents[3]
APP = """
import json, os, urllib.request

def lambda_handler(event, context):
    assert os.environ["MALLOC_MMAP_THRESHOLD_"] == "1048576"
    weight = "x" * int(event["mb"] * 1_000_000)
    for _ in range(event["asks"]):
        urllib.request.urlopen(os.environ["GENESYS_API_URL"] + "/api/x").read()
    return event["answer"]
"""


@pytest.fixture
def services() -> Iterator[Services]:
    with serving(Services()) as served:
        yield served


@pytest.fixture
def build(tmp_path: Path) -> Build:
    code = tmp_path / "CountFunction"
    code.mkdir()
    (code / "app.py").write_text(APP, encoding="utf-8")
    variables = {**AS_DEPLOYED, "OF_THE_STACK": {"Ref": "AWS::StackName"}}
    shared = {"MemorySize": 512, "Environment": {"Variables": variables}}
    functions = {"CountFunction": {"Properties": {}}, "ExecuteFunction": {"Properties": {"MemorySize": 352}}}
    return Build(tmp_path, {"Globals": {"Function": shared}, "Resources": functions})


def handle(build: Build, mb: float | None = 0, asks: int = 0, answer: Any = None) -> Peak:
    def event(records: Records) -> Any:
        records.services.genesys = {"/x": (b"1", b"2")}
        return {"mb": mb, "asks": asks, "answer": answer or {}}

    return build.handle(Heaviest("count", "an event", event, {"genesys": 1}))


def test_each_function_has_a_heaviest_event() -> None:
    assert {each.function for each in HEAVIEST} == {path.parent.name for path in ROOT.glob("functions/*/app.py")}
    assert all(each.asks for each in HEAVIEST), "what was handled shows in what was asked for"


def test_memory_is_the_templates(build: Build) -> None:
    assert build.memory_mb("count") == 512
    assert build.memory_mb("execute") == 352


def test_a_peak_is_the_event_s_and_not_what_was_there_before(build: Build) -> None:
    light, heavy = handle(build, mb=1, asks=1), handle(build, mb=100, asks=1)
    assert 90 < heavy.handled - light.handled < 110
    assert heavy.ready < 90


@pytest.mark.parametrize(
    ("asks", "answer"),
    [(1, {"statusCode": 503, "body": "why"}), (1, {"batchItemFailures": [{"itemIdentifier": "m"}]}), (0, {})],
)
def test_another_outcome_is_no_measurement(build: Build, asks: int, answer: Any) -> None:
    with pytest.raises(NotHandledError, match="an event"):
        handle(build, asks=asks, answer=answer)


def test_a_function_that_dies_is_no_measurement(build: Build) -> None:
    with pytest.raises(NotHandledError, match="TypeError"):
        handle(build, mb=None)


@pytest.mark.parametrize(
    "content", [contents.nested_lists, contents.nested_objects, contents.flat_objects, contents.wide_text]
)
def test_contents_are_json_of_about_their_size(content: Any) -> None:
    text = content(50_000)
    assert 49_000 < len(text.encode()) <= 50_000
    json.loads(text)
    assert RESULT.max_bytes is not None
    assert RESULT.max_bytes > works.RESULT_BYTES
    assert nesting(text) < MAX_NESTING


def test_what_is_put_is_found_by_key_range_and_index() -> None:
    tables = Tables()
    for number in range(3):
        item = {"pk": {"S": "p"}, "sk": {"S": f"s{number}"}, "day": {"S": "d"}, "at": {"N": str(number)}}
        tables.answer("PutItem", {"Item": item})

    def asked(condition: str, values: dict[str, Any], **more: Any) -> list[str]:
        query = {"KeyConditionExpression": condition, "ExpressionAttributeValues": values, **more}
        return [item["sk"]["S"] for item in tables.answer("Query", query)["Items"]]

    p, d = {":p": {"S": "p"}}, {":d": {"S": "d"}, ":a": {"N": "1"}, ":b": {"N": "9"}}
    assert asked("pk = :p", p) == ["s0", "s1", "s2"]
    assert asked("pk = :p AND sk BETWEEN :a AND :b", {**p, ":a": {"S": "s1"}, ":b": {"S": "s1"}}) == ["s1"]
    assert asked("#d = :d AND at BETWEEN :a AND :b", d, ExpressionAttributeNames={"#d": "day"}) == ["s1", "s2"]
    assert asked("pk = :p", p, ScanIndexForward=False, Limit=1) == ["s2"]
    assert asked("pk = :p", p, ExclusiveStartKey={"pk": {"S": "p"}, "sk": {"S": "s0"}}) == ["s1", "s2"]
    assert asked("pk = :p", {":p": {"S": "none"}}) == []


def test_a_page_ends_at_a_megabyte_and_says_where() -> None:
    tables = Tables()
    for number in range(3):
        item = {"pk": {"S": "p"}, "sk": {"S": f"s{number}"}, "of": {"S": "x" * PAGE_BYTES}}
        tables.answer("PutItem", {"Item": item})
    query = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    page = tables.answer("Query", query)
    assert [item["sk"]["S"] for item in page["Items"]] == ["s0"]
    assert page["LastEvaluatedKey"] == {"pk": {"S": "p"}, "sk": {"S": "s0"}}


def test_records_are_where_the_services_keep_them(services: Services) -> None:
    execution = Records(services).completed(contents.wide_text(200_000), webhook_url="https://example.com/hook")
    assert services.asked["PutItem"] == 2
    assert [key for key in services.objects if execution.execution_id in key]
    loaded = Records(services).executions.load(execution.execution_id)
    assert loaded == execution
    assert loaded.outcome is not None
    assert loaded.outcome.result is not None
    assert Records(services).payloads.get(loaded.outcome.result) == contents.wide_text(200_000).encode()
