"""Reads facts from AWS's APIs, and changes nothing. Errors come as botocore raises them."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local.verify.facts import Alarms, Concurrency, Method, Queue, SharedToken, Table, Trigger, Versions
from local.verify.target import ALARM, FUNCTION, QUEUE, TABLE, Target

_INVOKED = re.compile(r":function:(?P<name>[^:/]+)(?::(?P<qualifier>[^:/]+))?(?:/invocations)?$")
_SCHEDULED = {"ExportFunction": 1}
_ONE_AT_A_TIME = {"CatalogueFunction"}
"""A second message finds the reading in progress and ends at once; SQS allows no maximum below 2."""
"""A schedule starts one invocation at a time."""


def methods(target: Target) -> tuple[Method, ...]:
    """Read the methods of the deployed API."""
    found = []
    pages = target.client("apigateway").get_paginator("get_resources")
    for page in pages.paginate(restApiId=target.api_id, embed=["methods"]):
        for resource in page["items"]:
            for verb, method in resource.get("resourceMethods", {}).items():
                found.append(
                    Method(
                        verb,
                        resource["path"],
                        method.get("authorizationType", "NONE"),
                        bool(method.get("apiKeyRequired")),
                        method.get("methodIntegration", {}).get("uri", ""),
                    )
                )
    return tuple(sorted(found, key=lambda each: each.route))


def versions(target: Target) -> Versions:
    """Read what invokes the functions, and the versions of their aliases."""
    triggers = [*_event_sources(target), *_integrations(target)]
    client = target.client("lambda")
    aliases = {}
    for name in {each.function for each in triggers}:
        listed = client.list_aliases(FunctionName=target.of_type(FUNCTION)[name])["Aliases"]
        aliases[name] = {each["Name"]: each["FunctionVersion"] for each in listed}
    return Versions(tuple(triggers), aliases)


def recursion(target: Target) -> dict[str, str]:
    """Read Lambda's setting for recursive loops, by logical id."""
    client = target.client("lambda")
    return {
        name: client.get_function_recursion_config(FunctionName=physical)["RecursiveLoop"]
        for physical, name in target.functions.items()
    }


def queues(target: Target) -> tuple[Queue, ...]:
    """Read the queues."""
    client, functions = target.client("sqs"), target.client("lambda")
    attributes = {
        name: client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for name, url in target.of_type(QUEUE).items()
    }
    names = {each["QueueArn"]: name for name, each in attributes.items()}
    redrive = {name: json.loads(each.get("RedrivePolicy", "{}")) for name, each in attributes.items()}
    dead_letters = {names.get(each.get("deadLetterTargetArn", ""), "") for each in redrive.values()} - {""}
    timeouts: dict[str, int] = {}
    for mapping in _mappings(target):
        if (queue := names.get(mapping["EventSourceArn"])) is not None:
            configuration = functions.get_function_configuration(FunctionName=mapping["FunctionArn"])
            timeouts[queue] = configuration["Timeout"]
    return tuple(
        Queue(
            name=name,
            is_dead_letter_queue=name in dead_letters,
            dead_letters_to=names.get(redrive[name].get("deadLetterTargetArn", ""), ""),
            refuses_plain_http=_refuses_plain_http(each.get("Policy", "{}")),
            visibility_seconds=int(each["VisibilityTimeout"]),
            consumer_timeout_seconds=timeouts.get(name),
        )
        for name, each in sorted(attributes.items())
    )


def alarms(target: Target) -> Alarms:
    """Read the alarms, and the number of confirmed subscriptions of their topics."""
    physical = target.of_type(ALARM)
    names = {alarm: name for name, alarm in physical.items()}
    topics_of: dict[str, tuple[str, ...]] = {}
    wanted = list(physical.values())
    for start in range(0, len(wanted), 100):  # as many as one request takes
        answer = target.client("cloudwatch").describe_alarms(AlarmNames=wanted[start : start + 100], MaxRecords=100)
        for alarm in answer["MetricAlarms"]:
            enabled = alarm.get("ActionsEnabled", True)
            topics_of[names[alarm["AlarmName"]]] = tuple(alarm.get("AlarmActions", ())) if enabled else ()
    topics = sorted({topic for each in topics_of.values() for topic in each})
    confirmed = {topic: _confirmed(target, topic) for topic in topics}
    return Alarms(dict(sorted(topics_of.items())), confirmed, may_be_silent=target.is_emulated)


def concurrency(target: Target) -> Concurrency:
    """Read the account's limit, and the ceilings of background functions; streams count with the callers."""
    account = target.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    background: Counter[str] = Counter(_SCHEDULED)
    for trigger in _event_sources(target):
        background[trigger.function] += 1 if trigger.function in _ONE_AT_A_TIME else trigger.maximum or 0
    return Concurrency(account, dict(sorted((+background).items())), int(target.parameters.get("MaxWaiting", "0")))


def shared_token(target: Target) -> SharedToken:
    """Read how the shared token is encrypted, without its value."""
    name = target.parameters.get("TokenParameterName", "/actionrelay/genesys/token")
    only = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    found = target.client("ssm").describe_parameters(ParameterFilters=only)["Parameters"]
    if not found:
        return SharedToken(name, None, "")
    return SharedToken(name, found[0]["Type"], found[0].get("KeyId", ""))


def tls_policy(target: Target) -> str:
    """Read the API's security policy; empty if it has none."""
    return str(target.client("apigateway").get_rest_api(restApiId=target.api_id).get("securityPolicy", ""))


def tables(target: Target) -> tuple[Table, ...]:
    """Read how the tables are protected."""
    client = target.client("dynamodb")
    found = []
    for name, physical in sorted(target.of_type(TABLE).items()):
        table = client.describe_table(TableName=physical)["Table"]
        backups = client.describe_continuous_backups(TableName=physical)["ContinuousBackupsDescription"]
        status = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        found.append(Table(name, bool(table.get("DeletionProtectionEnabled")), status == "ENABLED"))
    return tuple(found)


def _mappings(target: Target) -> Iterator[dict[str, Any]]:
    for page in target.client("lambda").get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            name, _ = _function(mapping["FunctionArn"])
            if name in target.functions:
                yield mapping


def _event_sources(target: Target) -> Iterator[Trigger]:
    for mapping in _mappings(target):
        name, qualifier = _function(mapping["FunctionArn"])
        maximum = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
        source = mapping["EventSourceArn"].split(":")[2]
        yield Trigger(source, target.functions[name], qualifier, None if maximum is None else int(maximum))


def _integrations(target: Target) -> Iterator[Trigger]:
    for method in methods(target):
        if not method.integration:
            continue
        # arn:aws:apigateway:<region>:lambda:path/2015-03-31/functions/<the function's ARN>/invocations
        name, qualifier = _function(method.integration)
        if name in target.functions:
            yield Trigger(method.route, target.functions[name], qualifier)


def _function(arn: str) -> tuple[str, str]:
    found = _INVOKED.search(arn)
    return (found["name"], found["qualifier"] or "") if found else (arn, "")


def _confirmed(target: Target, topic: str) -> int | None:
    sns = target.client("sns")
    try:
        return int(sns.get_topic_attributes(TopicArn=topic)["Attributes"].get("SubscriptionsConfirmed", 0))
    except ClientError as refused:
        if refused.response["Error"]["Code"] in {"NotFound", "NotFoundException"}:
            return None
        raise


def _refuses_plain_http(policy: str) -> bool:
    statements = json.loads(policy).get("Statement", [])
    return any(
        each.get("Effect") == "Deny" and each.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for each in statements
    )
