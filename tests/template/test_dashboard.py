"""The dashboard: valid, complete, and about this stack."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.template.cloudformation import Template
from tests.template.metrics import Metric, is_sent, sent

COLUMNS = 24
BUSINESS = {
    *("ExecutionsAccepted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsUnknown", "ExecutionsUnsuccessful"),
    *("EndToEndLatency", "CacheHits", "SubmissionsRejected"),
}
OPERATIONS = {
    *("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "Throttled", "RateGateWaits"),
    *("TokenRefreshes", "TokenRefreshFailures", "Errors", "Duration", "ConcurrentExecutions", "Throttles"),
    *("ReadThrottleEvents", "WriteThrottleEvents", "5XXError"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a widget's metrics: a metric, or an expression, and how it is drawn."""

    metric: Metric | None
    options: Mapping[str, Any]


@pytest.fixture(scope="module")
def text(template: Template) -> str:
    written: str = template.resource("Dashboard").properties["DashboardBody"]["Fn::Sub"][0]
    return written


@pytest.fixture(scope="module")
def widgets(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["widgets"]
    return found


def lines(widget: Mapping[str, Any]) -> Iterator[Line]:
    """Yield a widget's rows, CloudWatch's abbreviations (`.` for the same, `...` for all the same) expanded."""
    before: list[str] = []
    for row in widget["properties"].get("metrics", ()):
        names = [part for part in row if isinstance(part, str)]
        options = row[-1] if isinstance(row[-1], dict) else {}
        if not names:
            yield Line(None, options)
            continue
        if names[0] == "...":
            names = before[: len(before) - len(names) + 1] + names[1:]
        names = [before[at] if name == "." else name for at, name in enumerate(names)]
        namespace, name, *dimensions = names
        yield Line(Metric.of(namespace, name, dict(itertools.batched(dimensions, 2, strict=True))), options)
        before = names


def _parts(widgets: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the widgets below each heading."""
    parts: dict[str, list[dict[str, Any]]] = {}
    heading = "none"
    for widget in sorted(widgets, key=lambda widget: (widget["y"], widget["x"])):
        if widget["type"] == "text":
            heading = re.findall(r"Business|Operations", widget["properties"]["markdown"])[0]
            parts[heading] = []
        else:
            parts[heading].append(widget)
    return parts


def _names(part: list[dict[str, Any]]) -> set[str]:
    return {line.metric.name for widget in part for line in lines(widget) if line.metric}


# -- That it is one ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runbook", ["docs/runbook.md", "[docs/runbook.md](https://wiki.example.com/runbook?a=b)"])
def test_with_all_references_resolved_it_is_json(text: str, runbook: str) -> None:
    resolved = re.sub(r"\$\{([^}]+)\}", lambda name: runbook if name[1] == "Runbook" else name[1], text)

    assert runbook in json.loads(resolved)["widgets"][0]["properties"]["markdown"]
    assert "${" not in resolved


def test_no_runbook_url_that_the_template_takes_breaks_it(template: Template) -> None:
    pattern = template.document["Parameters"]["RunbookUrl"]["AllowedPattern"]
    for url in ("", "https://wiki.example.com/runbook", "https://example.com/a/b.md#alarms"):
        assert re.fullmatch(pattern, url)
    for url in ('https://a"b', "https://a\\b", "https://a b", "https://a)b", "http://a", "javascript:alert(1)"):
        assert not re.fullmatch(pattern, url)


def test_it_links_the_runbook_where_its_address_is_known(template: Template) -> None:
    _, names = template.resource("Dashboard").properties["DashboardBody"]["Fn::Sub"]
    link = {"Fn::Sub": "[docs/runbook.md](${RunbookUrl})"}
    assert names == {"Runbook": {"Fn::If": ["HasRunbookUrl", link, "docs/runbook.md"]}}


def test_widgets_fill_the_width_without_gap_or_overlap(widgets: list[dict[str, Any]]) -> None:
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    rows = max(y for _, y in cells) + 1
    assert sorted(cells) == sorted(itertools.product(range(COLUMNS), range(rows)))


# -- What it shows -------------------------------------------------------------------------------------------------


def test_it_shows_metrics_that_this_stack_sends(template: Template, widgets: list[dict[str, Any]]) -> None:
    known = sent(template)
    shown = {line.metric for widget in widgets for line in lines(widget) if line.metric}
    assert shown
    assert {metric for metric in shown if not is_sent(metric, known)} == set()


def test_a_metric_in_which_anything_is_misspelled_is_found(template: Template, widgets: list[dict[str, Any]]) -> None:
    known = sent(template)
    for metric in {line.metric for widget in widgets for line in lines(widget) if line.metric}:
        values = dict(metric.dimensions)
        assert not is_sent(Metric(metric.namespace + "s", metric.name, metric.dimensions), known)
        assert not is_sent(Metric(metric.namespace, metric.name + "s", metric.dimensions), known)
        assert not is_sent(
            Metric.of(metric.namespace, metric.name, {f"{name}s": values[name] for name in values}), known
        )
        assert not is_sent(Metric.of(metric.namespace, metric.name, dict.fromkeys(values, "${Other}")), known)


def test_business_and_operations_are_apart_and_complete(widgets: list[dict[str, Any]]) -> None:
    parts = _parts(widgets)
    assert list(parts) == ["Business", "Operations"]
    assert _names(parts["Business"]) >= BUSINESS
    assert _names(parts["Operations"]) >= OPERATIONS
    assert not _names(parts["Operations"]) & BUSINESS


def test_the_latency_is_shown_by_percentile(widgets: list[dict[str, Any]]) -> None:
    shown = [line for widget in widgets for line in lines(widget) if line.metric]
    asked = {line.options["stat"] for line in shown if line.metric and line.metric.name == "EndToEndLatency"}
    assert asked == {"p50", "p95", "p99"}


def test_expressions_are_made_of_metrics_beside_them(widgets: list[dict[str, Any]]) -> None:
    expressions = 0
    for widget in widgets:
        rows = list(lines(widget))
        ids = {line.options["id"] for line in rows if line.metric and "id" in line.options}
        for line in rows:
            if line.metric is None:
                expressions += 1
                assert set(re.findall(r"\b[a-z]\w*\b", line.options["expression"])) <= ids
    assert expressions == 2


def test_everything_has_a_title_a_label_and_a_unit(widgets: list[dict[str, Any]]) -> None:
    for widget in widgets:
        if widget["type"] != "metric":
            continue
        properties = widget["properties"]
        assert properties["title"]
        assert all("label" in line.options for line in lines(widget) if line.options.get("visible", True))
        if properties["view"] == "timeSeries":
            assert properties["yAxis"]["left"]["label"], properties["title"]


def test_every_lasting_alarm_is_on_it(template: Template, widgets: list[dict[str, Any]]) -> None:
    [status] = [widget for widget in widgets if widget["type"] == "alarm"]
    # A gradual deployment's alarm comes and goes with it.
    lasting = [
        alarm
        for alarm in template.resources("AWS::CloudWatch::Alarm")
        if alarm.declared.get("Condition") != "IsGradual"
    ]
    names = [alarm.properties["AlarmName"]["Fn::Sub"] for alarm in lasting]
    account = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
    assert status["properties"]["alarms"] == [account + name for name in names]


def test_every_function_is_on_it(template: Template, widgets: list[dict[str, Any]]) -> None:
    functions = {f"${{{function.name}}}" for function in template.resources("AWS::Serverless::Function")}
    for metric in ("Errors", "Throttles", "Duration", "ConcurrentExecutions"):
        shown = [line.metric for widget in widgets for line in lines(widget) if line.metric]
        assert {dict(each.dimensions)["FunctionName"] for each in shown if each.name == metric} == functions


def test_it_is_about_the_region_that_it_is_in(widgets: list[dict[str, Any]]) -> None:
    assert {widget["properties"]["region"] for widget in widgets if widget["type"] == "metric"} == {"${AWS::Region}"}
