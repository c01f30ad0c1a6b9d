"""Permissions: each role names its actions and resources one by one."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.cloudformation import Resource, Template, function_folder
from tests.template.deployed import Deployed, translated

# The exact grants, so that a wider one is a change of this file too. Every role also writes its logs and
# traces.
GRANTS = {
    "validate": {
        "dynamodb:UpdateItem ExecutionsTable",
        "sqs:GetQueueAttributes ExecutionQueue",
        "sqs:GetQueueAttributes BulkQueue",
        "dynamodb:GetItem ExecutionsTable",
        "dynamodb:BatchGetItem ExecutionsTable",
        "dynamodb:Query ExecutionsTable",
        "dynamodb:PutItem ExecutionsTable",
        "dynamodb:PutItem AuditTable",
        "sqs:SendMessage ExecutionQueue",
        "sqs:SendMessage BulkQueue",
        "sqs:SendMessage DeliveryQueue",
        "sqs:SendMessage DecisionQueue",
        "sqs:SendMessage WorkflowQueue",
        "sqs:SendMessage CatalogueQueue",
        "s3:GetObject PayloadBucket/payload/*",
        "s3:PutObject PayloadBucket/payload/*",
        "s3:ListBucket PayloadBucket",
    },
    "decide": {
        "dynamodb:BatchGetItem ExecutionsTable",
        "dynamodb:Query ExecutionsTable",
        "dynamodb:Query ExecutionsTable/index/by_status",
        "dynamodb:Query ExecutionsTable/index/by_undelivered",
        "dynamodb:Query ExecutionsTable/index/by_trace",
        "dynamodb:Query AuditTable/index/by_day",
        "dynamodb:Query AuditTable/index/by_time",
        "dynamodb:PutItem ExecutionsTable",
        "dynamodb:PutItem AuditTable",
        "sqs:SendMessage ExecutionQueue",
        "sqs:SendMessage BulkQueue",
        "sqs:SendMessage DeliveryQueue",
        "sqs:SendMessage DecisionQueue",
        "sqs:SendMessage WorkflowQueue",
        "sqs:SendMessage DecisionDlq",
        "sqs:ReceiveMessage DecisionQueue",
        "sqs:DeleteMessage DecisionQueue",
        "sqs:GetQueueAttributes DecisionQueue",
        "sqs:ReceiveMessage DeliveryDlq",
        "sqs:DeleteMessage DeliveryDlq",
        "sqs:ChangeMessageVisibility DeliveryDlq",
        "s3:GetObject PayloadBucket/payload/*",
        "s3:PutObject PayloadBucket/payload/*",
        "s3:ListBucket PayloadBucket",
    },
    "execute": {
        "dynamodb:GetItem ExecutionsTable",
        "dynamodb:Query ExecutionsTable",
        "dynamodb:PutItem ExecutionsTable",
        "dynamodb:PutItem AuditTable",
        "sqs:SendMessage ExecutionQueue",
        "sqs:SendMessage BulkQueue",
        "sqs:SendMessage DeliveryQueue",
        "sqs:SendMessage WorkflowQueue",
        "sqs:SendMessage ExecutionDlq",
        "sqs:ReceiveMessage ExecutionQueue",
        "sqs:ReceiveMessage BulkQueue",
        "sqs:DeleteMessage ExecutionQueue",
        "sqs:DeleteMessage BulkQueue",
        "sqs:GetQueueAttributes ExecutionQueue",
        "sqs:GetQueueAttributes BulkQueue",
        "s3:GetObject PayloadBucket/payload/*",
        "s3:PutObject PayloadBucket/payload/*",
        "s3:ListBucket PayloadBucket",
        "ssm:GetParameter TokenParameterName",
        "ssm:PutParameter TokenParameterName",
        *("kms:Decrypt TokenKeyArn", "kms:Encrypt TokenKeyArn", "kms:GenerateDataKey TokenKeyArn"),
        "secretsmanager:GetSecretValue GenesysSecretName",
    },
    "catalogue": {
        "dynamodb:GetItem ExecutionsTable",
        "dynamodb:BatchGetItem ExecutionsTable",
        "dynamodb:Query ExecutionsTable",
        "dynamodb:PutItem ExecutionsTable",
        "sqs:SendMessage CatalogueQueue",
        "sqs:SendMessage CatalogueDlq",
        "sqs:ReceiveMessage CatalogueQueue",
        "sqs:DeleteMessage CatalogueQueue",
        "sqs:GetQueueAttributes CatalogueQueue",
        "ssm:GetParameter TokenParameterName",
        "ssm:PutParameter TokenParameterName",
        *("kms:Decrypt TokenKeyArn", "kms:Encrypt TokenKeyArn", "kms:GenerateDataKey TokenKeyArn"),
        "secretsmanager:GetSecretValue GenesysSecretName",
    },
    "receive_webhook": {
        "dynamodb:Query ExecutionsTable",
        "dynamodb:PutItem ExecutionsTable",
        "dynamodb:PutItem AuditTable",
        "sqs:SendMessage ExecutionQueue",
        "sqs:SendMessage BulkQueue",
        "sqs:SendMessage DeliveryQueue",
        "sqs:SendMessage WorkflowQueue",
        "s3:PutObject PayloadBucket/payload/*",
        "secretsmanager:GetSecretValue WebhookSecretName",
    },
    "workflows": {
        "dynamodb:GetItem ExecutionsTable",
        "dynamodb:BatchGetItem ExecutionsTable",
        "sqs:SendMessage CatalogueQueue",
        "dynamodb:Query ExecutionsTable",
        "dynamodb:PutItem ExecutionsTable",
        "dynamodb:UpdateItem ExecutionsTable",
        "dynamodb:PutItem AuditTable",
        "sqs:SendMessage ExecutionQueue",
        "sqs:SendMessage BulkQueue",
        "sqs:SendMessage DeliveryQueue",
        "sqs:SendMessage WorkflowQueue",
        "sqs:SendMessage WorkflowDlq",
        "sqs:ReceiveMessage WorkflowQueue",
        "sqs:DeleteMessage WorkflowQueue",
        "sqs:GetQueueAttributes WorkflowQueue",
        "s3:GetObject PayloadBucket/payload/*",
        "s3:PutObject PayloadBucket/payload/*",
        "s3:ListBucket PayloadBucket",
    },
    "deliver": {
        "dynamodb:Query ExecutionsTable",
        "dynamodb:PutItem ExecutionsTable",
        "dynamodb:PutItem AuditTable",
        "sqs:SendMessage DeliveryQueue",
        "sqs:ReceiveMessage DeliveryQueue",
        "sqs:DeleteMessage DeliveryQueue",
        "sqs:GetQueueAttributes DeliveryQueue",
        "sqs:SendMessage DeliveryDlq",
        "s3:GetObject PayloadBucket/payload/*",
        "s3:ListBucket PayloadBucket",
        "secretsmanager:GetSecretValue DeliverySecretName",
    },
    "query": {
        "dynamodb:PutItem ExecutionsTable",
        "dynamodb:Query ExecutionsTable",
        "dynamodb:Query ExecutionsTable/index/by_status",
        "dynamodb:Query ExecutionsTable/index/by_undelivered",
        "dynamodb:Query ExecutionsTable/index/by_trace",
        "dynamodb:Query ExecutionsTable/index/by_workflow_day",
        "dynamodb:BatchGetItem ExecutionsTable",
        "dynamodb:Query AuditTable",
        "dynamodb:Query AuditTable/index/by_day",
        "dynamodb:Query AuditTable/index/by_time",
        "sqs:GetQueueAttributes ExecutionQueue",
        "sqs:GetQueueAttributes BulkQueue",
        "sqs:GetQueueAttributes ExecutionDlq",
        "sqs:GetQueueAttributes BulkDlq",
        "sqs:GetQueueAttributes DeliveryQueue",
        "sqs:GetQueueAttributes DeliveryDlq",
        "sqs:GetQueueAttributes WorkflowQueue",
        "sqs:GetQueueAttributes WorkflowDlq",
        "sqs:GetQueueAttributes DecisionQueue",
        "sqs:GetQueueAttributes DecisionDlq",
        "sqs:GetQueueAttributes CatalogueQueue",
        "sqs:GetQueueAttributes CatalogueDlq",
        "s3:GetObject PayloadBucket/payload/*",
        "s3:ListBucket PayloadBucket",
    },
    "preflight": {
        "dynamodb:GetItem ExecutionsTable",
        "dynamodb:PutItem ExecutionsTable",
        "ssm:GetParameter TokenParameterName",
        "kms:Decrypt TokenKeyArn",
        "secretsmanager:GetSecretValue GenesysSecretName",
        "secretsmanager:GetSecretValue WebhookSecretName",
        "secretsmanager:GetSecretValue DeliverySecretName",
    },
    "export": {
        "dynamodb:Query ExecutionsTable",
        "dynamodb:Query AuditTable",
        "dynamodb:Query AuditTable/index/by_day",
        "s3:PutObject PayloadBucket/audit/*",
        "s3:PutObjectRetention PayloadBucket/audit/*",
        "s3:GetObject PayloadBucket/audit/*",
        "s3:ListMultipartUploadParts PayloadBucket/audit/*",
        "s3:ListBucket PayloadBucket",
    },
    "count": {
        "dynamodb:GetItem ExecutionsTable",
        "dynamodb:PutItem ExecutionsTable",
        "dynamodb:UpdateItem ExecutionsTable",
        *(
            f"dynamodb:{action} {table}/stream/*"
            for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
            for table in ("ExecutionsTable", "AuditTable")
        ),
    },
}

# The one grant on every resource: X-Ray has none to name.
ON_EVERYTHING = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}

# Ends of resource names that only AWS or the application knows: a bucket's keys, the six characters that
# Secrets Manager adds to a name, and the time at which a stream was opened.
OPEN_ENDS = (
    *("PayloadBucket.Arn}/payload/*", "PayloadBucket.Arn}/audit/*"),
    *("SecretName}-??????", "Table.Arn}/stream/*"),
)


def _statements(role: Resource) -> Iterator[dict[str, Any]]:
    for policy in role.properties.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            # What a condition leaves out is judged as if it were there.
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _grants(role: Resource) -> Iterator[tuple[str, str]]:
    for statement in _statements(role):
        for action in statement["Action"]:
            for resource in _as_list(statement["Resource"]):
                yield action, _short(resource)


def _short(resource: Any) -> str:
    """Return what a resource is in this template: a logical id, its index, a parameter, or the text itself."""
    if isinstance(resource, str):
        return resource
    if "Ref" in resource:
        return str(resource["Ref"])
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    named, _, below = str(resource["Fn::Sub"]).rpartition("${")[2].partition("}")
    return named.partition(".")[0] + (below if below.startswith("/") else "")


@pytest.fixture
def roles(template: Template) -> dict[str, Resource]:
    functions = template.resources("AWS::Serverless::Function")
    return {
        function_folder(function): template.resource(function.properties["Role"]["Fn::GetAtt"][0])
        for function in functions
    }


@pytest.mark.parametrize("name", GRANTS)
def test_a_function_may_do_exactly_this(roles: dict[str, Resource], template: Template, name: str) -> None:
    granted = {f"{action} {resource}" for action, resource in _grants(roles[name]) if action not in ON_EVERYTHING}
    functions = template.resources("AWS::Serverless::Function")
    function = next(function for function in functions if function_folder(function) == name)
    group = function.properties["LoggingConfig"]["LogGroup"]["Ref"]
    assert granted == GRANTS[name] | {f"logs:CreateLogStream {group}", f"logs:PutLogEvents {group}"}


def test_no_action_is_a_wildcard(roles: dict[str, Resource]) -> None:
    assert [action for role in roles.values() for action, _ in _grants(role) if "*" in action or "?" in action] == []


def test_no_resource_is_a_wildcard_except_for_traces(roles: dict[str, Resource]) -> None:
    for role in roles.values():
        for statement in _statements(role):
            for resource in _as_list(statement["Resource"]):
                if resource == "*":
                    assert set(statement["Action"]) == ON_EVERYTHING
                elif "Fn::Sub" in resource and {"*", "?"} & set(resource["Fn::Sub"]):
                    assert resource["Fn::Sub"].endswith(OPEN_ENDS), resource


def test_statements_allow_and_are_named(roles: dict[str, Resource]) -> None:
    for role in roles.values():
        assert all(statement["Effect"] == "Allow" and statement["Sid"] for statement in _statements(role))


def test_only_lambda_takes_these_roles(roles: dict[str, Resource]) -> None:
    for role in roles.values():
        (statement,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_managed_policies_are_for_api_gateways_own_role_alone(template: Template) -> None:
    roles = template.resources("AWS::IAM::Role")
    managed = [role.name for role in roles if "ManagedPolicyArns" in role.properties]
    assert managed == ["ApiLoggingRole"]


def test_audit_writers_can_put_and_nothing_else(roles: dict[str, Resource]) -> None:
    for name in ("validate", "execute", "receive_webhook", "deliver", "decide"):
        actions = {action for action, resource in _grants(roles[name]) if resource == "AuditTable"}
        assert actions == {"dynamodb:PutItem"}


def test_entry_writers_and_day_writers_are_different_roles(roles: dict[str, Resource]) -> None:
    # An entry that was overwritten then still differs from the file of its day.
    for name, role in roles.items():
        grants = set(_grants(role))
        may_append = ("dynamodb:PutItem", "AuditTable") in grants
        may_export = ("s3:PutObject", "PayloadBucket/audit/*") in grants
        assert (may_append, may_export) in {(True, False), (False, name == "export")}


def test_payloads_never_travel_in_the_clear(template: Template) -> None:
    (policy,) = template.resources("AWS::S3::BucketPolicy")
    (statement,) = policy.properties["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {
        "Bool": {"aws:SecureTransport": "false"},
        "StringNotEquals": {"aws:ResourceAccount": "000000000000"},
    }


# -- The token's own key -------------------------------------------------------------------------------------------


def test_a_key_of_the_token_is_used_by_three_through_ssm(template: Template) -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    given = {"TokenKeyArn": key}
    assert _users_of_keys(Deployed(translated(template.document))) == {}
    for name, statement in (users := _users_of_keys(Deployed(translated(template.document, given), given))).items():
        assert statement["Resource"] == key
        assert statement["Condition"]["StringEquals"] == {
            "kms:ViaService": "ssm.eu-west-1.amazonaws.com",
            "kms:EncryptionContext:PARAMETER_ARN": (
                "arn:aws:ssm:eu-west-1:123456789012:parameter/actionrelay/genesys/token"
            ),
        }, name
    assert users.keys() == {"ExecuteRole", "PreflightRole", "CatalogueRole"}


def _users_of_keys(deployed: Deployed) -> dict[str, Any]:
    return {
        name: statement
        for name, role in deployed.resources("AWS::IAM::Role").items()
        for policy in role["Properties"].get("Policies", ())
        for statement in policy["PolicyDocument"]["Statement"]
        if any(action.startswith("kms:") for action in statement["Action"])
    }


def test_who_reads_payloads_may_learn_that_one_is_gone(roles: dict[str, Resource]) -> None:
    """S3 answers 404 for a missing object to those alone who may list the bucket (GetObject, "Permissions").

    IfExists, as that question names the object in `s3:prefix` by some accounts and nothing by others: both pass.
    """
    readers = {
        name for name, role in roles.items() if ("s3:GetObject", "PayloadBucket/payload/*") in set(_grants(role))
    }
    assert "execute" in readers
    for name in readers:
        [listing] = [each for each in _statements(roles[name]) if each["Action"] == ["s3:ListBucket"]]
        assert listing["Resource"] == {"Fn::GetAtt": ["PayloadBucket", "Arn"]}
        assert listing["Condition"] == {"StringLikeIfExists": {"s3:prefix": "payload/*"}}
