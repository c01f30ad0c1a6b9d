"""Each permission of each function is needed: without it, the job that needs it fails, and with it, it works."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.stack.deployment import ACTION, Deployment
from tests.stack.past_days import day_of, export, given_a_past_day
from tests.stack.test_listing import failed
from tests.template.cloudformation import ROOT, Template, function_folder

LONG = 20.0
"""Seconds that a job may take with every permission in place, cold workers and a busy machine included."""
SHORT = 1.5
"""Seconds after which a job without a permission counts as failed; warm, it takes a fraction of one."""

type Job = Callable[[Deployment, float], None]


@dataclass(frozen=True, slots=True)
class Permission:
    """One action in one statement of one function's role."""

    function: str
    statement: str
    action: str

    def __str__(self) -> str:
        return f"{self.function}-{self.statement}-{self.action}"


NOT_ENFORCED = {
    "sqs:ReceiveMessage": "the emulator polls queues by itself",
    "sqs:DeleteMessage": "the emulator polls queues by itself",
    "sqs:GetQueueAttributes": "the emulator polls queues by itself",
    "dynamodb:DescribeStream": "the emulator polls streams by itself",
    "dynamodb:GetRecords": "the emulator polls streams by itself",
    "dynamodb:GetShardIterator": "the emulator polls streams by itself",
    "dynamodb:ListStreams": "the emulator polls streams by itself",
    "logs:CreateLogStream": "the emulator writes logs by itself",
    "logs:PutLogEvents": "the emulator writes logs by itself",
    "xray:PutTraceSegments": "the emulator takes no traces",
    "xray:PutTelemetryRecords": "the emulator takes no traces",
    "s3:ListBucket": "without it, the emulator still answers 404 for a missing object",
    "s3:PutObjectRetention": "nothing is locked in the local world",
    "s3:ListMultipartUploadParts": "only an export that paused needs it (tests/unit/audit/test_files_s3.py)",
}


# -- Jobs: each raises AssertionError when it can't be done -----------------------------------------------------


def accepts(deployment: Deployment, patience: float) -> None:
    assert deployment.submit().status == 202


def accepts_a_large_request(deployment: Deployment, patience: float) -> None:
    assert deployment.submit(inputs=_noise()).status == 202


def answers_a_repeat(deployment: Deployment, patience: float) -> None:
    request = deployment.request()
    assert deployment.api.submit(request).status == 202
    assert deployment.api.submit(request).status == 200


def serves_a_large_result_from_the_cache(deployment: Deployment, patience: float) -> None:
    inputs = {"order": str(uuid.uuid4())}
    deployment.genesys.patch_scenario({"mode": "completed", "resultBytes": 200_000})
    deployment.run(inputs=inputs, patience=patience)
    assert deployment.submit(inputs=inputs).status == 200


def completes(deployment: Deployment, patience: float) -> None:
    assert deployment.run(patience=patience)["status"] == "completed"


def completes_with_a_new_worker(deployment: Deployment, patience: float) -> None:
    deployment.make_cold("ExecuteFunction")
    deployment.forget_token()
    deployment.run(patience=2 * patience)
    assert deployment.shares_a_token()


def takes_the_shared_token(deployment: Deployment, patience: float) -> None:
    before = deployment.genesys.counts()["tokenRequests"]
    deployment.make_cold("ExecuteFunction")
    deployment.run(patience=2 * patience)
    assert deployment.genesys.counts()["tokenRequests"] == before


def retries(deployment: Deployment, patience: float) -> None:
    request = deployment.request()
    deployment.genesys.script({"status": 500, "executionId": request["executionId"]})
    deployment.api.submit(request)
    assert deployment.ended(request["executionId"], patience=2 * patience)["attempts"] == 2


def buries_a_message(deployment: Deployment, patience: float) -> None:
    outputs = deployment.stack.outputs
    _bury(deployment, outputs["ExecutionQueueUrl"], outputs["ExecutionDlqUrl"], patience)


def buries_a_workflows_message(deployment: Deployment, patience: float) -> None:
    _bury(deployment, deployment.resource("WorkflowQueue"), deployment.resource("WorkflowDlq"), patience)


