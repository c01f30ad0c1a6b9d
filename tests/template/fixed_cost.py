"""What a deployment costs in a month in which nothing happens, counted from the template.

List prices of US East (N. Virginia), from CloudWatch's pricing page: a standard alarm 0.10 USD for each metric that it
watches, a dashboard 3.00 USD, a custom metric 0.30 USD where it has a value in that hour. Everything else that the
template makes (tables on demand, queues, functions, the API, a bucket, X-Ray, logs) is billed by use alone.
"""

from decimal import Decimal
from typing import Any

from tests.template.deployed import Deployed

ALARM_METRIC = Decimal("0.10")
DASHBOARD = Decimal("3.00")
CUSTOM_METRIC = Decimal("0.30")
BILLED_BY_USE = {
    "AWS::ApiGateway::Account", "AWS::ApiGateway::ApiKey", "AWS::ApiGateway::Deployment", "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage", "AWS::ApiGateway::UsagePlan", "AWS::ApiGateway::UsagePlanKey", "AWS::DynamoDB::Table",
    "AWS::Events::Rule", "AWS::IAM::Role", "AWS::Lambda::Alias", "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function", "AWS::Lambda::LayerVersion", "AWS::Lambda::Permission", "AWS::Lambda::Version",
    "AWS::Logs::LogGroup", "AWS::Logs::MetricFilter", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy", "AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup",
}  # fmt: skip


def alarm_metrics(deployed: Deployed) -> int:
    """Return how many metrics the alarms watch: what alarms are billed by."""
    return sum(_watched(alarm["Properties"]) for alarm in deployed.resources("AWS::CloudWatch::Alarm").values())


def _watched(alarm: dict[str, Any]) -> int:
    return sum("MetricStat" in part for part in alarm["Metrics"]) if "Metrics" in alarm else 1


def monthly(deployed: Deployed) -> Decimal:
    """Return the fixed cost of a month in USD. Raises where the template makes what this knows no price of."""
    priced = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"}
    unknown = {each["Type"] for each in deployed.resources().values()} - BILLED_BY_USE - priced
    if unknown:
        raise KeyError(f"no price of {unknown}")
    dashboards = len(deployed.resources("AWS::CloudWatch::Dashboard"))
    return alarm_metrics(deployed) * ALARM_METRIC + dashboards * DASHBOARD
