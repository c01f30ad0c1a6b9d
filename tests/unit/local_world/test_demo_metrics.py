"""The demo's reading of EMF lines."""

import json
from typing import Any

from local.demo.metrics import Metrics, Series


def emf(values: dict[str, Any], **dimensions: str) -> str:
    """A line as Powertools writes it: the service and these dimensions, and each metric with its values."""
    directive = {
        "Namespace": "actionrelay",
        "Dimensions": [["service", *dimensions]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in values],
    }
    aws = {"Timestamp": 1, "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": aws, "service": "actionrelay", **dimensions, **values})


def test_values_of_one_metric_are_collected_over_all_lines() -> None:
    metrics = Metrics([emf({"QueueWait": [10.0, 20.0]}), emf({"QueueWait": 60})])

    assert metrics.series("QueueWait") == Series((10.0, 20.0, 60))
    assert metrics.series("QueueWait").total == 90
    assert metrics.series("QueueWait").average == 30
    assert metrics.lines == 2


def test_a_code_makes_a_series_of_its_own() -> None:
    metrics = Metrics([emf({"Refused": [1.0]}, code="b"), emf({"Refused": [1.0, 1.0]}, code="a"), emf({"Refused": 1})])

    assert metrics.codes("Refused") == ["a", "b"]
    assert metrics.series("Refused", "a").total == 2
    assert metrics.series("Refused").total == 1


def test_a_code_that_is_no_dimension_is_metadata() -> None:
    line = json.loads(emf({"Refused": 1})) | {"code": "a"}

    assert Metrics([json.dumps(line)]).codes("Refused") == []


def test_other_lines_are_no_metrics() -> None:
    lines = ["START RequestId: 1", "null", "[1]", '"text"', '{"message": "request_refused"}', '{"_aws": {}}', ""]

    assert Metrics(lines).lines == 0


def test_a_metric_that_was_never_sent_is_zero() -> None:
    series = Metrics([]).series("ExecutionsFailed")

    assert (series.samples, series.total, series.average) == (0, 0, 0)
