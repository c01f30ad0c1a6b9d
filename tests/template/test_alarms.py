"""Alarms and the dashboard: an alarm on a metric that nobody sends would be silent for ever."""

import json
import re
from typing import Any

import pytest

from tests.template.cloudformation import ROOT, Template

# Where a metric is sent: by which dimension, about which type of resource.
DIMENSIONS = {
    "AWS/SQS": ("QueueName", "AWS::SQS::Queue"),
    "AWS/Lambda": ("FunctionName", "AWS::Serverless::Function"),
}
METRICS = {
    "AWS/SQS": {
        "ApproximateNumberOfMessagesVisible",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateAgeOfOldestMessage",
    },
    "AWS/Lambda": {"Errors", "IteratorAge"},
    "AWS/ApiGateway": {"Count", "4XXError", "5XXError", "Latency"},
}


@pytest.fixture(scope="session")
def source() -> str:
    files = (ROOT / "layers" / "core" / "src").rglob("*.py")
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _dashboard(template: Template) -> dict[str, Any]:
    text = template.resource("Dashboard").properties["DashboardBody"]["Fn::Sub"]
    dashboard: dict[str, Any] = json.loads(text)
    return dashboard


def _dashboard_metrics(template: Template) -> list[list[Any]]:
    """Return the metrics with CloudWatch's abbreviations (`.` for the same, `...` for all the same) spelled
    out.
    """
    spelled_out = []
    for widget in _dashboard(template)["widgets"]:
        before: list[Any] = []
        for metric in widget["properties"]["metrics"]:
            names = [part for part in metric if isinstance(part, str)]
            if names[:1] == ["..."]:
                names = before[: len(before) - len(names) + 1] + names[1:]
            names = [before[at] if name == "." else name for at, name in enumerate(names)]
            spelled_out.append(names)
            before = names
    return spelled_out


def test_dimensions_are_those_of_the_metric_and_name_resources_of_this_stack(template: Template, source: str) -> None:
    for alarm in template.resources("AWS::CloudWatch::Alarm"):
        namespace, metric = alarm.properties["Namespace"], alarm.properties["MetricName"]
        (dimension,) = alarm.properties["Dimensions"]
        if namespace == "actionrelay":
            assert dimension == {"Name": "service", "Value": "actionrelay"}
            assert f'"{metric}"' in source
            continue
        name, kind = DIMENSIONS[namespace]
        assert metric in METRICS[namespace]
        assert dimension["Name"] == name
        value = dimension["Value"]
        resource = value["Fn::GetAtt"][0] if "Fn::GetAtt" in value else value["Ref"]
        assert template.resource(resource).kind == kind, alarm.name


def test_every_function_has_an_alarm_on_its_errors(template: Template) -> None:
    watched = {
        alarm.properties["Dimensions"][0]["Value"]["Ref"]
        for alarm in template.resources("AWS::CloudWatch::Alarm")
        if alarm.properties["Namespace"] == "AWS/Lambda" and alarm.properties["MetricName"] == "Errors"
    }
    assert watched == {function.name for function in template.resources("AWS::Serverless::Function")}


def test_alarms_go_to_the_topic_and_are_quiet_without_data(template: Template) -> None:
    to_topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for alarm in template.resources("AWS::CloudWatch::Alarm"):
        assert alarm.properties["AlarmActions"] == to_topic
        assert alarm.properties["TreatMissingData"] == "notBreaching"


def test_the_dashboard_shows_metrics_that_exist(template: Template, source: str) -> None:
    metrics = _dashboard_metrics(template)
    assert metrics
    for namespace, metric, *dimensions in metrics:
        if namespace == "actionrelay":
            assert dimensions == ["service", "actionrelay"]
            assert f'"{metric}"' in source, metric
        else:
            assert metric in METRICS[namespace], metric


def test_the_dashboard_names_resources_of_this_stack_and_no_region(template: Template) -> None:
    text = template.resource("Dashboard").properties["DashboardBody"]["Fn::Sub"]
    names = {name.partition(".")[0] for name in re.findall(r"\$\{([^}]+)\}", text) if not name.startswith("AWS::")}
    assert names <= {resource.name for resource in template.all_resources()}
    assert {widget["properties"]["region"] for widget in _dashboard(template)["widgets"]} == {"${AWS::Region}"}