def _bury(deployment: Deployment, queue: str, dead_letters: str, patience: float) -> None:
    """Send an unreadable message, and find it among the dead letters."""
    sqs = deployment.aws("sqs")
    body = '{"executionId":"' + "x" * 3_000 + '"}'
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    ends = time.monotonic() + 2 * patience
    found: list[Any] = []
    while not found and time.monotonic() < ends:
        answer = sqs.receive_message(QueueUrl=dead_letters, WaitTimeSeconds=1, MessageAttributeNames=["reason"])
        found = [letter for letter in answer.get("Messages", ()) if letter["Body"] == body]
    assert found, "no letter came"
    assert found[0]["MessageAttributes"]["reason"]["StringValue"] == "message_unreadable"
    sqs.delete_message(QueueUrl=dead_letters, ReceiptHandle=found[0]["ReceiptHandle"])


def runs_a_workflow(deployment: Deployment, patience: float) -> None:
    deployment.genesys.patch_scenario({"mode": "completed"})
    first = {"actionId": ACTION, "inputs": {"order": str(uuid.uuid4())}}
    second = {"actionId": ACTION, "inputs": {"first": {"$from": "first"}}}
    _settle(deployment, {"first": first, "second": second}, "completed", patience)


def runs_a_large_workflow(deployment: Deployment, patience: float) -> None:
    deployment.genesys.patch_scenario({"mode": "completed"})
    _settle(deployment, {"first": {"actionId": ACTION, "inputs": _noise()}}, "completed", patience)


def keeps_a_workflows_deadline(deployment: Deployment, patience: float) -> None:
    deployment.genesys.patch_scenario({"callbacks": {"when": "never"}})
    step = {"actionId": ACTION, "inputs": {"order": str(uuid.uuid4())}}
    _settle(deployment, {"first": step}, "failed", patience, deadlineSeconds=1)


def _settle(deployment: Deployment, steps: dict[str, Any], status: str, patience: float, **fields: Any) -> None:
    answer = deployment.api.call("POST", "/workflows", body=json.dumps({"steps": steps, **fields}).encode())
    assert answer.status == 202, answer.body
    path = f"/workflows/{answer.document['workflowId']}"
    deployment.eventually(
        lambda: deployment.api.call("GET", path).document.get("status") == status or None, patience=patience
    )


def runs_a_large_request(deployment: Deployment, patience: float) -> None:
    assert deployment.run(inputs=_noise(), patience=patience)["status"] == "completed"


def keeps_a_large_result(deployment: Deployment, patience: float) -> None:
    deployment.genesys.patch_scenario({"mode": "completed", "resultBytes": 200_000})
    assert deployment.run(patience=patience)["result"]


def receives_a_result(deployment: Deployment, patience: float) -> None:
    deployment.genesys.patch_scenario({"callbacks": {"when": "never"}})
    execution_id = deployment.submit().document["executionId"]
    deployment.when(execution_id, lambda each: each["status"] == "awaiting_webhook", patience=patience)
    report = {"executionId": execution_id, "status": "completed", "result": {"order": "shipped"}}
    assert deployment.report(report).status == 200
    assert _is_in_the_table(deployment, execution_id, "completed")


def _is_in_the_table(deployment: Deployment, execution_id: str, event: str) -> bool:
    """Return whether a trail ends with this event and is fully in the table; a history also shows pending entries."""
    history = deployment.api.call("GET", f"/executions/{execution_id}/audit?verify=true").document
    return bool(history["entries"][-1]["event"] == event and history["verification"]["detail"] is None)


def receives_another_result(deployment: Deployment, patience: float) -> None:
    deployment.make_cold("ReceiveWebhookFunction")
    receives_a_result(deployment, patience)


def receives_a_large_result(deployment: Deployment, patience: float) -> None:
    deployment.genesys.patch_scenario({"resultBytes": 200_000})
    assert deployment.run(patience=patience)["result"]


def hands_on_a_result(deployment: Deployment, patience: float) -> None:
    _, url = deployment.hook()
    execution_id = deployment.submit(webhookUrl=url).document["executionId"]
    deployment.when(execution_id, lambda each: each["webhookStatus"] == "delivered", patience=patience)
    deployment.eventually(lambda: _is_in_the_table(deployment, execution_id, "webhook_delivered"), patience=patience)


def hands_on_a_result_with_a_new_worker(deployment: Deployment, patience: float) -> None:
    deployment.make_cold("DeliverFunction")
    _, url = deployment.hook()
    execution_id = deployment.submit(webhookUrl=url).document["executionId"]
    deployment.when(execution_id, lambda each: each["webhookStatus"] == "delivered", patience=2 * patience)


