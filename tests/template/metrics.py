"""Which metrics a deployment of the template sends: ours by what the code names, AWS's by what the template has."""

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from actionrelay.signals import Count, Duration, by_code
from tests.template.cloudformation import Resource, Template
from tools.metrics import coded_names, counting_nodes

ANY = "*"
"""Means every value of a dimension whose values the template does not know: error codes."""

# What AWS sends of each type of resource, from the metrics and dimensions pages of each service's manual.
SQS = (
    "ApproximateAgeOfOldestMessage",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesVisible",
    "NumberOfMessagesReceived",
    "NumberOfMessagesSent",
)
LAMBDA = ("ConcurrentExecutions", "Duration", "Errors", "Invocations", "Throttles")
LAMBDA_ON_ALIASES = ("Duration", "Errors", "Invocations", "Throttles")
LAMBDA_ON_STREAMS = ("IteratorAge",)
LAMBDA_ON_EVENTS = ("AsyncEventAge", "AsyncEventsDropped", "DeadLetterErrors")
API_GATEWAY = ("4XXError", "5XXError", "Count", "IntegrationLatency", "Latency")
DYNAMODB = (
    "ConsumedReadCapacityUnits",
    "ConsumedWriteCapacityUnits",
    "ReadThrottleEvents",
    "WriteThrottleEvents",
)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric by all that identifies it. A reference to a resource is written as `Fn::Sub` writes it."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> "Metric":
        return cls(namespace, name, frozenset(dimensions.items()))


def as_text(value: Any) -> str:
    """Write a value of the template as `Fn::Sub` has it in a text."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": str(text)}:
            return text
        case str() | int():
            return str(value)
    raise TypeError(f"what is {value}?")


def sent_names() -> frozenset[Count | Duration]:
    """Return the names that some code of the package, other than the one that declares them, refers to."""
    kinds: dict[str, type[Count | Duration]] = {"Count": Count, "Duration": Duration}
    return frozenset(
        kinds[node.value.id][node.attr]
        for node in counting_nodes()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in kinds
    )


def sent(template: Template) -> frozenset[Metric]:
    """Return every metric that a deployment sends, once it has something to say."""
    return frozenset([*_ours(template), *_of_filters(template), *_of_aws(template)])


def _ours(template: Template) -> Iterator[Metric]:
    variables = template.document["Globals"]["Function"]["Environment"]["Variables"]
    namespace = as_text(variables["POWERTOOLS_METRICS_NAMESPACE"])
    service = {"service": as_text(variables["POWERTOOLS_SERVICE_NAME"])}
    yield from (Metric.of(namespace, str(name), service) for name in sent_names())
    yield from (Metric.of(namespace, by_code(name), service | {"code": ANY}) for name in coded_names())


def _of_filters(template: Template) -> Iterator[Metric]:
    """Metrics made from the API's access log; their dimensions are fields of its lines."""
    line = json.loads(as_text(template.resource("Api").properties["AccessLogSetting"]["Format"]))
    for made in template.resources("AWS::Logs::MetricFilter"):
        assert made.properties["LogGroupName"] == {"Ref": "ApiAccessLogGroup"}
        for metric in made.properties["MetricTransformations"]:
            dimensions = {each["Key"]: line[each["Value"].removeprefix("$.")] for each in metric["Dimensions"]}
            yield Metric.of(metric["MetricNamespace"], metric["MetricName"], dimensions)


def _of_aws(template: Template) -> Iterator[Metric]:
    for queue in template.resources("AWS::SQS::Queue"):
        yield from _each("AWS/SQS", SQS, {"QueueName": f"${{{queue.name}.QueueName}}"})
    for function in template.resources("AWS::Serverless::Function"):
        yield from _each("AWS/Lambda", _of_lambda(function), {"FunctionName": f"${{{function.name}}}"})
        yield from _each("AWS/Lambda", LAMBDA_ON_ALIASES, _new_version(function))
    for api in template.resources("AWS::Serverless::Api"):
        names = {"ApiName": as_text(api.properties["Name"]), "Stage": as_text(api.properties["StageName"])}
        yield from _each("AWS/ApiGateway", API_GATEWAY, names)
    for table in template.resources("AWS::DynamoDB::Table"):
        yield from _each("AWS/DynamoDB", DYNAMODB, {"TableName": f"${{{table.name}}}"})


def _new_version(function: Resource) -> dict[str, str]:
    """The dimensions of one version's metrics while its alias has two (Lambda's manual, types of metrics)."""
    named = f"${{{function.name}}}"
    alias = function.properties["AutoPublishAlias"]
    return {
        "FunctionName": named,
        "Resource": f"{named}:{alias}",
        "ExecutedVersion": f"${{{function.name}.Version.Version}}",
    }


def _of_lambda(function: Resource) -> tuple[str, ...]:
    called_by = called_by_types(function)
    on_streams = LAMBDA_ON_STREAMS if called_by & {"DynamoDB", "Kinesis"} else ()
    on_events = LAMBDA_ON_EVENTS if called_by & {"Schedule", "ScheduleV2", "EventBridgeRule", "S3", "SNS"} else ()
    return LAMBDA + on_streams + on_events


def called_by_types(function: Resource) -> set[str]:
    """Return the types of a function's event sources."""
    events: Mapping[str, Mapping[str, Any]] = function.properties.get("Events", {})
    return {event["Type"] for event in events.values()}


def _each(namespace: str, names: Iterable[str], dimensions: Mapping[str, str]) -> Iterator[Metric]:
    yield from (Metric.of(namespace, name, dimensions) for name in names)


def is_sent(metric: Metric, known: frozenset[Metric]) -> bool:
    """Whether the metric is one of those; an error code may be any."""
    anything = frozenset((name, ANY if name == "code" else value) for name, value in metric.dimensions)
    return metric in known or Metric(metric.namespace, metric.name, anything) in known


def watched(alarm: Mapping[str, Any]) -> Iterator[tuple[Metric, str]]:
    """Yield the metrics that an alarm's properties name, with the statistic it wants of each."""
    if "Metrics" not in alarm:
        yield _named(alarm), alarm.get("Statistic") or alarm["ExtendedStatistic"]
        return
    for part in alarm["Metrics"]:
        if "MetricStat" in part:
            yield _named(part["MetricStat"]["Metric"]), part["MetricStat"]["Stat"]


def _named(given: Mapping[str, Any]) -> Metric:
    dimensions = {each["Name"]: as_text(each["Value"]) for each in given["Dimensions"]}
    return Metric.of(as_text(given["Namespace"]), as_text(given["MetricName"]), dimensions)
