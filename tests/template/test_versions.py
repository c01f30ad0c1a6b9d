"""Versions: layer and code of an unpublished function change one after the other, so what is invoked is a published
version behind an alias, and a gradual deployment is taken back by the errors of the new version alone.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.cloudformation import Template
from tests.template.deployed import Deployed, translated

GRADUAL = {
    *(f"Canary10Percent{minutes}Minutes" for minutes in (5, 10, 15, 30)),
    "Linear10PercentEvery1Minute",
    *(f"Linear10PercentEvery{minutes}Minutes" for minutes in (2, 3, 10)),
}
FUNCTIONS = {
    *("ValidateFunction", "ExecuteFunction", "ReceiveWebhookFunction", "DeliverFunction"),
    *("QueryFunction", "PreflightFunction", "DecideFunction", "CountFunction", "ExportFunction", "WorkflowsFunction"),
    "CatalogueFunction",
}


@pytest.fixture(scope="module", params=["Canary10Percent5Minutes", "Linear10PercentEvery1Minute"])
def gradual(template: Template, request: pytest.FixtureRequest) -> Deployed:
    parameters = {"Deployment": request.param}
    return Deployed(translated(template.document, parameters), parameters)


def _alias_of(function: str) -> dict[str, str]:
    return {"Ref": f"{function}Aliaslive"}


def _versions(deployed: Deployed) -> dict[str, str]:
    """Return the logical id of each function's version."""
    versions = deployed.resources("AWS::Lambda::Version").items()
    return {version["Properties"]["FunctionName"]["Ref"]: name for name, version in versions}


# -- What is invoked -----------------------------------------------------------------------------------------------


def test_every_function_has_an_alias_on_its_version(on_aws: Deployed) -> None:
    aliases = on_aws.resources("AWS::Lambda::Alias")
    assert set(on_aws.resources("AWS::Lambda::Function")) == FUNCTIONS
    assert aliases.keys() == {f"{function}Aliaslive" for function in FUNCTIONS}
    for function, version in _versions(on_aws).items():
        alias = aliases[f"{function}Aliaslive"]["Properties"]
        assert (alias["Name"], alias["FunctionName"]) == ("live", {"Ref": function})
        assert alias["FunctionVersion"] == {"Fn::GetAtt": [version, "Version"]}


def test_nothing_invokes_anything_but_an_alias(on_aws: Deployed) -> None:
    invoked = list(_invoked(on_aws))
    assert {each["Ref"] for each in invoked if isinstance(each, dict)} == {f"{name}Aliaslive" for name in FUNCTIONS}
    assert all(isinstance(each, dict) and each["Ref"].endswith("Aliaslive") for each in invoked)


def _invoked(deployed: Deployed) -> Iterator[Any]:
    """Yield whatever a permission, an event source, a schedule or a route of the API names as the function."""
    for permission in deployed.resources("AWS::Lambda::Permission").values():
        yield permission["Properties"]["FunctionName"]
    for source in deployed.resources("AWS::Lambda::EventSourceMapping").values():
        yield source["Properties"]["FunctionName"]
    for rule in deployed.resources("AWS::Events::Rule").values():
        yield from (target["Arn"] for target in rule["Properties"]["Targets"])
    for route in deployed.properties("Api")["Body"]["paths"].values():
        for operation in route.values():
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            yield {"Ref": uri.partition("functions/${")[2].partition("}")[0]}


# -- When a version is published -----------------------------------------------------------------------------------


def test_a_change_of_the_layer_alone_publishes_versions(template: Template, on_aws: Deployed) -> None:
    changed = copy.deepcopy(template.document)
    changed["Resources"]["CoreLayer"]["Properties"]["ContentUri"] = "s3://artifacts/another"
    after = _versions(Deployed(translated(changed)))
    before = _versions(on_aws)
    assert before.keys() == after.keys() == FUNCTIONS
    assert set(before.values()).isdisjoint(after.values())


def test_a_change_of_a_setting_publishes_versions(template: Template, on_aws: Deployed) -> None:
    changed = {"RequestsPerMinute": "100"}
    after = _versions(Deployed(translated(template.document, changed), changed))
    before = _versions(on_aws)
    assert {name for name in FUNCTIONS if before[name] != after[name]} == {
        "ValidateFunction",
        "ExecuteFunction",
        "QueryFunction",
        "PreflightFunction",
        "CatalogueFunction",
    }


def test_no_change_publishes_nothing(template: Template, on_aws: Deployed) -> None:
    assert _versions(Deployed(translated(template.document))) == _versions(on_aws)


# -- How one takes over from the other -----------------------------------------------------------------------------


def test_the_ways_of_deploying_are_those_of_codedeploy(template: Template) -> None:
    allowed = template.document["Parameters"]["Deployment"]["AllowedValues"]
    assert set(allowed) == GRADUAL | {"AllAtOnce"}
    ways = template.document["Mappings"]["Deployments"]
    assert {name: way["Gradual"] for name, way in ways.items()} == {name: name != "AllAtOnce" for name in allowed}


def test_all_at_once_needs_no_codedeploy(on_aws: Deployed) -> None:
    kinds = {resource["Type"] for resource in on_aws.resources().values()}
    assert not {kind for kind in kinds if kind.startswith("AWS::CodeDeploy::")}
    assert all("UpdatePolicy" not in alias for alias in on_aws.resources("AWS::Lambda::Alias").values())
    assert "NewVersionErrorsAlarm" not in on_aws.resources()


def test_every_alias_moves_gradually_by_the_chosen_way(gradual: Deployed) -> None:
    groups = gradual.resources("AWS::CodeDeploy::DeploymentGroup")
    chosen = gradual.value({"Ref": "Deployment"})
    for function in FUNCTIONS:
        update = gradual.resources()[f"{function}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        group = groups[update["DeploymentGroupName"]["Ref"]]["Properties"]
        assert group["DeploymentConfigName"] == f"CodeDeployDefault.Lambda{chosen}"
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        # An alarm about what runs already would stop the very deployment that mends it.
        assert group["AlarmConfiguration"] == {"Enabled": True, "Alarms": [{"Name": {"Ref": "NewVersionErrorsAlarm"}}]}


def test_its_alarm_watches_the_new_versions_alone(gradual: Deployed) -> None:
    alarm = gradual.properties("NewVersionErrorsAlarm")
    watched = {}
    for part in alarm["Metrics"]:
        if "MetricStat" in part:
            metric = part["MetricStat"]["Metric"]
            dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            function = dimensions["FunctionName"]["Ref"]
            assert (metric["Namespace"], metric["MetricName"]) == ("AWS/Lambda", "Errors")
            assert dimensions["Resource"] == f"${{{function}}}:live"
            watched[function] = dimensions["ExecutedVersion"]["Fn::GetAtt"]
    assert watched == {function: [version, "Version"] for function, version in _versions(gradual).items()}


def test_its_alarm_is_a_new_one_with_each_version(gradual: Deployed) -> None:
    # Under its old name it would keep the state that it has, which may be ALARM, until it is evaluated again.
    name = json.dumps(gradual.document["Resources"]["NewVersionErrorsAlarm"]["Properties"]["AlarmName"])
    assert {version for version in _versions(gradual).values() if version in name} == set(_versions(gradual).values())