def receives_a_late_result(deployment: Deployment, patience: float) -> None:
    execution_id = str(uuid.uuid4())
    deployment.genesys.script({"reset": "before_run", "executionId": execution_id, "times": 4})
    deployment.submit(executionId=execution_id)
    assert deployment.ended(execution_id, patience=60)["status"] == "unknown"
    report = {"executionId": execution_id, "status": "completed", "result": {"order": "shipped"}}
    assert deployment.report(report).status == 200


def gives_up_a_delivery(deployment: Deployment, patience: float) -> None:
    name, url = deployment.hook()
    deployment.behave(name, statuses=[410])
    execution_id = deployment.submit(webhookUrl=url).document["executionId"]
    deployment.when(execution_id, lambda each: each["webhookStatus"] == "failed", patience=60)
    deployment.dead_letter(execution_id, patience=patience)


def hands_on_a_large_result(deployment: Deployment, patience: float) -> None:
    deployment.genesys.patch_scenario({"mode": "completed", "resultBytes": 200_000})
    hands_on_a_result(deployment, patience)


def tries_again_to_hand_on(deployment: Deployment, patience: float) -> None:
    name, url = deployment.hook()
    deployment.behave(name, statuses=[500, 200])
    execution_id = deployment.submit(webhookUrl=url).document["executionId"]
    deployment.when(execution_id, lambda each: each["webhookStatus"] == "delivered", patience=patience + 6)


def shows_an_execution(deployment: Deployment, patience: float) -> None:
    assert deployment.api.execution(str(uuid.uuid4())).status == 404


def shows_a_history(deployment: Deployment, patience: float) -> None:
    assert deployment.api.audit(str(uuid.uuid4())).status == 404


def exports_a_day(deployment: Deployment, patience: float) -> None:
    long_ago = 1_600_000_000_000
    given_a_past_day(deployment, long_ago, 1)
    said, failed = export(deployment, {"date": day_of(long_ago)})
    assert not failed, said


def lists_executions(deployment: Deployment, patience: float) -> None:
    action_id = str(uuid.uuid4())
    execution_id = deployment.submit(actionId=action_id).document["executionId"]
    found = deployment.api.executions({"actionId": action_id}).document["executions"]
    assert [each["executionId"] for each in found] == [execution_id]


def finds_by_every_index(deployment: Deployment, patience: float) -> None:
    trace_id = str(uuid.uuid4())
    for query in ({}, {"status": "unknown"}, {"webhookStatus": "failed"}, {"traceId": trace_id}):
        assert deployment.api.executions(query).status == 200
    assert deployment.api.call("GET", "/audit?date=2026-01-01").status == 200


def looks_at_the_queues(deployment: Deployment, patience: float) -> None:
    assert deployment.api.call("GET", "/queues").status == 200


def looks_with_the_shared_token(deployment: Deployment, patience: float) -> None:
    deployment.genesys.revoke_tokens()
    deployment.run(patience=2 * patience)
    before = deployment.genesys.counts()["tokenRequests"]
    _look(deployment, "token")
    assert deployment.genesys.counts()["tokenRequests"] == before


def shares_a_look(deployment: Deployment, patience: float) -> None:
    _look(deployment, "api")
    found = deployment.api.call("GET", "/health?deep=true").document["checkedAt"]
    deployment.make_cold("PreflightFunction")
    assert deployment.api.call("GET", "/health?deep=true").document["checkedAt"] == found


def looks_at_the_credentials(deployment: Deployment, patience: float) -> None:
    _look(deployment, "credentials")


def looks_at_the_webhook_secret(deployment: Deployment, patience: float) -> None:
    _look(deployment, "webhook_secret")


def reads_a_receivers_keys(deployment: Deployment, patience: float) -> None:
    deployment.make_cold("PreflightFunction")
    answer = deployment.api.call("GET", "/webhooks/key?host=hooks.example.com")
    assert answer.status == 200, answer.body


def _look(deployment: Deployment, name: str) -> None:
    """Let a new worker run the preflight, and expect this check to be ok."""
    deployment.make_cold("PreflightFunction")
    checks = deployment.preflight().document["checks"]
    assert [each["status"] for each in checks if each["name"] == name] == ["ok"]


def counts_an_execution(deployment: Deployment, patience: float) -> None:
    action_id = str(uuid.uuid4())
    deployment.submit(actionId=action_id)
    deployment.eventually(
        lambda: deployment.metrics(actionId=action_id)["totalExecutions"] or None, patience=2 * patience
    )


