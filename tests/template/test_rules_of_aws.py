"""What AWS would do with the template, where the emulator does something kinder: rules from AWS's own manuals, held
against what the transform makes of the template.
"""

from typing import Any

import pytest

from local.verify.rules import LEFT_FOR_CALLERS, MAY_LOOP
from tests.template.cloudformation import ROOT, Template
from tests.template.deployed import ABSENT, Deployed

LONGEST_VISIBILITY = 43_200
LONGEST_TIMEOUT = 900
NEW_ACCOUNT = 10
"""Concurrent executions of a new account (Lambda quotas)."""
LONG_RUNNING_EXPORTS = 1
ONE_READING = 1
PARTITIONS = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-eusc": "console.amazonaws-eusc.eu",
}


# -- Lambda ends what it takes for a recursive loop ----------------------------------------------------------------


SHORT_CHAINS = {"DecideFunction"}
"""A decision about many is a chain of three messages: it begins, a part of it is worked off, dead letters are looked
through. A part that takes longer than an invocation is one more. Lambda's guard stays on there."""


def test_functions_whose_waits_are_messages_may_loop(on_aws: Deployed) -> None:
    may_loop = {
        name
        for name, function in on_aws.resources("AWS::Lambda::Function").items()
        if function["Properties"].get("RecursiveLoop") == "Allow"
    }
    assert may_loop | SHORT_CHAINS == _senders_to_their_own_queue(on_aws)
    assert may_loop == {"ExecuteFunction", "DeliverFunction", "WorkflowsFunction", "CatalogueFunction"}
    assert may_loop == set(MAY_LOOP)  # what `make verify` looks for


def _senders_to_their_own_queue(on_aws: Deployed) -> set[str]:
    functions = on_aws.resources("AWS::Lambda::Function")
    found = set()
    for source in on_aws.resources("AWS::Lambda::EventSourceMapping").values():
        arn = source["Properties"]["EventSourceArn"]
        role = on_aws.properties(functions[_consumer(source)]["Properties"]["Role"]["Fn::GetAtt"][0])
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            targets = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            if "sqs:SendMessage" in statement["Action"] and arn in targets:
                found.add(_consumer(source))
    return found


def _consumer(source: dict[str, Any]) -> str:
    name: str = source["Properties"]["FunctionName"]["Ref"]
    return name.removesuffix("Aliaslive")


