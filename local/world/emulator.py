"""MiniStack, the AWS emulator: starting it, its administrator, and what it leaves out of CloudFormation's
work.

It runs with `AUTH=true`, so that every call is judged by the caller's policies and each function acts under
its own role, and with `BIND_HOST=127.0.0.1`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from boto3.session import Session

from local.world.environment import REGION
from local.world.state import ROOT

if TYPE_CHECKING:
    from mypy_boto3_apigateway.literals import GatewayResponseTypeType
    from mypy_boto3_lambda.literals import RecursiveLoopType

    type _GatewayResponses = dict[GatewayResponseTypeType, dict[str, dict[str, str]]]

PYTHON = ROOT / ".tools" / "ministack" / "bin" / "python"
# Isolated (-P) from the modules beside the script, whose names other packages have too.
COMMAND = (str(PYTHON), "-P", str(ROOT / "local" / "world" / "ministack_process.py"))

# MiniStack takes this key for the account's root, without looking at signatures. It makes the administrator,
# no more.
_ROOT_KEY = ("test", "test")
_ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account at `endpoint`, seen with one pair of keys."""

    endpoint: str
    access_key_id: str
    secret_access_key: str

    def session(self) -> Session:
        """Return a session with these keys; its clients still need `endpoint_url=`."""
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=REGION,
        )


def settings(port: int) -> dict[str, str]:
    """Return MiniStack's own settings, on top of the environment for servers."""
    return {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        # Names in queue URLs and bucket hosts: an address needs no resolver.
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        # These listen on fixed ports and on all interfaces, and nothing here uses them.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # Each worker unpacks its function again, so bytecode written there is never read again.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def health_url(endpoint: str) -> str:
    """Return the URL that answers once the emulator accepts requests."""
    return f"{endpoint}/_ministack/health"


def create_administrator(endpoint: str) -> Account:
    """Create a user with all permissions, and return its account.

    A user and not the root: its signatures are verified, and its requests to the API are authorised, as a
    caller's are.
    """
    root = Account(endpoint, *_ROOT_KEY)
    iam = root.session().client("iam", endpoint_url=endpoint)
    iam.create_user(UserName=_ADMINISTRATOR)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_user_policy(
        UserName=_ADMINISTRATOR,
        PolicyName="everything",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    key = iam.create_access_key(UserName=_ADMINISTRATOR)["AccessKey"]
    return Account(endpoint, key["AccessKeyId"], key["SecretAccessKey"])


def complete_deployment(
    account: Account, api_id: str, template: Mapping[str, object], physical_ids: Mapping[str, str]
) -> None:
    """Do what MiniStack leaves out when it deploys `template`, the processed one, through the same public
    APIs.

    - Its import of an OpenAPI definition skips `x-amazon-apigateway-gateway-responses`.
    - It keeps an event source's `MaximumConcurrency` as the text that a parameter is, and then fails to
      compare it with a number at every poll.
    - It makes functions without their `RecursiveLoop`.

    `physical_ids` has the name in the account of each resource, by the one in the template.
    """
    session = account.session()
    gateway = session.client("apigateway", endpoint_url=account.endpoint)
    for kind, response in _gateway_responses(template).items():
        gateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=str(response["statusCode"]),
            responseParameters=response["responseParameters"],
            # It knows one id of a request, and gives it to functions under both names.
            responseTemplates={
                kind: text.replace("$context.extendedRequestId", "$context.requestId")
                for kind, text in response["responseTemplates"].items()
            },
        )
    gateway.create_deployment(restApiId=api_id, stageName="v1")

    functions = session.client("lambda", endpoint_url=account.endpoint)
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if scaling := mapping.get("ScalingConfig"):  # a stream's has none
            limit = int(scaling["MaximumConcurrency"])
            functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": limit})
    for name, recursive_loop in _recursive_loops(template).items():
        functions.put_function_recursion_config(FunctionName=physical_ids[name], RecursiveLoop=recursive_loop)


def _recursive_loops(template: Mapping[str, object]) -> "dict[str, RecursiveLoopType]":
    document = json.loads(json.dumps(template))
    return {
        name: resource["Properties"]["RecursiveLoop"]
        for name, resource in document["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function" and "RecursiveLoop" in resource["Properties"]
    }


def _gateway_responses(template: Mapping[str, object]) -> "_GatewayResponses":
    # Read from the template that CloudFormation kept, with every reference already resolved.
    document = json.loads(json.dumps(template))
    body = document["Resources"]["Api"]["Properties"]["Body"]
    responses: _GatewayResponses = body["x-amazon-apigateway-gateway-responses"]
    return responses
