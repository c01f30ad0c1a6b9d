"""The audit of a deployment: tampering with the table shows, the functions can't tamper, and days can be read."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from actionrelay.ledger.entries_dynamodb import ENTRIES_PER_TRAIL
from tests.stack.deployment import Deployment
from tests.stack.past_days import DAY_MS, day_of, export, given_a_past_day
from tests.template.cloudformation import ROOT, Template, function_folder

FUNCTIONS = sorted(
    function_folder(function)
    for function in Template((ROOT / "template.yaml").read_text(encoding="utf-8")).resources(
        "AWS::Serverless::Function"
    )
)
WRITERS = {"validate", "execute", "receive_webhook", "deliver", "decide", "workflows"}

type Item = dict[str, Any]


def _table(deployment: Deployment) -> str:
    return str(deployment.stack.outputs["AuditTableName"])


def _items(deployment: Deployment, execution_id: str) -> list[Item]:
    found: list[Item] = deployment.aws("dynamodb").query(
        TableName=_table(deployment),
        KeyConditionExpression="executionId = :id",
        ExpressionAttributeValues={":id": {"S": execution_id}},
        ConsistentRead=True,
    )["Items"]
    return found


def _verification(deployment: Deployment, execution_id: str) -> dict[str, Any]:
    answer = deployment.api.call("GET", f"/executions/{execution_id}/audit?verify=true")
    assert answer.status == 200, answer.body
    verification: dict[str, Any] = answer.document["verification"]
    return verification


def _read_day(deployment: Deployment, day: str, limit: int) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    following = ""
    while True:
        answer = deployment.api.call("GET", f"/audit?date={day}&limit={limit}{following}")
        assert answer.status == 200, answer.body
        pages.append(answer.document["entries"])
        if answer.document["next"] is None:
            return pages
        following = f"&next={answer.document['next']}"


@pytest.fixture(scope="module")
def execution_id(data_actions: Deployment) -> str:
    """An execution that received a webhook and sent one."""
    _, url = data_actions.hook()
    execution_id = str(data_actions.submit(webhookUrl=url).document["executionId"])
    data_actions.when(execution_id, lambda each: each["webhookStatus"] == "delivered")
    return execution_id


# -- Tampering --------------------------------------------------------------------------------------------------------


def test_an_untouched_trail_is_whole(data_actions: Deployment, execution_id: str) -> None:
    entries = data_actions.history(execution_id)
    assert {"accepted", "webhook_received", "completed", "webhook_delivered"} <= {entry["event"] for entry in entries}
    assert _verification(data_actions, execution_id) == {
        "intact": True,
        "checkedEntries": len(entries),
        "brokenAt": None,
        "detail": None,
    }


_NUMBERS = ({"N": "7"}, None)


@pytest.mark.parametrize("attribute", ["event", "earlier", "previousHash", "hash", "timestamp", "openedAt"])
@pytest.mark.parametrize("value", [{"S": "changed"}, {"N": "7"}, {"M": {}}, None], ids=str)
def test_a_changed_attribute_names_an_entry_of_its_item(
    data_actions: Deployment, execution_id: str, attribute: str, value: dict[str, Any] | None
) -> None:
    dynamodb = data_actions.aws("dynamodb")
    changed = 0
    for item in [each for each in _items(data_actions, execution_id) if attribute in each or value]:
        if (attribute == "openedAt" and value != {"S": "changed"}) or (
            attribute == "timestamp" and value not in _NUMBERS
        ):
            continue  # an index takes no other type
        with _mended(data_actions, item):
            other = {name: each for name, each in item.items() if name != attribute} | (
                {attribute: value} if value else {}
            )
            dynamodb.put_item(TableName=_table(data_actions), Item=other)
            verification = _verification(data_actions, execution_id)
            if value is None and attribute == "earlier":
                assert verification["brokenAt"] == _gone(data_actions, execution_id, item)
            else:
                assert (verification["intact"], verification["brokenAt"] in _span(item)) == (False, True), verification
            changed += 1
    assert changed or attribute in {"openedAt", "timestamp"}
    assert _verification(data_actions, execution_id)["intact"]


def test_a_deleted_item_names_its_first_entry(data_actions: Deployment, execution_id: str) -> None:
    *items, last = _items(data_actions, execution_id)
    for item in items:
        with _mended(data_actions, item):
            _delete(data_actions, item)
            assert _verification(data_actions, execution_id)["brokenAt"] == _gone(data_actions, execution_id, item)
    with _mended(data_actions, last):
        _delete(data_actions, last)
        # The record still lists what its last step owed, and for an hour that may be a debt.
        verification = _verification(data_actions, execution_id)
        assert f"from entry {_span(last)[0]} on it is in the execution's record" in verification["detail"]


def test_an_added_entry_is_named(data_actions: Deployment, execution_id: str) -> None:
    *_, last = _items(data_actions, execution_id)
    added = {**last, "seq": {"N": str(int(last["seq"]["N"]) + 1)}}
    data_actions.aws("dynamodb").put_item(TableName=_table(data_actions), Item=added)
    try:
        assert _verification(data_actions, execution_id)["brokenAt"] == _span(last)[-1] + 1
    finally:
        _delete(data_actions, added)


def _gone(deployment: Deployment, execution_id: str, item: Item) -> int | None:
    """Return the first entry of a former item that no item has now: two writers may have written the same entries."""
    there = {seq for each in _items(deployment, execution_id) for seq in _span(each)}
    return min(set(_span(item)) - there, default=None)


def _span(item: Item) -> range:
    end = int(item["seq"]["N"]) % ENTRIES_PER_TRAIL
    return range(end - len(json.loads(item["earlier"]["S"]) if "earlier" in item else ()), end + 1)


def _delete(deployment: Deployment, item: Item) -> None:
    key = {name: item[name] for name in ("executionId", "seq")}
    deployment.aws("dynamodb").delete_item(TableName=_table(deployment), Key=key)


@contextmanager
def _mended(deployment: Deployment, item: Item) -> Iterator[None]:
    """Restore an item."""
    try:
        yield
    finally:
        deployment.aws("dynamodb").put_item(TableName=_table(deployment), Item=item)


# -- What the functions may do ----------------------------------------------------------------------------------------


@contextmanager
def _acting_as(deployment: Deployment, function: str) -> Iterator[Any]:
    """Return a client with a function's role, which meanwhile trusts the administrator too."""
    iam, sts = deployment.aws("iam"), deployment.aws("sts")
    role = iam.get_role(RoleName=deployment.role(function))["Role"]
    trust = role["AssumeRolePolicyDocument"]
    administrator = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": sts.get_caller_identity()["Arn"]},
    }
    opened = {**trust, "Statement": [*trust["Statement"], administrator]}
    iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=json.dumps(opened))
    try:
        given = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    finally:
        iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=json.dumps(trust))
    session = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=deployment.stack.region
    )
    yield session.client("dynamodb", endpoint_url=deployment.stack.endpoint_url)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_functions_role_may_update_or_delete_an_entry(
    data_actions: Deployment, execution_id: str, function: str
) -> None:
    before = _items(data_actions, execution_id)
    key = {name: before[0][name] for name in ("executionId", "seq")}
    table = _table(data_actions)
    with _acting_as(data_actions, function) as dynamodb:
        attempts: dict[str, Callable[[], Any]] = {
            "update": lambda: dynamodb.update_item(
                TableName=table,
                Key=key,
                UpdateExpression="SET note = :forged",
                ExpressionAttributeValues={":forged": {"S": "forged"}},
            ),
            "delete": lambda: dynamodb.delete_item(TableName=table, Key=key),
            "write a batch": lambda: dynamodb.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key}}]}),
            "update in a transaction": lambda: dynamodb.transact_write_items(
                TransactItems=[{"Delete": {"TableName": table, "Key": key}}]
            ),
            "delete by a statement": lambda: dynamodb.execute_statement(
                Statement=f'DELETE FROM "{table}" WHERE "executionId" = ? AND "seq" = ?',  # noqa: S608 - to be denied
                Parameters=[key["executionId"], key["seq"]],
            ),
        }
        if function not in WRITERS:
            attempts["put"] = lambda: dynamodb.put_item(TableName=table, Item=before[0])
        for name, attempt in attempts.items():
            with pytest.raises(ClientError) as denied:
                attempt()
            assert "AccessDenied" in denied.value.response["Error"]["Code"], name
    assert _items(data_actions, execution_id) == before