def test_each_queue_that_may_loop_has_an_alarm_on_runaways(on_aws: Deployed) -> None:
    alarms = on_aws.resources("AWS::CloudWatch::Alarm")
    watched = {
        "Execute": "ExecutionQueue",
        "Bulk": "BulkQueue",
        "Deliver": "DeliveryQueue",
        "Workflows": "WorkflowQueue",
    }
    for name, queue in ((f"{prefix}RunawayAlarm", queue) for prefix, queue in watched.items()):
        sent = _series(alarms[name]["Properties"], "sent")
        assert sent["Metric"]["MetricName"] == "NumberOfMessagesSent"
        assert sent["Metric"]["Dimensions"][0]["Value"] == {"Fn::GetAtt": [queue, "QueueName"]}
    reading = alarms["CatalogueRunawayAlarm"]["Properties"]
    assert reading["MetricName"] == "NumberOfMessagesSent"
    assert reading["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["CatalogueQueue", "QueueName"]}
    # A message that has to wait does so for a second at least, since that is what SQS counts in.
    assert reading["Threshold"] > reading["Period"]


@pytest.mark.parametrize(
    ("sent", "accepted", "waiting", "rings"),
    [
        pytest.param(9_000, 0, 0, True, id="one message that loops, ten a second, and nothing else"),
        pytest.param(9_000, 100, 1, True, id="the same beside a hundred executions"),
        pytest.param(270_000, 4_050, 30, True, id="all places loop at the highest rate"),
        pytest.param(900, 0, 0, False, id="too few to matter"),
        pytest.param(4_050 * 4, 4_050, 30, False, id="270 executions a minute, each sent four times"),
        pytest.param(10_000, 0, 10_000, False, id="a backlog of 10000 looks every 15 minutes"),
        pytest.param(10_000 * 30, 0, 10_000, False, id="an AWS service fails, each is sent again after 15 to 45 s"),
    ],
)
def test_a_runaway_rings_and_planned_waits_do_not(
    on_aws: Deployed, sent: int, accepted: int, waiting: int, rings: bool
) -> None:
    alarm, other = (on_aws.properties(name) for name in ("ExecuteRunawayAlarm", "DeliverRunawayAlarm"))
    (expression,) = [part["Expression"] for part in alarm["Metrics"] if "Expression" in part]
    assert expression in [part.get("Expression") for part in other["Metrics"]]
    values = {"sent": sent, "accepted": accepted, "hits": 0, "visible": 0, "delayed": waiting, "working": 0}
    assert (_result(alarm, values) > alarm["Threshold"]) is rings


@pytest.mark.parametrize(
    ("refused", "received", "late", "rings"),
    [
        pytest.param(10, 0, 0, False, id="ten unsigned posts in a quiet hour"),
        pytest.param(45_000, 200, 0, False, id="a flood, and what is awaited comes"),
        pytest.param(10, 200, 3, False, id="some posts, and three that never come"),
        pytest.param(0, 0, 5, False, id="Genesys Cloud sends nothing at all"),
        pytest.param(200, 0, 150, True, id="another secret"),
        pytest.param(2, 0, 1, True, id="another secret, and little to do"),
        pytest.param(100, 50, 90, True, id="one of two senders has another secret"),
    ],
)
def test_a_wrong_secret_rings_and_strangers_do_not(
    on_aws: Deployed, refused: int, received: int, late: int, rings: bool
) -> None:
    alarm = on_aws.properties("SignatureFailuresAlarm")
    values = {"refused": refused, "received": received, "late": late}
    assert (_result(alarm, values) > alarm["Threshold"]) is rings


def _result(alarm: dict[str, Any], values: dict[str, int]) -> float:
    """Compute an alarm's metric math."""
    (expression,) = [part["Expression"] for part in alarm["Metrics"] if "Expression" in part]
    functions = {"IF": lambda condition, then, other: then if condition else other, "FILL": lambda value, _: value}
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    result: float = eval(expression, {"__builtins__": {}}, {**values, **functions})  # noqa: S307 - our own template
    return result


def _series(alarm: dict[str, Any], identifier: str) -> dict[str, Any]:
    found: dict[str, Any] = next(part["MetricStat"] for part in alarm["Metrics"] if part["Id"] == identifier)
    return found


# -- SQS takes no visibility below the function's timeout ----------------------------------------------------------


def test_no_pair_of_timeout_and_visibility_is_refused(template: Template) -> None:
    allowed = template.document["Parameters"]["ExecuteTimeoutSeconds"]["AllowedValues"]
    assert (min(allowed), max(allowed)) == (5, LONGEST_TIMEOUT)
    assert set(range(5, 61)) <= set(allowed)
    for timeout in allowed:
        for given in (30, 540, LONGEST_VISIBILITY):
            names = {"ExecuteTimeoutSeconds": timeout, "ExecuteVisibilitySeconds": given}
            deployed = Deployed(template.document, names)
            visible = {deployed.properties(name)["VisibilityTimeout"] for name in ("ExecutionQueue", "BulkQueue")}
            assert visible == {6 * timeout}
            assert 6 * timeout <= LONGEST_VISIBILITY


# -- A new account has 10 concurrent executions --------------------------------------------------------------------


def test_the_readme_says_how_much_concurrency_is_needed(on_aws: Deployed) -> None:
    ceilings = [
        (_consumer(source), int(source["Properties"]["ScalingConfig"]["MaximumConcurrency"]))
        for source in on_aws.resources("AWS::Lambda::EventSourceMapping").values()
        if "ScalingConfig" in source["Properties"]
    ]
    of_executions = [("DeliverFunction", 2), ("ExecuteFunction", 2), ("ExecuteFunction", 2)]
    beside = [("DecideFunction", 2), ("WorkflowsFunction", 2), ("CatalogueFunction", 2)]
    assert sorted(ceilings) == sorted([*of_executions, *beside])
    # A reading of the catalogue is one message at a time: another in its queue finds it under way, and ends at once.
    background = sum(ceiling for _, ceiling in ceilings) - 2 + ONE_READING + LONG_RUNNING_EXPORTS
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"- **Have {background + LEFT_FOR_CALLERS} concurrent executions.**" in readme
    assert f"run at once, {background} together" in readme
    assert f" {LEFT_FOR_CALLERS} are for callers" in readme
    # Without workflows and decisions about many, which a new account need not use, its quota is enough.
    needed = sum(ceiling for _, ceiling in of_executions) + LONG_RUNNING_EXPORTS
    assert needed + LEFT_FOR_CALLERS <= NEW_ACCOUNT
    # A reading takes one of the callers' for some seconds of each hour.
    assert needed + ONE_READING + LEFT_FOR_CALLERS - 1 <= NEW_ACCOUNT
    # Those that wait for an end leave one for other requests.
    assert int(on_aws.document["Parameters"]["MaxWaiting"]["Default"]) < LEFT_FOR_CALLERS


def test_no_concurrency_is_reserved_that_a_small_account_lacks(on_aws: Deployed) -> None:
    for name, function in on_aws.resources("AWS::Lambda::Function").items():
        assert "ReservedConcurrentExecutions" not in function["Properties"], name


# -- Data ----------------------------------------------------------------------------------------------------------


def test_queues_take_nothing_in_the_clear(on_aws: Deployed) -> None:
    (policy,) = on_aws.resources("AWS::SQS::QueuePolicy").values()
    assert {queue["Ref"] for queue in policy["Properties"]["Queues"]} == set(on_aws.resources("AWS::SQS::Queue"))
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "sqs:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_layer_is_the_stacks_own(template: Template, as_deployed: dict[str, Any]) -> None:
    (declared,) = template.resources("AWS::Serverless::LayerVersion")
    assert declared.properties["RetentionPolicy"] == "Retain"
    (layer,) = Deployed(as_deployed).resources("AWS::Lambda::LayerVersion").values()
    assert layer["Properties"]["LayerName"] == "actionrelay-core"


# -- Other partitions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("partition", "console"), PARTITIONS.items())
def test_the_dashboards_address_is_the_partitions(as_deployed: dict[str, Any], partition: str, console: str) -> None:
    deployed = Deployed(as_deployed, partition=partition)
    assert deployed.output("DashboardUrl").startswith(f"https://eu-west-1.{console}/cloudwatch/home?region=eu-west-1#")
    assert deployed.holds("OnAws")


def test_every_partition_that_counts_as_aws_has_a_console(as_deployed: dict[str, Any]) -> None:
    named = {condition["Fn::Equals"][1] for condition in as_deployed["Conditions"]["OnAws"]["Fn::Or"]}
    assert named == set(as_deployed["Mappings"]["Consoles"]) == set(PARTITIONS)


# -- What is billed ------------------------------------------------------------------------------------------------


def test_no_method_has_metrics_that_are_billed(on_aws: Deployed) -> None:
    (stage,) = on_aws.resources("AWS::ApiGateway::Stage").values()
    assert [setting["MetricsEnabled"] for setting in stage["Properties"]["MethodSettings"]].count(True) == 0
    assert ABSENT not in stage["Properties"].values()


# -- API Gateway deletes no usage plan that has a stage ------------------------------------------------------------


@pytest.mark.parametrize("name", ["ApiUsagePlan", "OperatorUsagePlan"])
def test_a_change_of_auth_deletes_no_usage_plan(as_deployed: dict[str, Any], name: str) -> None:
    plans = {
        auth: Deployed(as_deployed, {"ApiAuth": auth}).properties(name)["ApiStages"] for auth in ("API_KEY", "AWS_IAM")
    }
    assert plans == {"API_KEY": [{"ApiId": {"Ref": "Api"}, "Stage": "v1"}], "AWS_IAM": []}
    # It goes before its stage where the whole stack goes, and comes after it.
    assert as_deployed["Resources"][name]["DependsOn"] == "Apiv1Stage"
