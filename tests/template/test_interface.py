"""What others rely on: parameters and outputs by name, and that each thing says what it is for."""

import re
import tomllib
from typing import Any

import pytest

from actionrelay.audit import files_s3 as day_files
from actionrelay.ledger import payloads_s3 as payload
from tests.template.cloudformation import ROOT, Template

PARAMETERS = {
    "GenesysApi", "GenesysRegion", "GenesysApiUrl", "GenesysLoginUrl", "GenesysSecretName", "TokenParameterName",
    "WebhookSecretName", "DeliverySecretName", "WebhookScheme", "ApiAuth", "ApiBaseUrl", "RequestsPerMinute",
    "ExecuteConcurrency", "MaxInFlight", "BulkSharePercent", "MaxBacklog", "MaxWaiting",
    "DeliverConcurrency", "MaxAttempts", "MaxPayloadBytes", "MaxInputDepth", "MaskInputs",
    "ResultCacheSeconds", "OperatorKeyIds",
    "WebhookGraceSeconds", "ExecuteTimeoutSeconds", "ExecuteVisibilitySeconds", "WebhookPorts", "AllowPrivateWebhooks",
    "AuditRetentionDays", "ExecutionRetentionDays", "ExportLockDays", "LogRetentionDays", "AlarmTopicArn", "RunbookUrl",
    "Deployment", "TokenKeyArn", "ContractCheck", "Architecture",
}  # fmt: skip

OUTPUTS = {
    "ApiUrl", "ExecutionsTableName", "AuditTableName", "PayloadBucketName", "ExecutionQueueUrl", "ExecutionDlqUrl",
    "BulkQueueUrl", "BulkDlqUrl",
    "DeliveryQueueUrl", "DeliveryDlqUrl", "DashboardUrl",
}  # fmt: skip


def test_parameters_are_the_documented_ones(template: Template) -> None:
    assert set(template.document["Parameters"]) == PARAMETERS


def test_outputs_are_the_documented_ones(template: Template) -> None:
    assert set(template.document["Outputs"]) == OUTPUTS


def test_every_parameter_has_a_description_and_a_valid_default(template: Template) -> None:
    for name, parameter in template.document["Parameters"].items():
        default = parameter["Default"]
        assert parameter["Description"], name
        if "AllowedValues" in parameter:
            assert default in parameter["AllowedValues"], name
            assert len(set(parameter["AllowedValues"])) == len(parameter["AllowedValues"]), name
        elif parameter["Type"] == "Number":
            assert parameter["MinValue"] <= default <= parameter["MaxValue"], name
        else:
            assert re.fullmatch(parameter["AllowedPattern"], default), name


def test_every_parameter_has_its_place_in_the_guided_questions(template: Template) -> None:
    groups = template.document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    asked = [name for group in groups for name in group["Parameters"]]
    assert sorted(asked) == sorted(PARAMETERS)


@pytest.mark.parametrize(
    ("webhook", "delivery", "refused"),
    [("actionrelay/webhook", "actionrelay/delivery", False), ("actionrelay/one", "actionrelay/one", True)],
)
def test_the_two_signing_secrets_are_not_one(template: Template, webhook: str, delivery: str, refused: bool) -> None:
    given = {"WebhookSecretName": webhook, "DeliverySecretName": delivery}
    broken = [
        assertion["AssertDescription"]
        for rule in template.document["Rules"].values()
        for assertion in rule["Assertions"]
        if not _holds(assertion["Assert"], given)
    ]
    assert bool(broken) == refused


def _holds(condition: Any, given: dict[str, str]) -> bool:
    """What CloudFormation makes of a rule's assertion; those about other parameters hold."""
    match condition:
        case {"Fn::Not": [inner]}:
            return not _holds(inner, given)
        case {"Fn::Equals": [{"Ref": one}, {"Ref": other}]} if {one, other} <= given.keys():
            return given[one] == given[other]
    return True


def test_every_parameter_has_an_effect_or_says_so(template: Template) -> None:
    body = template.text.partition("\nConditions:")[2]
    unused = {name for name in PARAMETERS if not re.search(rf"(!Ref {name}\b|\$\{{{name}\}})", body)}
    assert unused == {"ExecuteVisibilitySeconds"}
    for name in unused:
        assert "not used" in template.document["Parameters"][name]["Description"]