def test_verification_shows_an_entry_overwritten_by_a_writer(data_actions: Deployment, execution_id: str) -> None:
    # IAM can't see a condition expression: this is what no permission forbids.
    item = _items(data_actions, execution_id)[0]
    with _mended(data_actions, item):
        with _acting_as(data_actions, "execute") as dynamodb:
            dynamodb.put_item(TableName=_table(data_actions), Item={**item, "actor": {"S": "nobody"}})
        assert _verification(data_actions, execution_id)["brokenAt"] == _span(item)[0]


# -- Refusals and days ------------------------------------------------------------------------------------------------


def test_a_refused_submission_is_recorded_without_its_content(
    data_actions: Deployment,
) -> None:
    refused = data_actions.api.submit({"actionId": "no-uuid", "inputs": {"secret": "never-kept"}})
    assert refused.status == 422
    trace_id = refused.document["traceId"]

    history = data_actions.api.call("GET", f"/executions/{trace_id}/audit?verify=true").document

    [entry] = history["entries"]
    assert (entry["event"], entry["code"], entry["actionId"]) == ("rejected", "invalid_request", "-")
    assert history["verification"]["intact"]
    assert "never-kept" not in json.dumps(_items(data_actions, f"rejected#{trace_id}"))


def test_a_refused_dry_run_has_no_trace(
    data_actions: Deployment,
) -> None:
    refused = data_actions.api.call("POST", "/executions?dryRun=true", body=b"{}")
    assert refused.status == 422
    assert data_actions.api.audit(refused.document["traceId"]).status == 404