def counts_nothing_twice(deployment: Deployment, patience: float) -> None:
    event = json.loads((ROOT / "events" / "count" / "executions.json").read_text(encoding="utf-8"))
    event["shardId"] = str(uuid.uuid4())
    # A worker that has the journal in mind writes it without a look.
    deployment.make_cold("CountFunction")
    for _ in range(2):
        assert deployment.invoke("CountFunction", event) == {"state": {}}


def decides_about_many(deployment: Deployment, patience: float) -> None:
    action = str(uuid.uuid4())
    failed(deployment, actionId=action)
    deployment.calm_down()
    body = json.dumps({"decision": "retry", "filter": {"actionId": action, "status": "failed"}}).encode()
    taken = deployment.api.call("POST", "/executions/decisions", body=body)
    assert taken.status == 202, taken.document
    where = f"/executions/decisions/{taken.document['decisionId']}"
    deployment.eventually(lambda: deployment.api.call("GET", where).document.get("decided") == 1, patience=patience)


JOBS: dict[Permission, Job] = {
    Permission("validate", "ReadExecutions", "dynamodb:GetItem"): accepts,
    Permission("validate", "ReadExecutions", "dynamodb:Query"): answers_a_repeat,
    Permission("validate", "KeepExecutions", "dynamodb:PutItem"): accepts,
    Permission("validate", "AppendToAudit", "dynamodb:PutItem"): accepts,
    Permission("validate", "SendMessages", "sqs:SendMessage"): accepts,
    Permission("validate", "KeepLargePayloads", "s3:PutObject"): accepts_a_large_request,
    Permission("validate", "KeepLargePayloads", "s3:GetObject"): serves_a_large_result_from_the_cache,
    Permission("execute", "ReadExecutions", "dynamodb:GetItem"): completes_with_a_new_worker,
    Permission("execute", "ReadExecutions", "dynamodb:Query"): completes,
    Permission("execute", "KeepExecutions", "dynamodb:PutItem"): completes,
    Permission("execute", "AppendToAudit", "dynamodb:PutItem"): retries,
    Permission("execute", "SendMessages", "sqs:SendMessage"): retries,
    Permission("execute", "BuryMessages", "sqs:SendMessage"): buries_a_message,
    Permission("execute", "KeepLargePayloads", "s3:GetObject"): runs_a_large_request,
    Permission("execute", "KeepLargePayloads", "s3:PutObject"): keeps_a_large_result,
    Permission("execute", "ShareTheToken", "ssm:GetParameter"): takes_the_shared_token,
    Permission("execute", "ShareTheToken", "ssm:PutParameter"): completes_with_a_new_worker,
    Permission("execute", "ReadTheOAuthClient", "secretsmanager:GetSecretValue"): completes_with_a_new_worker,
    Permission("receive_webhook", "ReadExecutions", "dynamodb:Query"): receives_a_result,
    Permission("receive_webhook", "KeepExecutions", "dynamodb:PutItem"): receives_a_result,
    Permission("receive_webhook", "AppendToAudit", "dynamodb:PutItem"): receives_a_result,
    Permission("receive_webhook", "SendMessages", "sqs:SendMessage"): hands_on_a_result,
    Permission("receive_webhook", "HaveItLookedAt", "sqs:SendMessage"): receives_a_late_result,
    Permission("receive_webhook", "KeepLargePayloads", "s3:PutObject"): receives_a_large_result,
    Permission("receive_webhook", "ReadTheWebhookSecret", "secretsmanager:GetSecretValue"): receives_another_result,
    Permission("workflows", "ReadExecutions", "dynamodb:GetItem"): runs_a_workflow,
    Permission("workflows", "ReadExecutions", "dynamodb:Query"): runs_a_workflow,
    Permission("workflows", "KeepExecutions", "dynamodb:PutItem"): runs_a_workflow,
    Permission("workflows", "AppendToAudit", "dynamodb:PutItem"): runs_a_workflow,
    Permission("workflows", "SendMessages", "sqs:SendMessage"): runs_a_workflow,
    Permission("workflows", "WorkOffTheQueue", "sqs:SendMessage"): keeps_a_workflows_deadline,
    Permission("workflows", "BuryMessages", "sqs:SendMessage"): buries_a_workflows_message,
    Permission("workflows", "KeepLargePayloads", "s3:GetObject"): runs_a_large_workflow,
    Permission("workflows", "KeepLargePayloads", "s3:PutObject"): runs_a_large_workflow,
    Permission("deliver", "ReadExecutions", "dynamodb:Query"): hands_on_a_result,
    Permission("deliver", "KeepExecutions", "dynamodb:PutItem"): hands_on_a_result,
    Permission("deliver", "AppendToAudit", "dynamodb:PutItem"): hands_on_a_result,
    Permission("deliver", "WorkOffTheQueue", "sqs:SendMessage"): tries_again_to_hand_on,
    Permission("deliver", "GiveUpDeliveries", "sqs:SendMessage"): gives_up_a_delivery,
    Permission("deliver", "ReadLargePayloads", "s3:GetObject"): hands_on_a_large_result,
    Permission("deliver", "ReadTheSigningSecret", "secretsmanager:GetSecretValue"): hands_on_a_result_with_a_new_worker,
    Permission("count", "KeepCounters", "dynamodb:PutItem"): counts_an_execution,
    Permission("count", "KeepCounters", "dynamodb:GetItem"): counts_nothing_twice,
    Permission("query", "ReadExecutions", "dynamodb:Query"): shows_an_execution,
    Permission("query", "ReadListed", "dynamodb:BatchGetItem"): lists_executions,
    Permission("query", "FindExecutions", "dynamodb:Query"): finds_by_every_index,
    Permission("query", "LookAtQueues", "sqs:GetQueueAttributes"): looks_at_the_queues,
    Permission("query", "ReadAudit", "dynamodb:Query"): shows_a_history,
    Permission("query", "ReadLargePayloads", "s3:GetObject"): keeps_a_large_result,
    Permission("decide", "FindExecutions", "dynamodb:Query"): decides_about_many,
    Permission("decide", "ReadExecutions", "dynamodb:BatchGetItem"): decides_about_many,
    Permission("decide", "ReadExecutions", "dynamodb:Query"): decides_about_many,
    Permission("decide", "KeepExecutionsAndDecisions", "dynamodb:PutItem"): decides_about_many,
    Permission("decide", "AppendToAudit", "dynamodb:PutItem"): decides_about_many,
    Permission("decide", "SendMessages", "sqs:SendMessage"): decides_about_many,
    Permission("preflight", "ShareResultsAndTakePermits", "dynamodb:GetItem"): shares_a_look,
    Permission("preflight", "ShareResultsAndTakePermits", "dynamodb:PutItem"): shares_a_look,
    Permission("preflight", "ReadTheToken", "ssm:GetParameter"): looks_with_the_shared_token,
    Permission("preflight", "ReadTheOAuthClient", "secretsmanager:GetSecretValue"): looks_at_the_credentials,
    Permission("preflight", "ReadTheWebhookSecret", "secretsmanager:GetSecretValue"): looks_at_the_webhook_secret,
    Permission("preflight", "ReadTheSigningSecret", "secretsmanager:GetSecretValue"): reads_a_receivers_keys,
    Permission("export", "ReadAudit", "dynamodb:Query"): exports_a_day,
    Permission("export", "ReadRefusals", "dynamodb:Query"): exports_a_day,
    Permission("export", "FindADaysExecutions", "dynamodb:Query"): exports_a_day,
    Permission("export", "WriteExportedDays", "s3:PutObject"): exports_a_day,
}