def test_private_webhooks_are_refused_by_default(template: Template) -> None:
    assert template.document["Parameters"]["AllowPrivateWebhooks"]["Default"] == "false"


def test_every_resource_has_a_comment_that_says_what_it_is_for(template: Template) -> None:
    lines = template.text.partition("\nResources:\n")[2].splitlines()
    for resource in template.all_resources():
        line = lines.index(f"  {resource.name}:")
        assert lines[line - 1].startswith("  # "), f"{resource.name} has no comment"
        assert not lines[line - 1].startswith("  # ==="), f"{resource.name} has a banner and no comment"


def test_nothing_outlives_a_failed_first_deployment(template: Template) -> None:
    kept = {resource.declared.get("DeletionPolicy", "Delete") for resource in template.all_resources()}
    assert kept == {"Delete", "RetainExceptOnCreate"}


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::S3::Bucket"])
def test_data_outlives_the_stack(template: Template, kind: str) -> None:
    for resource in template.resources(kind):
        # Retain would keep what a failed first deployment has made, empty and in nobody's stack.
        assert resource.declared["DeletionPolicy"] == "RetainExceptOnCreate", resource.name
        assert resource.declared["UpdateReplacePolicy"] == "Retain", resource.name


def test_tables_are_restorable_expiring_and_encrypted(template: Template) -> None:
    for table in template.resources("AWS::DynamoDB::Table"):
        assert table.properties["BillingMode"] == "PAY_PER_REQUEST"
        assert table.properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table.properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert table.properties["SSESpecification"] == {"SSEEnabled": True}
        assert table.properties["DeletionProtectionEnabled"] is True


def test_the_bucket_is_closed_and_empties_itself(template: Template) -> None:
    (bucket,) = template.resources("AWS::S3::Bucket")
    assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket.properties["BucketEncryption"]
    rules = bucket.properties["LifecycleConfiguration"]["Rules"]
    assert {rule["Prefix"]: rule["ExpirationInDays"]["Ref"] for rule in rules if "Prefix" in rule} == {
        payload.PREFIX: "ExecutionRetentionDays",
        day_files.PREFIX: "AuditRetentionDays",
    }
    assert [rule["AbortIncompleteMultipartUpload"] for rule in rules if "Prefix" not in rule] == [
        {"DaysAfterInitiation": 1}
    ]


def test_an_overwritten_object_is_kept_as_a_version(template: Template) -> None:
    (bucket,) = template.resources("AWS::S3::Bucket")
    assert bucket.properties["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = bucket.properties["LifecycleConfiguration"]["Rules"]
    kept = {rule["Prefix"]: rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if "Prefix" in rule}
    assert kept == {payload.PREFIX: 1, day_files.PREFIX: {"Ref": "AuditRetentionDays"}}


def test_object_lock_is_the_deployers_choice(template: Template) -> None:
    (bucket,) = template.resources("AWS::S3::Bucket")
    assert bucket.properties["ObjectLockEnabled"] == {"Fn::If": ["LockExports", True, {"Ref": "AWS::NoValue"}]}


def test_samconfig_has_the_three_environments_and_lints_in_each() -> None:
    with (ROOT / "samconfig.toml").open("rb") as stream:
        config = tomllib.load(stream)
    assert set(config) - {"version"} == {"default", "local", "prod"}
    for environment in ("default", "local", "prod"):
        assert config[environment]["validate"]["parameters"]["lint"] is True
        assert config[environment]["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM"


def test_samconfig_stops_no_pipeline_and_names_no_bucket() -> None:
    with (ROOT / "samconfig.toml").open("rb") as stream:
        config = tomllib.load(stream)
    assert config["prod"]["deploy"]["parameters"]["confirm_changeset"] is False
    for environment in ("default", "local", "prod"):
        # A bucket of that name may be somebody else's; SAM's own is found by the account's stack.
        assert "s3_bucket" not in config[environment]["deploy"]["parameters"]
    assert all(config[environment]["deploy"]["parameters"]["resolve_s3"] for environment in ("default", "prod"))
