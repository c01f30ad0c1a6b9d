"""What a deployment costs that does nothing: the README says it, and it is counted here from the template."""

import re

import pytest

from actionrelay.signals import Count, Duration
from tests.template.cloudformation import ROOT
from tests.template.deployed import Deployed
from tests.template.fixed_cost import ALARM_METRIC, CUSTOM_METRIC, DASHBOARD, alarm_metrics, monthly


@pytest.fixture(scope="module")
def stated() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (paragraph,) = re.findall(r"^- \*\*A deployment that does nothing costs.*?(?=^- )", text, re.MULTILINE | re.DOTALL)
    return " ".join(paragraph.split())


def test_the_fixed_cost_is_what_the_readme_states(on_aws: Deployed, stated: str) -> None:
    metrics = alarm_metrics(on_aws)
    alarms = len(on_aws.resources("AWS::CloudWatch::Alarm"))
    assert f"costs {monthly(on_aws)} USD a month" in stated
    assert f"{alarms} alarms on {metrics} metrics for {metrics * ALARM_METRIC} USD" in stated
    assert f"a dashboard for {DASHBOARD} USD" in stated


def test_the_cost_of_our_metrics_is_what_the_readme_states(stated: str) -> None:
    names = len([*Count, *Duration])
    assert f"{names} metrics" in stated
    assert f"at most {names * CUSTOM_METRIC} USD" in stated
