"""Alarms: one on a metric that nobody sends would be silent for ever, one that nobody hears as well."""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from actionrelay.signals import Count, Duration
from tests.template.cloudformation import Resource, Template
from tests.template.metrics import Metric, called_by_types, is_sent, sent, sent_names, watched

A_DAY = 86_400


@pytest.fixture(scope="module")
def known(template: Template) -> frozenset[Metric]:
    return sent(template)


@pytest.fixture(scope="module")
def alarms(template: Template) -> list[Resource]:
    return template.resources("AWS::CloudWatch::Alarm")


def _functions_watched(alarms: list[Resource], metric: str) -> set[str]:
    return {
        alarm.properties["Dimensions"][0]["Value"]["Ref"]
        for alarm in alarms
        if alarm.properties.get("Namespace") == "AWS/Lambda" and alarm.properties["MetricName"] == metric
    }


# -- What they watch ----------------------------------------------------------------------------------------------


def test_every_alarm_watches_metrics_that_this_stack_sends(alarms: list[Resource], known: frozenset[Metric]) -> None:
    unknown = [
        (alarm.name, metric)
        for alarm in alarms
        for metric, _ in watched(alarm.properties)
        if not is_sent(metric, known)
    ]
    assert unknown == []
    assert all(list(watched(alarm.properties)) for alarm in alarms)


def test_an_alarm_in_which_anything_is_misspelled_is_found(alarms: list[Resource], known: frozenset[Metric]) -> None:
    for alarm in alarms:
        for changed in _misspelled(alarm.properties):
            assert not all(is_sent(metric, known) for metric, _ in watched(changed)), (alarm.name, changed)


def _misspelled(alarm: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the alarm with one name changed, for each namespace, metric, and name and value of a dimension in it."""
    parts = len(alarm.get("Metrics", (None,)))
    for part in range(parts):
        for change in range(4):
            changed = copy.deepcopy(dict(alarm))
            metric = (
                changed if "Metrics" not in changed else changed["Metrics"][part].get("MetricStat", {}).get("Metric")
            )
            if metric is None:
                break
            match change:
                case 0:
                    metric["Namespace"] += "s"
                case 1:
                    metric["MetricName"] += "s"
                case 2:
                    metric["Dimensions"][0]["Name"] += "s"
                case _:
                    metric["Dimensions"][0]["Value"] = {"Ref": "NoSuchResource"}
            yield changed


def test_every_metric_that_has_a_name_is_sent_by_some_code() -> None:
    assert sent_names() == {*Count, *Duration}


def test_metrics_carry_the_stacks_name(template: Template) -> None:
    variables = template.document["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}


def test_counts_are_summed_and_durations_taken_by_percentile(alarms: list[Resource]) -> None:
    counts, durations = {str(name) for name in Count}, {str(name) for name in Duration}
    rate = str(Count.EXECUTIONS_UNSUCCESSFUL)
    for alarm in alarms:
        for metric, statistic in watched(alarm.properties):
            if metric.name == rate:
                assert statistic in {"Average", "SampleCount"}
            elif metric.name in counts:
                assert statistic == "Sum", alarm.name
            elif metric.name == Duration.CATALOGUE_AGE:
                assert statistic == "Maximum"  # an age, and no time that something took
            elif metric.name in durations:
                assert re.fullmatch(r"p\d+|SampleCount", statistic), alarm.name


def test_metric_math_makes_one_series_of_known_metrics(alarms: list[Resource]) -> None:
    for alarm in alarms:
        parts = alarm.properties.get("Metrics", [])
        returned = [part for part in parts if part.get("ReturnData", True)]
        assert len(returned) == (1 if parts else 0), alarm.name
        for part in returned:
            used = set(re.findall(r"\b[a-z]\w*\b", part["Expression"]))
            assert used == {other["Id"] for other in parts if other is not part}, alarm.name


def test_every_function_has_an_alarm_on_its_errors(template: Template, alarms: list[Resource]) -> None:
    functions = {function.name for function in template.resources("AWS::Serverless::Function")}
    assert _functions_watched(alarms, "Errors") == functions


def test_every_waited_for_function_has_a_throttle_alarm(template: Template, alarms: list[Resource]) -> None:
    waited_for = {
        function.name
        for function in template.resources("AWS::Serverless::Function")
        if called_by_types(function) & {"Api", "SQS"}
    }
    assert waited_for <= _functions_watched(alarms, "Throttles")


# -- When they speak, and to whom ---------------------------------------------------------------------------------


def test_alarms_go_to_the_topic_and_are_quiet_without_data(alarms: list[Resource]) -> None:
    to_topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for alarm in alarms:
        assert alarm.properties["AlarmActions"] == to_topic
        assert alarm.properties["OKActions"] == to_topic
        assert alarm.properties["TreatMissingData"] == "notBreaching"


def test_an_alarm_is_named_after_the_stack_and_its_section(alarms: list[Resource]) -> None:
    for alarm in alarms:
        name = alarm.properties["AlarmName"]["Fn::Sub"]
        if alarm.declared.get("Condition") == "IsGradual":
            # A new one with each version (test_versions).
            assert name[0] == f"${{AWS::StackName}}-{alarm.name}-${{Versions}}"
        else:
            assert name == f"${{AWS::StackName}}-{alarm.name}"


def test_an_alarm_looks_back_no_further_than_cloudwatch_does(alarms: list[Resource]) -> None:
    for alarm in alarms:
        periods = [part["MetricStat"]["Period"] for part in alarm.properties.get("Metrics", ()) if "MetricStat" in part]
        period = int(max(periods, default=alarm.properties.get("Period", 0)))
        assert period >= 60
        assert period % 60 == 0
        assert period * alarm.properties["EvaluationPeriods"] <= A_DAY
        assert alarm.properties.get("DatapointsToAlarm", 1) <= alarm.properties["EvaluationPeriods"]


def test_only_what_the_emulator_lacks_is_left_out_there(alarms: list[Resource]) -> None:
    always = [alarm for alarm in alarms if alarm.declared.get("Condition") != "IsGradual"]
    conditional = {alarm.name for alarm in always if alarm.declared.get("Condition") == "OnAws"}
    assert conditional == {alarm.name for alarm in always if "Metrics" in alarm.properties}
    assert {alarm.declared.get("Condition", "OnAws") for alarm in always} == {"OnAws"}
    assert {alarm.name for alarm in alarms} - {alarm.name for alarm in always} == {"NewVersionErrorsAlarm"}