_INTEGRATIONS = "the other contract alone has a catalogue: tests/stack/test_catalogue.py reads it with these"

WITHOUT_A_JOB: dict[Permission, str] = {
    **{
        Permission(function, statement, action): _INTEGRATIONS
        for function, statement, action in (
            ("validate", "LookAtTheCatalogue", "dynamodb:BatchGetItem"),
            ("workflows", "LookAtTheCatalogue", "dynamodb:BatchGetItem"),
            *(
                ("catalogue", "ReadCatalogueAndToken", f"dynamodb:{name}")
                for name in ("GetItem", "BatchGetItem", "Query")
            ),
            ("catalogue", "KeepCatalogueGateAndToken", "dynamodb:PutItem"),
            ("catalogue", "SendMessages", "sqs:SendMessage"),
            ("catalogue", "BuryMessages", "sqs:SendMessage"),
            ("catalogue", "ShareTheToken", "ssm:GetParameter"),
            ("catalogue", "ShareTheToken", "ssm:PutParameter"),
            ("catalogue", "ReadTheOAuthClient", "secretsmanager:GetSecretValue"),
        )
    },
    Permission(
        "workflows", "ReleaseSteps", "dynamodb:UpdateItem"
    ): "what it would take out is taken out by who starts the step, once all that the step waits for is over",
    Permission(
        "count", "KeepCounters", "dynamodb:UpdateItem"
    ): "a full journal is added up, after hundreds of executions",
    Permission("validate", "WaitInSlots", "dynamodb:PutItem"): "a wait without a slot is answered at once",
    Permission("query", "WaitInSlots", "dynamodb:PutItem"): "a wait without a slot is answered at once",
    Permission("export", "WriteExportedDays", "s3:GetObject"): "reads the file of an earlier export of the same day",
    Permission("validate", "CountRefusals", "dynamodb:UpdateItem"): "a refusal is recorded where it can't be counted",
    Permission("validate", "LookAtQueues", "sqs:GetQueueAttributes"): "what can't be measured refuses nobody",
    Permission("validate", "CountAcceptances", "dynamodb:UpdateItem"): "what can't be counted refuses nobody",
    Permission("decide", "BuryMessages", "sqs:SendMessage"): "nobody sends it a message that it can't read",
    Permission("decide", "TakeLettersAway", "sqs:ChangeMessageVisibility"): "a letter stays hidden for a while longer",
    Permission("decide", "KeepLargePayloads", "s3:GetObject"): "a resolution with a large result, as in `validate`",
    Permission("decide", "KeepLargePayloads", "s3:PutObject"): "a resolution with a large result, as in `validate`",
}
"""Permissions without which no job here fails, and why."""