def test_a_day_in_pages_equals_its_executions_histories(data_actions: Deployment, execution_id: str) -> None:
    today = day_of(int(time.time() * 1_000))
    refused = f"rejected#{data_actions.api.submit({}).document['traceId']}"
    others = [data_actions.run()["executionId"] for _ in range(3)]

    pages = _read_day(data_actions, today, 4)

    assert len(pages) > 2
    entries = [entry for page in pages for entry in page]
    for each in (execution_id, refused, *others):
        mine = [entry for entry in entries if entry["executionId"] == each]
        assert mine == [
            entry
            for entry in data_actions.history(each.removeprefix("rejected#"))
            if entry["timestamp"].startswith(today)
        ]
    whole = [entry for page in _read_day(data_actions, today, 1_000) for entry in page]
    assert whole[: len(entries)] == entries


# -- Exported days ----------------------------------------------------------------------------------------------------


def test_an_exported_day_equals_the_apis_day(
    data_actions: Deployment,
) -> None:
    day_ms = int(time.time() * 1_000) // DAY_MS * DAY_MS - 5 * DAY_MS
    given_a_past_day(data_actions, day_ms, 30)
    day = day_of(day_ms)

    said, failed = export(data_actions, {"date": day})
    assert (failed, said["executions"], said["entries"]) == (False, 30, 60), said
    assert export(data_actions, {"date": day}) == (said, False), "it is safe to repeat"

    stored = (
        data_actions.aws("s3")
        .get_object(Bucket=data_actions.stack.outputs["PayloadBucketName"], Key=f"audit/audit-{day}.jsonl")["Body"]
        .read()
    )
    assert len(stored) == said["bytes"]
    lines = [json.loads(line) for line in stored.splitlines()]
    assert lines == [entry for page in _read_day(data_actions, day, 7) for entry in page]
    assert '"audit_exported"' in data_actions.logs()


def test_exporting_a_day_that_is_not_over_fails(data_actions: Deployment) -> None:
    said, failed = export(data_actions, {"date": day_of(int(time.time() * 1_000))})
    assert (failed, said["errorMessage"]) == (True, "this day is not over")


def test_the_schedules_export_each_day_twice(
    data_actions: Deployment,
) -> None:
    events = data_actions.aws("events")
    found = {
        (rule["ScheduleExpression"], target["Input"])
        for rule in events.list_rules()["Rules"]
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        if target["Arn"].startswith(data_actions.function("ExportFunction")["FunctionArn"])
    }
    assert found == {("cron(20 0 * * ? *)", '{"daysBefore": 1}'), ("cron(50 0 * * ? *)", '{"daysBefore": 2}')}


def test_a_large_request_is_stored_under_the_expiring_prefix(
    data_actions: Deployment,
) -> None:
    noise = {"noise": [uuid.uuid4().hex for _ in range(6_000)]}
    execution_id = data_actions.submit(inputs=noise).document["executionId"]
    found = data_actions.aws("s3").list_objects_v2(
        Bucket=data_actions.stack.outputs["PayloadBucketName"], Prefix=f"payload/{execution_id}/"
    )
    assert found["KeyCount"] == 1
