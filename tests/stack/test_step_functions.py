"""The state machines of docs/step-functions.md, run by the emulator's Step Functions against a deployed stack.

It has no API Gateway integration, and the example's functions are not of the stack. So a task hands over by a queue
what it would have sent, with its token, and the test does with it what AWS does.
"""

import copy
import importlib.util
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from actionrelay.strict_json import canonical
from local.world.state import ROOT
from tests.stack.deployment import Deployment

TEXT = (ROOT / "docs/step-functions.md").read_text(encoding="utf-8")
POLLING, WITH_TOKEN = [
    json.loads(found) for found in re.findall(r"^```json$(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
]
PATIENCE_SECONDS = 120.0
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass
class Machine:
    """One state machine of the document, whose tasks go to a queue; ``serve`` handles each."""

    deployment: Deployment
    document: dict[str, Any]
    serve: Callable[[dict[str, Any]], None]
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        self.client, self._sqs = self.deployment.aws("stepfunctions"), self.deployment.aws("sqs")
        self._queue = self._sqs.create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"]
        document = copy.deepcopy(self.document)
        for state in document["States"].values():
            if state["Type"] == "Task":
                given = state["Parameters"].get("Payload") or {"token.$": "$$.Task.Token", "call": state["Parameters"]}
                state["Resource"] = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
                state["Parameters"] = {"QueueUrl": self._queue, "MessageBody": given}
            if state["Type"] == "Wait":
                state["Seconds"] = 1
        definition = json.dumps(document)
        made = self.client.create_state_machine(name=uuid.uuid4().hex, definition=definition, roleArn=self._role())
        self._arn = made["stateMachineArn"]

    def _role(self) -> str:
        """Make a role that may send messages."""
        iam, name = self.deployment.aws("iam"), uuid.uuid4().hex
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="send", PolicyDocument=policy)
        return str(arn)

    def start(self, given: dict[str, Any]) -> str:
        started = self.client.start_execution(stateMachineArn=self._arn, input=json.dumps(given))
        return str(started["executionArn"])

    def until(self, execution: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Serve tasks until an execution is as wanted."""

        def look() -> dict[str, Any] | None:
            for message in self._sqs.receive_message(QueueUrl=self._queue).get("Messages", ()):
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
                self.serve(json.loads(message["Body"]))
            found: dict[str, Any] = self.client.describe_execution(executionArn=execution)
            return found if reached(found) else None

        return self.deployment.eventually(look, patience=PATIENCE_SECONDS)

    def over(self, execution: str) -> dict[str, Any]:
        return self.until(execution, lambda found: found["status"] != "RUNNING")


def test_a_state_machine_polls_an_execution_to_its_end(data_actions: Deployment) -> None:
    data_actions.genesys.patch_scenario({"mode": "completed"})
    called: list[str] = []

    def send(task: dict[str, Any]) -> None:
        call = task["call"]
        called.append(f"{call['Method']} {call['Path']}")
        body = canonical(call["RequestBody"]) if "RequestBody" in call else None
        answer = data_actions.api.call(call["Method"], call["Path"], body=body)
        output = {"StatusCode": answer.status, "ResponseBody": answer.document}
        machine.client.send_task_success(taskToken=task["token"], output=json.dumps(output))

    machine = Machine(data_actions, POLLING, send)
    fine, bad = str(uuid.uuid4()), str(uuid.uuid4())
    data_actions.genesys.script({"status": 400, "executionId": bad})
    completed = machine.over(machine.start({"executionId": fine, "inputs": {"order": fine}}))
    failed = machine.over(machine.start({"executionId": bad, "inputs": {"order": bad}}))

    assert (completed["status"], failed["status"]) == ("SUCCEEDED", "FAILED")
    assert json.loads(completed["output"]) == data_actions.api.execution(fine).document["result"]
    assert called.count("POST /executions") == 2
    assert {f"GET /executions/{fine}", f"GET /executions/{bad}"} < set(called)


@pytest.fixture
def example(data_actions: Deployment, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, str]:
    """The two functions of the example, with their environment and their receiver's name."""
    stack, (name, url) = data_actions.stack, data_actions.hook()
    table = uuid.uuid4().hex
    data_actions.aws("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "executionId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "executionId", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    key = data_actions.api.call("GET", f"/webhooks/key?host={url.split('/')[2].split(':')[0]}").document
    environment = {
        "TOKENS_TABLE": table,
        "RECEIVER_URL": url,
        "WEBHOOK_KEYS": " ".join(key["keys"]),
        "ACTIONRELAY_URL": stack.api_url,
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_ACCESS_KEY_ID": stack.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stack.secret_access_key,
        "AWS_REGION": stack.region,
        "AWS_DEFAULT_REGION": stack.region,
    }
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    spec = importlib.util.spec_from_file_location("step_functions", ROOT / "examples/python/step_functions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, name


def test_a_task_waits_for_the_webhook_with_its_token(data_actions: Deployment, example: tuple[ModuleType, str]) -> None:
    functions, name = example
    submitted: list[str] = []
    machine = Machine(data_actions, WITH_TOKEN, lambda task: submitted.append(functions.submit(task, None)))

    def received(count: int, execution: str) -> None:
        """Pass each received webhook to the receiver twice, since a webhook may be repeated."""
        machine.until(execution, lambda _: len(data_actions.deliveries(name)) >= count)
        for each in data_actions.deliveries(name)[count - 1 :]:
            event = {"headers": each["headers"], "body": each["body"]}
            assert [functions.receive(event, None)["statusCode"] for _ in range(2)] == [204, 204]

    data_actions.genesys.patch_scenario({"mode": "completed"})
    fine = machine.start({"inputs": {"order": str(uuid.uuid4())}})
    received(1, fine)
    completed = machine.over(fine)
    assert completed["status"] == "SUCCEEDED"
    assert json.loads(completed["output"]) == data_actions.api.execution(submitted[0]).document["result"]

    data_actions.genesys.script({"status": 400})
    bad = machine.start({"inputs": {"order": str(uuid.uuid4())}})
    received(2, bad)
    assert machine.over(bad)["status"] == "FAILED"

    # What nobody knows leaves the task open, until an operator says how it ended.
    data_actions.genesys.script(*[{"reset": "after_run"}] * 10)
    open_ = machine.start({"inputs": {"order": str(uuid.uuid4())}})
    received(3, open_)
    assert data_actions.deliveries(name)[2]["json"]["type"] == "execution.unknown"
    assert machine.client.describe_execution(executionArn=open_)["status"] == "RUNNING"
    resolution: Any = {"status": "completed", "result": {"found": True}, "note": "looked it up"}
    data_actions.api.call("POST", f"/executions/{submitted[2]}/resolve", body=canonical(resolution))
    received(4, open_)
    assert json.loads(machine.over(open_)["output"]) == {"found": True}

    forged = {"headers": data_actions.deliveries(name)[0]["headers"], "body": "{}"}
    assert functions.receive(forged, None) == {"statusCode": 401}
