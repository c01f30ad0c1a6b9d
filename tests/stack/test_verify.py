"""`make verify` on a deployed world: everything is ok, and each injected fault is named by its line."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from local.verify.__main__ import main
from local.verify.checks import NOT_ON_THE_EMULATOR, verdicts
from local.verify.target import Target
from local.verify.verdict import Outcome
from local.world.down import down
from local.world.progress import Progress
from local.world.up import up
from tests.stack.deployment import ACTION, Deployment

pytestmark = pytest.mark.stack

TOPIC = "arn:aws:sns:us-east-1:000000000000:alarms"


@dataclass(frozen=True)
class Verified:
    """A world whose alarms have a subscribed topic."""

    state: Path
    deployment: Deployment
    target: Target

    def outcomes(self) -> dict[str, Outcome]:
        return {name: verdict.outcome for name, verdict in verdicts(self.target, None, {})}

    def failures(self) -> dict[str, str]:
        found = verdicts(self.target, None, {})
        return {name: verdict.seen for name, verdict in found if verdict.outcome is Outcome.FAILED}

    def physical(self, logical_id: str) -> str:
        return self.target.resources[logical_id][1]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verified]:
    state = tmp_path_factory.mktemp("verified")
    quiet = Progress(Console(quiet=True))
    stack = up(state, genesys_url=None, parameters={"AlarmTopicArn": TOPIC}, progress=quiet)
    try:
        with Deployment.of(stack) as deployment:
            deployment.calm_down()
            sns, sqs = deployment.aws("sns"), deployment.aws("sqs")
            assert sns.create_topic(Name="alarms")["TopicArn"] == TOPIC
            inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
            arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)
            yield Verified(state, deployment, Target.in_world(state))
    finally:
        down(state)


def test_a_deployment_as_the_template_has_it_is_well(world: Verified) -> None:
    outcomes = world.outcomes()
    assert {name for name, outcome in outcomes.items() if outcome is Outcome.ABSENT} == set(NOT_ON_THE_EMULATOR)
    assert [name for name, outcome in outcomes.items() if outcome not in {Outcome.OK, Outcome.ABSENT}] == []


def test_the_command_runs_an_action_and_prints_a_table(world: Verified, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--state", str(world.state), "--action", ACTION, "--inputs", '{"customerId": "4711"}']) == 0
    printed = capsys.readouterr().out
    assert "one execution" in printed
    assert "completed in" in printed
    assert "0 failed" not in printed


type Fault = Callable[[Verified], Callable[[], Any]]
"""Injects a fault, and returns a function that removes it."""


def public_route(world: Verified) -> Callable[[], Any]:
    gateway, api = world.deployment.aws("apigateway"), world.target.api_id
    [resource] = [
        each["id"] for each in gateway.get_resources(restApiId=api, limit=500)["items"] if each["path"] == "/executions"
    ]

    def set_to(kind: str) -> None:
        change = [{"op": "replace", "path": "/authorizationType", "value": kind}]
        gateway.update_method(restApiId=api, resourceId=resource, httpMethod="GET", patchOperations=change)
        gateway.create_deployment(restApiId=api, stageName="v1")

    set_to("NONE")
    return lambda: set_to("AWS_IAM")


def plain_gateway_answers(world: Verified) -> Callable[[], Any]:
    gateway, api = world.deployment.aws("apigateway"), world.target.api_id
    own = [each for each in gateway.get_gateway_responses(restApiId=api)["items"] if not each.get("defaultResponse")]
    assert own
    for each in own:
        gateway.delete_gateway_response(restApiId=api, responseType=each["responseType"])
    gateway.create_deployment(restApiId=api, stageName="v1")

    def restore() -> None:
        for each in own:
            kept = {
                name: each[name]
                for name in ("responseType", "statusCode", "responseParameters", "responseTemplates")
                if name in each
            }
            gateway.put_gateway_response(restApiId=api, **kept)
        gateway.create_deployment(restApiId=api, stageName="v1")

    return restore


def latest_invoked(world: Verified) -> Callable[[], Any]:
    client, function = world.deployment.aws("lambda"), world.physical("ExecuteFunction")
    mapping, _ = [  # one for each lane
        each
        for each in client.list_event_source_mappings()["EventSourceMappings"]
        if f":{function}" in each["FunctionArn"]
    ]

    def set_to(name: str) -> None:
        client.update_event_source_mapping(UUID=mapping["UUID"], FunctionName=name)

    set_to(function)
    return lambda: set_to(mapping["FunctionArn"])


def loops_ended(world: Verified) -> Callable[[], Any]:
    client, function = world.deployment.aws("lambda"), world.physical("DeliverFunction")

    def set_to(value: str) -> None:
        client.put_function_recursion_config(FunctionName=function, RecursiveLoop=value)

    set_to("Terminate")
    return lambda: set_to("Allow")


def too_many_workers(world: Verified) -> Callable[[], Any]:
    client, function = world.deployment.aws("lambda"), world.physical("ExecuteFunction")
    mapping, _ = [  # one for each lane
        each
        for each in client.list_event_source_mappings()["EventSourceMappings"]
        if f":{function}" in each["FunctionArn"]
    ]

    def set_to(maximum: int) -> None:
        client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": maximum})

    set_to(1000)
    return lambda: set_to(mapping["ScalingConfig"]["MaximumConcurrency"])


def no_dead_letter_queue(world: Verified) -> Callable[[], Any]:
    sqs, url = world.deployment.aws("sqs"), world.physical("ExecutionQueue")
    was = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    return lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": was})


def no_alarm_actions(world: Verified) -> Callable[[], Any]:
    client, alarm = world.deployment.aws("cloudwatch"), world.physical("ApiErrorsAlarm")
    client.disable_alarm_actions(AlarmNames=[alarm])
    return lambda: client.enable_alarm_actions(AlarmNames=[alarm])


def topic_gone(world: Verified) -> Callable[[], Any]:
    sns = world.deployment.aws("sns")
    [subscription] = sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
    sns.delete_topic(TopicArn=TOPIC)

    def restore() -> None:
        sns.create_topic(Name="alarms")
        sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=subscription["Endpoint"])

    return restore


def no_deletion_protection(world: Verified) -> Callable[[], Any]:
    client, table = world.deployment.aws("dynamodb"), world.physical("AuditTable")
    client.update_table(TableName=table, DeletionProtectionEnabled=False)
    return lambda: client.update_table(TableName=table, DeletionProtectionEnabled=True)


def token_in_the_clear(world: Verified) -> Callable[[], Any]:
    client, name = world.deployment.aws("ssm"), world.target.parameters["TokenParameterName"]
    world.deployment.forget_token()
    client.put_parameter(Name=name, Value="x", Type="String")
    return world.deployment.forget_token


def secret_gone(world: Verified) -> Callable[[], Any]:
    client, name = world.deployment.aws("secretsmanager"), world.target.parameters["GenesysSecretName"]
    was = client.get_secret_value(SecretId=name)["SecretString"]
    world.deployment.forget_token()
    client.put_secret_value(SecretId=name, SecretString=json.dumps({"clientId": "nobody", "clientSecret": "x"}))
    world.deployment.make_cold("PreflightFunction")
    world.deployment.forget_preflight()

    def restore() -> None:
        client.put_secret_value(SecretId=name, SecretString=was)
        world.deployment.make_cold("PreflightFunction")
        world.deployment.forget_preflight()

    return restore


FAULTS: dict[Fault, tuple[str, str]] = {
    public_route: ("callers at the gateway", "GET /executions"),
    plain_gateway_answers: ("gateway answers", "GET /executions"),
    secret_gone: ("preflight", "503"),
    latest_invoked: ("versions", "sqs of ExecuteFunction"),
    loops_ended: ("recursive loops", "DeliverFunction"),
    too_many_workers: ("concurrency", "1002 ExecuteFunction"),
    no_dead_letter_queue: ("queues", "ExecutionQueue has no dead-letter queue"),
    no_alarm_actions: ("alarms", "ApiErrorsAlarm"),
    topic_gone: ("alarms", TOPIC),
    token_in_the_clear: ("shared token", "is a String"),
    no_deletion_protection: ("deletion of tables", "AuditTable"),
}


ALSO: dict[Fault, set[str]] = {public_route: {"unsigned requests", "gateway answers"}}
"""Other lines that may name a fault."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_named_by_its_line(world: Verified, fault: Fault) -> None:
    line, named = FAULTS[fault]
    restore = fault(world)
    try:
        failures = world.failures()
    finally:
        restore()
    assert named in failures.get(line, "nothing")
    # All faults of a minute share one preflight, and what it saw is of the fault before this one.
    assert failures.keys() - {"versions", "preflight"} <= {line} | ALSO.get(fault, set())