# -- Taking one away --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def working() -> set[Job]:
    """The jobs that have succeeded with all permissions."""
    return set()


@pytest.mark.parametrize("permission", JOBS, ids=str)
def test_a_job_fails_without_any_one_of_its_permissions(
    data_actions: Deployment, permission: Permission, working: set[Job]
) -> None:
    job = JOBS[permission]
    if job not in working:
        job(data_actions, LONG)
        working.add(job)
        data_actions.calm_down()

    with _without(data_actions, permission), pytest.raises((AssertionError, KeyError)):
        job(data_actions, SHORT)


def test_every_permission_has_a_job_or_a_reason() -> None:
    template = Template((ROOT / "template.yaml").read_text(encoding="utf-8"))

    granted = {
        Permission(function_folder(function), statement["Sid"], action)
        for function in template.resources("AWS::Serverless::Function")
        for statement in _statements(template, function.properties["Role"]["Fn::GetAtt"][0])
        for action in statement.get("Action", ())  # one behind a condition is not in the local world
        if action not in NOT_ENFORCED or statement["Sid"] == "LookAtQueues"
    }

    assert granted - WITHOUT_A_JOB.keys() == JOBS.keys()
    assert WITHOUT_A_JOB.keys() <= granted


def _statements(template: Template, role: str) -> list[dict[str, Any]]:
    [policy] = template.resource(role).properties["Policies"]
    statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return statements


@contextmanager
def _without(deployment: Deployment, permission: Permission) -> Iterator[None]:
    """Remove one action from a role while the function runs, and restore it.

    The emulator looks at no condition on leading keys: a statement that allows the same for other items of the table
    would make up for it, so it loses the action, too.
    """
    iam = deployment.aws("iam")
    role = deployment.role(permission.function)
    whole = iam.get_role_policy(RoleName=role, PolicyName=permission.function)["PolicyDocument"]
    reduced = json.loads(json.dumps(whole))
    [statement] = [each for each in reduced["Statement"] if each["Sid"] == permission.statement]
    for each in reduced["Statement"]:
        same = each["Resource"] == statement["Resource"] and "Condition" in each and "Condition" in statement
        if each is statement or (same and permission.action in each["Action"]):
            each["Action"].remove(permission.action)
    reduced["Statement"] = [each for each in reduced["Statement"] if each["Action"]]
    iam.put_role_policy(RoleName=role, PolicyName=permission.function, PolicyDocument=json.dumps(reduced))
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=permission.function, PolicyDocument=json.dumps(whole))


def _noise() -> dict[str, list[str]]:
    """Inputs that stay large when compressed."""
    return {"noise": [uuid.uuid4().hex for _ in range(6_000)]}
