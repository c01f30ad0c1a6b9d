"""What an operator watches: log lines, metrics, alarms and the dashboard, as they are deployed."""

import json
import uuid
from typing import Any

from tests.stack.deployment import Deployment
from tests.template.cloudformation import ROOT, Template

STACK = "actionrelay"
TEMPLATE = Template((ROOT / "template.yaml").read_text(encoding="utf-8"))
ALARMS = TEMPLATE.resources("AWS::CloudWatch::Alarm")
WITH_GRADUAL_DEPLOYMENTS = {f"{STACK}-NewVersionErrorsAlarm"}
ON_METRIC_MATH = {f"{STACK}-{alarm.name}" for alarm in ALARMS if "Metrics" in alarm.properties}
NOT_ON_THE_EMULATOR = ON_METRIC_MATH - WITH_GRADUAL_DEPLOYMENTS


def written(deployment: Deployment, about: str) -> list[dict[str, Any]]:
    """What the functions wrote as JSON with this in it: lines for people, and EMF.

    The emulator breaks lines that quote what random requests of other tests had in their paths.
    """
    lines = deployment.logs("/aws/lambda/").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and about in line]


def test_a_trace_id_finds_every_line_of_an_execution(
    data_actions: Deployment,
) -> None:
    trace_id = str(uuid.uuid4())
    _, url = data_actions.hook()
    request = data_actions.request(traceId=trace_id, webhookUrl=url)
    execution_id = request["executionId"]
    data_actions.genesys.script({"status": 429, "retryAfter": 1, "executionId": execution_id})
    data_actions.api.submit(request)
    data_actions.when(execution_id, lambda execution: execution["webhookStatus"] == "delivered")
    refused = data_actions.api.call("POST", f"/executions/{execution_id}/cancel")
    assert refused.status == 409

    def look() -> list[dict[str, Any]] | None:
        found = [line for line in written(data_actions, execution_id) if line.get("execution_id") == execution_id]
        return found if {line["message"] for line in found} >= {"attempt_ended", "execution_ended"} else None

    lines = data_actions.eventually(look)
    assert {line["trace_id"] for line in lines} == {trace_id}
    [refusal] = [line for line in lines if line["message"] == "request_refused"]
    assert refusal["request_id"] == refused.document["traceId"]
    others = [line for line in written(data_actions, trace_id) if line.get("execution_id") != execution_id]
    assert trace_id not in {line.get("trace_id") for line in others}


def test_metrics_and_lines_are_this_stacks(data_actions: Deployment) -> None:
    data_actions.run()
    assert {line["service"] for line in written(data_actions, '"CloudWatchMetrics"')} == {STACK}


def deployed_alarms(deployment: Deployment) -> list[dict[str, Any]]:
    """Return all of them; CloudWatch returns 50 per page."""
    pages = deployment.aws("cloudwatch").get_paginator("describe_alarms").paginate()
    return [alarm for page in pages for alarm in page["MetricAlarms"]]


def test_every_alarm_is_there_and_watches_what_is_there(data_actions: Deployment) -> None:
    named = {f"{STACK}-{alarm.name}" for alarm in ALARMS}
    alarms = deployed_alarms(data_actions)
    queues = {url.rpartition("/")[2] for url in data_actions.aws("sqs").list_queues()["QueueUrls"]}
    functions = {each["FunctionName"] for each in data_actions.aws("lambda").list_functions()["Functions"]}

    assert {alarm["AlarmName"] for alarm in alarms} == named - NOT_ON_THE_EMULATOR - WITH_GRADUAL_DEPLOYMENTS
    there = {"QueueName": queues, "FunctionName": functions, "ApiName": {STACK}, "Stage": {"v1"}, "service": {STACK}}
    for alarm in alarms:
        for dimension in alarm["Dimensions"]:
            assert dimension["Value"] in there[dimension["Name"]], alarm["AlarmName"]


def test_the_dashboard_is_whole_and_knows_every_alarm(data_actions: Deployment) -> None:
    watching = data_actions.aws("cloudwatch")
    [entry] = watching.list_dashboards()["DashboardEntries"]
    widgets = json.loads(watching.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"])["widgets"]
    [status] = [widget for widget in widgets if widget["type"] == "alarm"]

    there = {alarm["AlarmArn"] for alarm in deployed_alarms(data_actions)}
    shown = set(status["properties"]["alarms"])
    assert there <= shown
    assert {arn.rpartition(":")[2] for arn in shown - there} == NOT_ON_THE_EMULATOR
    assert "${" not in json.dumps(widgets)
